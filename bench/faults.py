"""What faulty feeds cost the others: lateness, memory, threads and files of a running service.

    python bench/faults.py [--feeds 1000] [--faulty 50] [--seconds 60]

A service polls feeds on loopback, each on an address of its own, that fall due one after the other
over the given time: once with every feed in order, once with the faults of
`tests/feeds/test_faults_failing.py` mixed in. Late is a request that comes after its feed was due.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
import tempfile
import threading
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time

sys.path.append(str(Path(__file__).parents[1] / "tests"))
sys.path.append(str(Path(__file__).parents[1] / "tests/politeness"))
sys.path.append(str(Path(__file__).parents[1] / "tests/feeds"))
import scripted
from publisher import DOCUMENT, PEOPLE
from scripted import Answer, Seen, reply, serve_by
from test_faults_failing import FAULTS

from alerts.clock import SystemClock
from alerts.engine import boot
from alerts.engine.embedded import Embedded
from alerts.log import configure
from alerts.model import Secret
from alerts.pipeline import Parts
from alerts.settings import Settings
from alerts.store import schema

CLOCK = SystemClock()
LEAD_S = 3.0
Figures = dict[str, float]


def serve(pipe: Connection, feeds: int, faulty: int) -> None:
    """Play every site; say the port, then when each feed was asked first since told to count."""
    scripted.PATIENCE_S = 40.0
    faults = [answer for _, answer, _ in FAULTS.values()]
    every = feeds // faulty if faulty else feeds + 1
    asked: dict[int, float] = {}
    is_counting = threading.Event()

    def answer(seen: Seen) -> Answer:
        if seen.path == "/feed":  # where one of them leads, again and again
            return FAULTS["it redirects for ever"][1]
        number = int(seen.path.rpartition("/")[2])
        if is_counting.is_set():
            asked.setdefault(number, CLOCK.now())
            if number % every == every - 1:
                return faults[number // every % len(faults)]
        return reply(200, DOCUMENT)

    with serve_by(answer, host="0.0.0.0") as server:  # all of loopback
        pipe.send(server.port)
        pipe.recv()
        is_counting.set()
        pipe.recv()
        pipe.send((asked, every))


def used() -> Figures:
    """Return what this process holds just now."""
    status = Path("/proc/self/status").read_text()
    return {
        "MB": int(status.partition("VmRSS:")[2].split()[0]) / 1e3,
        "threads": threading.active_count(),
        "files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
    }


def spread(parts: Parts, seconds: float) -> dict[int, float]:
    """Let the feeds fall due one after the other; return when each is."""
    begins, feed = CLOCK.now() + LEAD_S, schema.feed
    with parts.database.write() as connection:
        rows = connection.execute(feed.select().order_by(feed.c.id)).all()
        due = {int(row.url.rpartition("/")[2]): row for row in rows}
        moments = {n: begins + seconds * place / len(due) for place, n in enumerate(sorted(due))}
        for number, row in due.items():
            change = feed.update().where(feed.c.id == row.id)
            connection.execute(change.values(due_at=moments[number]))
    return moments


def measured(parts: Parts, pipe: Connection, seconds: float) -> tuple[Figures, Figures]:
    """Return what the others' lateness was, and the most that was held meanwhile."""
    service = Embedded(parts)
    service.start()
    while any(state != "ok" for state in states(parts)):
        CLOCK.sleep(0.5)
    moments = spread(parts, seconds)
    pipe.send("count")
    before, most, cpu = used(), used(), process_time()
    until = max(moments.values()) + 35.0
    while CLOCK.now() < until:
        CLOCK.sleep(0.5)
        most = {name: max(most[name], value) for name, value in used().items()}
    cpu = process_time() - cpu
    pipe.send("end")
    asked, every = pipe.recv()
    late = sorted(asked.get(n, until) - at for n, at in moments.items() if n % every != every - 1)
    service.stop()
    found = {
        "late p50": late[len(late) // 2],
        "late p95": late[math.ceil(len(late) * 0.95) - 1],
        "late max": late[-1],
        "not asked": float(sum(n not in asked for n in moments)),
        "failing": float(sum(state == "failing" for state in states(parts))),
        "cpu s": cpu,
    }
    growth = {f"{name} at most": value - before[name] for name, value in most.items()}
    after = {f"{name} after": value - before[name] for name, value in used().items()}
    return found, growth | after


def states(parts: Parts) -> list[str]:
    """Return the state of every feed."""
    with parts.database.read() as connection:
        return [row.state for row in connection.execute(schema.feed.select())]


def run(feeds: int, faulty: int, seconds: float) -> Figures:
    """Return the figures of one service over so many feeds."""
    ours, theirs = multiprocessing.Pipe()
    sites = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, feeds, faulty))
    sites.start()
    port = ours.recv()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        urls = [f"http://127.1.{n // 250}.{n % 250 + 1}:{port}/{n}" for n in range(feeds)]
        lines = "".join(f"  - {url}\n" for url in urls)
        (folder / "subscribers.yaml").write_text(f"version: 1\nfeeds:\n{lines}{PEOPLE}")
        settings = Settings(
            config=folder / "subscribers.yaml",
            database_url=Secret(f"sqlite:///{folder}/alerts.db"),
            mail_from="desk@example.org",
            spool=folder / "outbox",
            min_poll_s=1.0,
            allow_nets=(ip_network("127.0.0.0/8"),),
        )
        with boot.working(settings, CLOCK, wait_s=0) as (database, _):
            found, growth = measured(boot.boot(settings, CLOCK, database).parts, ours, seconds)
    sites.kill()
    return found | growth


def main() -> None:
    """Print both runs side by side."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--feeds", type=int, default=1_000)
    options.add_argument("--faulty", type=int, default=50)
    options.add_argument("--seconds", type=float, default=60.0)
    given = options.parse_args()
    configure(quiet=True)
    calm = run(given.feeds, 0, given.seconds)
    faulty = run(given.feeds, given.faulty, given.seconds)
    print(f"{'':16}{'all in order':>14}{f'{given.faulty} faulty':>14}")
    for name, value in calm.items():
        print(f"{name:16}{value:14.2f}{faulty[name]:14.2f}")


if __name__ == "__main__":
    main()
