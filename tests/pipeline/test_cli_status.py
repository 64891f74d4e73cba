"""Claims about `alerts status`: what is green, yellow and red, and that it asks nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_service import GONE, NO_SUCH, REFUSED, ROOM, YAML, Folder
from click.testing import CliRunner

from alerts.cli import cli
from alerts.clock import SystemClock
from alerts.store import configs, deliveries, outbox
from alerts.store.lock import working_lock
from alerts.store.schema import feed, slot

SMTP = {"SMTP_URL": "smtp://127.0.0.1:1?tls=none", "BASE_URL": "https://alerts.example"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path, ROOM)
    made.catch_up()
    made.world.serve()
    made.world.run(force=True)
    yield made
    made.close()


def status(**variables: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(cli, ["status", "--json"], env=SMTP | variables)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result.exit_code, json.loads(result.stdout)


def red(**variables: str) -> set[str]:
    code, found = status(**variables)
    wrong = {topic for topic, line in found.items() if topic != "ok" and line["level"] == "wrong"}
    assert code == (1 if wrong else 0)
    assert found["ok"] is not bool(wrong)
    return wrong


def mark(folder: Folder, **values: object) -> None:
    with folder.world.database.write() as connection:
        connection.execute(feed.update().values(**values))


def test_a_service_that_is_well_is_green_and_exits_0(folder: Folder):
    with working_lock(folder.world.database, SystemClock()):
        code, found = status()
    assert (code, found["ok"]) == (0, True)
    levels = {topic: line["level"] for topic, line in found.items() if topic != "ok"}
    assert set(levels.values()) == {"ok"}, levels
    assert "does the work" in found["process"]["text"]


def test_no_mail_server_is_red_where_somebody_waits_for_mail(folder: Folder):
    assert red(SMTP_URL="") == {"mail"}
    assert "only written to outbox/" in status(SMTP_URL="")[1]["mail"]["text"]


def test_a_mail_server_that_takes_nothing_is_red_with_its_words(folder: Folder):
    with folder.world.database.write() as connection:
        since = SystemClock().now() - 3_600
        outbox.hold_gate(connection, f"{deliveries.SERVER}email", since + 9e6, since, "421 busy")
    code, found = status()
    assert code == 1
    assert found["mail"]["more"] == ["421 busy."]


def test_a_feed_that_failed_today_is_yellow_and_one_since_yesterday_red(folder: Folder):
    now = SystemClock().now()
    mark(folder, state="failing", failing_since=now - 3_600, error_text="404.", error_hint="Look.")
    assert red() == set()
    found = status()[1]["feeds"]
    assert found["level"] == "note"
    assert found["failing"][0]["name"] == "Courier"
    assert "404." in found["more"][0]
    mark(folder, failing_since=now - 90_000)
    assert red() == {"feeds"}


def test_a_gone_webhook_is_red_and_its_address_is_not_said(folder: Folder):
    folder.send("ICE in town", GONE, GONE)
    result = CliRunner().invoke(cli, ["status"], env=SMTP)
    assert result.exit_code == 1
    assert "room/webhook/hooks.example" in result.stdout
    assert "topsecret" not in result.stdout


def test_what_failed_in_the_last_day_is_red_until_it_is_old(folder: Folder):
    folder.send("ICE in town", REFUSED, REFUSED)
    _, found = status()
    assert found["waiting"]["failed_24h"] == 2
    assert "waiting" in red()


def test_a_dead_address_is_red(folder: Folder):
    folder.send("ICE in town", NO_SUCH, NO_SUCH)
    assert "destinations" in red()


def test_destinations_are_counted_as_those_of_subscribers_and_of_admins(folder: Folder):
    assert status()[1]["destinations"]["text"] == "2 of subscribers, 1 of admins, all well"


def test_a_webhook_that_only_waits_is_no_fault_and_nothing_is_said_to_lift_it(folder: Folder):
    key, now = "room/webhook/hooks.example", SystemClock().now()
    with folder.world.database.write() as connection:
        deliveries.close_gate(connection, key, now + 900, now=now, failed=True, reason="busy")
    line = status()[1]["destinations"]
    assert (line["level"], line["hint"]) == ("note", "Until when: alerts destinations")


def test_an_edit_with_mistakes_is_red_and_the_last_good_version_is_shown(folder: Folder):
    (folder.folder / "subscribers.yaml").write_text(YAML + "nonsense: 1\n")
    _, found = status()
    assert found["configuration"]["level"] == "wrong"
    assert found["configuration"]["mistakes"] == 1
    assert found["feeds"]["states"] == {"ok": 1}


def test_an_edit_that_waits_is_red_with_its_reason(folder: Folder):
    with folder.world.database.write() as connection:
        configs.add(
            connection,
            "v2",
            {},
            SystemClock().now(),
            state=configs.WAITS,
            summary="removes 5 of 6 subscribers",
        )
    assert red() == {"configuration"}
    assert "removes 5 of 6" in status()[1]["configuration"]["text"]


def test_an_edit_that_is_not_taken_yet_is_yellow(folder: Folder):
    (folder.folder / "subscribers.yaml").write_text(YAML + "# another\n")
    assert status()[1]["configuration"]["level"] == "note"


def test_work_that_waits_for_hours_with_nothing_running_is_red(folder: Folder):
    mark(folder, due_at=SystemClock().now() - 3 * 3_600)
    assert red() == {"process"}


def test_a_clock_behind_what_was_written_is_red(folder: Folder):
    mark(folder, last_poll_at=SystemClock().now() + 86_400, due_at=SystemClock().now() + 9e6)
    assert "clock" in red()


def test_the_next_digest_names_who_and_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path, YAML.replace("when: right away", "when: daily at 7:30 am"))
    made.catch_up()
    made.world.run()
    assert status()[1]["digests"]["next"][0]["subscriber"] == "ana"
    made.close()


def test_a_digest_that_is_overdue_is_not_promised_for_a_time_that_is_past(folder: Folder):
    with folder.world.database.write() as connection:
        connection.execute(slot.update().values(due_at=SystemClock().now() - 1200))
    assert status()[1]["digests"]["text"].endswith("as soon as the service works")


def test_without_a_database_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML)
    code, found = status()
    assert code == 0
    assert "alerts once" in found["database"]["hint"]
    assert not (tmp_path / "alerts.db").exists()


def test_without_anything_it_says_how_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    code, found = status()
    assert code == 1
    assert found["configuration"]["hint"] == "Make one: alerts init"


def test_a_database_that_cannot_be_used_is_red_and_the_rest_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML)
    (tmp_path / "alerts.db").write_bytes(b"no database" * 100)
    code, found = status()
    assert code == 1
    assert found["database"]["level"] == "wrong"
    assert found["mail"]["level"] == "ok"
    assert found["disk"]["level"] == "ok"


def test_red_is_red_on_a_terminal_and_a_word_in_a_pipe(folder: Folder):
    on_terminal = CliRunner().invoke(cli, ["status"], color=True).stdout
    assert "\x1b[31m\x1b[1mwrong\x1b[0m  mail" in on_terminal
    in_pipe = folder.command("status").stdout
    assert "\x1b" not in in_pipe
    assert "\nwrong  mail" in in_pipe
