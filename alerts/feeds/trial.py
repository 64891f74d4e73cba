"""One address asked once, as a trial: every answer on the way, and what the last one holds.

Nothing is kept: no validators are sent and none come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.clock import Clock
from alerts.feeds.decode_text import text_of
from alerts.feeds.discover import NamedFeed, feeds_named
from alerts.feeds.fetch import Fetcher
from alerts.feeds.parse import parse
from alerts.model import Feed, FetchedBody, FetchFailure, ParsedFeed, Validators
from alerts.netguard import Answer, Guard


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of asking `feed`; `answers` are in order, redirects first."""

    feed: Feed
    answers: Sequence[Answer]
    outcome: ParsedFeed | FetchFailure
    body: FetchedBody | None = None  # None: no document came
    named: Sequence[NamedFeed] = ()  # feeds that a web page in a feed's place names


def ask(
    feed: Feed, guard: Guard, *, clock: Clock, user_agent: str, deadline_s: float = 15.0
) -> Trial:
    """Ask once and read what comes; whatever goes wrong is the outcome."""
    answers: list[Answer] = []
    fetcher = Fetcher(
        guard, user_agent=user_agent, deadline_s=deadline_s, clock=clock, heard=answers.append
    )
    try:
        found = fetcher.fetch(feed, Validators())
    finally:
        fetcher.close()
    if not isinstance(found, FetchedBody):
        assert isinstance(found, FetchFailure)  # noqa: S101 - without validators there is no 304
        return Trial(feed, answers, found)
    outcome = parse(found.body, found.content_type, found.final_url, now=clock.now())
    named: Sequence[NamedFeed] = ()
    if isinstance(outcome, FetchFailure):
        page = text_of(found.body, found.content_type)
        named = feeds_named(page, found.final_url, answers[-1].headers.get("link", ""))
    return Trial(feed, answers, outcome, found, named)
