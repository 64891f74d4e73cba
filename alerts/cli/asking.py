"""What commands that ask a site on the spot have in common: one guarded request, no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from alerts import __version__
from alerts.cli.lines import counted
from alerts.cli.output import Progress
from alerts.clock import Clock, SystemClock
from alerts.feeds import pages, trial
from alerts.feeds.apart import Reader
from alerts.feeds.fetch import Fetcher
from alerts.feeds.trial import Trial
from alerts.model import Feed, FetchFailure
from alerts.netguard import Guard
from alerts.settings import Settings

DEADLINE_S = 15.0
_AT_ONCE = 8
_NAMED = 3  # feeds of a page that a message lists

#: Failures that say more about this machine's network than about an address.
OUT_OF_REACH = frozenset({"dns", "connect", "timeout"})


class Asker:
    """Asks addresses as the service would: the same guard, the same words about who asks."""

    def __init__(self, env: Settings, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.guard = Guard(env.allow_nets)
        self._host_gap_s = env.host_gap_s
        contact = env.base_url or f"mailto:{env.mail_from}"
        self._user_agent = f"alerts/{__version__} (+{contact})"

    def ask(self, feed: Feed) -> Trial:
        """Ask once."""
        return trial.ask(
            feed,
            self.guard,
            clock=self.clock,
            user_agent=self._user_agent,
            deadline_s=DEADLINE_S,
        )

    def ask_page(self, feed: Feed, link: str) -> str | FetchFailure:
        """Return the text of the article at this link of a feed; keeps its host's gap."""
        self.clock.sleep(self._host_gap_s)
        fetcher = Fetcher(
            self.guard, user_agent=self._user_agent, deadline_s=DEADLINE_S, clock=self.clock
        )
        try:
            return pages.text(fetcher, Reader(1), feed, link)
        finally:
            fetcher.close()

    def ask_all(self, feeds: Iterable[Feed]) -> list[Trial]:
        """Ask several hosts at a time, each one's feeds one by one; in the order of `feeds`."""
        wanted = list(feeds)
        by_host: defaultdict[str | None, list[Feed]] = defaultdict(list)
        for feed in wanted:
            by_host[urlsplit(feed.url).hostname].append(feed)
        found: dict[str, Trial] = {}

        def ask_host(mine: list[Feed]) -> None:
            for n, feed in enumerate(mine):
                if n:
                    self.clock.sleep(self._host_gap_s)
                found[feed.url] = self.ask(feed)
                progress.say(f"{len(found)} of {counted(len(wanted), 'feed')} asked")

        with Progress() as progress, ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(ask_host, by_host.values()))
        return [found[feed.url] for feed in wanted]


def is_page(found: Trial) -> bool:
    """Whether a web page came instead of a feed."""
    return isinstance(found.outcome, FetchFailure) and found.outcome.kind == "not_a_feed"


def page_words(found: Trial) -> tuple[str, str]:
    """Return what is wrong with a web page in a feed's place, and what to write instead."""
    assert isinstance(found.outcome, FetchFailure)  # noqa: S101 - `is_page` said so
    if not found.named:
        return found.outcome.text, found.outcome.hint
    articles = [feed.url for feed in found.named if not feed.is_comments]
    first, *others = articles or [feed.url for feed in found.named]
    told = "This is a web page, not a feed. It names"
    if others:
        listed = " , ".join((first, *others[: _NAMED - 1]))
        return f"{told} {len(others) + 1}: {listed} .", "Write one of those addresses instead."
    return f"{told} one: {first} .", "Write that address instead."
