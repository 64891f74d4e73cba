"""Claims about which matches are urgent."""

from __future__ import annotations

import pytest

from alerts.model import Article, Match, Rule, Span, Urgent
from alerts.rules.query import parse
from alerts.rules.urgency import Urgencies

HOUR_S = 3600.0
NOW = 1_000_000.0


def rule(name: str, query: str, urgent: str = "", newer_than_s: float | None = None) -> Rule:
    part = Urgent(parse(urgent), newer_than_s) if urgent else None
    return Rule(name, query, parse(query), urgent=part)


ICE = rule("ice", "ICE", "ICE NEAR/8 (raid | detain*) AND rule:here", 6 * HOUR_S)
HERE = rule("here", "rule:city OR place:madison")
CITY = rule("city", "Madison")
URGENCIES = Urgencies([ICE, HERE, CITY])


def marked(article: Article, *matches: Match, seen_at: float = NOW) -> tuple[Match, ...]:
    return URGENCIES.mark(article, article, matches or (Match("ice"),), seen_at, NOW)


def article(title: str = "ICE raid in Madison", age_s: float | None = 0.0) -> Article:
    return Article(title=title, published_at=None if age_s is None else NOW - age_s)


def test_a_match_is_urgent_if_the_rules_urgent_query_holds_too():
    (match,) = marked(article(), Match("ice", (Span("title", 0, 3),)))
    assert match.is_urgent
    assert [(s.start, s.end) for s in match.spans] == [(0, 3), (4, 8), (12, 19)]
    assert marked(article("ICE moves to Madison")) == (Match("ice"),)


@pytest.mark.parametrize(
    ("age_s", "seen_s", "is_urgent"),
    [
        (5 * HOUR_S, 0.0, True),
        (6 * HOUR_S, 0.0, True),
        (7 * HOUR_S, 0.0, False),  # an anniversary story, seen just now
        (None, 5 * HOUR_S, True),
        (None, 7 * HOUR_S, False),
        (-HOUR_S, 0.0, True),  # a publisher's clock that is ahead
    ],
)
def test_an_article_is_as_old_as_its_date_and_without_one_as_the_time_it_was_first_seen(
    age_s: float | None, seen_s: float, is_urgent: bool
):
    (match,) = marked(article(age_s=age_s), seen_at=NOW - seen_s)
    assert match.is_urgent is is_urgent


def test_only_rules_that_matched_are_asked_and_a_rule_without_urgent_never_is_urgent():
    assert marked(article(), Match("city")) == (Match("city"),)


def test_an_urgent_query_may_refer_to_its_own_rule():
    jail = rule("ice", "ICE", "rule:ice AND jail")
    (match,) = Urgencies([jail]).mark(
        article("ICE jail"), article("ICE jail"), (Match("ice"),), NOW, NOW
    )
    assert match.is_urgent


def test_words_are_marked_where_readers_see_them():
    shown = Article(title="Raid: ICE in Madison")
    (match,) = URGENCIES.mark(article(), shown, (Match("ice"),), NOW, NOW)
    assert [(s.start, s.end) for s in match.spans] == [(0, 4), (6, 9), (13, 20)]
    (match,) = URGENCIES.mark(article(), Article(title="News"), (Match("ice"),), NOW, NOW)
    assert match == Match("ice", is_urgent=True)
