"""One pass: poll what is due when it begins, make and send what is due, end.

It waits out the gaps it keeps itself (between requests to one host, messages to one channel), but
nothing that others asked for: no back-off, no Retry-After.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from alerts.engine.crew import Crew
from alerts.pipeline import Parts, assemble_all_now, health, overdue
from alerts.pipeline.reload import templates
from alerts.store import deliveries, feeds

#: How often a pass looks again while it waits for a gap to be over.
_LOOK_S = 0.05

#: The part of the pass's time that polling may take: what was found still has to be sent.
_POLL_SHARE = 0.8


@dataclass
class Report:
    """What a pass did, in the words of `once --json`."""

    feeds: int = 0
    polled: int = 0
    unchanged: int = 0
    failed: int = 0
    new: int = 0
    matched: int = 0
    alerts: int = 0
    digests: int = 0
    delivered: int = 0
    written: int = 0
    delayed: int = 0
    failed_deliveries: int = 0
    suppressed: int = 0
    seconds: float = 0.0
    unfinished_feeds: list[str] = field(default_factory=list)  # URLs
    unfinished_deliveries: list[str] = field(default_factory=list)  # ids


class Pass:
    """One pass over everything that is due."""

    def __init__(
        self,
        parts: Parts,
        *,
        max_time_s: float,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._say = say  # shows progress; called with a short line
        self._begun = parts.clock.monotonic()
        self._max_time_s = max_time_s
        self._crew = Crew(parts)
        self._total = len(parts.in_force.config.feeds)

    def run(self, *, force: bool = False, send_now: bool = False) -> Report:
        """Do it all; see `alerts once --help` for what the options mean."""
        overdue.line_up(self._parts, is_spread=False)
        self._poll(force=force)
        self._crew.make_due()
        if send_now:
            self._crew.tally.digests += assemble_all_now(self._parts)
        self._send()
        health.check(self._parts)
        templates.check(self._parts)
        self._send()  # the notices that this made
        self._crew.close()
        for transport in self._parts.transports.values():
            transport.close()
        return self._report()

    def touched(self) -> Iterable[str]:
        """Return the ids of the deliveries that this pass tried or put off."""
        tally = self._crew.tally
        return {*tally.sent, *tally.noted, *tally.postponed}

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._begun

    def _poll(self, *, force: bool) -> None:
        horizon = self._clock.now()
        if force:
            floor_s = min(feeds.BY_HAND_S, self._parts.settings.min_poll_s)
            with self._parts.database.write() as connection:
                feeds.hurry(connection, horizon, floor_s)
            horizon += floor_s
        while self._elapsed() < self._max_time_s * _POLL_SHARE:
            self._crew.poll_due(horizon)
            self._crew.settle(_LOOK_S)
            self._say(f"polled {len(self._crew.tally.polls)} of {self._total} feeds")
            if not self._crew.polling and not self._feeds_wait(horizon):
                break

    def _feeds_wait(self, horizon: float) -> bool:
        with self._parts.database.read() as connection:
            patience = self._clock.now() + self._parts.settings.host_gap_s
            return feeds.waiting(connection, horizon, patience) > 0

    def _send(self) -> None:
        while self._elapsed() < self._max_time_s:
            self._crew.send_due()
            if not self._crew.sending and not self._deliveries_wait():
                break
            self._crew.settle(_LOOK_S)
            self._say(f"sent {len(self._crew.tally.sent)}")

    def _deliveries_wait(self) -> bool:
        with self._parts.database.read() as connection:
            return deliveries.due(connection, self._clock.now()) > 0

    def _report(self) -> Report:
        polls = [poll for poll in self._crew.tally.polls if poll.outcome != "dropped"]
        states = self._crew.tally.states()
        polling, sending = self._crew.under_way()
        return Report(
            feeds=self._total,
            polled=len(polls),
            unchanged=sum(poll.outcome == "unchanged" for poll in polls),
            failed=sum(poll.outcome == "failed" for poll in polls),
            new=sum(poll.recorded.new for poll in polls),
            matched=sum(poll.recorded.matched for poll in polls),
            alerts=sum(poll.recorded.alerts for poll in polls),
            digests=self._crew.tally.digests,
            delivered=states["delivered"],
            written=states["written"],
            delayed=states["delayed"],
            failed_deliveries=states["failed"],
            suppressed=states["suppressed"],
            seconds=round(self._elapsed(), 3),
            unfinished_feeds=[row.url for row in polling],
            unfinished_deliveries=[row.id for row in sending],
        )
