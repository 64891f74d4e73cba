"""From settings to working parts: open and migrate the database, put the configuration in force.

A configuration with mistakes does not stop the service: the last good one, a row of the database,
is used, and the mistakes go back to whoever asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alerts import __version__, config
from alerts.clock import Clock
from alerts.delivery.transport import transports
from alerts.digests.render import Renderer
from alerts.errors import ConfigError
from alerts.feeds.fetch import Fetcher
from alerts.model import Config, Mistake
from alerts.netguard import Guard
from alerts.pipeline import InForce, Parts, apply
from alerts.settings import Settings
from alerts.store import claims, configs, deliveries, subscribers
from alerts.store.database import Database, migrate, open_database
from alerts.store.lock import working_lock


@dataclass(frozen=True)
class Booted:
    """Working parts, and what is wrong with the configuration file (nothing, if it was taken)."""

    parts: Parts
    mistakes: tuple[Mistake, ...]


@contextmanager
def working(settings: Settings, clock: Clock, *, wait_s: float) -> Iterator[Database]:
    """Hold the working lock on the migrated database; what a killed process held is free again.

    LockHeld if another process keeps the lock for `wait_s`; StoreError if it cannot be used.
    """
    database = open_database(settings.database_url.get_secret_value())
    try:
        with working_lock(database, clock, wait_s=wait_s):
            migrate(database)
            with database.write() as connection:
                claims.free_all(connection)
                deliveries.reopen_interrupted(connection, clock.now())
            yield database
    finally:
        database.close()


def boot(settings: Settings, clock: Clock, database: Database) -> Booted:
    """Put the configuration in force, or the last good one; ConfigError if there is neither."""
    loaded = config.load(settings.config, settings.environment)
    if loaded.config is not None:
        texts = {name: data.decode() for name, data in loaded.files.items()}
        in_force = apply(database, loaded.config, texts, clock.now())
    else:
        in_force = _last_good(settings, database, loaded.errors)
    _renew_mail_gate(settings, database, clock)
    parts = Parts(
        database=database,
        clock=clock,
        settings=settings,
        fetcher=_fetcher(settings, in_force.config, clock),
        renderer=Renderer(_template_folders(settings)),
        transports=transports(settings, Guard(settings.allow_nets), clock),
        in_force=in_force,
    )
    return Booted(parts, tuple(loaded.errors))


def _renew_mail_gate(settings: Settings, database: Database, clock: Clock) -> None:
    """Try mails at once that waited for a mended SMTP_URL or MAIL_FROM."""
    url = settings.smtp_url.get_secret_value() if settings.smtp_url is not None else ""
    now_set = hashlib.sha256(f"{url}\n{settings.mail_from}".encode()).hexdigest()
    with database.write() as connection:
        if configs.value(connection, "mail_settings") != now_set:
            deliveries.open_gate(connection, f"{deliveries.SERVER}email", clock.now())
            configs.keep(connection, "mail_settings", now_set)


def _last_good(settings: Settings, database: Database, mistakes: tuple[Mistake, ...]) -> InForce:
    with database.read() as connection:
        row = configs.latest(connection)
        since = subscribers.following_since(connection)
    if row is None:
        raise ConfigError(mistakes)
    folder = settings.config.parent
    contents = {folder / name: text.encode() for name, text in row.files.items()}
    # A variable that is no longer set must not stop everyone else's mail.
    loaded = config.load(
        settings.config,
        settings.environment,
        contents=contents,
        allow_unset=True,
        with_examples=False,
    )
    if loaded.config is None:  # made by an earlier version with other rules
        raise ConfigError(mistakes)
    return InForce.of(loaded.config, since)


def _template_folders(settings: Settings) -> tuple[Path, ...]:
    beside = settings.config.parent / "templates"
    return (beside,) if beside.is_dir() else ()


def _fetcher(settings: Settings, in_force: Config, clock: Clock) -> Fetcher:
    contact = settings.base_url or f"mailto:{settings.mail_from}"
    people = len(in_force.subscribers)
    agent = f"alerts/{__version__} (+{contact}; {people} subscribers)"
    return Fetcher(Guard(settings.allow_nets), user_agent=agent, clock=clock)
