"""One pass: poll what is due when it begins, make and send what is due, end.

It waits out the gaps it keeps itself (between requests to one host, messages to one channel), but
nothing that others asked for: no back-off, no Retry-After.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from alerts.engine.jobs import run_job
from alerts.pipeline import Parts, Polled, assemble, assemble_all_now, poll, send
from alerts.store import claims, deliveries, feeds
from alerts.store.schema import delivery, feed, slot

#: Requests and sends under way at the same time.
FETCH_THREADS = 32
SEND_THREADS = 8

#: A manual refresh keeps this distance to the last request, or ALERTS_MIN_POLL if that is less.
FORCE_FLOOR_S = 60.0

#: Feeds are claimed when so many threads are free: a claim looks at everything that is due.
_BATCH = FETCH_THREADS // 4

#: How often a pass looks again while it waits for a gap to be over.
_LOOK_S = 0.05

#: The part of the pass's time that polling may take: what was found still has to be sent.
_POLL_SHARE = 0.8

#: A claim outlives the longest fetch and the longest send.
_LEASE_S = 300.0


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
    unfinished: int = field(default=0, repr=False)  # polls still under way when time was up

    def add_poll(self, polled: Polled) -> None:
        """Count one poll."""
        if polled.outcome == "dropped":
            return
        self.polled += 1
        self.unchanged += polled.outcome == "unchanged"
        self.failed += polled.outcome == "failed"
        self.new += polled.recorded.new
        self.matched += polled.recorded.matched
        self.alerts += polled.recorded.alerts

    def add_sent(self, states: Counter[str]) -> None:
        """Count the states that deliveries were left in."""
        self.delivered += states["delivered"]
        self.written += states["written"]
        self.delayed += states["delayed"]
        self.failed_deliveries += states["failed"]
        self.suppressed += states["suppressed"]


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
        self.report = Report(feeds=len(parts.in_force.config.feeds))

    def run(self, *, force: bool = False, send_now: bool = False) -> Report:
        """Do it all; see `alerts once --help` for what the options mean."""
        self._poll(force=force)
        self._assemble(send_now=send_now)
        self._send()
        for transport in self._parts.transports.values():
            transport.close()
        self.report.seconds = round(self._elapsed(), 3)
        return self.report

    def _elapsed(self) -> float:
        return self._clock.monotonic() - self._begun

    # --- polls ---------------------------------------------------------------------------------

    def _poll(self, *, force: bool) -> None:
        horizon = self._clock.now()
        if force:
            floor_s = min(FORCE_FLOOR_S, self._parts.settings.min_poll_s)
            with self._parts.database.write() as connection:
                feeds.hurry(connection, horizon, floor_s)
            horizon += floor_s
        pool = ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetch")
        running: set[Future[Polled]] = set()
        while self._elapsed() < self._max_time_s * _POLL_SHARE:
            lease = self._clock.token()
            for row in self._claim_feeds(horizon, lease, FETCH_THREADS - len(running)):
                running.add(pool.submit(run_job, poll, feed, self._parts, row, lease))
            running = self._harvest(running)
            if not running and not self._feeds_wait(horizon):
                break
        self.report.unfinished = len(running)
        pool.shutdown(wait=False, cancel_futures=True)

    def _claim_feeds(self, horizon: float, lease: str, free: int) -> list[Row[Any]]:
        if free < _BATCH:
            return []
        with self._parts.database.write() as connection:
            return feeds.claim(
                connection,
                now=self._clock.now(),
                horizon=horizon,
                lease=lease,
                lease_s=_LEASE_S,
                limit=free,
                host_gap_s=self._parts.settings.host_gap_s,
            )

    def _feeds_wait(self, horizon: float) -> bool:
        with self._parts.database.read() as connection:
            patience = self._clock.now() + self._parts.settings.host_gap_s
            return feeds.waiting(connection, horizon, patience) > 0

    def _harvest(self, running: set[Future[Polled]]) -> set[Future[Polled]]:
        if not running:
            self._clock.sleep(_LOOK_S)
            return running
        done, still = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        for future in done:
            if (result := future.result()) is not None:
                self.report.add_poll(result)
        if done:
            self._say(f"polled {self.report.polled} of {self.report.feeds} feeds")
        return still

    # --- digests and deliveries ----------------------------------------------------------------

    def _assemble(self, *, send_now: bool) -> None:
        while True:
            lease = self._clock.token()
            with self._parts.database.write() as connection:
                rows = claims.claim(
                    connection,
                    slot,
                    now=self._clock.now(),
                    lease=lease,
                    lease_s=_LEASE_S,
                    limit=100,
                )
            if not rows:
                break
            for row in rows:
                self.report.digests += run_job(assemble, slot, self._parts, row, lease) or 0
        if send_now:
            self.report.digests += assemble_all_now(self._parts)

    def _send(self) -> None:
        running: dict[Future[str | None], str] = {}
        last: dict[str, str] = {}  # a delivery tried twice in a pass counts as it ended
        with ThreadPoolExecutor(SEND_THREADS, thread_name_prefix="send") as pool:
            while self._elapsed() < self._max_time_s:
                for row, lease in self._claim_deliveries(SEND_THREADS - len(running)):
                    running[pool.submit(run_job, send, delivery, self._parts, row, lease)] = row.id
                if not running and not self._deliveries_wait():
                    break
                if not running:
                    self._clock.sleep(_LOOK_S)
                    continue
                for future in wait(running, _LOOK_S, FIRST_COMPLETED).done:
                    last[running.pop(future)] = future.result() or "delayed"
            for future, key in running.items():
                last[key] = future.result() or "delayed"
        self.report.add_sent(Counter(last.values()))

    def _claim_deliveries(self, free: int) -> list[tuple[Row[Any], str]]:
        if free <= 0:
            return []
        lease, now = self._clock.token(), self._clock.now()
        with self._parts.database.write() as connection:
            deliveries.postpone_gated(connection, now)
            rows = deliveries.claim(connection, now=now, lease=lease, lease_s=_LEASE_S, limit=free)
        return [(row, lease) for row in rows]

    def _deliveries_wait(self) -> bool:
        with self._parts.database.read() as connection:
            return deliveries.due(connection, self._clock.now()) > 0
