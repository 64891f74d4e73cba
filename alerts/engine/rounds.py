"""Jobs that come round every so many seconds, whatever the wall clock does.

APScheduler reckons in wall-clock time: put back by an hour, it would wait for that hour; put
forward by years, it would count every second of them. Here a round is counted from the last one,
and a job that waits for a time further off than its own interval is called at once.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor as Executor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from alerts.clock import Clock

#: The rounds are looked at this often; a clock put back holds them up no longer.
_LOOK_S = 1.0

#: A job may wait this much longer than its interval before that is taken for a clock put back.
_SLACK = dt.timedelta(seconds=1)


class _Every(BaseTrigger):  # type: ignore[misc]
    """So many seconds from now, not from the last time: a leap of the clock is one round."""

    def __init__(self, seconds: float) -> None:
        self.step = dt.timedelta(seconds=seconds)

    def get_next_fire_time(self, _previous: dt.datetime | None, now: dt.datetime) -> dt.datetime:
        return now + self.step


class Rounds:
    """Jobs in threads, each at most once at a time. `every`, `start`, `stop` from one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ending = threading.Event()
        self._scheduler = BackgroundScheduler(
            executors={"default": Executor(2), "alone": Executor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        self._watcher = threading.Thread(target=self._watch, name="clock watch", daemon=True)
        # A round that is still at work when the next is due is no news: it says so every second.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def every(self, seconds: float, job: Callable[[], Any], *, alone: bool = False) -> None:
        """Call `job` every so many seconds; `alone`: no other job ever holds it up."""
        executor = "alone" if alone else "default"
        self._scheduler.add_job(job, _Every(seconds), executor=executor)

    def start(self) -> None:
        """Begin the rounds; the first of each is due after its interval."""
        self._scheduler.start()
        self._watcher.start()

    def stop(self) -> None:
        """End when the jobs at work have ended."""
        self._ending.set()
        self._watcher.join()
        self._scheduler.shutdown(wait=True)

    def _watch(self) -> None:
        """Call jobs that wait for too late a time.

        It looks at what they wait for, not at the clock's steps: however a time that was wrong
        came to a job, it does not stay.
        """
        while not self._ending.wait(_LOOK_S):
            now = dt.datetime.fromtimestamp(self._clock.now(), dt.UTC)
            for job in self._scheduler.get_jobs():
                if job.next_run_time - now > job.trigger.step + _SLACK:
                    job.modify(next_run_time=now)
