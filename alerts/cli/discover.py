"""`alerts discover URL`: which feeds a site's page names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from alerts import settings
from alerts.cli.asking import Asker
from alerts.cli.options import config_option
from alerts.cli.output import sentences, write_json
from alerts.cli.reading import address
from alerts.feeds.trial import Trial
from alerts.model import Feed, FetchFailure
from alerts.text import shown


@click.command()
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@config_option
def discover(*, url: str, as_json: bool, path: Path | None) -> None:
    """Find the feeds that a web page names, readers' comments last. One request is made.

    Exit code 1 if there are none.

    \b
    Examples:
      alerts discover https://example.org
      alerts discover example.org/news --json
    """
    target = address(url)
    found = Asker(settings.load(path)).ask(Feed(target))
    rows = _rows(found)
    if as_json:
        write_json(rows)
    else:
        for line in _lines(found, rows):
            click.echo(line)
    raise click.exceptions.Exit(0 if rows else 1)


def _rows(found: Trial) -> list[dict[str, Any]]:
    if not isinstance(found.outcome, FetchFailure):
        title = shown(found.outcome.title)
        kind = found.body.content_type if found.body is not None else ""
        return [{"url": found.feed.url, "title": title, "type": kind, "comments": False}]
    return [
        {"url": f.url, "title": shown(f.title), "type": f.kind, "comments": f.is_comments}
        for f in found.named
    ]


def _lines(found: Trial, rows: list[dict[str, Any]]) -> list[str]:
    if isinstance(found.outcome, FetchFailure) and not rows:
        return [sentences(found.outcome.text, found.outcome.hint)]
    if not isinstance(found.outcome, FetchFailure):
        return [f"{found.feed.url} is a feed itself: {rows[0]['title'] or '(no title)'}"]
    width = max(len(row["url"]) for row in rows)
    named = [f"  {row['url']:<{width}}  {row['title']}".rstrip() for row in rows]
    return ["The page names:", *named, f"Look into one: alerts feeds check {rows[0]['url']}"]
