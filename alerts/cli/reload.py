"""`alerts reload`: asks whoever does the work to take, confirm or undo an edit of the files.

It marks rows and takes no lock: a running service finds the mark within seconds, else the next
pass does.
"""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import Connection

from alerts.cli.marking import Marking, marking
from alerts.cli.options import config_option
from alerts.cli.output import show_mistakes, write_json
from alerts.clock import SystemClock
from alerts.errors import UsageError
from alerts.pipeline.reload import load, texts
from alerts.pipeline.reload.words import CONFIRM, moment
from alerts.store import configs

_WHEN = "A running service does that within 5 seconds, else the next `alerts once` or `alerts run`."


@click.command()
@click.option("--confirm", is_flag=True, help="The edit that waits is meant: take it.")
@click.option("--previous", is_flag=True, help="Undo: the version before comes into force again.")
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
@config_option
def reload(*, confirm: bool, previous: bool, as_json: bool, path: Path | None) -> None:
    """Take an edit of subscribers.yaml, confirm one that waits, or undo the last one.

    A running service takes edits by itself. An edit that removes over half of the subscribers or
    rules, or would flood someone, waits for --confirm. Exit code 1: there is nothing to confirm or
    to undo; 2: the files have mistakes.

    \b
    Examples:
      alerts reload             is the edit in force, and if not, why?
      alerts reload --confirm   I mean it
      alerts reload --previous  back to the version before; the files are left as they are
    """
    if confirm and previous:
        raise UsageError("Only one of --confirm and --previous can be meant.")
    act = _confirm if confirm else _previous if previous else _look
    with marking(path) as open_rows:
        state, told, code = act(open_rows)
    if as_json:
        write_json({"state": state, "message": told})
    else:
        click.echo(told)
    raise click.exceptions.Exit(code)


_Answer = tuple[str, str, int]  # one word for scripts, what to say, exit code


def _at(rows: Marking, at: float) -> str:
    return moment(rows.config, at, SystemClock().now())


def _confirm(rows: Marking) -> _Answer:
    with rows.write() as connection:
        waiting = configs.waiting(connection)
        if waiting is None:
            return "nothing", "No edit waits for a confirmation.", 1
        configs.ask(connection, "confirm", waiting.id)
    told = f"Confirmed: the edit of {_at(rows, waiting.loaded_at)} comes into force"
    told = f"{told} although {waiting.summary}. {_WHEN}"
    if texts(load(rows.settings)) != waiting.files:
        told += "\nThe files were changed since; what they say now is looked at after it."
    return "asked", told, 0


def _previous(rows: Marking) -> _Answer:
    with rows.write() as connection:
        latest = configs.latest(connection)
        before = configs.before(connection, latest) if latest is not None else None
        if latest is None or before is None:
            return "nothing", "There is no version before the one in force.", 1
        configs.ask(connection, "previous", latest.id)
    told = (
        f"The version of {_at(rows, before.loaded_at)} comes into force again. {_WHEN}\n"
        "The files are left as they are, and not taken before they are changed (or: alerts reload)."
    )
    return "asked", told, 0


def _look(rows: Marking) -> _Answer:
    loaded = load(rows.settings)
    with rows.write() as connection:
        latest = configs.latest(connection)
        if loaded.config is None:
            since = f"the version of {_at(rows, latest.loaded_at)}" if latest else "nothing"
            show_mistakes(loaded.errors, f"Nothing was changed; {since} stays in force.")
            return "mistakes", "The files have mistakes; they were not taken.", 2
        if latest is not None and latest.version == loaded.config.version:
            told = f"The files are in force since {_at(rows, latest.loaded_at)}"
            return "in force", f"{told}{_said(latest.summary)}.", 0
        return _new(connection, rows, loaded.config.version)


def _new(connection: Connection, rows: Marking, version: str) -> _Answer:
    waiting = configs.waiting(connection)
    if waiting is not None and waiting.version == version:
        edited = _at(rows, waiting.loaded_at)
        return "waits", f"The edit of {edited} waits: {waiting.summary}. {CONFIRM}", 0
    undone = configs.undone(connection)
    configs.ask(connection, "look")
    if undone is not None and undone.version == version:
        return "asked", f"The edit that was undone is taken again. {_WHEN}", 0
    return "asked", f"The files are right and will be taken. {_WHEN}", 0


def _said(summary: str) -> str:
    return f": {summary}" if summary else ""
