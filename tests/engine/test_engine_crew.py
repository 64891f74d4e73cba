"""Claims about the threads that poll."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from scripted import Answer, Raw, Seen

sys.path.append(str(Path(__file__).parents[1] / "politeness"))
from publisher import Service, fresh

from alerts.engine.crew import FETCH_THREADS, Crew

HANGING, GOOD = 2 * FETCH_THREADS, 20


@pytest.mark.fault("1")
def test_hanging_servers_keep_no_other_feed_waiting(tmp_path: Path):
    """More of them than there are threads, and all are due before the others."""
    ends = Event()

    def when_done() -> Iterator[bytes]:
        ends.wait(60)
        yield b""

    def hang(_: Seen) -> Answer:
        return Raw(b"HTTP/1.1 200 OK\r\n", pieces=when_done())

    with Service(tmp_path, f"sqlite:///{tmp_path}/alerts.db") as service:
        bad = [service.site(hang, host=f"127.0.2.{n}") for n in range(1, HANGING + 1)]
        good = [service.site(fresh(), host=f"127.0.3.{n}") for n in range(1, GOOD + 1)]
        service.start(*bad)
        service.clock.advance(1)
        service.restart(*bad, *good)
        crew = Crew(service.parts)
        for _ in range(40):
            if all(site.asked for site in good):
                break
            crew.poll_due(service.clock.now())
            crew.settle(0.1)
            service.clock.advance(1.1)
        assert all(site.asked for site in (*bad, *good))
        assert crew.polling >= HANGING
        ends.set()
        while crew.polling:
            crew.settle(1)
        crew.close()
