"""What stored articles show about rules."""

from __future__ import annotations

import pytest

from alerts.model import Article, Rule
from alerts.rules import build, query
from alerts.rules.hindsight import Hindsight


def rule(text: str, name: str = "r", **parts) -> Rule:
    tree = query.parse(text)
    none = tuple(query.parse(item) for item in parts.get("none", ()))
    return Rule(name, text, build.rule_tree(query=tree, none=none) if none else tree)


def told(rules: list[Rule], titles: dict[str, int], days: float = 30) -> list[str]:
    hindsight = Hindsight(rules, days)
    for title, count in titles.items():
        for _ in range(count):
            hindsight.judge((Article(title=title),))
    return [warning.message for warning in hindsight.warnings()]


QUIET = {"Council votes on a budget": 600}
FEW = {"Council votes on a budget": 90}

CASES = [
    # a rule that floods names its widest term
    (
        rule("ICE | council | raid"),
        QUIET,
        "`council` makes this rule find 600 of the 600 articles of the last 30 days,"
        " about 20 a day.",
    ),
    # a rule that finds nothing names the word that was never there
    (
        rule("council AND checkpoin"),
        QUIET,
        "This rule found nothing in the 600 articles of the last 30 days: `checkpoin` stood in"
        " none of them.",
    ),
    (
        rule("raid | jail"),
        QUIET,
        "This rule found nothing in the 600 articles of the last 30 days.",
    ),
    # none takes most of what is wanted
    (
        rule("ICE", none=["hockey", "Trump"]),
        {**QUIET, "Trump praises ICE": 61, "ICE agents in town": 33, "ICE hockey": 1},
        "`Trump` drops the whole article: in the last 30 days 61 of the 95 stories that this rule"
        " would have found.",
    ),
    (
        rule("ICE NOT Trump"),
        {**QUIET, "Trump praises ICE": 6},
        "`Trump` drops the whole article: in the last 30 days 6 of the 6 stories that this rule"
        " would have found.",
    ),
    # exceptions that never come up
    (
        rule("ICE EXCEPT (ICE Arenna | ICE trainns)"),
        {**QUIET, "ICE agents in town": 33},
        "No exception of this rule stood in any of the 633 articles of the last 30 days; it found"
        " 33.",
    ),
    # small letters
    (
        rule("ice"),
        {**QUIET, "Ice storm tonight": 21, "ICE agents in town": 3},
        "`ice` in small letters is also frozen water: 24 matches in the last 30 days against 3 for"
        " ICE.",
    ),
]


@pytest.mark.parametrize(("odd", "titles", "message"), CASES)
def test_articles_show_what_a_rule_alone_does_not(odd, titles, message):
    assert message in told([odd], titles)


FINE = [
    (rule("ICE"), {**QUIET, "ICE agents in town": 3}),
    (rule("ICE NOT Trump"), {**QUIET, "Trump praises ICE": 6, "ICE agents in town": 30}),
    (rule("ICE EXCEPT ICE Arena"), {**QUIET, "ICE in town": 33, "At the ICE Arena": 1}),
    (rule("ICE EXCEPT ICE Arenna"), {**QUIET, "ICE in town": 3}),
    (rule("ice"), {**QUIET, "ICE agents in town": 3}),
    (rule("council"), FEW),
]


@pytest.mark.parametrize(("good", "titles"), FINE)
def test_rules_that_do_as_they_should_are_not_warned_of(good, titles):
    assert told([good], titles) == []


def test_a_short_past_says_nothing_of_silence():
    assert told([rule("raid")], QUIET, days=3) == []


def test_a_rule_may_name_another_and_looks_where_it_should():
    local = Rule("local", "ICE", query.parse("ICE"), places=("madison",))
    again = rule("rule:ice", "again")
    titles = {**QUIET, "ICE agents in town": 3}
    assert told([rule("ICE", "ice"), again], titles) == []
    assert told([local], titles) == [
        "This rule found nothing in the 603 articles of the last 30 days."
    ]


def test_an_article_that_two_feeds_carry_counts_once():
    hindsight = Hindsight([rule("council")], 1)
    for _ in range(100):
        hindsight.judge((Article(title="Council meets"), Article(title="The council meets")))
    (warning,) = hindsight.warnings()
    assert "100 of the 100 articles of the last day" in warning.message
