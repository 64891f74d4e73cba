"""Slots: each local time once, whatever clocks, quiet hours, pauses and spreads do."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.digests.slots import (
    Slot,
    _slots,
    due_slot,
    gathered,
    half_hour_after,
    next_slot,
    own_moment,
    right_away_at,
    told_moment,
    urgent_at,
)
from alerts.digests.when import parse_cron, parse_when, parse_window
from alerts.model import Destination, Subscriber, Subscription

CHICAGO = "America/Chicago"


def utc(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


def local(text: str, zone: str = CHICAGO) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def slots(when: str, zone: str, start: float, end: float) -> list[Slot]:
    cadence, found, after = parse_when(when), [], start
    while (slot := next_slot(cadence, zone, after)) and slot.due_at <= end:
        found.append(slot)
        after = slot.due_at
    return found


def ana(**changes: object) -> Subscriber:
    person = Subscriber(
        id="ana",
        name="Ana",
        subscriptions=(),
        destinations=(Destination("ana", "email", "ana@example.org"),),
        when=parse_when("daily at 7:30 am"),
        timezone=CHICAGO,
        spread_s=0.0,
    )
    return replace(person, **changes)


def test_a_slot_is_named_by_its_local_date_and_time():
    slot = next_slot(parse_when("daily at 7:30 am"), CHICAGO, utc("2026-11-24T10:00"))
    assert slot == Slot("2026-11-24T07:30", utc("2026-11-24T13:30"), utc("2026-11-24T13:30"))


def test_the_next_slot_is_later_than_the_moment_given():
    at = utc("2026-11-24T13:30")
    assert next_slot(parse_when("daily at 7:30 am"), CHICAGO, at).name == "2026-11-25T07:30"


@given(
    st.lists(st.integers(-90_000, 90_000), max_size=12),
    st.sampled_from(["2026-03-08T02:30", "2026-11-01T01:30", "2026-11-24T07:30"]),
    st.sampled_from([CHICAGO, "America/Santiago", "UTC"]),
)
@settings(max_examples=150, deadline=None)
def test_the_next_slot_does_not_hang_on_what_was_asked_before(offsets, moment, zone):
    cadence = parse_when("daily at 1:30 am, 2:30 am and 7:30 am")
    for offset in offsets:
        after = local(moment, zone) + offset
        first = next(_slots(cadence, ZoneInfo(zone), after), None)
        assert next_slot(cadence, zone, after) == first


def test_several_times_a_day_come_in_order():
    found = slots(
        "weekdays at 5 pm and 7:30 am",
        CHICAGO,
        local("2026-11-20T00:00"),
        local("2026-11-24T00:00"),
    )
    assert [s.name for s in found] == [
        *("2026-11-20T07:30", "2026-11-20T17:00", "2026-11-23T07:30", "2026-11-23T17:00")
    ]


def test_monthly_on_last_is_the_last_day_of_each_month():
    found = slots(
        "monthly on last at 9 am", "UTC", utc("2027-01-01T00:00"), utc("2027-05-01T00:00")
    )
    assert [s.name[5:10] for s in found] == ["01-31", "02-28", "03-31", "04-30"]


def test_right_away_has_no_slots():
    assert next_slot(parse_when("right away"), CHICAGO, 0.0) is None
    assert due_slot(ana(), parse_when("urgent only"), 0.0) is None


def test_a_time_the_clock_skips_fires_once_an_hour_later():
    found = slots("daily at 2:30 am", CHICAGO, local("2027-03-13T12:00"), local("2027-03-15T12:00"))
    assert [s.name for s in found] == ["2027-03-14T03:30", "2027-03-15T02:30"]


def test_a_skipped_time_and_the_time_it_moves_to_are_one_slot():
    found = slots(
        "daily at 2:30 am and 3:15 am and 3:30 am",
        CHICAGO,
        local("2027-03-14T00:00"),
        local("2027-03-14T12:00"),
    )
    assert [s.name for s in found] == ["2027-03-14T03:15", "2027-03-14T03:30"]


def test_a_time_that_comes_twice_fires_the_first_time_only():
    found = slots("daily at 1:30 am", CHICAGO, local("2026-10-31T12:00"), local("2026-11-02T12:00"))
    assert [(s.name, s.due_at) for s in found] == [
        ("2026-11-01T01:30", utc("2026-11-01T06:30")),
        ("2026-11-02T01:30", utc("2026-11-02T07:30")),
    ]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/Santiago", "2026-09-06"),
        ("Asia/Beirut", "2027-03-28"),
        ("Africa/Cairo", "2027-04-30"),
    ],
)
def test_a_day_without_midnight_has_its_midnight_slot_at_one(zone, day):
    midnight = local(f"{day}T12:00", zone) - 86_400
    assert next_slot(parse_when("daily at midnight"), zone, midnight).name == f"{day}T01:00"


ZONES = (CHICAGO, "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca")


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    times=st.lists(st.integers(0, 24 * 12 - 1).map(lambda n: n * 5), min_size=1, max_size=4),
    start=st.floats(utc("2026-01-01T00:00"), utc("2028-01-01T00:00")),
)
def test_each_local_day_has_each_of_its_slots_exactly_once(zone, times, start):
    words = " and ".join(f"{t // 60}:{t % 60:02}" for t in times)
    found = slots(f"daily at {words}", zone, start, start + 40 * 86_400)
    assert [s.due_at for s in found] == sorted({s.due_at for s in found})
    assert len({s.name for s in found}) == len(found)
    expected = _by_hand(zone, times, start)
    assert [s.due_at for s in found] == expected


def _by_hand(zone: str, times: list[int], start: float) -> list[float]:
    """Every wall time of every day, through zoneinfo alone."""
    first = dt.datetime.fromtimestamp(start, ZoneInfo(zone)).date() - dt.timedelta(days=1)
    moments = set()
    for day in range(44):
        for t in times:
            wall = dt.datetime.combine(first + dt.timedelta(days=day), dt.time(t // 60, t % 60))
            moments.add(wall.replace(tzinfo=ZoneInfo(zone)).timestamp())
    return sorted(at for at in moments if start < at <= start + 40 * 86_400)


def _changes(zone: str, year: int) -> list[float]:
    """The moments of the year when the zone's offset changes, to the hour."""
    hours = (utc(f"{year}-01-01T00:00") + h * 3600 for h in range(366 * 24))
    found, before = [], None
    for at in hours:
        offset = dt.datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()
        if before is not None and offset != before:
            found.append(at)
        before = offset
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_around_every_change_of_the_clock_each_quarter_hour_comes_once(zone):
    changes = _changes(zone, 2027)
    assert len(changes) >= 2
    times = list(range(0, 24 * 60, 15))
    cadence = parse_cron("*/15 * * * *")
    for change in changes:
        start, found = change - 86_400, []
        after = start
        while (slot := next_slot(cadence, zone, after)).due_at <= change + 86_400:
            found.append(slot)
            after = slot.due_at
        names = [s.name for s in found]
        assert names == sorted(set(names))
        assert [s.due_at for s in found] == [
            at for at in _by_hand(zone, times, start) if at <= change + 86_400
        ]


