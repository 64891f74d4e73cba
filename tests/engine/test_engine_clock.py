"""Claims about a running service whose wall clock jumps: it goes on within seconds."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pipeline_world import COURIER, World
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from alerts.clock import SystemClock
from alerts.engine.embedded import Embedded
from alerts.errors import AlertsError, StoreError

WAIT_S = 60.0
HOUR_S = 3600.0
YEAR_S = 366 * 24 * HOUR_S
ICE = "ICE agents detain two people in Madison"


class SteppedClock(SystemClock):
    """The machine's clock, and what an administrator or NTP adds to its wall time."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def now(self) -> float:
        return super().now() + self.offset_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SteppedClock:
    """One clock for the product and for APScheduler, which reads the machine's by itself."""
    clock = SteppedClock()
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", _reading(clock.now))
    return clock


def _reading(now: Callable[[], float]) -> type[dt.datetime]:
    class Reading(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
            return dt.datetime.fromtimestamp(now(), tz)

    return Reading


@contextmanager
def running(world: World, clock: SteppedClock) -> Iterator[Embedded]:
    world.parts.clock = clock
    world.fetcher.put(COURIER, b"")
    service = Embedded(world.parts)
    service.start()
    try:
        yield service
    finally:
        service.stop()
        for thread in threading.enumerate():  # polls that were let go still hold a connection
            if thread.name.startswith("fetch"):
                thread.join(10)


def until(found: Callable[[], object], what: str) -> None:
    """Wait for a condition, with a deadline."""
    clock = SystemClock()
    end = clock.monotonic() + WAIT_S
    while not found():
        assert clock.monotonic() < end, f"not within {WAIT_S:.0f} s: {what}"
        clock.sleep(0.05)


def publish(world: World, clock: SteppedClock, title: str, slug: str) -> None:
    """Let the feed hold one more article, and be due as it is after its interval."""
    world.clock.jump(clock.now() - world.clock.now())  # what items are dated by
    world.serve(world.item(title, slug, hours_ago=0.01))
    with world.database.write() as connection:
        connection.exec_driver_sql("UPDATE feed SET due_at = 1")


@pytest.mark.parametrize("jump_s", [-HOUR_S, HOUR_S, -24 * HOUR_S, 10 * YEAR_S])
def test_a_service_goes_on_within_seconds_of_a_jump(
    world: World, clock: SteppedClock, jump_s: float
):
    with running(world, clock):
        publish(world, clock, ICE, "a")
        until(lambda: len(world.transport.accepted) == 1, "the first story was told")
        clock.offset_s += jump_s
        asked = len(world.fetcher.asked)
        publish(world, clock, "ICE leases offices", "b")
        until(lambda: len(world.fetcher.asked) > asked, "the feed was asked after the jump")
        if jump_s > 0:
            until(lambda: len(world.transport.accepted) == 2, "the second story was told")


def test_a_service_goes_on_even_if_its_scheduler_learns_of_the_jump_late(
    world: World, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
):
    """The scheduler may have read the time just before the jump, and reckon with it after it."""
    behind = threading.Event()
    asked_late: list[float] = []

    def late() -> float:
        if not behind.is_set():
            return clock.now()
        asked_late.append(clock.now() + HOUR_S)
        return asked_late[-1]

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", _reading(late))
    with running(world, clock):
        publish(world, clock, ICE, "a")
        until(lambda: len(world.transport.accepted) == 1, "the first story was told")
        behind.set()
        clock.offset_s -= HOUR_S
        until(lambda: len(asked_late) > 3, "the scheduler reckoned with the old time")
        behind.clear()
        asked = len(world.fetcher.asked)
        publish(world, clock, "ICE leases offices", "b")
        until(lambda: len(world.fetcher.asked) > asked, "the feed was asked after the jump")


def test_jobs_that_fail_at_the_same_moment_are_told_of_once(
    world: World, capsys: pytest.CaptureFixture[str]
):
    service, second = Embedded(world.parts), []

    class Meeting(dict[str, AlertsError]):
        """Lets another job fail between the question what failed before and the answer noted."""

        def values(self) -> Any:
            found = list(super().values())
            if not second:
                second.append(threading.Thread(target=service._guard, args=("edits", fail)))
                second[0].start()
                second[0].join(0.2)
            return found

    def fail() -> None:
        raise StoreError("The database cannot be used.")

    service._failing = Meeting()
    service._guard("tick", fail)
    second[0].join(WAIT_S)
    assert capsys.readouterr().err.count("work stands still") == 1


def test_a_database_that_was_away_at_the_start_is_not_said_to_fail_for_ever(
    world: World, clock: SteppedClock
):
    away = threading.Event()
    away.set()

    def refuse(*_: object) -> None:
        if away.is_set():
            raise OperationalError("the server went away", None, Exception())

    event.listen(world.database.engine, "before_cursor_execute", refuse)
    with running(world, clock) as service:
        until(lambda: service.pulse.failing, "the failure is said")
        away.clear()
        until(lambda: not service.pulse.failing, "its end is said")
    event.remove(world.database.engine, "before_cursor_execute", refuse)
