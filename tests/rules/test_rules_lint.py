"""Warnings that need no history: each fires where it must, and none on good rules."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_texts import QUERIES
from strategies import articles, trees

from alerts.model import Article, Rule
from alerts.rules import naive
from alerts.rules.build import rule_tree
from alerts.rules.implied import implies
from alerts.rules.lint import LintWarning, contained, query_warnings, warnings
from alerts.rules.query import parse
from alerts.rules.shapes import walk
from alerts.rules.write import query_text
from alerts.text import is_caps, plain


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
    ("ICE NEAR 8 raid", "NEAR 8", "the number 8 as a word", "NEAR/8"),
    ("+ICE AND raid", "+ICE", "`+` has no meaning", "AND"),
    ("ICE AND raid?", "raid?", "`?` has no meaning", "raid*"),
    ("ice and raid OR jail", "and", "`and` in small letters", "AND in capitals"),
    ("raid or jail", "or", "`or` in small letters", '"raid or jail"'),
    ("raid not jail", "not", "`not` in small letters", "NOT in capitals"),
    ("Madison and raid", "and", "`and` in small letters", '"Madison and raid"'),
    ("Raid or Jail", "or", "`or` in small letters", "OR in capitals"),
    ("raid AND Jail or Visa", "or", "`or` in small letters", "OR in capitals"),
    ("raid, jail", ",", "`,` between words is no operator", "Write raid OR jail for either"),
    ("raid ,jail", ",", "`,` between words is no operator", "Write raid OR jail for either"),
    ("raid , jail", ",", "`,` between words is no operator", "Write raid OR jail for either"),
    ("raid,jail", ",", "`,` between words is no operator", "Write raid OR jail for either"),
    ("Madison, Monona", ",", "is looked for as one phrase", 'in quotes: "Madison, Monona"'),
    ("x OR raid, jail, visa", ",", "`raid, jail, visa` is looked for", "raid OR jail"),
    ("raid; jail", ";", "`;` between words is no operator", "Write raid OR jail for either"),
    ("raid & jail", "&", "`&` between words is no operator", "Write raid AND jail;"),
    ("raid + jail", "+", "`+` between words is no operator", "Write raid AND jail;"),
    ("raid+jail", "+", "`+` between words is no operator", "Write raid AND jail;"),
    ("US", "US", "alone stands in very many articles", "US NEAR/8"),
    ("AI OR UN", "AI", "alone stands in very many articles", "AI NEAR/8"),
    ("title:(AI | UN)", "AI", "alone stands in very many articles", "AI NEAR/8"),
    ("/raids?/", "/raids?/", "a keyword is better", "deport*"),
    (r"ICE OR /\braid\w*/", r"/\braid\w*/", "a keyword is better", "deport*"),
    ("/deport(ed|ation)/c", "/deport(ed|ation)/c", "a keyword is better", "deport*"),
    ("(raid OR jail) NOT (raid OR jail)", "raid", "drops every article", "EXCEPT"),
    ("(raid OR jail) NOT (visa OR jail OR raids)", "visa", "drops every article", "EXCEPT"),
    ("raid NOT raids", "raids", "drops every article", "EXCEPT"),
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
    ("lang:es AND lang:en AND raid", "lang:en", "language is not known: no article", "lang:("),
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
    "Johnson & Johnson",
    "AT&T OR Q&A OR C++ OR C#",
    "3,000 agents OR $1,500.50",
    '"Madison, Wis." OR "raid; jail" OR "you, me & I"',
    "title,summary:raid",
    "US NEAR/8 border",
    "US OR sanctuary city",
    "US AND place:madison",
    "US NOT soccer",
    "raid, ",
    "lang:es NOT lang:es",
    "raid NOT (raid NOT lang:es)",
    r"/\$\d+ (million|billion)/",
    "raid OR raid jail",
    "(raid OR jail) NOT (raid AND jail)",
    "title:raid OR raid",
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


def test_one_word_in_singular_and_plural_asks_the_same() -> None:
    (warning,) = warnings([rule("raid", "one"), rule("raid OR raids", "two")])
    assert warning.message == "The rules `one` and `two` ask the same."
    assert warnings([rule("ice NEAR x", "one"), rule("i:ICE NEAR x", "two")]) == []


def test_the_same_query_twice_at_one_subscriber_is_a_duplicate() -> None:
    (warning,) = warnings([rule("raid", "ana/raid"), rule("raid | raids", "ana/raids")])
    assert (warning.rule, warning.hint) == ("ana/raids", "Take one away.")


def test_a_rule_for_the_news_of_one_place_may_be_two_letters() -> None:
    assert warnings([Rule("r", "UW", parse("UW"), feeds=("local",))]) == []
    assert warnings([Rule("r", "UW", parse("UW"), places=("madison",))]) == []


CONTAINED = [
    ("raid AND jail", "raid"),
    ("raid NEAR/4 jail", "jail"),
    ("raid NOT visa", "raids"),
    ("ICE EXCEPT ICE train", "ICE"),
    ("ICE agents", "agent"),
    ("ICE agents", "ICE agent | x"),
    ("raid", "raid | jail"),
    ("title:raid", "raid"),
    ("title:raid", "title,summary:(raid | jail)"),
    ("(a1 AND b1) | (a1 AND c1)", "a1"),
    ("rule:broad AND jail", "raid"),
    ("ICE AND jail", "i:ICE"),
]


@pytest.mark.parametrize(("narrow", "broad"), CONTAINED)
def test_a_rule_that_finds_nothing_of_its_own_is_told(narrow: str, broad: str) -> None:
    (warning,) = contained([rule(narrow, "narrow"), rule(broad, "broad")])
    assert warning.rule == "narrow"
    assert warning.message == "Everything that `narrow` finds, `broad` finds as well."
    assert [w.rule for w in contained([rule(broad, "broad"), rule(narrow, "narrow")])] == ["narrow"]


APART = [
    ("raid", "jail"),
    ("raid", "raid AND jail"),
    ("raid", "raid NOT jail"),
    ("raid", "title:raid"),
    ("link:raid", "raid"),
    ("title:(raid NOT jail)", "raid NOT jail"),
    ("raid jail", "jail raid"),
    ("raids jail", "raid jail"),
    ("deport*", "deport"),
    ("cities", "citi*"),
    ("ICE", "ice"),
    ("ice", "i:ICE"),
    ("raid NEAR/4 jail", "raid NEAR/3 jail"),
    ("raid OR visa", "raid OR jail"),
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_rules_that_may_differ_are_not_told(one: str, other: str) -> None:
    narrow, broad = rule(one, "one"), rule(other, "other")
    assert "one" not in [w.rule for w in contained([narrow, broad])]


def test_a_contained_rule_with_a_title_or_in_other_places_is_meant_so() -> None:
    broad = rule("raid", "broad")
    for narrow in (
        replace(rule("raid AND jail"), titles={"en": "Jail"}),
        replace(rule("raid AND jail"), weight=2.0),
    ):
        assert list(contained([narrow, broad])) == []
    local = replace(broad, places=("madison",))
    assert list(contained([rule("raid AND jail"), local])) == []
    assert len(list(contained([replace(rule("raid AND jail"), places=("madison",)), local]))) == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(trees(), min_size=4, max_size=8), st.lists(articles(), min_size=3, max_size=5))
def test_what_is_told_as_contained_is_found_by_the_other(nodes, news) -> None:
    for narrow, broad in permutations(nodes, 2):
        if implies(narrow, broad):
            pair = [Rule("narrow", "", narrow), Rule("broad", "", broad)]
            for article in filter(_is_calm, news):
                assert not naive.holds(pair[0], article, pair) or naive.holds(
                    pair[1], article, pair
                )


def _is_calm(article: Article) -> bool:
    return not any(
        is_caps(plain(raw).text) for raw in (article.title, article.summary, article.content)
    )


# --- list items ------------------------------------------------------------------------------------------


def test_a_list_item_without_operators_is_a_phrase_and_meant_so() -> None:
    assert list(query_warnings("law and order", is_item=True)) == []
    assert len(list(query_warnings("law and order", is_item=False))) == 1
    assert len(list(query_warnings("law and order OR raid", is_item=True))) == 1
    assert list(query_warnings("Madison, Wis.", is_item=True)) == []
    assert len(list(query_warnings("Madison, Wis.", is_item=False))) == 1
    assert len(list(query_warnings("raid, jail", is_item=True))) == 1


@pytest.mark.parametrize(
    ("items", "told_at"),
    [
        (["raid, jail"], 0),
        (["visa", "raid AND Jail or Visa"], 1),
        (["visa", "Madison, Wis.", "law and order"], None),
        (["visa", "raid  &  jail"], 1),
    ],
)
def test_the_items_of_a_list_are_judged_as_they_were_written(
    items: list[str], told_at: int | None
) -> None:
    parts = [parse(item) for item in items]
    tree = rule_tree(any=parts)
    found = warnings([Rule("r", query_text(tree), tree)])
    if told_at is None:
        assert found == []
    else:
        (warning,) = found
        assert warning.node in list(walk(parts[told_at]))


def test_a_none_that_drops_all_that_is_asked_for_is_told_at_its_item() -> None:
    none = [parse("raid"), parse("jail")]
    tree = rule_tree(query=parse("raid OR jail"), none=none)
    (warning,) = warnings([Rule("r", query_text(tree), tree)])
    assert "can never hold" in warning.message
    assert warning.node is none[0]


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
