"""Warnings that need no history: each fires where it must, and none on good rules."""

import pytest
from hypothesis import given, settings
from query_texts import QUERIES

from alerts.model import Rule
from alerts.rules.build import rule_tree
from alerts.rules.lint import LintWarning, query_warnings, warnings
from alerts.rules.query import parse
from alerts.rules.write import query_text


def rule(query: str, name: str = "r") -> Rule:
    return Rule(name, query, parse(query))


def told(query: str) -> list[LintWarning]:
    return warnings([rule(query)])


# --- warnings that must come -------------------------------------------------------------------------

WARNED = [
    ("ice", "ice", "frozen water", "ICE in capitals"),
    ("raid OR ice", "ice", "frozen water", "i:ICE"),
    ("Ice AND Madison", "Ice", "frozen water", "ICE in capitals"),
    ("title:(ice | raid)", "ice", "frozen water", "ICE in capitals"),
    ("ice EXCEPT ice rink", "ice", "frozen water", "ICE in capitals"),
    ("the", "the", "nearly every article", "one line"),
    ("raid | de", "de", "nearly every article", "one line"),
    ("title:the", "the", "nearly every article", "one line"),
    ("/a*/", "/a*/", "found in every article", "+ instead of *"),
    ("raid(s)", "raid(s)", "with its parentheses", "Write raid"),
    ("city(es) | x", "city(es)", "with its parentheses", "Write city"),
    ("raid | jail | raid", "raid", "stands here twice", "one away"),
    ("ice and raid OR jail", "and", "`and` in small letters", "AND in capitals"),
    ("raid or jail", "or", "`or` in small letters", '"raid or jail"'),
    ("raid not jail", "not", "`not` in small letters", "NOT in capitals"),
    ("Madison and raid", "and", "`and` in small letters", '"Madison and raid"'),
    ("raid NOT raid", "raid", "can never hold", "EXCEPT"),
    ("raid AND jail NOT raid", "raid", "can never hold", "EXCEPT"),
    ("raid AND NOT (x | raid)", "raid", "can never hold", "EXCEPT"),
    ("(a1 AND b1) NOT (c1 | b1)", "b1", "can never hold", "EXCEPT"),
    ("ICE raid NOT raid", "raid", "can never hold", "EXCEPT"),
    ("title:raid NOT raid", "raid", "can never hold", "EXCEPT"),
    ("title:raid NOT title:raid", None, "can never hold", "EXCEPT"),
    ("raid NEAR jail NOT jail", "jail", "can never hold", "EXCEPT"),
    ("raid AND place:x NOT place:x", "place:x", "can never hold", "EXCEPT"),
    ("x OR (raid NOT raid)", "raid", "can never hold", "EXCEPT"),
    ("place:madison AND place:monona", "place:monona", "no article has the place", "place:("),
    ("lang:es AND lang:en AND raid", "lang:en", "no article has the lang", "lang:("),
    ("ICE EXCEPT hockey", "hockey", "takes nothing away", "NOT (none:)"),
    ("sanctuary city EXCEPT animal sanctuary", "animal sanctuary", "takes nothing away", "phrase"),
    ("ICE EXCEPT (ICE train | hockey)", "hockey", "takes nothing away", "phrase"),
    ("ICE EXCEPT title:hockey", None, "takes nothing away", "phrase"),
    ("ICE EXCEPT ICE", "ICE", "excepted itself", '"ICE train"'),
    ("(ICE | raid) EXCEPT raid", "raid", "excepted itself", '"ICE train"'),
]


@pytest.mark.parametrize(("query", "under", "message", "hint"), WARNED)
def test_what_is_surely_not_meant_is_told_at_its_place(
    query: str, under: str | None, message: str, hint: str
) -> None:
    found = [w for w in told(query) if message in w.message]
    assert len(found) >= 1
    (warning,) = found[-1:]
    assert hint in warning.hint
    if under is not None:
        assert query[warning.start : warning.end] == under


# --- and those that must not -------------------------------------------------------------------------

