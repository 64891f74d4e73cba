"""Processes that were started by mistake on one database: one works, the others say who it is."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections import Counter
from pathlib import Path

from alerts.store.database import open_database
from tests.end_to_end.service import ANA, Service, item
from tests.end_to_end.test_e2e_run import RIGHT_AWAY, WAIT_S, running, until

NEWS = item("ICE agents wait outside the courthouse", "courthouse", "", 2)
PEOPLE = 200


def named(process: subprocess.Popen[bytes]) -> str:
    return f"pid {process.pid} on {socket.gethostname()}"


def has_asked_for_the_lock(process: subprocess.Popen[bytes], url: str) -> bool:
    """Whether a process has come as far as the lock, held by another."""
    if url.startswith("sqlite"):
        files = Path(f"/proc/{process.pid}/fd").iterdir()
        return any(file.readlink().name == "alerts.db.lock" for file in files if file.is_symlink())
    database = open_database(url)
    with database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT application_name FROM pg_stat_activity"
        ).scalars()
        names = set(found)
    database.close()
    return any(str(name).startswith(f"alerts pid {process.pid} ") for name in names)


def test_beside_a_service_a_second_ends_at_once_and_a_pass_waits_its_turn(
    service: Service, url: str
) -> None:
    service.configure(RIGHT_AWAY)
    service.publish(NEWS)
    with running(service) as process:
        assert service.mail.wait_for(1, WAIT_S)
        second = service.run("run", PORT="0")
        assert second.code == 3
        assert named(process) in second.err
        short = service.run("once", "--max-time", "0.5s")
        assert short.code == 0
        assert named(process) in short.err
        patient = service.start("once", "--force")
        until(lambda: has_asked_for_the_lock(patient, url), "the pass waits")
        asked = len(service.feeds.requests)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
        assert patient.wait(WAIT_S) == 0
    assert len(service.feeds.requests) == asked + 1
    assert len(service.mails()) == 1


def owe(service: Service, url: str) -> None:
    """Make a backlog: a mail to each of many people is due."""
    people = (ANA.replace("Ana Flores", f"P{n}").replace("ana@", f"p{n}@") for n in range(PEOPLE))
    service.configure(*people)
    service.publish(NEWS)
    service.mail.stop()
    assert service.once()["digests"] == PEOPLE
    database = open_database(url)
    with database.write() as connection:
        due = connection.exec_driver_sql("UPDATE delivery SET due_at = 1 WHERE digest_id <> ''")
        assert due.rowcount == PEOPLE
        connection.exec_driver_sql("UPDATE gate SET next_at = 1")
    database.close()
    service.mail.start()


def test_three_processes_started_at_the_same_moment_send_a_backlog_once(
    service: Service, url: str
) -> None:
    owe(service, url)
    logs = [service.folder / f"log{n}" for n in range(3)]
    commands = (("run",), ("run",), ("once", "--max-time", "80s"))
    processes = []
    for log, command in zip(logs, commands, strict=True):
        with log.open("wb") as stderr:
            processes.append(service.start(*command, stderr=stderr, PORT="0"))
    assert service.mail.wait_for(PEOPLE, WAIT_S)
    runs, one_pass = processes[:2], processes[2]
    until(
        lambda: all(
            run.poll() is not None or "running" in log.read_text()
            for log, run in zip(logs, runs, strict=False)
        ),
        "each service works or has ended",
    )
    for run in runs:
        if run.poll() is None:
            run.send_signal(signal.SIGTERM)
    assert one_pass.wait(WAIT_S) == 0
    codes = Counter(run.wait(WAIT_S) for run in runs)
    assert codes[3] >= 1
    assert codes[0] + codes[3] == 2
    for log, run in zip(logs, runs, strict=False):
        if run.returncode == 3:
            said = log.read_text()
            assert any(named(other) in said for other in processes if other is not run), said
    mails = [mail for mail in service.mail.mails if "editor@example.org" not in mail.recipients]
    assert Counter(mail.recipients for mail in mails) == {
        (f"p{n}@example.org",): 1 for n in range(PEOPLE)
    }
    assert len({mail.message["Message-ID"] for mail in mails}) == PEOPLE
    assert not any("Traceback" in log.read_text() for log in logs)
