"""`alerts people` and `alerts web` as they are called."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from alerts.cli.once import once
from alerts.cli.people import people
from alerts.cli.tables import subscribers
from alerts.errors import UsageError
from alerts.store import stops
from alerts.store.database import open_database

YAML = """\
version: 1
defaults: {timezone: America/Chicago}
rules: {ice: {any: [ICE]}}
subscribers:
  - {name: Ana, email: ana@example.org, rules: [ice]}
  - {name: Office, email: [ana@example.org, bo@example.org], rules: [ice]}
include: [more.yaml]
"""
MORE = """\
subscribers:
  - name: Third
    email: ANA@example.org
    rules: [ice]
"""
ANA = "email/ana@example.org"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("subscribers.yaml").write_text(YAML)
    Path("more.yaml").write_text(MORE)
    assert CliRunner().invoke(once, []).exit_code == 0


def run(*arguments: str) -> Result:
    return CliRunner().invoke(people, arguments, catch_exceptions=False)


def listed() -> dict[str, dict[str, Any]]:
    return {row["address"]: row for row in json.loads(run("list", "--json").stdout)}


def stop(kind: str) -> None:
    database = open_database("sqlite:///alerts.db")
    with database.write() as connection:
        stops.stop(connection, ANA, kind, "said so", 1_795_503_600.0)
    database.close()


def test_the_list_names_each_address_once_with_its_subscribers() -> None:
    found = listed()
    assert found["ana@example.org"] == {
        "address": "ana@example.org",
        "subscribers": ["ana", "office", "third"],
        "state": "active",
        "since": None,
        "until": None,
        "reason": None,
    }
    assert found["bo@example.org"]["subscribers"] == ["office"]


def test_the_list_shows_stops_and_dead_addresses_with_reason_and_time() -> None:
    stop("bad_address")
    row = listed()["ana@example.org"]
    assert (row["state"], row["reason"]) == ("bad_address", "said so")
    assert row["since"] == "2026-11-24T07:00:00Z"
    assert "bad_address" in run("list").output


def test_a_pause_ends_on_a_day_of_the_subscriber_s_zone_or_with_resume() -> None:
    assert "2099-01-07T06:00:00Z" in run("pause", "ana@example.org", "--until", "2099-01-07").output
    assert listed()["ana@example.org"]["until"] == "2099-01-07T06:00:00Z"
    assert "until it is resumed" in run("pause", "Ana@Example.org").output
    row = listed()["ana@example.org"]
    assert (row["state"], row["until"]) == ("paused", None)
    assert "It was paused" in run("resume", "ana@example.org").output
    assert listed()["ana@example.org"]["state"] == "active"
    assert "nothing to lift" in run("resume", "ana@example.org").output


def test_a_pause_into_the_past_or_a_day_that_is_none_is_refused() -> None:
    for until in ("2001-01-07", "next week"):
        with pytest.raises(UsageError):
            run("pause", "ana@example.org", "--until", until)


def test_the_table_of_subscribers_says_who_is_listed_but_gets_nothing() -> None:
    stop("stopped")
    rows = json.loads(CliRunner().invoke(subscribers, ["--json"]).stdout)
    assert [row["held"] for row in rows] == [
        ["ana@example.org: stopped since 2026-11-24"],
        ["ana@example.org: stopped since 2026-11-24"],
        ["ana@example.org: stopped since 2026-11-24"],
    ]
    run("resume", "ana@example.org")
    rows = json.loads(CliRunner().invoke(subscribers, ["--json"]).stdout)
    assert [row["held"] for row in rows] == [[], [], []]


def test_resuming_an_address_that_nobody_has_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError) as wrong:
        run("resume", "anna@example.org")
    assert 'did you mean "ana@example.org"?' in wrong.value.hint.lower()
    assert run("resume", "bo@example.org").exit_code == 0


@pytest.mark.parametrize("name", ["office", "Office"])
def test_a_subscriber_in_the_place_of_an_address_is_answered_with_theirs(name: str) -> None:
    for command in ("pause", "resume"):
        with pytest.raises(UsageError) as wrong:
            run(command, name)
        assert "bo@example.org" in wrong.value.hint
        assert "ana@example.org" in wrong.value.hint.lower()


def test_resume_says_what_it_lifted() -> None:
    stop("stopped")
    assert "It was stopped by its reader: said so." in run("resume", "ana@example.org").output
    assert listed()["ana@example.org"]["state"] == "active"


def test_what_is_no_address_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UsageError) as wrong:
        run("pause", "ana.example.org")
    assert "ana@example.org" in wrong.value.hint.lower()


def test_an_address_that_is_not_listed_can_be_stopped_and_resumed_ahead() -> None:
    assert "not in subscribers.yaml" in run("pause", "new@example.org").output
    assert listed()["new@example.org"]["state"] == "paused"
    assert "not in subscribers.yaml" in run("resume", "new@example.org").output


def test_erase_names_every_line_that_still_holds_the_address_and_git() -> None:
    Path(".git").mkdir()
    Path("outbox").mkdir(exist_ok=True)
    Path("outbox/1.eml").write_text("To: ana@example.org\n\nhello")
    Path("outbox/2.eml").write_text("To: diana@example.org\n\nhello")
    output = run("erase", "ana@example.org", "--yes").output
    assert "subscribers.yaml:5" in output
    assert "subscribers.yaml:6" in output
    assert "more.yaml:3" in output
    assert "git log -S" in output
    assert "1 mail to it in outbox: 1.eml" in output
    assert "alerts people erase ana@example.org" in output
    assert listed()["ana@example.org"]["state"] == "erased"


def test_erase_asks_first() -> None:
    result = CliRunner().invoke(people, ["erase", "ana@example.org"], input="n\n")
    assert result.exit_code != 0
    assert listed()["ana@example.org"]["state"] == "active"


def test_a_pause_of_a_misspelt_address_names_the_one_that_was_meant() -> None:
    output = run("pause", "anna@example.org").output.lower()
    assert 'did you mean "ana@example.org"?' in output  # as one of the files writes it


def test_erase_without_anybody_to_ask_says_how_to_do_it() -> None:
    with pytest.raises(UsageError) as wrong:
        run("erase", "ana@example.org")
    assert "--yes" in wrong.value.hint
    assert listed()["ana@example.org"]["state"] == "active"


def test_once_the_lines_are_gone_nothing_names_an_erased_person() -> None:
    Path("subscribers.yaml").write_text(YAML.replace("ana@", "cy@").replace("Ana", "Cy"))
    Path("more.yaml").write_text(MORE.replace("ANA@", "cy@"))
    CliRunner().invoke(once, [])
    output = run("erase", "ana@example.org", "--yes").output
    assert "still" not in output
    assert "in force" not in output
    assert b"ana@example.org" not in Path("alerts.db").read_bytes().lower()
    assert "(erased)" in listed()


def test_web_serves_the_pages_with_the_configuration_in_force_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "alerts", "web"]
    environment = {"PORT": "0", "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert address is not None
            answer = requests.get(f"{address[0]}/healthz", timeout=60)
            assert answer.json()["tick_lag_seconds"] is None
            forged = requests.get(f"{address[0]}/u/forged", timeout=60)
            assert forged.status_code == 404
            assert "webdesk" not in forged.text
            admins = "admins: [{email: webdesk@newsroom.example}]\n"
            Path("subscribers.yaml").write_text(YAML + admins)
            CliRunner().invoke(once, [])
            assert "webdesk" in requests.get(f"{address[0]}/u/forged", timeout=60).text
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