CALM = [
    "ICE",
    "i:ICE",
    "ice cream",
    "ice NEAR/8 agents",
    "raid NOT ice",
    "ICE EXCEPT (ice train | Ice Cube | ICE's ball)",
    '"the"  NEAR house',
    "the house",
    "raid NOT the",
    "/ab*/",
    "287(g)",
    "Health and Human Services OR raid",
    "Immigration and Customs Enforcement",
    '"law and order" OR raid',
    "raid AND NOT jail",
    "raid NOT ICE raid",
    "ICE raid NOT raid jail",
    "raid NOT title:raid",
    "link:raid NOT raid",
    "(raid | jail) NOT raid",
    "raid OR (jail NOT raid)",
    "raid NOT RAID",
    "feed:local AND feed:wisconsin",
    "place:madison OR place:monona",
    "place:madison AND place:Madison",
    "sanctuary EXCEPT animal sanctuaries",
    "policy EXCEPT cookie policies",
    "deport* EXCEPT deportivo alavés",
    "~deport EXCEPT deported to Mars",
    "(rule:ice | raid) EXCEPT hockey",
    "(ICE | sanctuary) EXCEPT animal sanctuary",
    "anti-ICE EXCEPT anti ice cream",
    "e-mail EXCEPT email address",
    "AT&T EXCEPT AT T stadium",
    "deportación EXCEPT deportacion voluntaria",
    "移民局 EXCEPT 移民局長",
    "ICE NEAR/8 (raid | checkpoint) AND rule:here",
    "Madison AND (Wisconsin | =Wis | Dane County | UW)",
]


@pytest.mark.parametrize("query", CALM)
def test_a_good_rule_is_not_warned_of(query: str) -> None:
    assert told(query) == []


def test_the_rules_of_the_documented_file_are_not_warned_of() -> None:
    ice = rule_tree(
        any=[
            parse("ICE"),
            parse("Immigration and Customs Enforcement"),
            parse('="Ice agents"'),
        ],
        except_=[parse("ICE Arena"), parse("ICE trains")],
    )
    rules = [
        Rule("ice", query_text(ice), ice),
        rule('"sanctuary city" OR sanctuary NEAR/6 (policy | county | status)', "sanctuary"),
        rule("Madison AND (Wisconsin | =Wis | Dane County | UW)", "madison"),
        rule("rule:madison OR place:madison", "here"),
        rule("rule:ice AND jail", "ice-watch/jail"),
    ]
    assert warnings(rules) == []


# --- whole rules ---------------------------------------------------------------------------------------


def test_two_named_rules_that_ask_the_same_are_told_in_any_order_of_their_parts() -> None:
    (warning,) = warnings([rule("(a1|b1) NEAR c1", "one"), rule("c1 NEAR (b1|a1)", "two")])
    assert warning.rule == "two"
    assert warning.message == "The rules `one` and `two` ask the same."
    assert "follow `one`" in warning.hint


def test_rules_that_differ_in_a_filter_are_no_duplicates() -> None:
    one, two = rule("raid", "one"), Rule("two", "raid", parse("raid"), feeds=("local",))
    assert warnings([one, two]) == []


def test_the_same_query_written_at_two_subscribers_is_no_duplicate() -> None:
    assert warnings([rule("raid", "ana/raid"), rule("raid", "luz/raid"), rule("raid")]) == []


def test_warnings_come_in_the_order_of_the_rules_with_their_names() -> None:
    rules = [rule("ice", "b"), rule("raid", "c"), rule("the", "a"), rule("raid", "d")]
    assert [w.rule for w in warnings(rules)] == ["b", "a", "d"]


# --- list items ------------------------------------------------------------------------------------------


def test_a_list_item_without_operators_is_a_phrase_and_meant_so() -> None:
    assert list(query_warnings("law and order", is_item=True)) == []
    assert len(list(query_warnings("law and order", is_item=False))) == 1
    assert len(list(query_warnings("law and order OR raid", is_item=True))) == 1


def test_a_warning_of_a_tree_holds_its_node_so_that_its_place_can_be_found() -> None:
    tree = parse("raid | ice")
    (warning,) = warnings([Rule("r", "raid | ice", tree)])
    assert warning.node is tree.parts[1]  # type: ignore[union-attr]


@settings(max_examples=200, deadline=None)
@given(QUERIES)
def test_any_rule_can_be_judged(text: str) -> None:
    for warning in told(text):
        assert warning.message.endswith((".", "all."))
        assert warning.hint
        assert 0 <= warning.start < warning.end
