"""`alerts import` and `alerts export`: lists of feeds from and for other programs (OPML)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click

from alerts.cli.lines import counted
from alerts.cli.options import config_option
from alerts.cli.reading import reading, say_if_stale
from alerts.clock import SystemClock
from alerts.config.urls import feed_url
from alerts.config.write import feed_lines
from alerts.errors import GrammarError, UsageError
from alerts.feeds import opml
from alerts.feeds.opml import Outline
from alerts.model import Feed
from alerts.netguard import NetError, wire_url

_FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?://)|feed(?=://)", re.IGNORECASE)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--write", "target", type=click.Path(path_type=Path), default=None,
              help="Write into this new file instead of printing.")  # fmt: skip
def import_(*, file: Path, target: Path | None) -> None:
    """Turn a list of feeds (OPML, from any feed reader) into the YAML of `feeds:`.

    Folders become tags; a feed in several folders is one feed. FILE may be - for standard input.
    What is written beside subscribers.yaml is taken with `include: [subscribers.d/*.yaml]`.

    \b
    Examples:
      alerts import subscriptions.opml
      alerts import subscriptions.opml --write subscribers.d/feeds.yaml
    """
    found, refused = feeds_of(opml.read(_bytes(file)))
    text = "".join(f"{line}\n" for line in yaml_lines(found))
    if target is None:
        click.echo(text, nl=False)
    else:
        _write(target, text)
    for one, why in refused:
        click.echo(f"Left out: {one.name or '(no name)'}: {why}", err=True)
    where = f" written to {target}" if target is not None else ""
    click.echo(f"{counted(len(found), 'feed')}{where}.", err=True)


def feeds_of(outlines: Iterable[Outline]) -> tuple[list[Feed], list[tuple[Outline, str]]]:
    """Return the feeds of a list as the configuration takes them, and the outlines it cannot.

    Two addresses that mean one feed are joined; a name that two feeds have is given to the first.
    """
    found: dict[str, Feed] = {}
    names: set[str] = set()
    refused: list[tuple[Outline, str]] = []
    for one in outlines:
        try:
            url = feed_url(_FEED_SCHEME.sub(_without_scheme, one.url.strip()))
            as_asked = wire_url(url)
        except (GrammarError, NetError) as error:
            refused.append((one, error.message))
            continue
        if "${" in url:
            refused.append((one, "An address with ${…} in it would be a variable here."))
            continue
        tags = tuple(map(_literal, one.tags))
        known = found.get(as_asked)
        if known is not None:
            found[as_asked] = replace(known, tags=tuple(dict.fromkeys((*known.tags, *tags))))
            continue
        name = _literal(one.name)
        found[as_asked] = Feed(url, None if name.casefold() in names else name or None, tags)
        names.add(name.casefold())
    return list(found.values()), refused


def _without_scheme(found: re.Match[str]) -> str:
    return "https" if found[0].lower() == "feed" else ""


def _literal(text: str) -> str:
    """Return a text that the configuration does not take for a variable."""
    text = text.replace("${", "{").strip()
    return text.removeprefix("$") if re.fullmatch(r"\$[A-Z_][A-Z0-9_]*", text) else text


def yaml_lines(feeds: Iterable[Feed]) -> Iterable[str]:
    """Yield the YAML of a list of feeds."""
    yield "feeds:"
    for feed in feeds:
        yield from feed_lines(feed)


def _bytes(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        with file.open("rb") as opened:
            return opened.read(opml.MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise UsageError(
            f"{target} is there already; nothing is overwritten.", hint="Name a new file."
        ) from None
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}.") from None


@click.command()
@config_option
def export(*, path: Path | None) -> None:
    """Print the feeds as OPML 2.0, for a feed reader; names and tags go with them, no password.

    \b
    Examples:
      alerts export > feeds.opml
      alerts export --config subscribers.yaml
    """
    with reading(path) as opened:
        say_if_stale(opened)
        outlines = [Outline(f.url, f.name or "", f.tags) for f in opened.config.feeds]
    click.echo(opml.write(outlines, "Feeds of news alerts", SystemClock().now()), nl=False)
