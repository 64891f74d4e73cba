"""The whole way in one process: polls, rules, digests and mails of a busy hour, over three sizes.

    python bench/service.py [--quick] [--sizes 1000,3000,10000] [--write]

A size of 10,000 is 10,000 feeds on addresses of their own, 100,000 rules and 10,000 subscribers.
Feeds are asked once in peace ("first polls"). Then the hour: every feed falls due at its moment of
it, 4 of 10 have a new article, 1 of 10 only a new date, the others are unchanged; in the middle of
it falls the morning's digest of half of the readers, the others are told right away. Each reader
follows ten rules of their own and one of five topics that everybody writes about.

The clock is the machine's own, only that it leaps when nothing is due: lateness is what it would be
in a real hour. A feed is late by the time from its moment to its request, a digest by the time from
its moment to the mail server's yes. CPU and memory are this process's; the feeds' servers and the
mail server are processes beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import hashlib
import math
import multiprocessing
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import bindparam, func, select

sys.path.append(str(Path(__file__).parent))
from outbox import cpu, peak_mb, serve_mail
from report import Report, exponent

from alerts.clock import FakeClock, SystemClock
from alerts.demo.documents import Item, rss
from alerts.engine import boot
from alerts.engine.crew import Crew, Tally
from alerts.feeds.fetch import Fetched
from alerts.log import configure
from alerts.model import Feed, Secret, Validators
from alerts.pipeline import Parts, overdue
from alerts.pipeline.parts import Fetches
from alerts.settings import Settings
from alerts.store import claims, schema

HOUR_S = 3_600.0
ITEMS = 15  # of a document
WORDS = 60  # of a summary
RULES_A_READER = 10
TOPICS = ("harbor strike", "water rates", "school closures", "bridge repairs", "rent freeze")
ABOUT_A_TOPIC = 8  # new articles of the hour about each topic
LOOK_S = 0.02
Figures = dict[str, float]


class LeapingClock(SystemClock):
    """The machine's clock, ahead by what was leapt over."""

    def __init__(self, begins: float) -> None:
        self._ahead = begins - super().now()

    def now(self) -> float:
        """Return the wall clock's time after all leaps."""
        return super().now() + self._ahead

    def monotonic(self) -> float:
        """Return the monotonic time after all leaps."""
        return super().monotonic() + self._ahead

    def leap_to(self, moment: float) -> None:
        """Go there, if it is not past."""
        self._ahead += max(0.0, moment - self.now())


