"""What asking costs: one request beside those of others, and whole passes in which nothing changed.

    python bench/fetch.py [--quick]

First table: CPU milliseconds of this process for one request to a server in another one, a new
HTTPS connection each time, and 304 on a connection kept alive; beside ours those of requests (its
defaults, and a session) and of urllib3 alone, one after the other, the least of three rounds. The
bundle of authorities is certifi's with ours added. Second table: `alerts once` itself over feeds of
one entry, three sizes: a first pass, one with nothing due (what an idle process needs), and one in
which every feed answers 304.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time

import certifi
import requests
import urllib3

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from certificates import authority
from scripted import Seen, reply, serve_by

from alerts.clock import SystemClock
from alerts.demo.documents import Item, rss
from alerts.demo.servers import FeedServer
from alerts.feeds.fetch import Fetcher
from alerts.model import Feed, Validators
from alerts.netguard import Guard

HOSTS = 50
ETAG = '"1"'
ROUNDS = 3


# --- one request ----------------------------------------------------------------------------------


def answer(seen: Seen) -> bytes:
    """Answer 304 to who knows the document, else with it."""
    close = {"Connection": "close"} if seen.path == "/fresh" else {}
    if seen.header("if-none-match") == ETAG:
        return reply(304, headers=close)
    return reply(200, rss("News", []).encode(), {"ETag": ETAG, **close})


def serve_one(folder: Path, pipe: Connection) -> None:
    """Play one site, by http and by https, until told to end."""
    ours = authority(folder)
    with (
        serve_by(answer) as plain,
        serve_by(answer, tls=ours.server("127.0.0.1")) as tls,
    ):
        pipe.send((plain.url("/kept"), tls.url("/fresh"), str(ours.ca_file)))
        pipe.recv()


def cpu_ms(ask: Callable[[], object], count: int) -> float:
    """Return the CPU of one call in milliseconds, the least of some rounds."""
    best = math.inf
    ask()
    for _ in range(ROUNDS):
        began = process_time()
        for _ in range(count):
            ask()
        best = min(best, (process_time() - began) / count * 1000)
    return best


def one_request(count: int) -> None:
    """Print what one request costs, ours and others'."""
    here, there = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as name:
        site = multiprocessing.Process(target=serve_one, args=(Path(name), there))
        site.start()
        kept, fresh, ca_file = here.recv()
        bundle = Path(name) / "bundle.pem"
        bundle.write_text(Path(certifi.where()).read_text() + Path(ca_file).read_text())
        condition = {"If-None-Match": ETAG}
        fetcher = Fetcher(Guard(["127.0.0.0/8"]), user_agent="bench")
        session = requests.Session()
        pool = urllib3.PoolManager()
        tls, http = Feed(fresh, ca_file=str(bundle)), Feed(kept)
        validators = Validators(ETAG, None, kept)
        rows: list[tuple[str, Callable[[], object], int]] = [
            ("fresh HTTPS, ours", lambda: fetcher.fetch(tls, Validators()), count),
            (
                "fresh HTTPS, requests.get",
                lambda: requests.get(fresh, verify=str(bundle), timeout=30),
                max(count // 10, 3),
            ),
            ("304 kept alive, ours", lambda: fetcher.fetch(http, validators), count * 4),
            (
                "304 kept alive, requests.Session",
                lambda: session.get(kept, headers=condition, timeout=30),
                count * 4,
            ),
            (
                "304 kept alive, urllib3",
                lambda: pool.request("GET", kept, headers=condition),
                count * 4,
            ),
        ]
        print("one request                        | CPU ms")
        for label, ask, times in rows:
            print(f"{label:34} | {cpu_ms(ask, times):6.2f}", flush=True)
        fetcher.close()
        session.close()
        pool.clear()
        here.send("end")
        site.join()


# --- whole passes ---------------------------------------------------------------------------------


def serve_many(feeds: int, pipe: Connection) -> None:
    """Play the feeds until told to end; each is of one entry, and never changes."""
    now = SystemClock().now()
    servers = [FeedServer(f"127.0.{n // 250}.{n % 250 + 1}").start() for n in range(HOSTS)]
    urls = []
    for n in range(feeds):
        item = Item(f"Council meets about lot {n}", f"https://f{n}.example/1", at=now - 600)
        urls.append(servers[n % HOSTS].put(f"/{n}.xml", rss(f"Feed {n}", [item])))
    pipe.send(urls)
    pipe.recv()
    for server in servers:
        server.stop()


def one_pass(folder: Path, *options: str) -> dict[str, float]:
    """Run `alerts once`; return its counts with its CPU seconds and peak memory in MB."""
    process = subprocess.Popen(
        [sys.executable, "-m", "alerts", "once", "--json", *options],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ  # noqa: TID251 - a subprocess's environment
        | {
            "ALERTS_ALLOW_NETS": "127.0.0.0/8", "ALERTS_MIN_POLL": "0", "ALERTS_HOST_GAP": "0",
            "DATABASE_URL": "sqlite:///alerts.db",
        },
    )  # fmt: skip
    assert process.stdout is not None
    counts: dict[str, float] = json.loads(process.stdout.read())
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return counts | {"cpu": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}


def passes(sizes: tuple[int, ...]) -> None:
    """Print what passes over so many feeds cost."""
    print("\nfeeds  | pass         polled unchanged  wall s   CPU s  CPU ms/feed  peak MB")
    per_feed: dict[int, float] = {}
    for feeds in sizes:
        here, there = multiprocessing.Pipe()
        world = multiprocessing.Process(target=serve_many, args=(feeds, there))
        world.start()
        urls = here.recv()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            lines = ["version: 1", "feeds:", *(f"  - {url}" for url in urls)]
            lines += ["rules: {ice: ICE}", "subscribers:"]
            lines += ["  - {name: Ana, email: ana@example.org, rules: [ice], timezone: UTC}"]
            (folder / "subscribers.yaml").write_text("\n".join(lines))
            idle: dict[str, float] = {}
            for label, options in (("first", []), ("nothing due", []), ("all 304", ["--force"])):
                got = one_pass(folder, *options)
                idle = got if label == "nothing due" else idle
                print(
                    f"{feeds:6} | {label:12} {got['polled']:6} {got['unchanged']:9}"
                    f" {got['seconds']:7.1f} {got['cpu']:7.2f} {got['cpu'] / feeds * 1000:12.2f}"
                    f" {got['peak_mb']:8.0f}",
                    flush=True,
                )
            per_feed[feeds] = (got["cpu"] - idle["cpu"]) / feeds * 1000
            print(
                f"         all 304 more than nothing due: {per_feed[feeds]:.2f} ms a feed,"
                f" {got['peak_mb'] - idle['peak_mb']:.0f} MB",
                flush=True,
            )
        here.send("end")
        world.join()
    growth = math.log(per_feed[sizes[-1]] / per_feed[sizes[0]]) / math.log(sizes[-1] / sizes[0])
    print(f"growth of CPU a feed with their number: exponent {growth:.2f} (0 is flat)")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    quick = parser.parse_args().quick
    one_request(30 if quick else 300)
    passes((20, 60, 200) if quick else (1_000, 3_000, 10_000))


if __name__ == "__main__":
    main()