def test_a_slot_in_quiet_hours_is_due_at_their_end():
    person = ana(quiet=parse_window("10 pm to 6 am"))
    for when in ("daily at 11 pm", "daily at 2 am"):
        slot = due_slot(person, parse_when(when), local("2026-11-24T12:00"))
        assert slot.due_at == local("2026-11-25T06:00")
    slot = due_slot(person, parse_when("daily at 6 am"), local("2026-11-24T12:00"))
    assert slot.due_at == local("2026-11-25T06:00")


def test_a_slot_whose_quiet_hours_are_not_over_is_still_to_come():
    person = ana(quiet=parse_window("10 pm to 6 am"))
    slot = due_slot(person, parse_when("daily at 11 pm"), local("2026-11-25T03:00"))
    assert (slot.name, slot.due_at) == ("2026-11-24T23:00", local("2026-11-25T06:00"))


def test_slots_that_meet_at_the_end_of_quiet_hours_are_one():
    person = ana(quiet=parse_window("10 pm to 6 am"))
    hourly, taken, after, last = parse_when("hourly"), [], local("2026-11-24T20:30"), None
    for _ in range(4):
        slot = due_slot(person, hourly, after, last_name=last)
        taken.append((slot.name, slot.due_at))
        after, last = slot.due_at, slot.name
    assert taken == [
        ("2026-11-24T21:00", local("2026-11-24T21:00")),
        ("2026-11-25T06:00", local("2026-11-25T06:00")),
        ("2026-11-25T07:00", local("2026-11-25T07:00")),
        ("2026-11-25T08:00", local("2026-11-25T08:00")),
    ]


