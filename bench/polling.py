"""What polling costs, side by side with others: requests, whole passes, and growth with size.

    python bench/polling.py [--quick] [--peers PYTHON] [--big]

One process plays every feed on addresses 127.1.x.y, by http and by https. Three tables:

1. One request: CPU of asking, ours beside requests, urllib3 and pycurl.
2. One pass over so many feeds of 30 entries (4 kB each): the public command `alerts once` with 100
   rules beside reader, rss2email and newsboat, whole processes with their start. Each does the same
   passes in order: the first, all 304, all 200 with the same body, a tenth of the feeds with a new
   entry, only the channel's date changed, every feed with a new entry.
3. `alerts once` over three sizes (feeds of one entry): cost and memory of a feed.

`--peers` is the interpreter of an environment that has reader, rss2email and pycurl (see README.md
here); newsboat is taken from PATH. Who is absent is left out, and said to be.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time
from typing import Any

import certifi
import requests
import urllib3

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import scripted
from certificates import authority
from polling_feeds import Moment, document
from report import Report, exponent
from scripted import Seen, reply, serve_by

from alerts.clock import SystemClock
from alerts.feeds.fetch import Fetcher
from alerts.model import Feed, Validators
from alerts.netguard import Guard

ROUNDS = 3
ENTRIES = 30
PEERS = Path(__file__).with_name("polling_peers.py")
ENV = {
    "ALERTS_ALLOW_NETS": "127.0.0.0/8", "ALERTS_MIN_POLL": "0", "ALERTS_HOST_GAP": "0",
    "DATABASE_URL": "sqlite:///alerts.db", "PYTHONPATH": str(Path(__file__).parents[1]),
    "PYTHONDONTWRITEBYTECODE": "",  # what is installed is compiled
}  # fmt: skip

#: A pass of ours in which nothing is due: what the process itself needs.
START = "nothing due"

#: What is done in each pass, in order; each peer does all of them from the start.
PASSES = {
    "first run": Moment(),
    "all 304": Moment(),
    "200, same body": Moment(is_deaf=True),
    "a tenth changed": Moment(tenth=1),
    "only a date stamp": Moment(tenth=1, stamp=1),
    "each one new entry": Moment(tenth=1, stamp=1, all=1),
}


# --- the world ------------------------------------------------------------------------------------


def play(entries: int, folder: Path, pipe: Connection) -> None:
    """Play every feed (/N) by http and by https, until killed; it is told what moment it is."""
    scripted.PATIENCE_S = 40.0
    moment, now = Moment(), SystemClock().now()

    def answer(seen: Seen) -> bytes:
        feed = seen.path.strip("/")
        if feed == "fresh":
            return reply(200, b"<rss version='2.0'><channel/></rss>", {"Connection": "close"})
        etag = moment.etag(int(feed))
        if seen.header("if-none-match") == etag and not moment.is_deaf:
            return reply(304, headers={"ETag": etag})
        body = document(int(feed), moment, entries, now)
        return reply(200, body, {"ETag": etag, "Content-Type": "application/rss+xml"})

    ours = authority(folder)
    with (
        serve_by(answer, host="0.0.0.0") as plain,
        serve_by(answer, tls=ours.server("127.0.0.1")) as tls,
    ):
        pipe.send((plain.port, tls.url("/fresh"), str(ours.ca_file)))
        while True:
            moment = pipe.recv()
            plain.seen.clear()
            pipe.send("heard")


class World:
    """The other end of `play`."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.port, self.fresh, self.ca_file = pipe.recv()

    def urls(self, feeds: int) -> list[str]:
        """Return the addresses of so many feeds, each on a host of its own up to 500."""
        hosts = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(500)]
        return [f"http://{hosts[n % 500]}:{self.port}/{n}" for n in range(feeds)]

    def turn(self, moment: Moment) -> None:
        """Let the feeds be as they are at a moment."""
        self._pipe.send(moment)
        self._pipe.recv()


@contextmanager
def world(entries: int = ENTRIES) -> Iterator[World]:
    """Yield the feeds, played by a process of their own."""
    here, there = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as name:
        process = multiprocessing.Process(
            target=play, args=(entries, Path(name), there), daemon=True
        )
        process.start()
        try:
            yield World(here)
        finally:
            process.kill()
            process.join()


# --- one request ----------------------------------------------------------------------------------


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


