"""`alerts backup FILE`: an online copy of the database, checked before it is called one."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import click

from alerts import settings
from alerts.cli.options import config_option
from alerts.errors import StoreError, UsageError
from alerts.store.database import Database, back_up, open_database, schema_revision


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@config_option
def backup(*, file: Path, path: Path | None) -> None:
    """Copy the database into FILE while the service runs; FILE must not exist yet.

    Addresses and mails lie in it: keep it where only you can read it. To go back to it, stop the
    service and put the copy in the database's place.

    \b
    Example:
      alerts backup alerts-2026-11-24.db
    """
    env = settings.load(path)
    database = _existing(env.database_url.reveal())
    try:
        copy_to(database, file)
    finally:
        database.close()
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB, checked.")


def _existing(url: str) -> Database:
    """Open the database; UsageError if there is none, for opening one would make it."""
    scheme, _, name = url.partition(":///")
    if scheme == "sqlite" and not (name and Path(name).exists()):
        raise UsageError("There is no database yet: nothing to copy.", hint="alerts once makes it.")
    return open_database(url)


def copy_to(database: Database, file: Path) -> None:
    """Write a checked copy to `file`; nothing is left there if anything goes wrong.

    UsageError if the file exists or cannot be made, StoreError if it cannot be copied.
    """
    if database.path is None:
        back_up(database, file)  # says what to use instead
    if file.exists() or file.is_symlink():
        raise UsageError(f"{file} exists already; nothing was copied.", hint="Give another name.")
    draft = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        draft.touch(mode=0o600, exist_ok=False)  # addresses and mails lie in it
        back_up(database, draft)
        _check(draft, schema_revision(database))
        os.link(draft, file)  # unlike a rename never over another file
    except FileExistsError:
        raise UsageError(f"{file} exists already; nothing was copied.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror or error}.") from error
    except sqlite3.Error as error:
        raise StoreError(
            f"The copy failed: {error}.", hint="Check the room on both disks; try again."
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def _check(file: Path, revision: str | None) -> None:
    """Read the copy through; StoreError if it is not whole."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        stands = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    if found != "ok" or stands is None or stands[0] != revision:
        raise StoreError(f"The copy is not whole ({found}); it was deleted.", hint="Try again.")
