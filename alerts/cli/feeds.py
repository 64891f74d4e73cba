"""`alerts feeds`: how each feed is; asking a gone one again, moving what one was seen to carry."""

from __future__ import annotations

from pathlib import Path

import click

from alerts import links
from alerts.cli.groups import Before, Suggesting
from alerts.cli.marking import Marking, marking
from alerts.cli.options import config_option, json_option
from alerts.cli.output import write_json, write_table
from alerts.cli.reading import address, reading, say_if_stale
from alerts.clock import SystemClock, iso
from alerts.config import nearest
from alerts.errors import UsageError
from alerts.store import feeds as feed_rows
from alerts.store import feeds_by_hand, tables

_COLUMNS = (
    "name", "state", "last_success", "next_poll", "entries", "alerts_30d", "error_text", "hint",
)  # fmt: skip


@click.group(
    cls=Suggesting,
    late={
        "check": "alerts.cli.feeds_check:check",
        "release": "alerts.cli.feeds_release:release",
    },
    invoke_without_command=True,
)
@json_option
@config_option
@click.pass_context
def feeds(context: click.Context, *, as_json: bool, path: Path | None) -> None:
    """The feeds, when each was polled, and what is wrong with those that fail.

    \b
    Examples:
      alerts feeds
      alerts feeds check "Dane County Courier"      ask it now, step by step
      alerts feeds check https://example.org/feed   the same for any address
      alerts feeds resume https://example.org/feed  ask one again that was gone
      alerts feeds move https://old.example/rss https://new.example/rss
      alerts feeds release https://example.org/feed  old stories that are held back
    """
    if context.invoked_subcommand is not None:
        context.obj = Before(path, as_json)
        return
    with reading(path) as opened:
        say_if_stale(opened)
        rows = tables.feeds(opened.connection, opened.config.feeds, SystemClock().now())
    if as_json:
        write_json(rows)
    else:
        write_table(rows, _COLUMNS, "No feeds yet: write them under feeds: in subscribers.yaml.")


@feeds.command()
@click.argument("feed", metavar="URL|NAME")
@json_option
@config_option
@click.pass_obj
def resume(before: Before, *, feed: str, as_json: bool, path: Path | None) -> None:
    """Ask a feed again: one that is gone, or that waits after failures.

    It is due at once (at the earliest ALERTS_MIN_POLL after its last request), and polled by the
    running service or the next `alerts once`. What its server asked us to wait, we wait.

    \b
    Example:
      alerts feeds resume https://example.org/feed
    """
    with marking(path or before.path) as opened:
        url, now = known_feed(opened, feed), SystemClock().now()
        with opened.write() as connection:
            due_at = feeds_by_hand.resume(connection, url, now, opened.settings.min_poll_s)
    if as_json or before.as_json:
        write_json({"url": url, "due": iso(due_at)})
    else:
        when = "now" if due_at <= now else f"at {iso(due_at)}"
        click.echo(f"{url} is due {when}: the running service asks it, or alerts once.")


def known_feed(opened: Marking, wanted: str) -> str:
    """Return the address of the feed of that name or address; UsageError with the nearest."""
    with opened.database.read() as connection:
        rows = [row for row in feed_rows.by_url(connection).values() if row.is_active]
    names: dict[str, str] = {
        name: row.url for row in rows for name in (row.title, row.name, row.url) if name
    }
    folded = {name.casefold(): url for name, url in names.items()}
    found = folded.get(wanted.strip().casefold())
    if found is None:
        near = nearest(wanted, list(names))
        hint = f'Did you mean "{near}"?' if near else "See them: alerts feeds"
        raise UsageError(f'There is no feed "{wanted}".', hint=hint)
    return found


@feeds.command()
@click.argument("old")
@click.argument("new")
@json_option
@config_option
@click.pass_obj
def move(before: Before, *, old: str, new: str, as_json: bool, path: Path | None) -> None:
    """Let a feed's new address know what was seen at the old one, so that nothing comes twice.

    Do this before or after you change the address in subscribers.yaml. (A feed with a `name:` that
    stays the same is moved by itself when its address is edited.)

    \b
    Example:
      alerts feeds move https://old.example/rss https://new.example/rss
    """
    target = address(new)
    with marking(path or before.path) as opened, opened.write() as connection:
        known = feed_rows.by_url(connection)
        if old not in known:
            near = nearest(old, list(known))
            hint = f"Did you mean {near} ?" if near else "See them: alerts feeds"
            raise UsageError(f"No feed was ever polled at {old} .", hint=hint)
        if old == target:
            raise UsageError("Both addresses are the same.")
        moved = feeds_by_hand.carry_over(connection, old, target, links.host(target))
        is_written = target in {feed.url for feed in opened.config.feeds}
    if as_json or before.as_json:
        write_json({"from": old, "to": target, "keys": moved, "in_configuration": is_written})
        return
    click.echo(f"{target} knows what was seen at {old} ({moved} keys of articles).")
    if not is_written:
        click.echo("Now write the new address into subscribers.yaml, in place of the old one.")
