"""What `check --online` finds: each feed of the configuration asked once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from alerts.cli import asking
from alerts.cli.asking import Asker
from alerts.config.asked import Ask, FeedFinding
from alerts.feeds.trial import Trial
from alerts.model import Feed, FetchFailure
from alerts.settings import Settings


def asked_by(env: Settings) -> Ask:
    """Return what asks feeds as the service of these settings would."""

    def ask(feeds: Sequence[Feed]) -> Iterable[FeedFinding]:
        return findings(Asker(env).ask_all(feeds))

    return ask


def findings(trials: Sequence[Trial]) -> Iterator[FeedFinding]:
    """Yield what is wrong with which feed; one finding if no host at all can be reached."""
    if trials and all(_is_out_of_reach(one) for one in trials) and len(_hosts(trials)) > 1:
        told = "No feed can be reached: the network of this machine seems to be down."
        yield FeedFinding(trials[0].feed.url, told, "Try again when it is back.")
        return
    for one in trials:
        yield from _finding(one)


def _is_out_of_reach(one: Trial) -> bool:
    return isinstance(one.outcome, FetchFailure) and one.outcome.kind in asking.OUT_OF_REACH


def _hosts(trials: Sequence[Trial]) -> set[str | None]:
    return {urlsplit(one.feed.url).netloc for one in trials}


def _finding(one: Trial) -> Iterator[FeedFinding]:
    url = one.feed.url
    if asking.is_page(one):
        # Without a feed to write instead it may be a passing wall of the site's.
        yield FeedFinding(url, *asking.page_words(one), is_error=bool(one.named))
    elif isinstance(one.outcome, FetchFailure):
        yield FeedFinding(url, f"This feed cannot be read: {one.outcome.text}", one.outcome.hint)
    elif one.body is not None and one.body.permanent_url:
        told = f"This feed has moved for good to {one.body.permanent_url} ."
        yield FeedFinding(url, told, "Write that address instead.")
    elif not one.outcome.entries:
        told, hint = "This feed is empty.", "See: alerts feeds check"
        yield FeedFinding(url, told, f"{hint} {url}")
