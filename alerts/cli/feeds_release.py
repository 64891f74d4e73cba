"""`alerts feeds release`: what a feed holds back is sent after all, or left out for good."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import Connection

from alerts.cli.feeds import known_feed
from alerts.cli.groups import Before
from alerts.cli.lines import counted
from alerts.cli.marking import Marking, marking
from alerts.cli.options import config_option, json_option
from alerts.cli.output import write_json
from alerts.cli.reading import last_good
from alerts.clock import SystemClock
from alerts.pipeline import InForce, quarantine
from alerts.store import subscribers


@click.command()
@click.argument("feed", metavar="URL|NAME")
@click.option("--discard", is_flag=True, help="Leave them out for good.")
@json_option
@config_option
@click.pass_obj
def release(before: Before, *, feed: str, discard: bool, as_json: bool, path: Path | None) -> None:
    """Let old stories through that are held back because they look new.

    A site that gives everything it ever published new names brings old stories as new ones. They
    are held back, and `alerts feeds` says so. What the rules find in them goes out with the next
    digests, to who followed the rule when they came.

    \b
    Examples:
      alerts feeds release https://example.org/feed
      alerts feeds release "Dane County Courier" --discard
    """
    with marking(path or before.path) as opened:
        url, now = known_feed(opened, feed), SystemClock().now()
        with opened.write() as connection:
            in_force = _in_force(opened, connection)
            done = quarantine.release(connection, in_force, url, now, discard=discard)
    if as_json or before.as_json:
        write_json({"url": url, "entries": done.entries, "discarded": discard,
                    "matched": done.matched, "alerts": done.alerts})  # fmt: skip
    elif not done.entries:
        click.echo(f"{url} holds nothing back.")
    elif discard:
        click.echo(f"{counted(done.entries, 'story', 'stories')} left out for good.")
    else:
        told = counted(done.entries, "story", "stories")
        click.echo(f"{told} let through; that made {counted(done.alerts, 'alert')}.")


def _in_force(opened: Marking, connection: Connection) -> InForce:
    """Return the configuration that the service works with: an edit may still be waiting."""
    current = last_good(opened.settings, connection) or opened.config
    return InForce.of(current, subscribers.following_since(connection))
