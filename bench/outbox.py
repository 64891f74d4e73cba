"""The outbox: claim, dispatch and record through the store, and mails to a local sink.

    python bench/outbox.py [--quick] [--memory]

First table: deliveries claimed, handed to a transport that accepts at once, and recorded, per
second of CPU, over three sizes. Second table: deliveries sent over SMTP to a sink in another
process. Third table (alone with --memory): the peak memory of `alerts once --send-now` itself,
which polls a feed and sends what waits in an outbox to few and to many subscribers.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from alerts import config, log
from alerts.clock import SystemClock
from alerts.delivery.memory import MemoryTransport
from alerts.delivery.transport import Transport, transports
from alerts.demo.documents import Item, rss
from alerts.demo.servers import FeedServer, MailSink
from alerts.digests.render import Renderer
from alerts.engine.crew import Crew
from alerts.feeds.memory import MemoryFetcher
from alerts.model import DestinationKind, Secret
from alerts.netguard import Guard
from alerts.pipeline import Parts, apply
from alerts.pipeline.notices import note_delivery, plain
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


def world(
    folder: Path,
    count: int,
    kinds: Mapping[DestinationKind, Transport],
    people: int,
    feed: str = "",
) -> Parts:
    """Return working parts whose outbox holds `count` mails to `people` subscribers."""
    lines = "".join(
        f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice]}}\n" for n in range(people)
    )
    path = folder / "subscribers.yaml"
    path.write_text(
        f"version: 1\ndefaults: {{timezone: UTC}}\nfeeds: [{feed}]\n"
        f"rules: {{ice: ICE}}\nsubscribers:\n{lines}"
    )
    loaded = config.load(path, {})
    assert loaded.config is not None
    database: Database = open_database(f"sqlite:///{folder}/alerts.db")
    migrate(database)
    clock = SystemClock()
    in_force = apply(database, loaded.config, {}, clock.now())
    parts = Parts(database, clock, Settings(), MemoryFetcher(), Renderer(), kinds, in_force)
    story = plain("A story", "A headline that a reader asked for, and where it stands.\n" * 20)
    places = [place for person in loaded.config.subscribers for place in person.destinations]
    for start in range(0, count, 500):
        some = [places[n % people] for n in range(start, min(start + 500, count))]
        rows = [note_delivery(parts, place, story) for place in some]
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


def peak_mb() -> float:
    """Return the peak memory of this process; ru_maxrss would count who started it as well."""
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024


def serve_mail(pipe: Connection) -> None:
    """Be a mail server until told to end."""
    with MailSink() as sink:
        pipe.send(sink.url)
        pipe.recv()


def one(count: int, pipe: Connection, url: str | None) -> None:
    """Measure one size in a process of its own, so that memory is its own."""
    log.configure(quiet=True)
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(smtp_url=Secret(url)) if url else Settings()
        real = transports(settings, Guard(), SystemClock())
        kinds: Mapping[DestinationKind, Transport] = real if url else {"email": Forgetful()}
        parts = world(Path(name), count, kinds, count)
        before = peak_mb()
        result = drain(parts)
        pipe.send((*result, before, peak_mb()))


def measured(count: int, url: str | None) -> tuple[float, float, int, float, float]:
    """Run one size; return wall, CPU, accepted, peak MB before and after sending."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=one, args=(count, there, url))
    process.start()
    found: tuple[float, float, int, float, float] = here.recv()
    process.join()
    return found


#: `alerts`, which says its peak memory on standard error in the end.
WATCHED = """
import atexit, sys
from pathlib import Path
from alerts.cli import main
status = Path("/proc/self/status")
peak = lambda: status.read_text().partition("VmHWM:")[2].split()[0]
atexit.register(lambda: print(peak(), file=sys.stderr))
main()
"""


def prepare(folder: Path, count: int, people: int, feed: str) -> None:
    """Fill the outbox in `folder`."""
    world(folder, count, {"email": Forgetful()}, people, feed)


def command(count: int, people: int, url: str) -> None:
    """Run `alerts once --send-now` on a full outbox and one feed; print its memory."""
    with tempfile.TemporaryDirectory() as name, FeedServer() as server:
        folder, now = Path(name), SystemClock().now()
        feed = server.put("/feed.xml", rss("Feed", [Item("ICE", "https://example.org/1", at=now)]))
        filled = multiprocessing.get_context("spawn").Process(
            target=prepare, args=(folder, count, people, feed)
        )
        filled.start()
        filled.join()
        assert filled.exitcode == 0
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", WATCHED, "once", "--send-now", "--json", "--max-time", "1h"],
            cwd=folder, check=True, capture_output=True, text=True,
            env=os.environ  # noqa: TID251 - a subprocess's environment
            | {
                "ALERTS_ALLOW_NETS": "127.0.0.0/8", "DATABASE_URL": "sqlite:///alerts.db",
                "SMTP_URL": url,
            },
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        report = json.loads(done.stdout)
        assert report["polled"] == 1, done.stderr
        with closing(sqlite3.connect(folder / "alerts.db")) as database:
            states = dict(database.execute("SELECT state, count(*) FROM delivery GROUP BY state"))
        assert states == {"delivered": count + people}, states  # what waited, and the digests
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        peak = int(done.stderr.split()[-1]) / 1024
        print(f"{count + people:11} {people:12} {cpu_s:8.2f} {peak:9.0f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    parser.add_argument("--memory", action="store_true", help="the third table alone")
    options = parser.parse_args()
    sizes = (100, 200, 400) if options.quick else (1_000, 3_000, 10_000)
    here, there = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(
        target=serve_mail, args=(there,), daemon=True
    )
    sink.start()
    url = here.recv()
    if not options.memory:
        throughput(sizes, url)
    print("\nalerts once --send-now\n deliveries  subscribers    CPU s   peak MB")
    for count, people in ((0, 1), (sizes[-1], 100), (sizes[-1], sizes[-1])):
        command(count, people, url)
    here.send("end")
    sink.join()


def throughput(sizes: tuple[int, ...], sink: str) -> None:
    """Print the tables of deliveries per second."""
    for title, url in (("through the store", None), ("over SMTP to a sink", sink)):
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


if __name__ == "__main__":
    main()
