"""The service as a process: it works by itself, stops cleanly, and takes edits."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from alerts.clock import SystemClock
from tests import needs
from tests.end_to_end.service import ANA, HOOK, Service, item, kill

WAIT_S = 90.0
RIGHT_AWAY = ANA.rstrip("\n") + "\n    when: right away\n"
NEWS = item("ICE agents wait outside the courthouse", "courthouse", "", 2)


@contextmanager
def running(
    service: Service, stderr: IO[bytes] | None = None, **environment: str | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the service; end it as an operator would, whatever the test finds."""
    process = service.start("run", stderr=stderr, **({"PORT": "0"} | environment))
    try:
        yield process
    finally:
        until(lambda: process.poll() is not None or hears_sigterm(process.pid), "it is started")
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_S) == 0


def hears_sigterm(pid: int) -> bool:
    """Whether the process is so far that the signal ends it cleanly (Linux; elsewhere: True)."""
    status = Path(f"/proc/{pid}/status")
    caught = re.search(r"^SigCgt:\s*(\w+)", status.read_text(), re.M) if status.exists() else None
    return caught is None or bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


def until(found: Any, what: str) -> None:
    """Wait for a condition, with a deadline."""
    clock = SystemClock()
    end = clock.monotonic() + WAIT_S
    while not found():
        assert clock.monotonic() < end, f"not within {WAIT_S:.0f} s: {what}"
        clock.sleep(0.1)


def test_a_running_service_tells_what_is_published_and_stops_within_ten_seconds(
    service: Service,
) -> None:
    service.configure(RIGHT_AWAY)
    service.publish(NEWS)
    with running(service) as process:
        assert service.mail.wait_for(1, WAIT_S)
        begun = SystemClock().monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
        assert SystemClock().monotonic() - begun < 10


def test_a_second_service_ends_at_once_and_names_the_first(service: Service) -> None:
    service.configure(RIGHT_AWAY)
    service.publish(NEWS)
    with running(service) as process:
        assert service.mail.wait_for(1, WAIT_S)
        second = service.run("run", PORT="0")
        assert second.code == 3
        assert str(process.pid) in second.err
        assert "Traceback" not in second.err
    assert len(service.mails()) == 1


def test_a_killed_service_goes_on_at_once_when_it_is_started_again(service: Service) -> None:
    service.configure(RIGHT_AWAY, HOOK.rstrip("\n") + "\n    when: right away\n")
    service.publish(NEWS)
    with running(service) as process:
        assert service.mail.wait_for(1, WAIT_S)
        kill(process)
    lock = service.folder / "alerts.db.lock"
    with running(service) as process:
        until(lambda: str(process.pid) in lock.read_text(), "the lock is ours")
        until(lambda: service.rooms.accepted("/hook"), "the webhook got its digest")
        until(
            lambda: {row["state"] for row in service.deliveries()} == {"delivered"},
            "everything was accepted",
        )
    ids = {mail.message["Message-ID"] for mail in service.mails()}
    assert len(ids) == 1


def test_a_bad_edit_changes_nothing_and_the_admin_has_a_mail_about_it(service: Service) -> None:
    service.configure(RIGHT_AWAY)
    service.publish(NEWS)
    with running(service):
        assert service.mail.wait_for(1, WAIT_S)
        file = service.folder / "subscribers.yaml"
        file.write_text(file.read_text().replace("[ice,", "[icy,"))
        until(lambda: service.mail.to("editor@example.org"), "a notice to the admin")
        (notice,) = service.mail.to("editor@example.org")
        assert "NOT taken" in str(notice.message["Subject"]) + notice.part("plain")
        assert "icy" in notice.part("plain")
        rows = json.loads(service.run("subscribers", "--json").out)
        assert "ice" in rows[0]["rules"]


def test_a_good_edit_is_taken_by_itself_and_its_new_feed_polled_at_once(service: Service) -> None:
    service.configure(RIGHT_AWAY)
    service.publish(NEWS)
    with running(service):
        assert service.mail.wait_for(1, WAIT_S)
        url = service.publish(item("ICE leaves", "leaves", "", 1), path="/other", title="Other")
        service.configure(
            RIGHT_AWAY, feeds={"Courier": service.feeds.url("/courier"), "Other": url}
        )
        until(lambda: service.feeds.requests_to("/other"), "the new feed was polled")
        until(lambda: service.mail.to("editor@example.org"), "the admin heard of the edit")
    text = service.mail.to("editor@example.org")[0].part("plain")
    assert "+1 feed" in text


def test_the_pages_answer_while_the_service_runs(service: Service) -> None:
    service.configure(RIGHT_AWAY)
    service.publish(NEWS)
    port = needs.free_port()
    base = f"http://127.0.0.1:{port}"
    with running(service, PORT=str(port), BASE_URL=base):
        assert service.mail.wait_for(1, WAIT_S)
        with urllib.request.urlopen(f"{base}/healthz") as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{base}/metrics") as answer:
            assert b"alerts_" in answer.read()
        (mail,) = service.mails()
        link = str(mail.message["List-Unsubscribe"]).partition("<")[2].partition(">")[0]
        assert link.startswith(f"{base}/u/")
        with urllib.request.urlopen(link) as answer:
            assert b"ana@example.org" in answer.read()
        body = b"List-Unsubscribe=One-Click"
        with urllib.request.urlopen(link, data=body) as answer:
            assert answer.status == 200
        service.publish(NEWS, item("ICE two", "two", "", 1))
    service.once()
    assert not any("two" in mail.part("plain") for mail in service.mails())
