"""Mail to Postfix's own test server, smtp-sink: what real commands and timing look like."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import needs
import pytest
from making import mail

from alerts.clock import SystemClock
from alerts.delivery.email import EmailTransport
from alerts.delivery.server import MailServer
from alerts.model import SendResult

_PATIENCE_S = 60.0


@contextmanager
def sink(*options: str) -> Iterator[MailServer]:
    """Run smtp-sink on a free port until the block ends."""
    program = needs.program("smtp-sink", package="postfix")
    port = needs.free_port()
    as_nobody = ("-u", "nobody") if os.geteuid() == 0 else ()  # it refuses to stay root
    words = [str(program), *as_nobody, *options, f"127.0.0.1:{port}", "64"]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield MailServer("127.0.0.1", port, "none")
    finally:
        process.kill()
        process.wait(_PATIENCE_S)


def _wait_for(port: int) -> None:
    end = time.monotonic() + _PATIENCE_S  # noqa: TID251 - another process's start is awaited
    while time.monotonic() < end:  # noqa: TID251
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            continue
        return
    raise AssertionError("smtp-sink does not listen")


def sent(server: MailServer, count: int = 1, send_s: float = 10.0) -> list[SendResult]:
    transport = EmailTransport(server, SystemClock(), sender="news@example.org", send_s=send_s)
    try:
        return [transport.send(mail(n)) for n in range(count)]
    finally:
        transport.close()


@pytest.mark.parametrize("options", [(), ("-p",), ("-e",)])
def test_many_mails_are_taken_with_and_without_pipelining(options: tuple[str, ...]) -> None:
    if options == ("-e",):
        with sink(*options) as server:  # no EHLO: nothing is sent by HELO instead
            assert {r.outcome for r in sent(server)} == {"our_fault"}
        return
    with sink(*options) as server:
        assert {r.outcome for r in sent(server, 120)} == {"delivered"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-r", "connect"), "retry server"),
        (("-r", "mail"), "retry server"),
        (("-r", "rcpt"), "retry delivery"),
        (("-r", "data"), "retry delivery"),
        (("-r", "."), "retry delivery"),
        (("-f", "."), "refused delivery"),
        (("-q", "connect"), "retry server"),
        (("-q", "rcpt"), "retry destination"),
        (("-q", "data"), "retry destination"),
        (("-q", "."), "ambiguous delivery"),
    ],
)
def test_refusals_and_drops_of_a_real_server_are_understood(
    options: tuple[str, ...], expected: str
) -> None:
    with sink(*options) as server:
        found = sent(server, 2)
    assert {f"{r.outcome} {r.scope}" for r in found} == {expected}


def test_a_slow_server_does_not_outlast_the_deadline() -> None:
    with sink("-w", "5") as server:
        (result,) = sent(server, send_s=0.5)
    assert (result.outcome, result.kind) in {("retry", "timeout"), ("ambiguous", "ambiguous")}
