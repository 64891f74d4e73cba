"""The threads that poll and send, and what they have in hand; shared by `once` and `run`.

A caller claims what is due when it likes (`poll_due`, `make_due`, `send_due`) and lets results
come in (`settle`). Work is handed out after the claim is committed, and never more than threads
are free: a queue of claimed rows would outlive its leases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import Connection, Row

from alerts.engine.jobs import record_together, run_job
from alerts.engine.results import Results
from alerts.pipeline import Parts, Polled, Sent, Tried, assemble, poll, rests, send
from alerts.store import claims, deliveries, feeds, postponed
from alerts.store.schema import delivery, feed, slot

#: Requests and sends under way at the same time.
FETCH_THREADS = 32
SEND_THREADS = 8

#: A claim outlives the longest fetch and the longest send.
LEASE_S = 300.0

#: A poll that takes longer waits for a slow server and gives its place to another; there are
#: threads for so many of them, so that no crowd of hanging servers keeps the others waiting.
_SLOW_S = 3.0
_MOST_POLLS = 4 * FETCH_THREADS

#: Feeds are claimed when so many threads are free: a claim looks at everything that is due.
_BATCH = FETCH_THREADS // 4

#: A mail server that has not answered a first mail by then is tried with another recipient.
_PROBE_S = 5.0

_SLOTS_AT_ONCE = 100
_TAKING_SLOTS = claims.taking(slot)


@dataclass
class Tally:
    """What came in since it was made."""

    polls: list[Polled] = field(default_factory=list)
    digests: int = 0
    sent: dict[str, Sent] = field(default_factory=dict)  # of digests: id -> its state at the end
    noted: dict[str, Sent] = field(default_factory=dict)  # the same of notices to admins
    postponed: set[str] = field(default_factory=set)  # behind a closed gate, not tried

    def states(self) -> Counter[str]:
        """Count deliveries by the state they were left in."""
        return Counter(self.sent.values()) + Counter(
            "delayed" for key in self.postponed if key not in self.sent
        )


class Crew:
    """Two pools of threads over one database. Used by one thread at a time."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._fetchers = ThreadPoolExecutor(_MOST_POLLS, thread_name_prefix="fetch")
        self._senders = ThreadPoolExecutor(SEND_THREADS, thread_name_prefix="send")
        self._results = Results(self._record)
        self._done: SimpleQueue[Callable[[], Any]] = SimpleQueue()  # what `settle` has to call
        self._polls: dict[int, Row[Any]] = {}
        self._poll_began: dict[int, float] = {}  # by the monotonic clock
        self._sends: dict[str, Row[Any]] = {}
        self._mail_works = False  # until a server answered one mail, few at a time are tried
        self._probed_at = float("-inf")
        self.tally = Tally()

    @property
    def polling(self) -> int:
        """How many polls are under way."""
        return len(self._polls)

    @property
    def sending(self) -> int:
        """How many sends are under way."""
        return len(self._sends)

    def under_way(self) -> tuple[list[Row[Any]], list[Row[Any]]]:
        """Return the rows of the feeds that are polled just now, and of the deliveries sent."""
        return list(self._polls.values()), list(self._sends.values())

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._polls or self._sends)

    # --- handing out ---------------------------------------------------------------------------

    def poll_due(self, horizon: float) -> None:
        """Begin polls of feeds that fell due by `horizon`, as many as threads are free."""
        free = self._free_to_poll()
        if free < _BATCH:
            return
        settings, lease = self._parts.settings, self._clock.token()
        with self._parts.database.write() as connection:
            rows = feeds.claim(
                connection,
                now=self._clock.now(),
                horizon=horizon,
                lease=lease,
                lease_s=LEASE_S,
                limit=free,
                gaps=feeds.Gaps(settings.host_gap_s, settings.min_poll_s),
            )
        began = self._clock.monotonic()
        for row in rows:
            self._polls[row.id] = row
            self._poll_began[row.id] = began
            self._begin(self._fetchers, self._poll, row, lease)

    def _free_to_poll(self) -> int:
        """Return how many polls may begin: slow ones under way take no place but a thread."""
        now = self._clock.monotonic()
        quick = sum(now - began < _SLOW_S for began in self._poll_began.values())
        return min(FETCH_THREADS - quick, _MOST_POLLS - self.polling)

    def make_due(self) -> None:
        """Make the digests of all slots that are due, here and now."""
        while True:
            lease = self._clock.token()
            with self._parts.database.write() as connection:
                rows = claims.claim(
                    connection,
                    _TAKING_SLOTS,
                    now=self._clock.now(),
                    lease=lease,
                    lease_s=LEASE_S,
                    limit=_SLOTS_AT_ONCE,
                )
            for row in rows:
                self.tally.digests += run_job(assemble, slot, self._parts, row, lease) or 0
            if not rows:
                return

    def send_due(self) -> None:
        """Begin sends of due deliveries, as many as threads are free."""
        free = SEND_THREADS - self.sending
        if free <= 0:
            return
        now, lease = self._clock.now(), self._clock.token()
        with self._parts.database.write() as connection:
            self.tally.postponed.update(postponed.postpone(connection, now))
            stopped = deliveries.suppress_stopped(connection, now)
            self.tally.sent.update(dict.fromkeys(stopped, "suppressed"))
            claimed = self._claim(connection, now, lease, free)
            rows = rests.put_off(connection, self._parts.in_force, claimed, now)
            self.tally.postponed.update({row.id for row in claimed} - {row.id for row in rows})
        self._results.expect(len(rows))
        for row in rows:
            self._sends[row.id] = row
            self._begin(self._senders, self._send, row, lease)

    def _claim(self, connection: Connection, now: float, lease: str, free: int) -> list[Row[Any]]:
        """Claim deliveries; of mails one every few seconds until the server has answered one.

        A wrong password tried eight times at once locks the account; a server that is down is
        found out by one. One that is silent about a recipient holds up nobody else.
        """
        claim = partial(deliveries.claim, connection, now=now, lease=lease, lease_s=LEASE_S)
        if self._mail_works:
            return claim(limit=free)
        rows = claim(limit=free, only="posts")
        is_probing = any(row.kind == "email" for row in self._sends.values())
        began = self._clock.monotonic() - self._probed_at
        if len(rows) < free and (not is_probing or began >= _PROBE_S):
            self._probed_at = self._clock.monotonic()
            rows += claim(limit=1, only="mail")
        return rows

    def _begin(
        self, pool: ThreadPoolExecutor, job: Callable[[Row[Any], str], None], *claimed: Any
    ) -> None:
        pool.submit(job, *claimed).add_done_callback(self._report)

    # --- on the pools' threads -----------------------------------------------------------------

    def _poll(self, row: Row[Any], lease: str) -> None:
        polled = None
        try:
            polled = run_job(poll, feed, self._parts, row, lease)
        finally:
            self._done.put(partial(self._polled, row.id, polled))

    def _send(self, row: Row[Any], lease: str) -> None:
        tried = None
        try:
            tried = run_job(send, delivery, self._parts, row, lease)
        finally:
            if tried is None:
                self._done.put(partial(self._sent, {row.id: "delayed"}))
            self._results.add(tried)

    def _record(self, tries: Sequence[Tried]) -> None:
        states: Mapping[str, Sent] = dict.fromkeys((tried.row.id for tried in tries), "delayed")
        try:
            states = record_together(self._parts, tries)
        finally:
            down = any(tried.is_server_trouble for tried in tries)
            self._done.put(partial(self._sent, states, mail_works=not down))

    def _report(self, future: Future[None]) -> None:
        """Have `settle` raise what a thread raised: the database is away."""
        if not future.cancelled() and future.exception() is not None:
            self._done.put(future.result)

    # --- taking in -----------------------------------------------------------------------------

    def settle(self, timeout_s: float, wait_for: Callable[[float], Any] | None = None) -> None:
        """Take in what is done; wait up to `timeout_s` for something to be.

        `wait_for` is how to wait when nothing is under way (default: the clock's sleep).
        """
        if not self.busy and self._done.empty():
            (wait_for or self._clock.sleep)(timeout_s)
            return
        try:
            self._done.get(timeout=timeout_s)()
            while True:
                self._done.get_nowait()()
        except Empty:
            return

    def _polled(self, feed_id: int, polled: Polled | None) -> None:
        self._polls.pop(feed_id, None)
        self._poll_began.pop(feed_id, None)
        if polled is not None:
            self.tally.polls.append(polled)

    def _sent(self, states: Mapping[str, Sent], *, mail_works: bool = False) -> None:
        for key, state in states.items():
            row = self._sends.pop(key)
            (self.tally.sent if row.digest_id is not None else self.tally.noted)[key] = state
            if row.kind == "email":
                self._mail_works = mail_works

    def close(self) -> None:
        """Begin nothing more; what is under way ends in its own time, and its result counts."""
        self._fetchers.shutdown(wait=False, cancel_futures=True)
        self._senders.shutdown(wait=False, cancel_futures=True)
