"""What only others know of a configuration: feeds that are asked, rules that are judged by history.

Whoever reads a configuration hands them over; by default nobody is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from alerts.config.feeds import FeedList
from alerts.config.reading import Reading
from alerts.model import Feed, Rule
from alerts.rules.mistakes import LintWarning

#: Says what else is odd about rules, of a configuration with these feeds.
Judge = Callable[[Sequence[Rule], Sequence[Feed]], Iterable[LintWarning]]


@dataclass(frozen=True, slots=True)
class FeedFinding:
    """What asking a feed showed; an error only if the address itself is wrong."""

    url: str
    message: str
    hint: str
    is_error: bool = False


#: Asks feeds, and says what is wrong with which.
Ask = Callable[[Sequence[Feed]], Iterable[FeedFinding]]


def no_judge(_rules: Sequence[Rule], _feeds: Sequence[Feed]) -> Iterable[LintWarning]:
    """Say nothing."""
    return ()


def ask_nobody(_feeds: Sequence[Feed]) -> Iterable[FeedFinding]:
    """Say nothing, and contact nobody."""
    return ()


def warn_of_feeds(reading: Reading, feeds: FeedList, ask: Ask) -> None:
    """Record what asking the feeds showed, at their addresses."""
    for found in ask(tuple(feeds.feeds.values())):
        tell = reading.findings.error if found.is_error else reading.findings.warn
        tell(feeds.place(found.url), found.message, found.hint)