def one_request(report: Report, site: World, folder: Path, peers: str | None, count: int) -> None:
    """Print what one request costs, ours and others'."""
    bundle = folder / "bundle.pem"  # as big as everybody's, with our authority in it
    bundle.write_text(Path(certifi.where()).read_text() + Path(site.ca_file).read_text())
    kept, fresh = site.urls(1)[0], site.fresh
    validators = Validators(Moment().etag(0), None, kept)
    condition = {"If-None-Match": Moment().etag(0)}
    fetcher = Fetcher(Guard(["127.0.0.0/8"]), user_agent="bench")
    session, pool = requests.Session(), urllib3.PoolManager()
    tls, http = Feed(fresh, ca_file=str(bundle)), Feed(kept)

    def ask_anew() -> None:
        with requests.Session() as new:
            new.get(fresh, verify=str(bundle), timeout=30)

    found = {
        "fresh HTTPS": {
            "ours": cpu_ms(lambda: fetcher.fetch(tls, Validators()), count),
            "requests, a new Session": cpu_ms(ask_anew, max(count // 10, 3)),
        },
        "304 kept alive": {
            "ours": cpu_ms(lambda: fetcher.fetch(http, validators), count * 4),
            "requests.Session": cpu_ms(
                lambda: session.get(kept, headers=condition, timeout=30), count * 4
            ),
            "urllib3": cpu_ms(lambda: pool.request("GET", kept, headers=condition), count * 4),
        },
    }
    fetcher.close()
    session.close()
    pool.clear()
    if peers:
        words = [peers, PEERS, "curl", kept, fresh, bundle, condition["If-None-Match"], count]
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True)
        kept_ms, fresh_ms = json.loads(done.stdout)
        found["304 kept alive"]["pycurl"] = kept_ms
        found["fresh HTTPS"]["pycurl"] = fresh_ms
    rows = [
        (f"{case}, {who}", f"{ms:.2f}", f"{1000 / ms:,.0f}", f"{ms / row['ours']:.2f}")
        for case, row in found.items()
        for who, ms in row.items()
    ]
    report.table(("one request", "CPU ms", "asked a second", "times ours"), rows)


# --- whole passes ---------------------------------------------------------------------------------

Figures = dict[str, float]


def timed(words: list[object], folder: Path) -> Figures:
    """Run a command; return its CPU seconds, its children's too, and its peak memory in MB."""
    environment = os.environ | ENV | {"HOME": str(folder)}  # noqa: TID251 - a subprocess's
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            list(map(str, words)), cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words[0]} failed:\n{(folder / 'log').read_text()[-2000:]}")
    return {"cpu": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}


class Ours:
    """`alerts once`, a hundred rules and ten subscribers; mails are written to a folder."""

    name = "alerts"

    def __init__(self, _: str) -> None: ...

    def prepare(self, folder: Path, urls: list[str]) -> None:
        """Write the configuration."""
        rules = {f"r{n}": f"council NEAR/4 budget AND x{n}" for n in range(99)} | {"ice": "ICE"}
        people = [
            {
                "name": f"Reader {n}", "email": f"reader{n}@example.org", "timezone": "UTC",
                "rules": ["ice", *(f"r{n * 9 + k}" for k in range(9))],
            }
            for n in range(10)
        ]  # fmt: skip
        whole = {"version": 1, "feeds": urls, "rules": rules, "subscribers": people}
        (folder / "subscribers.yaml").write_text(json.dumps(whole))

    def run(self, folder: Path, *options: str) -> Figures:
        """Do one pass."""
        options = options or ("--force", "--send-now", "--max-time", "3000s")
        return timed([sys.executable, "-m", "alerts", "once", "--json", *options], folder)


class _Peer:
    def __init__(self, python: str) -> None:
        self._python = python

    def prepare(self, folder: Path, urls: list[str]) -> None:
        (folder / "urls").write_text("".join(f"{url}\n" for url in urls))


class Reader(_Peer):
    """The library reader, as its own `reader update` does it, in one worker per two hosts."""

    name = "reader"

    def run(self, folder: Path) -> Figures:
        """Do one pass."""
        return timed([self._python, PEERS, "reader", "urls", "reader.db"], folder)


class Rss2email(_Peer):
    """`r2e run --no-send`: it makes its mails and sends none."""

    name = "rss2email"

    def prepare(self, folder: Path, urls: list[str]) -> None:
        """Write the configuration that `r2e add` would."""
        feeds = "".join(f"[feed.f{n}]\nurl = {url}\n" for n, url in enumerate(urls))
        (folder / "r2e.cfg").write_text(f"[DEFAULT]\nto = reader@example.org\n{feeds}")

    def run(self, folder: Path) -> Figures:
        """Do one pass."""
        r2e = Path(self._python).with_name("r2e")
        return timed([r2e, "-c", "r2e.cfg", "-d", "r2e.json", "run", "--no-send"], folder)


