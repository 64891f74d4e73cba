"""The whole service in one process: an APScheduler tick over rows that fall due.

One tick, not one job per subscriber: what is due is rows, and a tick claims them. While there is
work the tick goes on; when there is none it costs one look at three indexes a second. Everything
else that comes round (edits of the configuration, health, pruning, the dead man's switch) is an
ordinary interval job.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alerts.engine import boot, housekeeping
from alerts.engine.crew import Crew, Tally
from alerts.engine.ping import Ping
from alerts.engine.rounds import Rounds
from alerts.errors import AlertsError
from alerts.log import get_logger
from alerts.pipeline import Parts, clock_back, health, overdue
from alerts.pipeline.reload import Edits
from alerts.store import claims
from alerts.store.lock import Keep

TICK_S = 1.0

#: The tick looks for finished work this often while there is some.
_LOOK_S = 0.05

#: A tick ends after this long even if there is more to do, so that a stop is noticed.
_TICK_END_S = 0.8

#: What is being sent when the service is told to stop may end within this time.
STOP_S = 7.0

#: A wall clock that goes back by more than this was put back, not steered.
_STEP_S = 5.0

_HEALTH_S = 60.0
_HOUSEKEEPING_S = 3600.0


@dataclass
class Pulse:
    """When the service last did what; read by the health page, written by the jobs."""

    ticked_at: float = 0.0  # by the monotonic clock
    failing: str = ""  # why jobs fail just now, empty if they do not


class Embedded:
    """A running service. `start`, then `stop`; both from one thread."""

    def __init__(
        self,
        parts: Parts,
        keep_lock: Keep = lambda: None,
        is_healthy: Callable[[Pulse], bool] = lambda _: True,
    ) -> None:
        """`is_healthy` says whether the dead man's switch may be told that all is well."""
        self._parts = parts
        self._clock = parts.clock
        self._keep_lock = keep_lock
        self._edits = Edits(parts)
        self._crew = Crew(parts)
        self._stopping = threading.Event()
        self._rounds = Rounds(parts.clock)
        self._ahead = self._clock.now() - self._clock.monotonic()
        self._failing: dict[str, AlertsError] = {}  # by the job's name
        self._saying = threading.Lock()
        self._is_lined_up = False
        self._has_orphans = False  # claims whose result could not be written
        self.pulse = Pulse(parts.clock.monotonic())
        url = parts.settings.ping_url
        self._ping = url and Ping(url, parts.clock, lambda: is_healthy(self.pulse))

    @property
    def crew(self) -> Crew:
        """The threads at work, for the live line."""
        return self._crew

    def start(self) -> None:
        """Begin to tick."""
        self._rounds.every(TICK_S, self._tick, alone=True)
        self._rounds.every(TICK_S, self._look_for_edits)
        self._rounds.every(_HEALTH_S, self._check_health)
        self._rounds.every(_HOUSEKEEPING_S, self._prune)
        if self._ping:
            self._rounds.every(_HEALTH_S, self._ping.beat)
        self._rounds.start()

    def stop(self) -> bool:
        """End cleanly within some seconds; False if something was still being sent by then.

        Polls under way are let go: what they would have found is found again.
        """
        self._stopping.set()
        self._rounds.stop()
        until = self._clock.monotonic() + STOP_S
        while self._crew.sending and self._clock.monotonic() < until:
            self._guard("stop", lambda: self._crew.settle(_LOOK_S))
        self._crew.close()
        for transport in self._parts.transports.values():
            transport.close()
        return not self._crew.sending

    # --- jobs ----------------------------------------------------------------------------------

    def _tick(self) -> None:
        if not self._guard("tick", self._work):
            self._has_orphans = True
        self._crew.tally = Tally()  # for who makes one pass; here it would only grow
        self.pulse.ticked_at = self._clock.monotonic()

    def _work(self) -> None:
        begun = self._clock.monotonic()
        self._keep_lock()
        self._mend_clock()
        if not self._is_lined_up:
            overdue.line_up(self._parts, is_spread=True)
            self._is_lined_up = True
        if self._has_orphans and not self._crew.busy:
            boot.release(self._parts.database, self._clock)
            self._has_orphans = False
        while not self._stopping.is_set() and self._clock.monotonic() - begun < _TICK_END_S:
            if not self._crew.busy and not self._is_anything_due():
                break
            now = self._clock.now()
            self._crew.poll_due(now)
            self._crew.make_due()
            self._crew.send_due()
            self._crew.settle(_LOOK_S)

    def _mend_clock(self) -> None:
        """Notice a wall clock that was put back; small steps add up."""
        ahead = self._clock.now() - self._clock.monotonic()
        if ahead < self._ahead - _STEP_S:
            clock_back.mend(self._parts)
            self._ahead = ahead
        self._ahead = max(self._ahead, ahead)

    def _is_anything_due(self) -> bool:
        with self._parts.database.read() as connection:
            due = claims.next_due(connection)
        return due is not None and due <= self._clock.now()

    def _look_for_edits(self) -> None:
        self._guard("edits", self._edits.look)

    def _check_health(self) -> None:
        self._guard("health", lambda: health.check(self._parts))

    def _prune(self) -> None:
        self._guard("pruning", lambda: housekeeping.prune(self._parts))

    def _guard(self, name: str, job: Callable[[], Any]) -> bool:
        """Run a job that may fail while the database is away; the next round tries again.

        What fails is said once for all jobs, and once when none of them fails any more.
        """
        error: AlertsError | None = None
        try:
            job()
        except AlertsError as failed:
            error = failed
        with self._saying:  # two jobs may fail at the same moment
            return self._say(name, error)

    def _say(self, name: str, error: AlertsError | None) -> bool:
        """Say that work stands still, or goes on; return whether this job was done."""
        if error is not None:
            if type(error) not in map(type, self._failing.values()):
                get_logger().error("work stands still", error=error.message, hint=error.hint)
            self._failing[name] = error
            self.pulse.failing = error.message
        elif self._failing.pop(name, None) is not None and not self._failing:
            self.pulse.failing = ""
            get_logger().info("work goes on")
        return error is None