def test_a_pause_holds_back_every_slot_before_its_end():
    person = ana(pause_until=local("2026-12-01T00:00"))
    slot = due_slot(person, person.when, local("2026-11-24T12:00"))
    assert slot.name == "2026-12-01T07:30"


def test_the_spread_moves_mails_by_the_subscribers_own_share():
    moments = {
        due_slot(ana(id=f"s{n}", spread_s=180.0), ana().when, local("2026-11-24T12:00")).due_at
        for n in range(50)
    }
    assert len(moments) > 40
    assert all(0 <= at - local("2026-11-25T07:30") < 180 for at in moments)


def test_readers_are_told_the_time_without_the_spread():
    slot = due_slot(ana(spread_s=180.0), ana().when, local("2026-11-24T12:00"))
    assert slot.told_at == local("2026-11-25T07:30") < slot.due_at


def test_a_spread_slot_is_still_to_come_after_its_nominal_time():
    person = ana(spread_s=180.0)
    due = due_slot(person, person.when, local("2026-11-24T12:00"))
    assert due_slot(person, person.when, due.due_at - 0.5) == due
    assert due_slot(person, person.when, due.due_at).name == "2026-11-26T07:30"


def test_the_spread_never_carries_a_slot_into_quiet_hours():
    person = ana(spread_s=600.0, quiet=parse_window("7:31 am to 9 am"))
    slot = due_slot(person, person.when, local("2026-11-24T12:00"))
    assert slot.due_at == local("2026-11-25T07:30")


def test_rooms_are_not_spread():
    room = ana(spread_s=180.0, destinations=(Destination("r", "slack", "hooks.slack.com"),))
    assert due_slot(room, room.when, local("2026-11-24T12:00")).due_at == local("2026-11-25T07:30")


def test_a_slot_that_was_taken_is_not_due_again_after_a_move_to_the_west():
    person = ana()
    slot = due_slot(person, person.when, local("2026-11-24T02:00"), last_name="2026-11-24T07:30")
    assert slot.name == "2026-11-25T07:30"


def test_a_clock_that_was_years_ahead_silences_nobody():
    slot = due_slot(ana(), ana().when, local("2026-11-24T02:00"), last_name="2036-01-01T07:30")
    assert slot.name == "2026-11-24T07:30"


def test_what_follows_a_digest_within_five_minutes_waits_for_their_end():
    assert gathered(None, 1000.0) == 1000.0
    assert gathered(900.0, 1000.0) == 1200.0
    assert gathered(100.0, 1000.0) == 1000.0
    assert gathered(5000.0, 1000.0) == 1000.0


def test_right_away_waits_for_the_end_of_quiet_hours_and_pauses():
    room = ana(quiet=parse_window("10 pm to 6 am"))
    night = local("2026-11-24T23:00")
    assert right_away_at(room, None, night) == local("2026-11-25T06:00")
    assert right_away_at(room, None, local("2026-11-24T21:00")) == local("2026-11-24T21:00")
    paused = ana(pause_until=local("2026-12-01T00:00"))
    assert right_away_at(paused, None, night) == local("2026-12-01T00:00")


