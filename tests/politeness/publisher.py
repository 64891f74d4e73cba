"""What a publisher sees: sites that note when they are asked what, and the service that asks.

The service is the one of `alerts once` and `alerts run`: booted from a file, over a database that
outlives it. Its clock stands still but for what a pass waits, so that a request's time is exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

from scripted import Answer, ScriptedServer, Seen, reply, serve_by

from alerts.clock import FakeClock
from alerts.delivery.memory import MemoryTransport
from alerts.demo.documents import Item, rss
from alerts.engine import boot
from alerts.engine.crew import Crew
from alerts.engine.once import Pass, Report
from alerts.feeds.fetch import Fetcher
from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, Secret, Validators
from alerts.pipeline import Parts, health
from alerts.settings import Settings
from alerts.store import schema, tables

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

PEOPLE = """\
admins: [admin@example.org]
rules: {ice: ICE}
subscribers:
  - {name: Ana, email: ana@example.org, rules: [ice], when: right away, timezone: UTC}
"""

Script = Callable[[Seen], Answer]
Log = Callable[[], list[dict[str, Any]]]


def document(*titles: str, extra: str = "", site: str = "n.example") -> bytes:
    """A feed with these articles; `extra` stands in its channel."""
    items = [Item(title, f"https://{site}/{title.replace(' ', '-')}") for title in titles]
    return rss("News", items).replace("<channel>", f"<channel>{extra}").encode()


DOCUMENT = document("Council meets", "Bridge reopens")


def fresh(headers: dict[str, str] | None = None, body: bytes = DOCUMENT) -> bytes:
    return reply(200, body, headers)


def in_turn(*answers: Answer) -> Script:
    """Give the answers one after the other; the last is repeated."""
    waiting = list(answers)
    return lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]


def by_path(**answers: Answer | Script) -> Script:
    """Answer each path in its own way."""

    def script(seen: Seen) -> Answer:
        answer = answers[seen.path.strip("/")]
        return answer(seen) if callable(answer) else answer

    return script


@dataclass
class Asked:
    """A request, and when it came."""

    at: float
    seen: Seen
    by_hand: bool = False

    @property
    def path(self) -> str:
        return self.seen.path

    @property
    def conditions(self) -> tuple[str | None, str | None]:
        return self.seen.header("if-none-match"), self.seen.header("if-modified-since")


@dataclass
class Site:
    """A web site; `answer` may be replaced at any time."""

    server: ScriptedServer
    answer: Script
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str = "/feed") -> str:
        return self.server.url(path)

    def times(self, path: str | None = None) -> list[float]:
        return [one.at for one in self.asked if path in (None, one.path)]

    def waits(self, path: str | None = None) -> list[float]:
        """Return the seconds between requests."""
        return [b - a for a, b in pairwise(self.times(path))]


class Killed(BaseException):
    """The process ends here."""


class DyingFetcher:
    """Asks, and is killed before the answer can be written down."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def fetch(self, feed: Feed, validators: Validators) -> FetchedBody | NotModified | FetchFailure:
        self._fetcher.fetch(feed, validators)
        raise Killed


