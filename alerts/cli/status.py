"""`alerts status`: how everything is, on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from alerts import config, settings
from alerts.cli import standing
from alerts.cli.lines import Line, is_wrong, write_lines
from alerts.cli.options import config_option
from alerts.cli.reading import file_of, last_good, opened
from alerts.cli.standing import Seen
from alerts.clock import SystemClock
from alerts.errors import StoreError
from alerts.model import Config
from alerts.settings import Settings
from alerts.store.database import open_database
from alerts.store.holder import holder


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, a key a topic.")
@config_option
def status(*, as_json: bool, path: Path | None) -> None:
    """Show how everything is: feeds, mail, webhooks, digests, what waits, the last edit, disk.

    Asks nobody outside; for that there is `alerts doctor`. Exit code 1 if something is red.

    \b
    Examples:
      alerts status
      alerts status --json
    """
    lines = list(_lines(settings.load(path)))
    write_lines(lines, as_json=as_json)
    raise click.exceptions.Exit(1 if is_wrong(lines) else 0)


def _lines(env: Settings) -> Iterator[Line]:
    url = env.database_url.reveal()
    loaded = config.load(env.config, env.environment, allow_unset=True, with_examples=False)
    try:
        with opened(url) as connection:
            if connection is not None:
                current = loaded.config or last_good(env, connection)
                if current is not None:
                    seen = Seen(env, current, connection, SystemClock().now())
                    yield from _of_rows(seen, url, len(loaded.errors))
                    yield standing.address(env)
                    yield from standing.disk(env, file_of(url))
                    return
    except StoreError as error:
        yield Line("database", "wrong", error.message, error.hint)
    else:
        hint = "Begin with: alerts once (a pass), or alerts run (the service)"
        yield Line("database", "note", "none yet: the service has not run here", hint)
    yield _file_alone(env, loaded.config, len(loaded.errors))
    yield standing.mail_settings(env, loaded.config or Config())
    yield standing.address(env)
    yield from standing.disk(env, file_of(url))


def _of_rows(seen: Seen, url: str, mistakes: int) -> Iterator[Line]:
    database = open_database(url)
    try:
        yield standing.process(seen, holder(database))
    finally:
        database.close()
    yield standing.configuration(seen, mistakes)
    yield standing.feeds(seen)
    yield standing.mail(seen)
    yield standing.places(seen)
    yield standing.digests(seen)
    yield standing.waiting(seen)
    yield standing.latency(seen)
    yield standing.clock(seen)


def _file_alone(env: Settings, found: Config | None, mistakes: int) -> Line:
    if found is not None:
        told = f"{env.config}: {len(found.feeds)} feeds, {len(found.subscribers)} subscribers"
        return Line("configuration", "ok", told, facts={"mistakes": 0})
    facts = {"mistakes": mistakes}
    if not env.config.exists():
        told = f"there is no {env.config}"
        return Line("configuration", "wrong", told, "Make one: alerts init", facts)
    told = f"{env.config} cannot be used"
    return Line("configuration", "wrong", told, "See why: alerts check", facts)
