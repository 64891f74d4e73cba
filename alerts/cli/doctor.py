"""`alerts doctor`: looks for what is wrong, here and outside, each for five seconds at most."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from alerts import settings
from alerts.cli import checks_here, checks_outside
from alerts.cli.checks_here import Patient
from alerts.cli.lines import Line, is_wrong, write_lines
from alerts.cli.options import config_option
from alerts.cli.output import Progress
from alerts.clock import Clock, SystemClock

#: For all checks together: they run side by side.
DEADLINE_S = 5.0

Check = Callable[[Patient], Line]

CHECKS: Sequence[tuple[str, Check]] = (
    ("database", checks_here.database),
    ("mail", checks_outside.mail),
    ("names", checks_outside.names),
    ("webhooks", checks_outside.webhooks),
    ("clock", checks_outside.clock),
    ("disk", checks_here.disk),
    ("settings", checks_here.settings),
    ("time_zones", checks_here.time_zones),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, a key a check.")
@config_option
def doctor(*, as_json: bool, path: Path | None) -> None:
    """Look for what is wrong: database, mail server, names, webhooks, clock, disk, settings.

    Connects to the mail server and to webhooks, but sends and posts nothing. Takes about five
    seconds at most. Exit code 1 if something is wrong.

    \b
    Examples:
      alerts doctor
      alerts doctor --json
    """
    env, clock = settings.load(path), SystemClock()
    found, file_line = checks_here.configuration(env)
    with Progress() as progress:
        progress.say("Looking at the mail server, names, webhooks …")
        lines = examine(Patient(env, found, clock), clock)
    write_lines([file_line, *lines], as_json=as_json)
    raise click.exceptions.Exit(1 if is_wrong([file_line, *lines]) else 0)


def examine(
    patient: Patient,
    clock: Clock,
    checks: Sequence[tuple[str, Check]] = CHECKS,
    deadline_s: float = DEADLINE_S,
) -> list[Line]:
    """Run all checks side by side; one that does not end in time is wrong for that reason."""
    done: dict[str, Line] = {}

    def run(topic: str, check: Check) -> None:
        done[topic] = check(patient)

    threads = [
        threading.Thread(target=run, args=one, name=f"doctor {one[0]}", daemon=True)
        for one in checks
    ]
    until = clock.monotonic() + deadline_s
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - clock.monotonic()))
    return [done.get(topic) or _late(topic, deadline_s) for topic, _ in checks]


def _late(topic: str, deadline_s: float) -> Line:
    told = f"no answer within {deadline_s:g} seconds"
    return Line(topic, "wrong", told, "The network or the server is too slow, or something hangs.")
