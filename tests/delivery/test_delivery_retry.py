"""When deliveries are tried again: the whole schedules, and what takes no step of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery import classify
from alerts.delivery.retry import DAY_S, POST_WAITS_S, Next, after
from alerts.model import SendResult

LATER = classify.result("retry", "temporary")
DOWN = classify.result("retry", "network", "server")
UNCLEAR = classify.result("ambiguous", "ambiguous")
FAULT = classify.result("our_fault", "auth", "server")
MIDDLE = 0.5  # no jitter


def waits(result: SendResult, kind: str, jitter: float = MIDDLE) -> list[float]:
    """Every wait from the first try to the end, the clock moving from try to try."""
    now, attempts, found = 0.0, 0, []
    while len(found) < 60:
        step = after(result, kind, attempts, 0.0, now, jitter)  # type: ignore[arg-type]
        if step.due_at is None:
            assert step.state == "failed"
            return found
        found.append(step.due_at - now)
        now, attempts = step.due_at, attempts + step.counts
    raise AssertionError("it never ends")


def test_mail_waits_longer_each_time_and_fails_after_five_days() -> None:
    found = waits(LATER, "email")
    assert [s / 60 for s in found[:8]] == [5.5, 15, 30, 60, 120, 240, 480, 480]
    assert sum(found) == 5 * DAY_S


def test_a_post_is_tried_ten_times_in_three_days() -> None:
    assert tuple(waits(LATER, "webhook")) == POST_WAITS_S
    assert sum(POST_WAITS_S) == pytest.approx(75.6 * 3600, rel=0.01)


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 8))
def test_jitter_moves_a_wait_by_a_fifth_at_most(jitter: float, attempts: int) -> None:
    step = after(LATER, "webhook", attempts, 0.0, 0.0, jitter)
    assert step.due_at is not None
    assert 0.8 <= step.due_at / POST_WAITS_S[attempts] <= 1.2


@pytest.mark.parametrize("kind", ["email", "slack", "webhook"])
def test_a_retry_after_is_kept_to_the_second_and_takes_no_step(kind: str) -> None:
    limited = classify.result("retry", "rate_limited", "destination", retry_after_s=17.0)
    step = after(limited, kind, 3, 0.0, 100.0, 0.9)  # type: ignore[arg-type]
    assert step == Next("delayed", 117.0, counts=False)


def test_retry_after_for_ever_ends_when_the_delivery_is_too_old() -> None:
    limited = classify.result("retry", "rate_limited", "destination", retry_after_s=DAY_S)
    assert len(waits(limited, "slack")) == 5


def test_a_server_that_is_down_costs_its_deliveries_no_step() -> None:
    assert after(DOWN, "email", 2, 0.0, 0.0, MIDDLE) == Next("delayed", 1800.0, counts=False)


def test_a_fault_of_ours_is_not_tried_again_within_the_hour() -> None:
    step = after(FAULT, "email", 0, 0.0, 0.0, MIDDLE)
    assert step.state == "delayed"
    assert step.due_at == 3600.0


@pytest.mark.parametrize("outcome", ["refused", "suppress"])
def test_what_was_refused_for_good_is_never_tried_again(outcome: str) -> None:
    result = classify.result(outcome, "refused")  # type: ignore[arg-type]
    assert after(result, "email", 0, 0.0, 0.0, MIDDLE) == Next("failed", None, counts=True)


@pytest.mark.parametrize("outcome", ["delivered", "written"])
def test_what_arrived_is_done(outcome: str) -> None:
    result = classify.result(outcome, "ok")  # type: ignore[arg-type]
    assert after(result, "email", 0, 0.0, 9 * DAY_S, MIDDLE) == Next(outcome, None, counts=True)  # type: ignore[arg-type]


def test_an_unclear_mail_or_webhook_is_sent_again_under_its_id() -> None:
    for kind in ("email", "webhook"):
        step = after(UNCLEAR, kind, 0, 0.0, 0.0, MIDDLE, was_ambiguous=True)  # type: ignore[arg-type]
        assert step.state == "delayed"
        assert step.counts


def test_an_unclear_slack_message_is_sent_again_once_only() -> None:
    assert after(UNCLEAR, "slack", 0, 0.0, 0.0, MIDDLE).state == "delayed"
    assert after(UNCLEAR, "slack", 1, 0.0, 9.0, MIDDLE, was_ambiguous=True).state == "failed"


def test_the_last_try_is_at_the_end_and_the_end_is_a_parameter() -> None:
    step = after(LATER, "email", 6, 0.0, 3000.0, MIDDLE, give_up_s=3600.0)
    assert step.due_at == 3600.0
    assert after(LATER, "email", 6, 0.0, 3600.0, MIDDLE, give_up_s=3600.0).state == "failed"
