"""`alerts migrate`: bring the database to this version's schema."""

from __future__ import annotations

import click

from alerts import settings
from alerts.clock import SystemClock
from alerts.store.database import migrate as bring_up
from alerts.store.database import open_database, schema_revision
from alerts.store.lock import working_lock

#: How long to wait for a running service to end.
_LOCK_WAIT_S = 30.0


@click.command()
def migrate() -> None:
    """Make the tables, or change them to this version's; an older database is copied first.

    \b
    Example:
      alerts migrate
    """
    database = open_database(settings.load().database_url.reveal())
    try:
        with working_lock(database, SystemClock(), wait_s=_LOCK_WAIT_S):
            before = bring_up(database)
            after = schema_revision(database)
    finally:
        database.close()
    if before == after:
        click.echo(f"The database has this version's schema ({after}) already.")
    else:
        click.echo(f"The database went from schema {before or 'nothing'} to {after}.")
