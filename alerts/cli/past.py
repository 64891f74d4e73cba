"""Rules judged against what the database holds: the stored articles of the last 30 days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.cli.output import Progress
from alerts.cli.reading import opened
from alerts.model import Feed, Rule
from alerts.pipeline import history as articles
from alerts.rules.hindsight import FEW_ARTICLES, Hindsight
from alerts.rules.mistakes import LintWarning
from alerts.store import history

DAYS = 30
_TELL_EVERY = 100  # articles: half a second of 10,000 rules
_DAY_S = 86_400.0


class Past:
    """The stored articles of the database at `url`; `now` is epoch seconds."""

    def __init__(self, url: str, now: float) -> None:
        self._url = url
        self._now = now
        self._judged: Hindsight | None = None

    def judge(self, rules: Sequence[Rule], feeds: Sequence[Feed]) -> Iterable[LintWarning]:
        """Return what the articles show about the rules; StoreError if they cannot be read."""
        by_url = {feed.url: feed for feed in feeds}
        with opened(self._url) as connection:
            if connection is None:
                return ()
            since = max(self._now - DAYS * _DAY_S, history.first_seen_at(connection) or 0.0)
            judged = self._judged = Hindsight(rules, (self._now - since) / _DAY_S)
            with Progress() as progress:
                for kept in articles.kept(connection, since):
                    forms = kept.articles(by_url)
                    if forms:
                        judged.judge(forms)
                    if judged.articles % _TELL_EVERY == 0:
                        progress.say(f"{judged.articles:,} articles judged")
        return judged.warnings()

    def said(self) -> str:
        """Return what the rules were judged against, as a sentence."""
        if self._judged is None:
            return "There are no stored articles yet: the service has not run here."
        count = self._judged.articles
        told = f"Judged against {count:,} stored articles of {self._judged.past}"
        return f"{told}." if count >= FEW_ARTICLES else f"{told}: too few to say anything."