class Service:
    """The service, its file, its database and its clock; a context manager."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.transport = MemoryTransport()
        self.settings = Settings(
            config=folder / "subscribers.yaml",
            database_url=Secret(url),
            mail_from="desk@example.org",
            allow_nets=(ip_network("127.0.0.0/8"),),
        )
        self.by_hand = False
        self._sites = ExitStack()
        self._running = ExitStack()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._sites.close()

    # --- the world -----------------------------------------------------------------------------

    def site(self, *answers: Answer | Script, host: str = "127.0.0.1", **options: Any) -> Site:
        """Open a site; one function of the request, or answers one after the other."""
        first = answers[0]
        plain = [answer for answer in answers if not callable(answer)]

        def script(seen: Seen) -> Answer:
            made.asked.append(Asked(self.clock.now(), seen, self.by_hand))
            return made.answer(seen)

        server = self._sites.enter_context(serve_by(script, host=host, **options))
        made = Site(server, first if callable(first) else in_turn(*plain))
        return made

    # --- the service ---------------------------------------------------------------------------

    def configure(self, *feeds: str | Site, people: str = PEOPLE) -> None:
        """Write the file: addresses, or mappings of YAML."""
        lines = [feed.url() if isinstance(feed, Site) else feed for feed in feeds]
        text = "version: 1\nfeeds:\n" + "".join(f"  - {line}\n" for line in lines) + people
        (self.folder / "subscribers.yaml").write_text(text)

    def start(self, *feeds: str | Site, **options: Any) -> Parts:
        """Start as a process does; with feeds, after writing the file."""
        if feeds:
            self.configure(*feeds, **options)
        working = boot.working(self.settings, self.clock, wait_s=0)
        database, _ = self._running.enter_context(working)
        self.parts = boot.boot(self.settings, self.clock, database).parts
        self.parts.transports = dict.fromkeys(("email", "slack", "webhook"), self.transport)
        assert isinstance(self.parts.fetcher, Fetcher)
        self._running.callback(self.parts.fetcher.close)
        return self.parts

    def stop(self) -> None:
        self._running.close()

    def restart(self, *feeds: str | Site) -> None:
        self.stop()
        self.start(*feeds)

    def run(self, *, force: bool = False) -> Report:
        """One pass over what is due."""
        self.by_hand = force
        try:
            return Pass(self.parts, max_time_s=3_000).run(force=force)
        finally:
            self.by_hand = False

    def run_killed(self) -> None:
        """One pass whose process is killed while the first answers come."""
        parts = self.parts
        assert isinstance(parts.fetcher, Fetcher)
        alive, parts.fetcher = parts.fetcher, DyingFetcher(parts.fetcher)
        with suppress(Killed):
            Pass(parts, max_time_s=0.5).run()
        parts.fetcher = alive
        self.restart()

    def poll(self, times: int = 1) -> None:
        """Let the next feed fall due and make a pass, so many times."""
        for _ in range(times):
            moments = [row.due_at for row in self.rows() if row.due_at is not None]
            self.clock.advance(max(0.0, min(moments) - self.clock.now()) + 0.001)
            self.run()

    def run_for(self, seconds: float, step: float = MINUTE) -> None:
        """Run as a service does that looks once a `step`."""
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            self.run()
            self.clock.advance(step)

    # --- what it says --------------------------------------------------------------------------

    def rows(self) -> list[Any]:
        with self.parts.database.read() as connection:
            return list(connection.execute(schema.feed.select().order_by(schema.feed.c.id)))

    def feeds(self) -> list[dict[str, Any]]:
        """Return what `alerts feeds --json` prints."""
        configured = self.parts.in_force.config.feeds
        with self.parts.database.read() as connection:
            return tables.feeds(connection, configured, self.clock.now())

    def notices(self) -> list[str]:
        """Return the subjects of what the admin was sent."""
        health.check(self.parts)
        crew = Crew(self.parts)
        for _ in range(3):  # the first mail is a probe
            crew.send_due()
            while crew.sending:
                crew.settle(MINUTE)
        crew.close()
        return [str(mail["Subject"]) for mail in self.mails("admin@")]

    def mails(self, to: str) -> list[Any]:
        """Return the mails that were accepted for an address."""
        sent = self.transport.accepted.values()
        mails = [message_from_bytes(tried.payload, policy=policy.default) for tried in sent]
        return [mail for mail in mails if to in str(mail["To"])]


def shortest_gap(asked: list[Asked]) -> float:
    """Return the shortest time between two requests for one path."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for one in asked:
        times[one.path].append(one.at)
    return min((b - a for moments in times.values() for a, b in pairwise(moments)), default=9e9)
