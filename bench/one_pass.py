"""One pass of `alerts once` over many feeds, rules and subscribers, through the public command.

    python bench/one_pass.py [--quick]

A server process plays the feeds on up to 50 loopback addresses; each size runs a first pass, one in
which nothing changed (304), and one in which a tenth of the feeds has a new entry. Prints wall and
CPU seconds of the command itself, its peak memory, and how they grow over three sizes.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

from alerts.clock import SystemClock
from alerts.demo.documents import Item, rss
from alerts.demo.servers import FeedServer

ENTRIES = 30
HOSTS = 50
WORDS = [
    *("council", "budget", "river", "school", "county", "winter", "market", "police", "library"),
    *("bridge", "harvest", "senate", "clinic", "transit", "museum", "housing", "orchestra"),
    *("stadium", "warden", "farm", "festival", "lake", "mayor", "jury", "tax"),
]


def item(feed: int, number: int, now: float) -> Item:
    """Return a made-up article; every 200th is about ICE."""
    picked = [WORDS[(feed * 7 + number * k) % len(WORDS)] for k in (1, 3, 5, 11, 13)]
    title = f"{' '.join(picked).capitalize()} {feed} {number}"
    if (feed * ENTRIES + number) % 200 == 0:
        title = f"ICE agents at the {picked[0]} {feed} {number}"
    text = " ".join(WORDS[(feed + number * k) % len(WORDS)] for k in range(80))
    return Item(title, f"https://f{feed}.example/{number}", text, now - number * 600)


def serve(feeds: int, pipe: Connection) -> None:
    """Play the feeds until told to end; "change" gives every tenth a new entry."""
    now = SystemClock().now()
    servers = [FeedServer(f"127.0.{n // 250}.{n % 250 + 1}").start() for n in range(HOSTS)]

    def document(feed: int, first: int) -> str:
        return rss(f"Feed {feed}", [item(feed, n, now) for n in range(first, first + ENTRIES)])

    urls = [servers[f % HOSTS].put(f"/{f}.xml", document(f, 1)) for f in range(feeds)]
    pipe.send(urls)
    while pipe.recv() == "change":
        for feed in range(0, feeds, 10):
            servers[feed % HOSTS].put(f"/{feed}.xml", document(feed, 0))
        pipe.send("changed")
    for server in servers:
        server.stop()


def configuration(urls: list[str], rules: int, people: int) -> str:
    """Return a subscribers.yaml with synthetic rules; each subscriber follows ten, five ICE."""
    lines = ["version: 1", "feeds:", *(f"  - {url}" for url in urls), "rules:", "  ice: ICE"]
    for n in range(rules - 1):
        a, b = WORDS[n % len(WORDS)], WORDS[(n * 5 + 2) % len(WORDS)]
        lines.append(f"  r{n}: {a} NEAR/4 {b} AND x{n}")
    lines.append("subscribers:")
    for n in range(people):
        own = [f"r{(n * 10 + k) % (rules - 1)}" for k in range(9)]
        names = ", ".join(["ice", *own] if n < 5 else own)
        lines += [f"  - name: Reader {n}", f"    email: reader{n}@example.org"]
        lines += ["    timezone: America/Chicago", f"    rules: [{names}]"]
    return "\n".join(lines)


def run(folder: Path) -> dict[str, float]:
    """Run one pass; return its counts with wall and CPU seconds and peak memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "alerts", "once", "--force", "--send-now", "--json"],
        cwd=folder, check=True, capture_output=True, text=True,
        env=os.environ  # noqa: TID251 - a subprocess's environment
        | {
            "ALERTS_ALLOW_NETS": "127.0.0.0/8", "ALERTS_MIN_POLL": "0", "ALERTS_HOST_GAP": "0",
            "DATABASE_URL": "sqlite:///alerts.db",
        },
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    counts: dict[str, float] = json.loads(done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return counts | {"cpu": cpu, "peak_mb": after.ru_maxrss / 1024}


def main() -> None:
    """Run the sizes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    quick = parser.parse_args().quick
    sizes = [(10, 20, 5), (20, 40, 10), (40, 80, 20)] if quick else [
        (100, 100, 10), (300, 300, 30), (1000, 1000, 100),
    ]  # fmt: skip
    print(
        "feeds rules subscribers | pass         wall s  CPU s  CPU ms/feed  peak MB  alerts  mails"
    )
    first: dict[str, float] = {}
    for feeds, rules, people in sizes:
        here, there = multiprocessing.Pipe()
        world = multiprocessing.Process(target=serve, args=(feeds, there))
        world.start()
        urls = here.recv()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "subscribers.yaml").write_text(configuration(urls, rules, people))
            for label in ("first", "all 304", "10 % changed"):
                if label == "10 % changed":
                    here.send("change")
                    here.recv()
                got = run(folder)
                print(
                    f"{feeds:5} {rules:5} {people:11} | {label:12} {got['seconds']:6.1f}"
                    f" {got['cpu']:6.2f} {got['cpu'] / feeds * 1000:12.2f} {got['peak_mb']:8.0f}"
                    f" {got['alerts']:7.0f} {got['written']:6.0f}"
                )
                if feeds == sizes[0][0]:
                    first[label] = got["cpu"]
                elif feeds == sizes[-1][0]:
                    growth = math.log(got["cpu"] / first[label]) / math.log(feeds / sizes[0][0])
                    print(f"      growth of CPU with size, {label}: exponent {growth:.2f}")
        here.send("end")
        world.join()


if __name__ == "__main__":
    main()