@given(
    start=st.integers(0, 1439),
    length=st.integers(1, 1439),
    zone=st.sampled_from(ZONES),
    at=st.integers(int(utc("2026-01-01T00:00")), int(utc("2028-01-01T00:00"))),
)
def test_nothing_is_due_in_quiet_hours(start, length, zone, at):
    end = (start + length) % 1440
    words = f"{start // 60}:{start % 60:02} to {end // 60}:{end % 60:02}"
    due = right_away_at(ana(quiet=parse_window(words), timezone=zone), None, float(at))
    clock = dt.datetime.fromtimestamp(due, ZoneInfo(zone))
    minute = clock.hour * 60 + clock.minute
    is_quiet = start <= minute < end if start < end else minute >= start or minute < end
    assert due >= at
    assert not is_quiet or (due > at and _is_changing(due, zone))


def _is_changing(at: float, zone: str) -> bool:
    """Whether the clock changes on that day: a time may be skipped or come twice."""
    offsets = {
        dt.datetime.fromtimestamp(at + h * 3600, ZoneInfo(zone)).utcoffset() for h in (-24, 24)
    }
    return len(offsets) > 1


def test_own_moments_of_one_second_have_different_names():
    assert own_moment(1_795_503_600.5) == "2026-11-24T07:00:00.500000Z"
    assert own_moment(1_795_503_600.5) != own_moment(1_795_503_600.6)


def test_a_digest_is_told_by_its_slot_if_it_was_made_just_after_it():
    person = ana(spread_s=180.0, subscriptions=(Subscription("ice"),))
    assert told_moment(person, local("2026-11-24T07:32:59")) == local("2026-11-24T07:30")
    assert told_moment(person, local("2026-11-24T07:36")) == local("2026-11-24T07:36")
    assert told_moment(person, local("2026-11-24T07:29")) == local("2026-11-24T07:29")


# --- what is urgent ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("urgent", "quiet", "now", "at"),
    [
        ("always", None, "2026-11-24T03:00", "2026-11-24T03:00"),
        ("always", "10 pm to 6 am", "2026-11-24T03:00", "2026-11-24T03:00"),
        ("never", None, "2026-11-24T12:00", None),
        ("6 am to 10 pm", None, "2026-11-24T12:00", "2026-11-24T12:00"),
        ("6 am to 10 pm", None, "2026-11-24T03:00", "2026-11-24T06:00"),
        ("6 am to 10 pm", None, "2026-11-24T22:00", "2026-11-25T06:00"),
        ("6 am to 10 pm", "9 pm to 8 am", "2026-11-24T21:30", "2026-11-25T08:00"),
        ("6 am to 10 pm", "noon to 1 pm", "2026-11-24T03:00", "2026-11-24T06:00"),
        ("11 am to 2 pm", "9 am to noon", "2026-11-24T08:00", "2026-11-24T12:00"),
        ("8 pm to 2 am", None, "2026-11-24T01:00", "2026-11-24T01:00"),
        ("6 am to 7 am", "10 pm to 8 am", "2026-11-24T06:30", None),
    ],
)
def test_what_is_urgent_comes_in_its_hours_and_through_quiet_ones_only_where_it_always_may(
    urgent: str, quiet: str | None, now: str, at: str | None
):
    hours = urgent if urgent in ("always", "never") else parse_window(urgent)
    person = ana(urgent=hours, quiet=parse_window(quiet) if quiet else None)
    assert urgent_at(person, local(now)) == (local(at) if at else None)


def test_a_pause_holds_up_what_is_urgent_too():
    person = ana(urgent="always", pause_until=local("2026-12-01T00:00"))
    assert urgent_at(person, local("2026-11-24T12:00")) == local("2026-12-01T00:00")


@pytest.mark.parametrize(
    ("zone", "now", "at"),
    [
        (CHICAGO, "2026-11-24T06:40", "2026-11-24T07:00"),
        (CHICAGO, "2026-11-24T06:56", "2026-11-24T07:30"),
        (CHICAGO, "2026-11-24T06:55", "2026-11-24T07:00"),
        ("Asia/Kathmandu", "2026-11-24T06:40", "2026-11-24T07:00"),
    ],
)
def test_bundles_come_at_full_and_half_hours_of_the_readers_clock(zone: str, now: str, at: str):
    assert half_hour_after(ana(timezone=zone), local(now, zone)) == local(at, zone)