class Newsboat(_Peer):
    """`newsboat -x reload`, a program in C++ over libxml2."""

    name = "newsboat"

    def run(self, folder: Path) -> Figures:
        """Do one pass."""
        (folder / "config").write_text("reload-threads 4\n")
        files = ["-u", "urls", "-c", "cache.db", "-C", "config"]
        return timed(["newsboat", *files, "-x", "reload"], folder)


def beside(report: Report, feeds: int, peers: str | None) -> None:
    """Print the passes of everybody who is there."""
    who: list[Any] = [Ours, *((Reader, Rss2email) if peers else ())]
    who += [Newsboat] if shutil.which("newsboat") else []
    found: dict[str, dict[str, Figures]] = {}
    for kind in who:
        one = kind(peers or "")
        found[one.name] = {}
        with tempfile.TemporaryDirectory() as name, world() as site:
            folder = Path(name)
            one.prepare(folder, site.urls(feeds))
            for label, moment in PASSES.items():
                site.turn(moment)
                found[one.name][label] = one.run(folder)
            if isinstance(one, Ours):
                found[one.name][START] = one.run(folder, "--max-time", "3000s")
    ours, *others = found
    start = found[ours].pop(START)["cpu"]
    rows = []
    for label in PASSES:
        own = found[ours][label]["cpu"]
        theirs = [found[name][label]["cpu"] for name in others]
        rate = f"{feeds / max(own - start, 1e-3):,.0f}"
        times = [f"{cpu:.2f} ({cpu / own:.1f})" for cpu in theirs]
        rows.append((label, f"{own:.2f}", rate, *times))
    head = (f"{feeds} feeds, CPU s", "alerts once", "feeds/s beyond its start")
    report.table((*head, *(f"{name} (times ours)" for name in others)), rows)
    peaks = ", ".join(
        f"{name} {max(one['peak_mb'] for one in passes.values()):.0f}"
        for name, passes in found.items()
    )
    report.say(f"A pass with nothing due: {start:.2f} s. Peak MB: {peaks}.")


# --- growth ---------------------------------------------------------------------------------------


def growth(report: Report, sizes: tuple[int, ...]) -> None:
    """Print what passes over so many feeds of one entry cost a feed, and how that grows."""
    labels = ("first run", "all 304", "200, same body", "each one new entry")
    per_feed: dict[str, list[float]] = {label: [] for label in labels}
    peaks: list[float] = []
    rows = []
    for feeds in sizes:
        one = Ours("")
        with tempfile.TemporaryDirectory() as name, world(entries=1) as site:
            folder = Path(name)
            one.prepare(folder, site.urls(feeds))
            one.run(folder, "--max-time", "0s")
            start = one.run(folder, "--max-time", "0s")
            for label in labels:
                site.turn(PASSES[label])
                got = one.run(folder)
                ms = max(got["cpu"] - start["cpu"], 1e-3) / feeds * 1000
                per_feed[label].append(ms)
                cpu, peak = f"{got['cpu']:.2f}", f"{got['peak_mb']:.0f}"
                rows.append((f"{feeds:,}", label, cpu, f"{ms:.2f}", f"{1000 / ms:,.0f}", peak))
            peaks.append(got["peak_mb"])
    report.table(("feeds", "pass", "CPU s", "ms a feed", "feeds/s", "peak MB"), rows)
    grown = ", ".join(f"{label} {exponent(sizes, ms):.2f}" for label, ms in per_feed.items())
    report.say(f"Growth of a feed's CPU with their number (0 is flat): {grown}.")
    kb = (peaks[-1] - peaks[0]) * 1024 / (sizes[-1] - sizes[0])
    report.say(f"Memory: {kb:.1f} kB a feed.")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    parser.add_argument("--big", action="store_true", help="growth up to 100,000 feeds")
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has the peers")
    parser.add_argument("--write", action="store_true", help="keep the tables in bench/README.md")
    given = parser.parse_args()
    report = Report("polling", write=given.write)
    with world() as site, tempfile.TemporaryDirectory() as name:
        one_request(report, site, Path(name), given.peers, 30 if given.quick else 300)
    beside(report, 20 if given.quick else 300, given.peers)
    big = (1_000, 10_000, 100_000) if given.big else (1_000, 3_000, 10_000)
    growth(report, (20, 100) if given.quick else big)
    absent = [] if given.peers else ["reader, rss2email and pycurl (see --peers)"]
    absent += [] if shutil.which("newsboat") else ["newsboat"]
    if absent:
        report.say(f"Absent: {', '.join(absent)}.")
    report.close()


if __name__ == "__main__":
    main()
