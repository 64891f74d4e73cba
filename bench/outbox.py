"""The outbox: claim, dispatch and record through the store, and mails to a local sink.

    python bench/outbox.py [--quick]

First table: deliveries claimed, handed to a transport that accepts at once, and recorded, per
second of CPU, over three sizes. Second table: deliveries sent over SMTP to a sink in another
process, with the memory of the sending process.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import resource
import tempfile
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from alerts import config, log
from alerts.clock import SystemClock
from alerts.delivery.memory import MemoryTransport
from alerts.delivery.transport import Transport, transports
from alerts.demo.servers import MailSink
from alerts.digests.render import Renderer
from alerts.engine.crew import Crew
from alerts.feeds.memory import MemoryFetcher
from alerts.model import DestinationKind
from alerts.netguard import Guard
from alerts.pipeline import Parts, apply
from alerts.pipeline.notices import note_delivery
from alerts.settings import Settings
from alerts.store import deliveries
from alerts.store.database import Database, migrate, open_database

LOOK_S = 0.02


class Forgetful(MemoryTransport):
    """Accepts and keeps nothing."""

    def send(self, delivery: Any) -> Any:
        """Accept."""
        result = super().send(delivery)
        self.tries.clear()
        self.accepted.clear()
        return result


def world(folder: Path, count: int, kinds: Mapping[DestinationKind, Transport]) -> Parts:
    """Return working parts whose outbox holds `count` mails to as many people."""
    people = "".join(
        f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice]}}\n" for n in range(count)
    )
    path = folder / "subscribers.yaml"
    text = f"version: 1\ndefaults: {{timezone: UTC}}\nrules: {{ice: ICE}}\nsubscribers:\n{people}"
    loaded = config.load(path, {}, contents={path: text.encode()})
    assert loaded.config is not None
    database: Database = open_database(f"sqlite:///{folder}/alerts.db")
    migrate(database)
    clock = SystemClock()
    in_force = apply(database, loaded.config, {}, clock.now())
    parts = Parts(database, clock, Settings(), MemoryFetcher(), Renderer(()), kinds, in_force)
    body = "A headline that a reader asked for, and where it stands.\n" * 20
    places = [place for person in loaded.config.subscribers for place in person.destinations]
    for start in range(0, count, 500):
        rows = [note_delivery(parts, p, "A story", body) for p in places[start : start + 500]]
        with database.write() as connection:
            deliveries.add(connection, rows)
    return parts


def drain(parts: Parts) -> tuple[float, float, int]:
    """Send everything; return wall and CPU seconds and how many were accepted."""
    crew, clock = Crew(parts), parts.clock
    begun, used = clock.monotonic(), cpu()
    while True:
        crew.send_due()
        if not crew.sending:
            with parts.database.read() as connection:
                if deliveries.due(connection, clock.now()) == 0:
                    break
        crew.settle(LOOK_S)
    crew.close()
    return (
        clock.monotonic() - begun,
        cpu() - used,
        list(crew.tally.noted.values()).count("delivered"),
    )


def cpu() -> float:
    """Return the CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def serve_mail(pipe: Connection) -> None:
    """Be a mail server until told to end."""
    with MailSink() as sink:
        pipe.send(sink.url)
        pipe.recv()


def one(count: int, pipe: Connection, url: str | None) -> None:
    """Measure one size in a process of its own, so that memory is its own."""
    log.configure(quiet=True)
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(SMTP_URL=SecretStr(url)) if url else Settings()
        real = transports(settings, Guard(), SystemClock())
        kinds: Mapping[DestinationKind, Transport] = real if url else {"email": Forgetful()}
        parts = world(Path(name), count, kinds)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        result = drain(parts)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        pipe.send((*result, before, after))


def measured(count: int, url: str | None) -> tuple[float, float, int, float, float]:
    """Run one size; return wall, CPU, accepted, peak MB before and after sending."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=one, args=(count, there, url))
    process.start()
    found: tuple[float, float, int, float, float] = here.recv()
    process.join()
    return found


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    sizes = (100, 200, 400) if parser.parse_args().quick else (1_000, 3_000, 10_000)
    here, there = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(target=serve_mail, args=(there,))
    sink.start()
    for title, url in (("through the store", None), ("over SMTP to a sink", here.recv())):
        print(f"\n{title}\n  count  wall s   CPU s  rows/s of CPU  peak MB  (before sending)")
        first = 0.0
        for count in sizes:
            wall, used, done, before, after = measured(count, url)
            assert done == count, f"{done} of {count} accepted"
            print(
                f"{count:7} {wall:7.1f} {used:7.2f} {count / used:14.0f} {after:8.0f} {before:8.0f}"
            )
            first = first or used
        growth = math.log(used / first) / math.log(sizes[-1] / sizes[0])
        print(f"growth of CPU with size: exponent {growth:.2f}")
    here.send("end")
    sink.join()


if __name__ == "__main__":
    main()