def name_of(number: int) -> str:
    """Return a made-up name of two words, another for each number."""
    syllables = ("ba", "den", "fil", "gor", "han", "kel", "lum", "mar", "nos", "pir", "sten", "vok")
    places = [number // 12**place % 12 for place in range(6)]
    first, last = ("".join(syllables[at] for at in part) for part in (places[:3], places[3:]))
    return f"{first.capitalize()} {last.capitalize()}s"


# --- what stands in the feeds ------------------------------------------------------------------


def story(feed: int, number: int, size: int, at: float) -> Item:
    """Return an article that names three of the people whom somebody watches."""
    chance = FakeClock(seed=feed * 1_000 + number)
    words = [f"word{int(5_000 * chance.random() ** 3)}" for _ in range(WORDS)]
    people = [name_of(int(size * RULES_A_READER * chance.random())) for _ in range(3)]
    text = f"{' '.join(words[:20])}. {people[1]} {' '.join(words[20:])}. {people[2]} was there."
    link = f"https://paper{feed}.example/{number}"
    return Item(f"{people[0]} and {' '.join(words[:6])}", link, text=text, at=at)


def document(feed: int, size: int, at: float, *, is_later: bool) -> bytes:
    """Return a feed's document, before the hour or in it."""
    items = [story(feed, n, size, at - 400_000 - 600 * n) for n in range(ITEMS)]
    kind = feed % 10 if is_later else 9
    if kind < 4:
        new = story(feed, ITEMS, size, at)
        every = max(1, size * 4 // 10 // (ABOUT_A_TOPIC * len(TOPICS)))
        place = feed // 10 * 4 + kind
        if place % every == 0:
            new = replace(new, title=f"{new.title}: {TOPICS[place // every % len(TOPICS)]}")
        items.insert(0, new)
    text = rss(f"Paper {feed}", items)
    return (
        text if kind != 4 else text.replace("</title>", "</title><!-- made anew -->", 1)
    ).encode()


def serve_feeds(pipe: Connection, size: int, at: float) -> None:
    """Be the server of every feed until told to end; each word before that begins the hour."""
    is_later = False

    def answer(head: str) -> bytes:
        feed = int(head.split(" ", 2)[1].rpartition("/")[2])
        body = document(feed, size, at, is_later=is_later)
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if tag in head:
            return f"HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n".encode()
        lines = f"HTTP/1.1 200 OK\r\nETag: {tag}\r\nContent-Type: application/rss+xml\r\n"
        return f"{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer(head.decode("latin-1")))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def serve() -> None:
        nonlocal is_later
        server = await asyncio.start_server(talk, "0.0.0.0", 0, backlog=1_000)
        pipe.send(server.sockets[0].getsockname()[1])
        while await asyncio.to_thread(pipe.recv) != "end":
            is_later = True

    asyncio.run(serve())


def configuration(size: int, port: int) -> str:
    """Return the file of the given size."""
    feeds = (
        f"  - http://127.{n // 62_500 + 1}.{n // 250 % 250}.{n % 250 + 1}:{port}/{n}"
        for n in range(size)
    )
    topics = (f"  t{n}: '{topic}'" for n, topic in enumerate(TOPICS))
    rules = (f"  r{n}: '{name_of(n)}'" for n in range(size * RULES_A_READER))
    people = (
        f"  - {{name: P{n}, email: p{n}@example.org, rules: [t{n % len(TOPICS)}, "
        + ", ".join(f"r{n * RULES_A_READER + k}" for k in range(RULES_A_READER))
        + f"], when: {'daily at 8:30 am' if n % 2 else 'right away'}}}"
        for n in range(size)
    )
    parts = (
        "version: 1\ndefaults: {timezone: UTC, spread: 0m}\nfeeds:",
        *feeds,
        "rules:",
        *topics,
        *rules,
    )
    return "\n".join((*parts, "subscribers:", *people, ""))


# --- the hour ----------------------------------------------------------------------------------


def work(parts: Parts, crew: Crew, clock: LeapingClock, until: float) -> None:
    """Do what falls due before a moment, as `alerts run` does, and leap over the time between."""
    while True:
        now = clock.now()
        if now < until:
            crew.poll_due(now)
        crew.make_due()
        crew.send_due()
        if crew.busy:
            crew.settle(LOOK_S)
            continue
        with parts.database.read() as connection:
            due = claims.next_due(connection)
        if due is None or max(now, due) >= until:
            break
        clock.leap_to(due)
    clock.leap_to(until)


class Watched:
    """A fetcher that notes when each feed was asked first."""

    def __init__(self, real: Fetches, clock: LeapingClock) -> None:
        self._real, self._clock = real, clock
        self.asked: dict[str, float] = {}

    def fetch(self, feed: Feed, validators: Validators, *more: str) -> Fetched:
        """Ask."""
        self.asked.setdefault(feed.url, self._clock.now())
        return self._real.fetch(feed, validators, *more)


def spread(parts: Parts, begins: float) -> dict[str, float]:
    """Let the feeds fall due one after the other during the hour; return when each is."""
    feed = schema.feed
    with parts.database.write() as connection:
        urls = connection.execute(feed.select().with_only_columns(feed.c.url)).scalars().all()
        due = {url: begins + HOUR_S * n / len(urls) for n, url in enumerate(sorted(urls, key=turn))}
        rows = [{"of": url, "due": moment} for url, moment in due.items()]
        change = feed.update().where(feed.c.url == bindparam("of")).values(due_at=bindparam("due"))
        connection.execute(change, rows)
    return due


def turn(url: str) -> str:
    """Return what puts neighbours apart."""
    return hashlib.sha256(url.encode()).hexdigest()


def late_mails(parts: Parts) -> list[float]:
    """Return how long after its moment each of the morning's digests was taken, in seconds."""
    digest, delivery = schema.digest, schema.delivery
    query = (
        select(digest.c.slot, delivery.c.ended_at)
        .join_from(digest, delivery, delivery.c.digest_id == digest.c.id)
        .where(digest.c.cadence.like("daily%"), delivery.c.state == "delivered")
    )
    with parts.database.read() as connection:
        rows = connection.execute(query).all()
    moments = (dt.datetime.fromisoformat(row.slot).replace(tzinfo=dt.UTC) for row in rows)
    return [row.ended_at - moment.timestamp() for row, moment in zip(rows, moments, strict=True)]


def counts(parts: Parts) -> Figures:
    """Return how much of everything there is."""
    queries = {
        "articles": select(func.count()).where(schema.entry.c.is_baseline.is_(False)),
        "alerts": select(func.count()).select_from(schema.alert),
        "mails": select(func.count()).where(schema.delivery.c.state == "delivered"),
    }
    with parts.database.read() as connection:
        return {name: connection.execute(query).scalar_one() for name, query in queries.items()}


def p95(values: Sequence[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return sorted(values)[math.ceil(len(values) * 0.95) - 1] if values else math.nan


def hour(size: int, port: int, smtp: str, news: Connection, begins: float) -> Figures:
    """Return the figures of one size."""
    clock, found = LeapingClock(begins - HOUR_S), {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "subscribers.yaml").write_text(configuration(size, port))
        settings = Settings(
            config=folder / "subscribers.yaml",
            database_url=Secret(f"sqlite:///{folder}/alerts.db"),
            mail_from="desk@example.org",
            smtp_url=Secret(smtp),
            allow_nets=(ip_network("127.0.0.0/8"),),
        )
        with boot.working(settings, clock, wait_s=0) as (database, _):
            used = cpu()
            parts = boot.boot(settings, clock, database).parts
            watched = parts.fetcher = Watched(parts.fetcher, clock)
            crew, started = Crew(parts), cpu()
            found["start, CPU s"] = started - used
            overdue.line_up(parts, is_spread=False)
            while len(watched.asked) < size:
                work(parts, crew, clock, clock.now() + 1.0)
            found["first poll, CPU ms"] = (cpu() - started) * 1e3 / size
            clock.leap_to(begins)
            watched.asked.clear()
            due = spread(parts, begins)
            news.send("later")
            crew.tally, used = Tally(), cpu()
            work(parts, crew, clock, begins + HOUR_S)
            found["the hour, CPU s"] = cpu() - used
            late = [watched.asked.get(url, math.inf) - moment for url, moment in due.items()]
            found |= {"polls": len(crew.tally.polls), **counts(parts)}
            found |= {"polls late p95, s": p95(late), "digests late p95, s": p95(late_mails(parts))}
            crew.close()
    return found | {"peak MB": peak_mb()}


def measure(pipe: Connection, size: int) -> None:
    """Measure one size in a process of its own, so that memory is its own."""
    configure(quiet=True)
    spawn = multiprocessing.get_context("spawn")
    today = dt.datetime.fromtimestamp(SystemClock().now(), dt.UTC)
    at_eight = today.replace(hour=8, minute=0, second=0, microsecond=0)
    begins = (at_eight + dt.timedelta(days=1)).timestamp()
    news, feeds_end = multiprocessing.Pipe()
    mail, mail_end = multiprocessing.Pipe()
    beside = [
        spawn.Process(target=serve_feeds, args=(feeds_end, size, begins)),
        spawn.Process(target=serve_mail, args=(mail_end,)),
    ]
    for process in beside:
        process.start()
    try:
        pipe.send(hour(size, news.recv(), mail.recv(), news, begins))
    finally:
        for process in beside:
            process.kill()


def main() -> None:
    """Print one column a size, and how the costs grow."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    options.add_argument("--sizes", help="three numbers of feeds and of subscribers")
    options.add_argument("--write", action="store_true", help="keep the table in bench/README.md")
    given = options.parse_args()
    default = "10,20,40" if given.quick else "1000,3000,10000"
    sizes = [int(n) for n in (given.sizes or default).split(",")]
    report = Report("service", write=given.write)
    columns = []
    for size in sizes:
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(there, size))
        process.start()
        there.close()
        columns.append(here.recv())
        process.join()
        print(f"{size} feeds, {size * RULES_A_READER} rules, {size} subscribers: done", flush=True)
    rows = [
        (name, *(f"{value:,.2f}" for value in values), f"{exponent(sizes, values):.2f}")
        for name in columns[0]
        for values in [[column[name] for column in columns]]
    ]
    report.table(("feeds and subscribers", *(f"{size:,}" for size in sizes), "exponent"), rows)
    report.close()


if __name__ == "__main__":
    main()
