"""The page of one article, asked for and read, for feeds with `fulltext: true`.

It is asked for as a feed is: guarded, capped, under one deadline. What goes wrong is a value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from alerts import links
from alerts.feeds import refusals
from alerts.feeds.apart import Reader
from alerts.feeds.fetch import at_address
from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, Validators
from alerts.netguard import NetError

ACCEPT = "text/html, application/xhtml+xml, */*;q=0.1"

_PAGES = frozenset({"text/html", "application/xhtml+xml"})


class Asks(Protocol):
    """What asks for a page: a fetcher, with or without a network."""

    def fetch(
        self, feed: Feed, validators: Validators, accept: str, deadline_s: float | None, /
    ) -> FetchedBody | NotModified | FetchFailure:
        """Ask once."""
        ...


def text(
    asks: Asks, reader: Reader, feed: Feed, link: str, deadline_s: float | None = None
) -> str | FetchFailure:
    """Return the text of the article at this link of the feed; or why there is none."""
    try:
        asked = at_address(feed, link)
    except NetError as error:
        return refusals.by_network(error)
    if links.host(link) != links.host(feed.url):
        asked = replace(asked, ca_file=None)  # those authorities are for the feed's own server
    answer = asks.fetch(asked, Validators(), ACCEPT, deadline_s)
    if isinstance(answer, FetchFailure):
        return answer
    if not isinstance(answer, FetchedBody) or not _is_page(answer):
        return FetchFailure("malformed", "Its link leads to no web page.")
    return reader.article(answer)


def _is_page(answer: FetchedBody) -> bool:
    return answer.content_type.partition(";")[0].strip().lower() in _PAGES
