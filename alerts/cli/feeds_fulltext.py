"""What `alerts feeds check` says of `fulltext`: the newest article's page, asked for and read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alerts.cli.asking import Asker
from alerts.cli.lines import Line, counted
from alerts.feeds import articles
from alerts.model import Feed, FetchFailure, ParsedFeed
from alerts.plain import plain_text
from alerts.text import line as safe


def fulltext_lines(asker: Asker, feed: Feed, parsed: ParsedFeed) -> Iterator[Line]:
    """Ask for one page, and yield what it adds to what the feed says; a note if it adds nothing."""
    entry = next((one for one in parsed.entries if one.link), None)
    if entry is None or entry.link is None:
        if parsed.entries:
            yield Line("fulltext", "note", "no article has a link: there is no page to read")
        return
    if not articles.is_installed():
        told = "trafilatura is not installed: no page is read"
        yield Line("fulltext", "note", told, "pip install trafilatura")
        return
    found = asker.ask_page(feed, entry.link)
    facts: dict[str, Any] = {"page": safe(entry.link)}
    if isinstance(found, FetchFailure):
        told = f"the page of its newest article could not be read: {found.text}"
        hint = "Such articles are matched on what the feed itself says."
        yield Line("fulltext", "note", told, hint, facts | {"error": found.kind})
        return
    here, there = (len(plain_text(text)) for text in (entry.content or entry.summary, found))
    facts |= {"page_characters": there, "feed_characters": here}
    told = f"the page of its newest article has {counted(there, 'character')}, its feed {here}"
    if there <= here:
        hint = "It adds nothing: `fulltext` could be left out."
        yield Line("fulltext", "note", told, hint, facts)
    else:
        yield Line("fulltext", "ok", told, facts=facts)
