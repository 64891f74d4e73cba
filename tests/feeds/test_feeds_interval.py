"""When a feed is asked again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.interval import PollState, next_due
from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, Validators, Wishes

FEED = Feed("https://n.example/feed")
OFTEN = Feed("https://n.example/feed", check="often")
DAY = 86_400.0


def wait(
    outcome: FetchFailure | NotModified | FetchedBody,
    feed: Feed = FEED,
    failures: int = 0,
    ttl_s: float | None = None,
    min_poll_s: float = 300,
    jitter: float = 0.5,
) -> float:
    return (
        next_due(
            PollState(failures, Wishes(ttl_s)),
            feed,
            outcome,
            now=1e9,
            min_poll_s=min_poll_s,
            jitter=jitter,
        )
        - 1e9
    )


def unchanged(max_age_s: float | None = None) -> NotModified:
    return NotModified(Validators(), max_age_s)


def failed(status: int | None = None, retry_after_s: float | None = None) -> FetchFailure:
    return FetchFailure("http", "It fails.", status=status, retry_after_s=retry_after_s)


def test_a_calm_feed_is_asked_every_half_hour_or_ten_minutes() -> None:
    assert wait(unchanged(), jitter=0) == 1_800
    assert wait(unchanged(), OFTEN, jitter=0) == 600
    assert 1_800 < wait(unchanged(), jitter=0.99) < 1_900


@pytest.mark.parametrize(("max_age_s", "ttl_s", "floor_s"), [(7_200, None, 7_200), (None, 5_400, 5_400), (7_200, 9_000, 9_000), (10 * DAY, None, DAY), (None, 10 * DAY, DAY), (60, 60, 1_800)])  # fmt: skip
def test_what_the_publisher_asks_for_is_kept_up_to_a_day(
    max_age_s: float | None, ttl_s: float | None, floor_s: float
) -> None:
    assert wait(unchanged(max_age_s), ttl_s=ttl_s, jitter=0) == floor_s
    body = FetchedBody(200, b"", "", Validators(), "u", max_age_s=max_age_s)
    assert wait(body, ttl_s=ttl_s, jitter=0) == floor_s


def test_respect_cache_false_ignores_max_age_and_the_hard_floor_stays() -> None:
    rude = Feed("https://n.example/feed", check="often", respect_cache=False)
    assert wait(unchanged(9_000), rude, jitter=0) == 600
    assert wait(unchanged(), rude, min_poll_s=4_000) == 4_000


def test_failures_double_the_wait_up_to_a_day_and_never_end() -> None:
    waits = [wait(failed(), failures=n) for n in (1, 2, 3, 6, 7, 1_000)]
    assert waits == [1_800, 3_600, 7_200, 57_600, DAY, DAY]
    assert wait(failed(), failures=10**9) == DAY


@pytest.mark.parametrize("status", [403, 404, 451])
def test_what_people_must_mend_is_asked_from_an_hour_on(status: int) -> None:
    assert [wait(failed(status), failures=n) for n in (1, 2, 9)] == [3_600, 7_200, DAY]


def test_the_second_410_comes_a_day_later_at_the_earliest() -> None:
    assert wait(failed(410), failures=1, jitter=0) >= DAY


@pytest.mark.parametrize(("retry_s", "least_s"), [(10, 1_800), (7_200, 7_200), (30 * DAY, 7 * DAY)])
def test_retry_after_is_a_floor_of_up_to_a_week(retry_s: float, least_s: float) -> None:
    assert wait(failed(503, retry_s), failures=1) == least_s


@given(
    st.integers(0, 10**6),
    st.floats(0, 1, exclude_max=True),
    st.one_of(st.none(), st.floats(0, 1e12)),
    st.sampled_from([None, 403, 410, 429, 503]),
    st.floats(0, 1e5),
)
def test_no_wait_is_below_the_floor_or_above_its_cap(
    failures: int, jitter: float, asked: float | None, status: int | None, floor_s: float
) -> None:
    for outcome in (failed(status, asked), unchanged(asked)):
        s = wait(outcome, failures=failures, min_poll_s=floor_s, jitter=jitter, ttl_s=asked)
        assert floor_s - 1e-6 <= s <= max(floor_s, 7 * DAY, 1.1 * DAY) + 1e-6
        if isinstance(outcome, FetchFailure) and asked is not None:
            assert s >= min(asked, 7 * DAY) - 1e-6
