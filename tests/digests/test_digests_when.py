"""The grammar of `when`, windows, zones and moments: what is read, and what people are told."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.digests.when import (
    WhenError,
    parse_cron,
    parse_date_or_time,
    parse_timezone,
    parse_when,
    parse_window,
)


@pytest.mark.parametrize(
    ("written", "canonical", "crons"),
    [
        ("hourly", "hourly", ("0 * * * *",)),
        ("daily at 7:30 am", "daily at 7:30 am", ("30 7 * * *",)),
        ("Daily  AT 07:30", "daily at 7:30 am", ("30 7 * * *",)),
        ("daily at 5:00 pm", "daily at 5 pm", ("0 17 * * *",)),
        ("daily at 5PM", "daily at 5 pm", ("0 17 * * *",)),
        ("daily at 5 p.m.", "daily at 5 pm", ("0 17 * * *",)),
        ("daily at 17:30", "daily at 5:30 pm", ("30 17 * * *",)),
        ("daily at noon", "daily at noon", ("0 12 * * *",)),
        ("daily at 12 pm", "daily at noon", ("0 12 * * *",)),
        ("daily at 12:30 am", "daily at 12:30 am", ("30 0 * * *",)),
        ("daily at midnight", "daily at midnight", ("0 0 * * *",)),
        ("daily at 0:00", "daily at midnight", ("0 0 * * *",)),
        ("weekdays at 7:30 am", "weekdays at 7:30 am", ("30 7 * * mon-fri",)),
        ("weekends at 9 am", "weekends at 9 am", ("0 9 * * sat,sun",)),
        ("weekly on Friday at 5 pm", "weekly on Friday at 5 pm", ("0 17 * * fri",)),
        ("weekly friday at 5 pm", "weekly on Friday at 5 pm", ("0 17 * * fri",)),
        ("weekly on fridays at 5 pm", "weekly on Friday at 5 pm", ("0 17 * * fri",)),
        (
            "weekly on thu, mon at 5 pm",
            "weekly on Monday and Thursday at 5 pm",
            ("0 17 * * mon,thu",),
        ),
        ("monthly on 1 at 9 am", "monthly on 1 at 9 am", ("0 9 1 * *",)),
        ("monthly on the 28th at 9 am", "monthly on 28 at 9 am", ("0 9 28 * *",)),
        ("monthly on last at 9 am", "monthly on last at 9 am", ("0 9 last * *",)),
        (
            "daily at 5 pm and 7:30 am",
            "daily at 7:30 am and 5 pm",
            ("30 7 * * *", "0 17 * * *"),
        ),
        (
            "weekdays at 7 am, noon and 5 pm",
            "weekdays at 7 am and noon and 5 pm",
            ("0 7 * * mon-fri", "0 12 * * mon-fri", "0 17 * * mon-fri"),
        ),
        ("daily at 7 am and 07:00", "daily at 7 am", ("0 7 * * *",)),
    ],
)
def test_every_form_of_when_has_one_canonical_text(written, canonical, crons):
    cadence = parse_when(written)
    assert (cadence.text, cadence.kind, cadence.crons) == (canonical, "calendar", crons)
    assert parse_when(cadence.text) == cadence


@pytest.mark.parametrize("written", ["right away", "Right  Away", "urgent only"])
def test_forms_without_a_calendar_have_no_cron(written):
    cadence = parse_when(written)
    assert cadence.text == cadence.kind == " ".join(written.lower().split())
    assert cadence.crons == ()


@pytest.mark.parametrize(
    ("written", "told", "write"),
    [
        (
            "17:30",
            "A time alone does not say on which days.",
            "Write one of: daily at 5:30 pm · weekdays at 5:30 pm · weekly on Friday at 5:30 pm",
        ),
        ("daily at 7", '"7" alone may be morning or evening.', "Write 7 am or 7 pm."),
        ("daily at 24:00", '"24:00" is no time of day.', "Write midnight (or 0:00)."),
        ("daily at 17:30 pm", '"17:30 pm" is no time of day.', "Write 5:30 pm."),
        ("daily at 7.30 am", '"7.30 am" is no time of day.', "Write 7:30 am."),
        ("daily at 25:00", '"25:00" is no time of day.', "7:30 am, 5 pm or 17:30"),
        ("daily at 7:60 am", '"7:60 am" is no time of day.', "7:30 am, 5 pm or 17:30"),
        ("daily at", "A time of day is missing.", "7:30 am, 5 pm or 17:30"),
        ("daily at 7 am and", '"7 am and" is no time of day.', "7:30 am, 5 pm or 17:30"),
        ("daily", "The time is missing.", "Write: daily at 7:30 am"),
        ("every day", "The time is missing.", "Write: daily at 7:30 am"),
        ("every day at 7 am", '"every day" is not known here.', "Write: daily at 7 am"),
        ("weekday at 7 am", '"weekday" is not known here.', "Write: weekdays at 7 am"),
        ("dayly at 7 am", '"dayly" is not known here.', "Write: daily at 7 am"),
        ("fridays at 5 pm", '"fridays" is not known here.', "Write: weekly on Friday at 5 pm"),
        ("weekly at 5 pm", '"weekly" does not say on which day.', "weekly on Monday at 5 pm"),
        ("weekly on Fryday at 5 pm", '"fryday" is no day of the week.', "Write Friday."),
        ("monthly on 31 at 9 am", '"31" is no day of every month.', "monthly on last at 9 am"),
        ("monthly on 0 at 9 am", '"0" is no day of every month.', "1 to 28"),
        ("monthly at 9 am", '"monthly" does not say on which day.', "monthly on 1 at 9 am"),
        ("immediately", '"immediately" is not known here.', "Write: right away"),
        ("rigth away", '"rigth away" is not known here.', "Did you mean: right away?"),
        ("", "It is not said when.", "right away · hourly"),
        ("sometimes", '"sometimes" is not known here.', "right away · hourly"),
    ],
)
def test_a_wrong_when_says_what_to_write(written, told, write):
    with pytest.raises(WhenError) as caught:
        parse_when(written)
    assert told in caught.value.message
    assert write in caught.value.hint


@pytest.mark.parametrize(
    ("written", "pointed"),
    [
        ("daily at 7 am and 25:00", "25:00"),
        ("weekly on Fryday at 5 pm", "Fryday"),
        ("monthly on 31 at 9 am", "31"),
        ("daily at 7", "7"),
    ],
)
def test_the_error_points_at_the_wrong_word(written, pointed):
    with pytest.raises(WhenError) as caught:
        parse_when(written)
    assert written[caught.value.start : caught.value.end] == pointed


@pytest.mark.parametrize(
    ("written", "canonical", "crons"),
    [
        ("30 7 * * mon-fri", "cron 30 7 * * mon-fri", ("30 7 * * mon-fri",)),
        ("0  8 * * MON", "cron 0 8 * * mon", ("0 8 * * mon",)),
        ("*/15 8-18 * * *", "cron */15 8-18 * * *", ("*/15 8-18 * * *",)),
        ("0 9 29 2 *", "cron 0 9 29 2 *", ("0 9 29 2 *",)),
    ],
)
def test_cron_is_taken_with_names_for_weekdays(written, canonical, crons):
    cadence = parse_cron(written)
    assert (cadence.text, cadence.crons) == (canonical, crons)


def test_a_day_of_month_and_a_weekday_mean_either_as_in_cron():
    assert parse_cron("0 8 1 * mon").crons == ("0 8 1 * *", "0 8 * * mon")


@pytest.mark.parametrize(
    ("written", "told", "write"),
    [
        ("0 8 * * 1", "Weekdays are written by name here", "0 8 * * mon"),
        ("0 8 * * 1-5", "Weekdays are written by name here", "0 8 * * mon-fri"),
        ("0 8 * * 0", "Weekdays are written by name here", "0 8 * * sun"),
        ("0 8 * * */2", "Weekdays are written by name here", "30 7 * * mon-fri"),
        ("0 8 30 2 *", "This day does not exist in any year.", "last"),
        ("61 8 * * *", '"61" is no minute', "a number"),
        ("0 8 ? * *", '"?" is no day of the month', "a number"),
        ("0 8 * *", "five fields", "30 7 * * mon-fri"),
        ("", "five fields", "30 7 * * mon-fri"),
        ("@daily", "five fields", "daily at midnight"),
    ],
)
def test_a_wrong_cron_says_what_to_write(written, told, write):
    with pytest.raises(WhenError) as caught:
        parse_cron(written)
    assert told in caught.value.message
    assert write in caught.value.hint


@pytest.mark.parametrize(
    ("written", "start", "end", "canonical"),
    [
        ("10 pm to 6 am", 1320, 360, "10 pm to 6 am"),
        ("22:00-6:00", 1320, 360, "10 pm to 6 am"),
        ("6 am – 10 PM", 360, 1320, "6 am to 10 pm"),
        ("18:00 to 24:00", 1080, 0, "6 pm to midnight"),
        ("noon until 1 pm", 720, 780, "noon to 1 pm"),
    ],
)
def test_windows_are_read_in_both_spellings(written, start, end, canonical):
    window = parse_window(written)
    assert (window.start_min, window.end_min, window.text) == (start, end, canonical)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("24h", '"24h" says how long, not from when to when.'),
        ("at night", '"at night" is not a stretch of the day.'),
        ("10 pm to 22:00", "This window begins and ends at the same time."),
        ("10 pm to 6", '"6" alone may be morning or evening.'),
        ("", "A stretch of the day is missing."),
        ("-", '"-" is not a stretch of the day.'),
    ],
)
def test_a_wrong_window_says_what_is_wrong(written, told):
    with pytest.raises(WhenError) as caught:
        parse_window(written)
    assert caught.value.message == told
    assert "am" in caught.value.hint


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("America/Chicago", "America/Chicago"),
        ("america/chicago", "America/Chicago"),
        ("America/New York", "America/New_York"),
        ("UTC", "UTC"),
        ("utc", "UTC"),
        ("US/Central", "US/Central"),
    ],
)
def test_zone_names_are_taken_in_any_case(written, name):
    assert parse_timezone(written) == name


def test_zones_are_taken_as_the_tz_database_spells_them() -> None:
    names = {name for name in zoneinfo.available_timezones() if "/" in name}
    assert {parse_timezone(name) for name in names} == names


@pytest.mark.parametrize("name", ["America/Nowhere", "posix/America/Chicago", "Europe", "Asia/"])
def test_what_the_tz_database_does_not_hold_is_no_zone(name: str) -> None:
    with pytest.raises(WhenError):
        parse_timezone(name)


@pytest.mark.parametrize(
    ("written", "write"),
    [
        (
            "CST",
            'Did you mean America/Chicago? ("CST" has no summer time:'
            " mails would come an hour late from March on.)",
        ),
        ("Central", "Did you mean America/Chicago?"),
        ("central time", "Did you mean America/Chicago?"),
        ("US Central", "Did you mean America/Chicago?"),
        ("EST", "Did you mean America/New_York?"),
        ("Eastern Standard Time", "Did you mean America/New_York?"),
        ("Pacific", "Did you mean America/Los_Angeles?"),
        ("PT", "Did you mean America/Los_Angeles?"),
        ("Mountain", "Did you mean America/Denver?"),
        ("Chicago", "Did you mean America/Chicago?"),
        ("America/Chicgo", "Did you mean America/Chicago?"),
        ("Mexico City", "Did you mean America/Mexico_City?"),
        ("UTC-6", "An offset knows no summer time."),
        ("+02:00", "An offset knows no summer time."),
        ("nowhere", "Write continent and city"),
        ("", "Write continent and city"),
    ],
)
def test_a_wrong_zone_is_answered_with_the_one_meant(written, write):
    with pytest.raises(WhenError) as caught:
        parse_timezone(written)
    assert caught.value.hint.startswith(write)


@pytest.mark.parametrize(
    ("written", "local"),
    [
        ("2026-12-01", (2026, 12, 1, 0, 0)),
        ("2026-12-01 7:30 am", (2026, 12, 1, 7, 30)),
        ("2026-12-01T07:30", (2026, 12, 1, 7, 30)),
        ("2026-12-01 07:30:00", (2026, 12, 1, 7, 30)),
        ("December 1, 2026", (2026, 12, 1, 0, 0)),
        ("1 Dec 2026 at 5 pm", (2026, 12, 1, 17, 0)),
    ],
)
def test_dates_are_read_in_the_subscribers_zone(written, local):
    zone = "America/Chicago"
    expected = dt.datetime(*local, tzinfo=ZoneInfo(zone)).timestamp()
    assert parse_date_or_time(written, zone) == expected


def test_a_moment_with_an_offset_is_taken_as_it_stands():
    expected = dt.datetime(2026, 12, 1, 13, 30, tzinfo=dt.UTC).timestamp()
    assert parse_date_or_time("2026-12-01T07:30:00-06:00", "Asia/Tokyo") == expected


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("12/1/2026", '"12/1/2026" may name two different days.'),
        ("2026-02-30", 'There is no day "2026-02-30" in the calendar.'),
        ("Smarch 1, 2026", 'There is no day "Smarch 1, 2026" in the calendar.'),
        ("tomorrow", '"tomorrow" is not a date.'),
        ("", "A date is missing."),
        ("2026-12-01 at 7", '"7" alone may be morning or evening.'),
    ],
)
def test_a_wrong_date_says_what_is_wrong(written, told):
    with pytest.raises(WhenError) as caught:
        parse_date_or_time(written, "UTC")
    assert caught.value.message == told


WORDS = st.lists(
    st.sampled_from(
        (
            *("daily", "weekdays", "weekly", "monthly", "on", "at", "and", "to", "-", ",", "7:30"),
            *("am", "pm", "5", "31", "last", "Friday", "*", "*/2", "0", "24:00", "2026-12-01"),
            *("\0", "٣"),
        )
    ),
    max_size=7,
).map(" ".join)


@given(st.one_of(WORDS, st.text(max_size=40)))
def test_no_text_raises_anything_but_an_error_with_a_position_and_a_hint(text):
    for read in (parse_when, parse_cron, parse_window, parse_timezone, _in_utc):
        error = _error(read, text)
        if error is not None:
            assert error.message
            assert error.hint
            assert 0 <= error.start < error.end <= len(text) + 1


def _in_utc(text: str) -> float:
    return parse_date_or_time(text, "UTC")


def _error(read, text):
    try:
        read(text)
    except WhenError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("dayly at 7", "Write: daily at 7 am"),
        ("dayly at 17:30", "Write: daily at 5:30 pm"),
        ("every friday at 7, 9 and noon", "Write: weekly on Friday at 7 am and 9 am and noon"),
        ("dayly at dusk", "Write: daily at 7:30 am"),
    ],
)
def test_what_is_proposed_instead_can_be_read(text: str, hint: str) -> None:
    with pytest.raises(WhenError) as caught:
        parse_when(text)
    assert caught.value.hint == hint
    parse_when(hint.removeprefix("Write: "))
