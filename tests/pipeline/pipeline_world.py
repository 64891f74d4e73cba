"""A whole service in memory: a fake clock, documents instead of servers, a mailbox that keeps."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from alerts import config
from alerts.clock import FakeClock
from alerts.delivery.memory import MemoryTransport
from alerts.demo.documents import Item, rss
from alerts.digests.render import Renderer
from alerts.engine.once import Pass, Report
from alerts.feeds.memory import MemoryFetcher
from alerts.pipeline import InForce, Parts, apply
from alerts.settings import Settings
from alerts.store import alerts as alert_rows
from alerts.store import tables
from alerts.store.database import migrate, open_database

COURIER = "https://courier.example/rss"
RADIO = "https://radio.example/rss"

YAML = f"""\
version: 1
defaults: {{timezone: America/Chicago}}
feeds:
  - {{name: Courier, url: "{COURIER}", tags: [local], place: madison}}
  - {{name: Radio, url: "{RADIO}"}}
rules:
  ice: ICE
  here: place:madison AND council
subscribers:
  - {{name: Ana, email: ana@example.org, rules: [ice, here], when: right away}}
"""


#: Compiling the templates costs more than a test does.
RENDERER = Renderer()


class World:
    """The service, and the hands that feed it."""

    def __init__(self, url: str, yaml: str = YAML, now: float | None = None) -> None:
        self.clock = FakeClock() if now is None else FakeClock(now)
        self.fetcher = MemoryFetcher()
        self.transport = MemoryTransport()
        self.database = open_database(url)
        migrate(self.database)
        self.yaml = yaml
        self.parts = Parts(
            database=self.database,
            clock=self.clock,
            settings=Settings(host_gap_s=0),
            fetcher=self.fetcher,
            renderer=RENDERER,
            transports=dict.fromkeys(("email", "slack", "webhook"), self.transport),
            in_force=self.load(),
        )

    def load(
        self, yaml: str | None = None, variables: dict[str, str] | None = None, **options: bool
    ) -> InForce:
        """Put a configuration in force."""
        self.yaml = yaml or self.yaml
        path = Path("subscribers.yaml")
        contents = {path: self.yaml.encode()}
        loaded = config.load(path, variables or {}, contents=contents, **options)
        assert loaded.config is not None, loaded.errors
        return apply(self.database, loaded.config, {path.name: self.yaml}, self.clock.now())

    def reload(self, yaml: str, variables: dict[str, str] | None = None, **options: bool) -> None:
        self.parts.in_force = self.load(yaml, variables, **options)

    def item(self, title: str, slug: str, hours_ago: float = 1, **fields: Any) -> Item:
        link = slug if "://" in slug else f"https://courier.example/{slug}"
        return Item(
            title, link, fields.pop("text", ""), self.clock.now() - hours_ago * 3600, **fields
        )

    def serve(self, *items: Item, url: str = COURIER) -> None:
        self.fetcher.put(url, rss("Its own title", list(items)))

    def run(self, **options: bool) -> Report:
        """One pass; the fake clock stands still but for what the pass waits."""
        return Pass(self.parts, max_time_s=600).run(**options)

    def mails(self) -> list[EmailMessage]:
        found = [
            message_from_bytes(tried.payload, policy=policy.default)
            for tried in self.transport.tries
        ]
        assert all(isinstance(mail, EmailMessage) for mail in found)
        return found  # type: ignore[return-value]

    def feed(self, url: str = COURIER) -> dict[str, Any]:
        with self.database.read() as connection:
            rows = tables.feeds(connection, self.parts.in_force.config.feeds, self.clock.now())
        return next(row for row in rows if row["url"] == url)

    def pending(self, subscriber: str = "ana") -> int:
        with self.database.read() as connection:
            return len(alert_rows.pending(connection, subscriber))

    def later(self, hours: float) -> None:
        self.clock.advance(hours * 3600)
