"""Claims about `alerts destinations` and `resume`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_service import DOWN, GONE, NO_SUCH, ROOM, Folder

from alerts.delivery import classify
from alerts.delivery.memory import MemoryTransport
from alerts.errors import AlertsError, UsageError
from alerts.model import Delivery, SendResult
from alerts.store import stops

BOTH = ROOM + "  - {name: Ben, email: ben@example.org, rules: [ice], when: right away}\n"
HOOK = "room/webhook/hooks.example"
ANA = "ana/email/ana@example.org"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path, ROOM)
    yield made
    made.close()


def state(folder: Folder, key: str) -> dict[str, Any]:
    found = {row["key"]: row for row in folder.json("destinations")}
    return found[key]


class ByKind(MemoryTransport):
    """Answers each kind of destination its own way: which is sent to first is not agreed on."""

    def __init__(self, **by_kind: SendResult) -> None:
        super().__init__()
        self.by_kind = by_kind

    def send(self, delivery: Delivery) -> SendResult:
        return self.by_kind.get(delivery.destination.kind) or super().send(delivery)


def answers(folder: Folder, **by_kind: SendResult) -> None:
    kinds = ("email", "slack", "webhook")
    folder.world.parts.transports = dict.fromkeys(kinds, ByKind(**by_kind))


def test_every_destination_is_listed_also_the_admins(folder: Folder):
    rows = folder.json("destinations")
    assert [row["key"] for row in rows] == [ANA, HOOK, "admin/email/boss@example.org"]
    assert {row["state"] for row in rows} == {"ok"}
    assert "topsecret" not in folder.command("destinations").stdout


def test_a_webhook_that_is_gone_says_so_and_what_lifts_it(folder: Folder):
    answers(folder, webhook=GONE)
    folder.send("ICE in town")
    row = state(folder, HOOK)
    assert row["state"] == "gone"
    assert row["reason"]
    assert row["lift"] == f"alerts destinations resume {HOOK}"


def test_one_that_waits_says_until_when_and_why(folder: Folder):
    answers(folder, webhook=classify.result("retry", "rate_limited", "destination",
            retry_after_s=86_400.0))  # fmt: skip
    folder.catch_up()
    folder.send("ICE in town")
    row = state(folder, HOOK)
    assert (row["state"], row["failures"], row["waiting"]) == ("waiting", 1, 1)
    assert row["until"] is not None
    assert row["reason"]


def test_an_address_whose_mail_is_to_be_tried_again_says_when_and_why(folder: Folder):
    busy = classify.result("retry", "temporary", code="451 4.3.0", text="4.3.0 queue is full")
    answers(folder, email=busy)
    folder.catch_up()
    folder.send("ICE in town")
    row = state(folder, ANA)
    assert (row["state"], row["failures"], row["waiting"]) == ("waiting", 1, 1)
    assert (row["code"], row["server_text"]) == ("451 4.3.0", "4.3.0 queue is full")
    assert row["until"] is not None
    assert "451 4.3.0 queue is full. The server could not" in folder.command("destinations").stdout
    assert state(folder, HOOK)["state"] == "ok"


def test_who_waits_for_a_mail_server_that_is_down_is_told_its_last_words(folder: Folder):
    down = classify.result(
        "retry", "server_busy", "server", code="421 4.3.2", text="4.3.2 closing", server="mx:25"
    )
    folder.world.reload(BOTH)
    (folder.folder / "subscribers.yaml").write_text(BOTH)
    answers(folder, email=down)
    folder.catch_up()
    folder.send("ICE in town")
    folder.world.run()
    rows = [row for row in folder.digests() if row["destination"].startswith("email")]
    assert sorted(row["attempts"] for row in rows) == [0, 1]
    for row in rows:
        assert (row["state"], row["code"], row["server_text"]) == (
            "delayed", "421 4.3.2", "4.3.2 closing",
        )  # fmt: skip
        assert row["next_try"] is not None
    waits = next(row for row in rows if not row["attempts"])
    assert waits["hint"].startswith("Waits for mx:25. The server is busy")
    assert "closing" in state(folder, "ben/email/ben@example.org")["server_text"]


def test_resume_makes_due_what_was_given_up_because_of_the_stop(folder: Folder):
    answers(folder, webhook=GONE)
    folder.send("ICE in town")
    folder.catch_up()
    folder.send("ICE again")
    (given_up,) = [row for row in folder.json("deliveries") if row["state"] == "suppressed"]
    said = folder.json("destinations", "resume", HOOK)
    assert (said["due"], said["failed"]) == (1, 1)
    assert state(folder, HOOK)["state"] == "ok"
    answers(folder)
    folder.world.later(1)
    folder.world.run()
    (row,) = [row for row in folder.json("deliveries") if row["id"] == given_up["id"]]
    assert row["state"] == "delivered"


def test_resume_sends_at_once_what_waited_behind_a_back_off(folder: Folder):
    answers(folder, webhook=classify.result("retry", "http", "destination", code="503",
            retry_after_s=86_400.0))  # fmt: skip
    folder.catch_up()
    folder.send("ICE in town")
    assert folder.json("destinations", "resume", HOOK)["due"] == 1
    assert state(folder, HOOK)["state"] == "ok"


def test_a_dead_address_is_resumed_by_its_key_or_by_itself(folder: Folder):
    answers(folder, email=NO_SUCH)
    folder.send("ICE in town")
    assert state(folder, ANA)["state"] == "bad_address"
    assert folder.json("destinations", "resume", "ANA@example.org")["lifted"]
    assert state(folder, ANA)["state"] == "ok"


def test_a_readers_own_stop_is_not_lifted_by_resume(folder: Folder):
    with folder.world.database.write() as connection:
        stops.stop(connection, "email/ana@example.org", stops.STOPPED, "with the link", 1.0)
    error = folder.command("destinations", "resume", ANA).exception
    assert isinstance(error, AlertsError)
    assert error.exit_code == 1
    assert error.hint.endswith("alerts people resume ana@example.org")
    row = state(folder, ANA)
    assert (row["state"], row["lift"]) == ("stopped", "alerts people resume ana@example.org")


def test_an_unknown_key_names_the_nearest(folder: Folder):
    error = folder.command("destinations", "resume", "rom/webhook/hooks.example").exception
    assert isinstance(error, UsageError)
    assert HOOK in error.hint


def test_the_key_that_a_webhook_had_before_it_moved_names_the_one_it_has_now(folder: Folder):
    error = folder.command("destinations", "resume", "room/webhook/old.example").exception
    assert isinstance(error, UsageError)
    assert f"If it moved to {HOOK}: nothing is to be resumed there." in error.hint


def test_resuming_what_is_well_says_that_nothing_waited(folder: Folder):
    assert "Nothing waited." in folder.command("destinations", "resume", HOOK).stdout


def test_a_resumed_webhook_is_not_given_up_for_what_it_did_before(folder: Folder):
    answers(folder, webhook=GONE)
    folder.send("ICE in town")
    folder.json("destinations", "resume", HOOK)
    answers(folder, webhook=DOWN)
    folder.send("ICE again")
    assert state(folder, HOOK)["state"] != "gone"
