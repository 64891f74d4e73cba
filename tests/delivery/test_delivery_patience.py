"""Claims about when a destination that only fails is asked less, and given up."""

from __future__ import annotations

import pytest

from alerts.delivery.patience import Try, judge

DAY = 86_400.0


def failures(*days: float, outcome: str = "retry", kind: str = "http") -> list[Try]:
    return [Try(day * DAY, outcome, kind) for day in days]


def full(*days: float) -> list[Try]:
    return [Try(day * DAY, "refused", "mailbox_full", is_last=True) for day in days]


def test_a_webhook_without_failures_is_asked_as_usual():
    assert judge("webhook", []).kind == "ask"


def test_a_webhook_that_fails_for_less_than_five_days_is_asked_as_usual():
    assert judge("webhook", failures(0, 1, 2, 3, 4.9)).kind == "ask"


def test_after_five_days_of_only_failures_it_is_asked_once_a_day():
    verdict = judge("slack", failures(0, 1, 2, 5))
    assert (verdict.kind, verdict.since, verdict.next_at) == ("probe", 0.0, 6 * DAY)


def test_after_seven_such_tries_it_is_given_up():
    first = (0, 1, 2, 5)
    assert judge("webhook", failures(*first, 6, 7, 8, 9, 10, 11)).kind == "probe"
    assert judge("webhook", failures(*first, 6, 7, 8, 9, 10, 11, 12)).kind == "give_up"


def test_a_rare_digest_is_not_given_up_without_having_been_asked_often():
    assert judge("webhook", failures(0, 30)).kind == "probe"


def test_many_tries_in_one_day_are_no_seven_days():
    assert judge("webhook", failures(0, *(5 + n / 100 for n in range(50)))).kind == "probe"


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        ("retry", "rate_limited"),
        ("ambiguous", "interrupted"),
        ("refused", "bad_payload"),
        ("refused", "too_big"),
        ("our_fault", "blocked"),
        ("our_fault", "unset"),
        ("suppressed", ""),
    ],
)
def test_what_is_not_the_webhooks_fault_says_nothing_about_it(outcome: str, kind: str):
    tries = failures(*range(30), outcome=outcome, kind=kind)
    assert judge("webhook", tries).kind == "ask"


def test_a_full_mailbox_is_given_up_after_three_bounces_in_fourteen_days():
    assert judge("email", full(0, 14)).kind == "ask"
    assert judge("email", full(0, 1, 13.9)).kind == "ask"
    assert judge("email", full(0, 7, 14)).kind == "give_up"


def test_tries_that_had_another_after_them_are_no_bounces():
    tries = [Try(day * DAY, "retry", "mailbox_full") for day in range(30)]
    assert judge("email", tries).kind == "ask"


def test_other_refusals_of_mails_do_not_count_as_full():
    tries = [Try(day * DAY, "refused", "refused", is_last=True) for day in range(30)]
    assert judge("email", tries).kind == "ask"
