"""Arrays of clauses: what does not fit beside them, what comes and goes, what many rules find."""

from __future__ import annotations

import pytest

from alerts.model import Article, Rule
from alerts.rules import packed, query
from alerts.rules.matcher import Matcher
from alerts.rules.packed import Packed
from alerts.rules.table import Table


def rules(texts: dict[str, str]) -> list[Rule]:
    return [Rule(name, text, query.parse(text)) for name, text in texts.items()]


ONES = {
    "word": "raid",
    "phrase": '"city council"',
    "title": "title:raid",
    "four": "raid AND city AND council AND ICE",
    "six": "a1 AND b1 AND c1 AND d1 AND e1 AND f1",
    "many exceptions": "raid EXCEPT (raid one | raid two | raid three | raid four)",
    "dropped": "raid NOT (one | two | three | four)",
    "wordless": "raid OR lang:es",
}
TEXTS = [
    "a raid", "the city council", "City Council raid by ICE", "CITY COUNCIL RAID BY ICE", "raid one",
    "raid one and another raid", "f1 e1 d1 c1 b1 a1", "f1 e1 d1 c1 b1", "council of the city", "",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_rules_that_do_not_fit_the_arrays_are_answered_beside_them(text):
    matcher, plain = Matcher(rules(ONES), packed_from=1), Matcher(rules(ONES))
    for article in (Article(title=text), Article(content=text), Article(title=text, lang="es")):
        assert matcher.match(article) == plain.match(article)
        assert matcher.spans(article) == plain.spans(article)


def test_a_leaf_that_is_new_since_the_arrays_were_made_is_found_beside_them():
    matcher = Matcher(rules({"a": "raid"}), packed_from=1)
    matcher.add(rules({"b": "jail AND raid"})[0])
    assert matcher.match(Article(title="raid jail")) == ("a", "b")
    matcher.settle()
    assert matcher.match(Article(title="raid jail")) == ("a", "b")


def test_a_rule_that_goes_from_the_arrays_is_found_no_more_before_and_after_they_are_made_anew():
    matcher = Matcher(
        rules({"a": "raid", "b": "raid NEAR jail", "c": "raid AND jail"}), packed_from=1
    )
    for name, left in (("c", ("a", "b")), ("b", ("a",)), ("a", ())):
        matcher.remove(name)
        assert matcher.match(Article(title="raid jail")) == left
        matcher.settle()
        assert matcher.match(Article(title="raid jail")) == left


def test_what_comes_and_goes_while_the_arrays_are_made_anew_is_right_after_it():
    commonness = dict.fromkeys(range(2, 10), 1)
    table, right = Packed(commonness), Table(commonness)
    table.settle()
    for slot in range(3 * packed.MERGE_AT):  # merged on the way, while more come and go
        for one in (table, right):
            one.add(slot, [((2 + slot % 5,), (7,), True), ((2 + slot % 3, 8), (), False)])
            if slot % 3 == 0:
                one.remove(slot // 2)
    for _ in range(2):
        for leaf in range(2, 7):
            for others in ({8}, {7}, set()):
                present = {leaf, *others}
                assert table.holding(present, is_even) == right.holding(present, is_even)
        table.settle()


def is_even(slot: int) -> bool:
    return slot % 2 == 0


def test_from_thirty_thousand_rules_on_the_arrays_are_used():
    many = Matcher([Rule(f"r{n}", "", query.parse(f"w{n % 900}")) for n in range(packed.FROM)])
    assert isinstance(many._table, Packed)
    assert len(many.match(Article(title="w7 w8"))) == sum(
        n % 900 in (7, 8) for n in range(packed.FROM)
    )
    assert isinstance(Matcher(rules(ONES))._table, Table)
