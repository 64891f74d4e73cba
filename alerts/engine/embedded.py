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

from apscheduler.executors.pool import ThreadPoolExecutor as Executor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from alerts.engine import housekeeping
from alerts.engine.crew import Crew
from alerts.errors import AlertsError
from alerts.log import get_logger
from alerts.pipeline import Parts, clock_back, health
from alerts.pipeline.reload import Edits
from alerts.store import claims

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
    """When the service last did what; read by the health page, written by the tick."""

    ticked_at: float = 0.0
    failing: str = ""  # why the last tick failed, empty if it did not


class Embedded:
    """A running service. `start`, then `stop`; both from one thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._edits = Edits(parts)
        self._crew = Crew(parts)
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(
            executors={"default": Executor(2), "tick": Executor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        self._watcher = threading.Thread(target=self._watch, name="clock watch", daemon=True)
        self._was_put_back = False
        self.pulse = Pulse(parts.clock.now())

    @property
    def crew(self) -> Crew:
        """The threads at work, for the live line."""
        return self._crew

    def start(self) -> None:
        """Begin to tick."""
        jobs: list[tuple[Callable[[], Any], float, str]] = [
            (self._tick, TICK_S, "tick"),
            (self._check_health, _HEALTH_S, "default"),
            (self._prune, _HOUSEKEEPING_S, "default"),
            (self._look_for_edits, TICK_S, "default"),
        ]
        for job, seconds, executor in jobs:
            self._scheduler.add_job(job, IntervalTrigger(seconds=seconds), executor=executor)
        self._scheduler.start()
        self._watcher.start()

    def stop(self) -> bool:
        """End cleanly within some seconds; False if something was still being sent by then.

        Polls under way are let go: what they would have found is found again.
        """
        self._stopping.set()
        self._watcher.join()
        self._scheduler.shutdown(wait=True)
        until = self._clock.monotonic() + STOP_S
        while self._crew.sending and self._clock.monotonic() < until:
            self._crew.settle(_LOOK_S)
        self._crew.close()
        for transport in self._parts.transports.values():
            transport.close()
        return not self._crew.sending

    def _watch(self) -> None:
        """Notice a wall clock that is put back: the scheduler would wait for its old time."""
        ahead = self._clock.now() - self._clock.monotonic()
        while not self._stopping.wait(TICK_S):
            was, ahead = ahead, self._clock.now() - self._clock.monotonic()
            if ahead < was - _STEP_S:
                self._was_put_back = True
                for job in self._scheduler.get_jobs():
                    again = IntervalTrigger(seconds=job.trigger.interval_length)
                    self._scheduler.reschedule_job(job.id, trigger=again)

    # --- jobs ----------------------------------------------------------------------------------

    def _tick(self) -> None:
        begun = self._clock.monotonic()
        try:
            if self._was_put_back:
                clock_back.mend(self._parts)
                self._was_put_back = False
            while not self._stopping.is_set() and self._clock.monotonic() - begun < _TICK_END_S:
                if not self._crew.busy and not self._is_anything_due():
                    break
                now = self._clock.now()
                self._crew.poll_due(now)
                self._crew.make_due()
                self._crew.send_due()
                self._crew.settle(_LOOK_S)
            self.pulse.failing = ""
        except AlertsError as error:  # the database: it may come back
            if self.pulse.failing != error.message:
                get_logger().error("tick failed", error=error.message, hint=error.hint)
            self.pulse.failing = error.message
        self.pulse.ticked_at = self._clock.now()

    def _is_anything_due(self) -> bool:
        with self._parts.database.read() as connection:
            due = claims.next_due(connection)
        return due is not None and due <= self._clock.now()

    def _look_for_edits(self) -> None:
        self._quietly(self._edits.look)

    def _check_health(self) -> None:
        self._quietly(lambda: health.check(self._parts))

    def _prune(self) -> None:
        self._quietly(lambda: housekeeping.prune(self._parts))

    def _quietly(self, job: Callable[[], Any]) -> None:
        """Run a job that may fail while the database is away; the next round tries again."""
        try:
            job()
        except AlertsError as error:
            get_logger().error("job failed", error=error.message, hint=error.hint)
