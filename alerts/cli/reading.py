"""What commands that only read begin with: the configuration and, if there is one, the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from alerts import config, settings
from alerts.config.urls import feed_url
from alerts.errors import ConfigError, GrammarError, StoreError, UsageError
from alerts.model import Config, Rule, Subscriber
from alerts.pipeline import reload
from alerts.store import configs
from alerts.store.database import is_current, open_database, schema_revision


@dataclass(frozen=True)
class Reading:
    """A configuration, and a connection if the service has run already."""

    config: Config
    connection: Connection | None
    mistakes: int = 0  # in the file; if there are any, `config` is the last good version


@contextmanager
def reading(path: Path | None) -> Iterator[Reading]:
    """Open what is there. A wrong configuration gives way to the last good one.

    ConfigError if there is neither; StoreError if the database cannot be read.
    """
    env = settings.load(path)
    loaded = config.load(env.config, env.environment, allow_unset=True, with_examples=False)
    with opened(env.database_url.reveal()) as connection:
        current = loaded.config
        if current is None and connection is not None:
            current = last_good(env, connection)
        if current is None:
            raise ConfigError(loaded.errors)
        mistakes = 0 if connection is None else len(loaded.errors)
        yield Reading(current, connection, mistakes)


def say_if_stale(opened: Reading) -> None:
    """Say on standard error, if it is so, that what is shown is not the file or not in force."""
    config, connection = opened.config, opened.connection
    if opened.mistakes:
        count = f"{opened.mistakes} mistake{'' if opened.mistakes == 1 else 's'}"
        click.echo(
            f"subscribers.yaml has {count} (alerts check shows them);"
            " this is the last good version.",
            err=True,
        )
    elif connection is None:
        return
    elif (held := configs.waiting(connection)) and held.version == config.version:
        told = (
            f"This edit waits for confirmation: {held.summary}. The version before it is in force"
        )
        click.echo(f"{told}. If the edit is meant: alerts reload --confirm", err=True)
    elif (undone := configs.undone(connection)) and undone.version == config.version:
        told = "This version was undone (alerts reload --previous); what was before it is in force"
        click.echo(f"{told}. To take it again: alerts reload", err=True)


@contextmanager
def opened(url: str) -> Iterator[Connection | None]:
    """Open the database to read from; None if no run has made it yet. StoreError if it is unfit."""
    if is_missing(url):
        yield None
        return
    database = open_database(url)
    try:
        if schema_revision(database) is None:  # a PostgreSQL that is still empty
            yield None
            return
        if not is_current(database):
            raise StoreError(
                "The database has an older schema than this version.",
                hint="Bring it up to date: alerts migrate",
            )
        with database.read() as connection:
            yield connection
    finally:
        database.close()


def rules_named(current: Config, names: Sequence[str]) -> Sequence[Rule]:
    """Return the rules of these names, all if there are none; UsageError for an unknown one."""
    known = {rule.name: rule for rule in current.rules}
    for name in names:
        if name not in known:
            near = config.nearest(name, list(known))
            hint = f'Did you mean "{near}"?' if near else "See them: alerts rules"
            raise UsageError(f'There is no rule "{name}".', hint=hint)
    return [known[name] for name in names] or current.rules


def person_named(current: Config, name: str) -> Subscriber:
    """Return the subscriber of this id, name or address; UsageError if there is none."""
    wanted = name.casefold()
    for person in current.subscribers:
        places = (place.place for place in person.destinations)
        if wanted in map(str.casefold, (person.id, person.name, *places)):
            return person
    near = config.nearest(name, [person.id for person in current.subscribers])
    hint = f'Did you mean "{near}"?' if near else "See them: alerts subscribers"
    raise UsageError(f'There is no subscriber "{name}".', hint=hint)


def address(text: str) -> str:
    """Return the web address that is meant, https if it does not say; UsageError if it is none."""
    text = text.strip()
    if "://" not in text and "." in text.partition("/")[0]:
        text = f"https://{text}"
    try:
        return feed_url(text)
    except GrammarError as error:
        raise UsageError(error.message, hint=error.hint) from None


def duration_s(text: str) -> float:
    """Return the seconds of "7d"; UsageError if it is no duration."""
    try:
        return settings.duration_s(text)
    except ValueError:
        hint = "Write a number and s, m, h, d or w: 12h, 7d, 2w."
        raise UsageError(f'"{text}" is not a duration.', hint=hint) from None


def file_of(url: str) -> Path | None:
    """Return the file of a SQLite database; None for any other."""
    name = make_url(url).database if url.startswith("sqlite") else None
    return Path(name) if name and name != ":memory:" else None


def is_missing(url: str) -> bool:
    """Whether it is a SQLite file that no run has made yet; reading must not make it."""
    if not url.startswith("sqlite"):
        return False
    file = file_of(url)
    return file is None or not file.exists()


def last_good(env: settings.Settings, connection: Connection) -> Config | None:
    """Return the last version that was in force; None if there is none that can be read."""
    row = configs.latest(connection)
    return reload.stored(env, row).config if row is not None else None
