"""From settings to working parts: open and migrate the database, put the configuration in force.

A configuration with mistakes does not stop the service: the last good one, a row of the database,
is used, and the mistakes go back to whoever asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from alerts import __version__
from alerts.clock import Clock
from alerts.delivery.transport import transports
from alerts.errors import ConfigError
from alerts.feeds.fetch import Fetcher
from alerts.model import Config, Mistake
from alerts.netguard import Guard
from alerts.pipeline import InForce, Parts, clock_back, reload
from alerts.pipeline.reload import templates
from alerts.settings import Settings
from alerts.store import claims, configs, deliveries, subscribers
from alerts.store.database import Database, migrate, open_database
from alerts.store.lock import Keep, working_lock


@dataclass(frozen=True)
class Booted:
    """Working parts, and why the file as it stands is not what is in force (nothing, if it is)."""

    parts: Parts
    mistakes: tuple[Mistake, ...] = ()
    braked: str | None = None  # the edit waits for `alerts reload --confirm`, and why
    summary: str = ""  # what an edit since the last start changed, or why it is not taken
    is_new: bool = False  # whether that edit is in force


@contextmanager
def working(settings: Settings, clock: Clock, *, wait_s: float) -> Iterator[tuple[Database, Keep]]:
    """Hold the working lock on the migrated database; what a killed process held is free again.

    Yields the database, and what keeps the lock over a restart of its server.

    LockHeld if another process keeps the lock for `wait_s`; StoreError if it cannot be used.
    """
    database = open_database(settings.database_url.reveal())
    try:
        with working_lock(database, clock, wait_s=wait_s) as keep:
            migrate(database)
            release(database, clock)
            yield database, keep
    finally:
        database.close()


def release(database: Database, clock: Clock) -> None:
    """Free every claim. Only for who holds the working lock and has nothing in hand."""
    with database.write() as connection:
        claims.free_all(connection)
        deliveries.reopen_interrupted(connection, clock.now())


def boot(settings: Settings, clock: Clock, database: Database) -> Booted:
    """Put the configuration in force, or the last good one; ConfigError if there is neither."""
    guard = Guard(settings.allow_nets)
    fetcher = Fetcher(guard, user_agent="alerts", clock=clock)
    renderer, refused = templates.first(settings, database)
    with database.read() as connection:
        latest = configs.latest(connection)
        since = subscribers.following_since(connection)
    loaded = reload.load(settings, examined=latest.version if latest is not None else "")
    last_good = reload.last_good(settings, latest, loaded) if latest is not None else None
    parts = Parts(
        database=database,
        clock=clock,
        settings=settings,
        fetcher=fetcher,
        renderer=renderer,
        transports=transports(settings, guard, clock),
        in_force=InForce.of(last_good, since) if last_good is not None else reload.NOTHING,
    )
    is_first = not parts.in_force.config.version
    taken = reload.begin(parts, loaded, clock.now())
    if not parts.in_force.config.version:
        raise ConfigError(loaded.errors)
    fetcher.user_agent = _user_agent(settings, parts.in_force.config)
    mistakes = (*loaded.errors, *templates.begin(parts, refused))
    clock_back.mend(parts)
    _renew_mail_gate(settings, database, clock)
    return Booted(
        parts,
        mistakes,
        taken.braked,
        summary="" if is_first else taken.summary,
        is_new=taken.in_force is not None,
    )


def _renew_mail_gate(settings: Settings, database: Database, clock: Clock) -> None:
    """Try mails at once that waited for a mended SMTP_URL or MAIL_FROM."""
    url = settings.smtp_url.reveal() if settings.smtp_url is not None else ""
    now_set = hashlib.sha256(f"{url}\n{settings.mail_from}".encode()).hexdigest()
    with database.write() as connection:
        if configs.value(connection, "mail_settings") != now_set:
            deliveries.open_gate(connection, f"{deliveries.SERVER}email", clock.now())
            configs.keep(connection, "mail_settings", now_set)


def _user_agent(settings: Settings, current: Config) -> str:
    contact = settings.base_url or f"mailto:{settings.mail_from}"
    people = len(current.subscribers)
    return f"alerts/{__version__} (+{contact}; {people} subscribers)"
