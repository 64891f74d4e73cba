"""`alerts once`: one pass, for cron and for people who want to see what happens."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

import click

from alerts import log, settings
from alerts.cli.options import config_option
from alerts.cli.output import (
    Progress,
    sentences,
    show_boot,
    show_env_mistakes,
    show_mistakes,
    write_json,
)
from alerts.clock import SystemClock, iso
from alerts.engine import boot, housekeeping
from alerts.engine.once import Pass, Report
from alerts.errors import ConfigError, LockHeld
from alerts.pipeline import Parts
from alerts.store import tables

#: How long `once` waits for another process to end, if it has so much time.
LOCK_WAIT_S = 30.0


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return settings.duration_s(value) if isinstance(value, str) else float(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option("--force", is_flag=True, help="Poll every feed now, whatever its interval or back-off"
              " (a server's Retry-After and the floor between two requests hold).")  # fmt: skip
@click.option("--send-now", is_flag=True, help="Every pending alert is due now, whatever `when`"
              " or quiet hours say; deliveries that wait for their next try stay.")  # fmt: skip
@click.option("--max-time", type=_Duration(), default="10m", show_default=True,
              help="End after this long; what is left waits for the next pass.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The counts as one JSON object.")
@config_option
@click.option("--verbose", "-v", is_flag=True, help="Log every step on standard error.")
def once(
    *, force: bool, send_now: bool, max_time: float, as_json: bool, path: Path | None, verbose: bool
) -> None:
    """One pass: poll every feed that is due, make and send what is due, end.

    Safe to run from cron every few minutes: one pass runs at a time, nothing is sent twice.
    Exit code 0 also when feeds or deliveries failed (they are named); 2 when subscribers.yaml
    has mistakes (the last good version is used); 3 when the database cannot be used.

    \b
    Examples:
      alerts once                     what is due
      alerts once --force --send-now  ask every feed and send what was found, now
      alerts once --json              the counts, for a script
    """
    log.configure(quiet=not verbose)
    env, clock = settings.load(path), SystemClock()
    show_env_mistakes(env)
    begun = clock.now()
    try:
        with boot.working(env, clock, wait_s=min(LOCK_WAIT_S, max_time)) as (database, _):
            booted = boot.boot(env, clock, database)
            show_boot(booted)
            with Progress() as progress:
                run = Pass(booted.parts, max_time_s=max_time, say=progress.say)
                report = run.run(force=force, send_now=send_now)
            housekeeping.prune(booted.parts)
            if as_json:
                write_json(dataclasses.asdict(report))
            else:
                _show(report, run, booted.parts, since=begun)
    except LockHeld as held:
        click.echo(f"{held.owner} is at work on this database: it does what is due.", err=True)
        if as_json:
            write_json(dataclasses.asdict(Report()) | {"held_by": held.owner})
        return
    except ConfigError as error:
        show_mistakes(
            error.mistakes, "Nothing was done: there is no earlier version to go on with."
        )
        raise click.exceptions.Exit(2) from None
    code = 2 if booted.mistakes else 0
    if (
        report.unfinished_feeds or report.unfinished_deliveries
    ):  # threads that still wait for a server must not hold the process up
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise click.exceptions.Exit(code)


def _show(report: Report, run: Pass, parts: Parts, *, since: float) -> None:
    """Say what the pass did, and what went wrong in it; older troubles have their tables."""
    click.echo(
        f"{report.polled} of {_counted(report.feeds, 'feed')} polled: {report.unchanged} unchanged,"
        f" {report.failed} failed. {_counted(report.new, 'new article')}, {report.matched} matched,"
        f" {_counted(report.alerts, 'alert')}."
    )
    click.echo(_sent(report))
    with parts.database.read() as connection:
        feeds = tables.feeds(connection, parts.in_force.config.feeds, parts.clock.now())
        touched = tables.deliveries(connection, states=("delayed", "failed"), ids=run.touched())
        sending = tables.deliveries(connection, ids=report.unfinished_deliveries)
    begun = iso(since) or ""
    polling = [row for row in feeds if row["url"] in report.unfinished_feeds]
    troubled = [row for row in feeds if row["error"] and row not in polling]
    recent = [row for row in troubled if (row["last_poll"] or "") >= begun]
    for row in recent:
        click.echo(f"- {row['name']}: {sentences(row['error_text'], row['hint'])}")
    if len(recent) < len(troubled):
        click.echo(f"- {len(troubled) - len(recent)} more feeds fail since earlier: alerts feeds")
    for row in touched:
        said = sentences(row["server_text"] or row["class"], row["hint"])
        click.echo(f"- {row['subscriber']}, {row['destination']}, {row['state']}: {said}")
    for row in polling:
        click.echo(
            f"- {row['name']}: it had not answered when time was up; a later pass asks again."
        )
    for row in sending:
        click.echo(
            f"- {row['subscriber']}, {row['destination']}: no answer had come when time was up; the"
            " next pass takes it up, with the same id."
        )


def _sent(report: Report) -> str:
    """Return what was sent, as a sentence that names only what happened."""
    deliveries = (
        (report.delivered, "accepted"),
        (report.written, "written to the spool"),
        (report.delayed, "to be tried again"),
        (report.failed_deliveries, "failed"),
        (report.suppressed, "suppressed"),
    )
    told = ", ".join(f"{count} {what}" for count, what in deliveries if count)
    return f"{_counted(report.digests, 'digest')} made" + (
        f"; deliveries: {told}." if told else "."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
