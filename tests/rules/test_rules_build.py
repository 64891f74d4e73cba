"""The YAML form becomes the same kind of tree as a query; references and sizes are judged."""

from collections.abc import Sequence

import pytest

from alerts.rules.build import alternatives, check_references, rule_tree
from alerts.rules.query import QueryError, parse
from alerts.rules.shapes import walk
from alerts.rules.write import query_text
from alerts.tree import Near, Node, RuleRef, Term, TextField


def many(*texts: str) -> list[Node]:
    return [parse(text) for text in texts]


# --- the keys --------------------------------------------------------------------------------------


def test_a_query_alone_is_its_tree() -> None:
    assert rule_tree(query=parse("a OR b")) == parse("a OR b")


def test_any_is_or_all_is_and() -> None:
    assert rule_tree(any=many("a", "b c", "d|e")) == parse('a OR "b c" OR d OR e')
    assert rule_tree(all=many("a", "b|c")) == parse("a AND (b|c)")
    assert rule_tree(any=many("a")) == parse("a")


def test_query_any_all_and_near_must_all_hold() -> None:
    tree = rule_tree(query=parse("q"), any=many("a", "b"), all=many("c"), near=(many("d", "e"), 3))
    assert tree == parse("q AND (a OR b) AND c AND d NEAR/3 e")


def test_none_drops_the_article() -> None:
    assert rule_tree(any=many("a", "b"), none=many("c", "d e")) == parse("(a|b) NOT (c | d e)")
    assert rule_tree(query=parse("a NOT b"), none=many("c")) == parse("a NOT b NOT c")


def test_except_takes_away_occurrences_of_every_positive_word() -> None:
    tree = rule_tree(any=many("ICE", "a"), except_=many("ICE Arena", "ICE train | Ice Cube"))
    assert tree == parse('(ICE | a) EXCEPT ("ICE Arena" | "ICE train" | "Ice Cube")')


def test_except_in_the_query_and_as_a_key_become_one() -> None:
    assert rule_tree(query=parse("a EXCEPT b"), except_=many("c")) == parse("a EXCEPT (b|c)")


def test_none_is_not_touched_by_except() -> None:
    tree = rule_tree(any=many("a"), none=many("b"), except_=many("a c"))
    assert tree == parse('a EXCEPT "a c" NOT b')


def test_near_puts_each_word_near_each_other_one() -> None:
    assert rule_tree(near=(many("a", "b|c"), 8)) == parse("a NEAR/8 (b|c)")
    assert rule_tree(near=(many("a", "b", "c"), 8)) == parse(
        "a NEAR/8 b AND a NEAR/8 c AND b NEAR/8 c"
    )


def test_in_limits_what_is_looked_for_and_excepted_but_not_none() -> None:
    tree = rule_tree(any=many("a", "b"), except_=many("a c"), none=many("d"), in_=("title",))
    assert tree == parse('title:((a|b) EXCEPT "a c") NOT d')


def test_in_leaves_facts_and_other_rules_alone() -> None:
    tree = rule_tree(query=parse("place:madison AND (rule:ice | a NEAR b) NOT c"), in_=("title",))
    assert tree == parse("place:madison AND (rule:ice | title:(a NEAR b)) NOT title:c")


def test_in_and_a_field_in_the_query_must_both_hold() -> None:
    fields: tuple[TextField, ...] = ("title", "summary")
    assert rule_tree(query=parse("title:a | b"), in_=fields) == parse("title:a | title,summary:b")
    assert rule_tree(query=parse("a NEAR title:b"), in_=fields) == parse(
        "title,summary:a NEAR title:b"
    )
    with pytest.raises(QueryError, match="looks in content, but in: allows only title") as caught:
        rule_tree(query=parse("content:a | b"), in_=("title",))
    assert "Take in: away" in caught.value.hint


def test_leaves_keep_their_identity_so_that_their_place_can_be_found() -> None:
    parts = many("a", "rule:ice", "title:b EXCEPT c")
    tree = rule_tree(any=parts, in_=("title",), none=many("d"))
    ids = {id(node) for node in walk(tree)}
    leaves = [n for part in parts for n in walk(part) if isinstance(n, Term | RuleRef)]
    assert len(leaves) == 4
    assert all(id(leaf) in ids for leaf in leaves)


# --- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [{}, {"none": many("a")}])
def test_a_rule_of_negatives_only_is_refused(keys: dict[str, Sequence[Node]]) -> None:
    with pytest.raises(QueryError, match="only what must not be there") as caught:
        rule_tree(**keys)  # type: ignore[arg-type]
    assert "any:" in caught.value.hint


def test_except_without_words_to_take_away_is_refused() -> None:
    with pytest.raises(QueryError, match="EXCEPT needs words before it"):
        rule_tree(query=parse("place:madison"), except_=many("a"))


def test_except_of_more_than_phrases_is_refused() -> None:
    with pytest.raises(QueryError, match="only words and phrases"):
        rule_tree(query=parse("a"), except_=many("a AND b"))


def test_near_wants_two_words_a_distance_and_things_with_a_place() -> None:
    with pytest.raises(QueryError, match="at least two words"):
        rule_tree(near=(many("a"), 8))
    with pytest.raises(QueryError, match="from 1 to 100"):
        rule_tree(near=(many("a", "b"), 0))
    with pytest.raises(QueryError, match="from 1 to 100"):
        rule_tree(near=(many("a", "b"), 10_000))
    with pytest.raises(QueryError, match="NEAR joins words"):
        rule_tree(near=(many("a", "rule:b"), 8))


# --- alternatives ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a", 1),
        ("a b", 1),
        ("a | b | c", 3),
        ("(a | b) AND (c | d | e)", 6),
        ("(a | b) NEAR (c | d)", 4),
        ("(a | b) NOT (c | d)", 2),
        ("(a | b) AND NOT (c | d)", 2),
        ("(a | b) EXCEPT (c | d)", 2),
        ("title:(a | b) OR place:c", 3),
        ("rule:a AND /b/", 1),
    ],
)
def test_alternatives_are_counted_as_if_multiplied_out(text: str, count: int) -> None:
    assert alternatives(parse(text)) == count


LONG = " | ".join(f"w{n}" for n in range(70))


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        f"({LONG}) NOT x",
        f"({LONG}) AND NOT x",
        f"({LONG}) EXCEPT x",
        f"title:({LONG})",
        f"{LONG} | a AND (b | c)",
        f"a NOT ({LONG})",
        "(a|b) AND (c|d) AND (e|f) AND (g|h) AND (i|j) AND (k|l)",
    ],
)
def test_a_flat_list_may_be_of_any_length(text: str) -> None:
    assert rule_tree(query=parse(text)) == parse(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"a AND ({LONG})", "70"),
        (f"a NEAR ({LONG})", "70"),
        (f"x | a AND ({LONG})", "70"),
        ("(a|b) AND (c|d) AND (e|f) AND (g|h) AND (i|j) AND (k|l) AND (m|n)", "128"),
        (" AND ".join(["(a|b)"] * 1000), "over a million"),
    ],
)
def test_more_than_64_alternatives_are_refused(text: str, count: str) -> None:
    with pytest.raises(QueryError, match=f"{count} alternatives; 64 are the most") as caught:
        rule_tree(query=parse(text))
    assert "rule:" in caught.value.hint


def test_the_mark_of_too_many_alternatives_is_under_the_near() -> None:
    text = f"x OR a NEAR ({LONG})"
    with pytest.raises(QueryError) as caught:
        rule_tree(query=parse(text))
    assert text[caught.value.start : caught.value.end] == "NEAR"


# --- references ------------------------------------------------------------------------------------


def references(**queries: str) -> list[tuple[str, str, str, str]]:
    trees = {name: parse(text) for name, text in queries.items()}
    return [(m.rule, m.ref.name, m.message, m.hint) for m in check_references(trees, trees)]


def test_references_that_hold_say_nothing() -> None:
    assert references(a="rule:b AND rule:c", b="rule:c | x", c="y") == []


def test_an_unknown_rule_is_told_with_the_nearest() -> None:
    assert references(here="a NOT rule:sanctury", sanctuary="b") == [
        ("here", "sanctury", "There is no rule `sanctury`.", "Did you mean `sanctuary`?")
    ]


def test_an_unknown_rule_that_is_near_none_is_told_with_those_there_are() -> None:
    ((_, _, _, hint),) = references(ice="a", here="rule:zzz")
    assert hint == "The rules are here, ice."


def test_where_there_are_no_rules_the_hint_says_to_write_one() -> None:
    (mistake,) = check_references({"ana/query-1": parse("rule:ice")}, [])
    assert mistake.hint == "Write the rule under rules: first."


def test_a_rule_that_names_itself_is_told() -> None:
    ((rule, name, message, _),) = references(a="x OR rule:a")
    assert (rule, name, message) == ("a", "a", "The rule `a` refers to itself.")


def test_a_circle_is_told_once_with_its_path() -> None:
    ((rule, name, message, hint),) = references(
        a="rule:b", b="x NOT rule:c", c="rule:a | y", d="rule:a"
    )
    assert (rule, name) == ("c", "a")
    assert message == "These rules refer to each other in a circle: a -> b -> c -> a."
    assert "Take one" in hint


def test_two_circles_are_two_mistakes() -> None:
    found = references(a="rule:b | rule:c", b="rule:a", c="rule:a")
    assert [(rule, name) for rule, name, _, _ in found] == [("b", "a"), ("c", "a")]


def test_a_diamond_is_no_circle() -> None:
    assert references(a="rule:b | rule:c", b="rule:d", c="rule:d", d="x") == []


def test_a_chain_of_rules_may_be_longer_than_the_stack() -> None:
    chain = {f"r{n}": parse(f"rule:r{n + 1}") for n in range(5000)} | {"r5000": parse("x")}
    assert check_references(chain, chain) == []


def test_a_tree_that_is_no_rule_may_refer_to_rules() -> None:
    trees = {"ice": parse("a"), "ice (urgent)": parse("rule:ice AND rule:ice-raid")}
    (mistake,) = check_references(trees, ["ice"])
    assert (mistake.rule, mistake.ref.name) == ("ice (urgent)", "ice-raid")


# --- the example of the file format ------------------------------------------------------------------


def test_a_rule_with_every_key_reads_as_a_query() -> None:
    tree = rule_tree(
        any=many("ICE", "Immigration and Customs Enforcement", '="Ice agents"'),
        except_=many("ICE Arena", "ICE trains"),
    )
    assert query_text(tree) == (
        '(ICE | "Immigration and Customs Enforcement" | ="Ice agents")'
        ' EXCEPT ("ICE Arena" | "ICE trains")'
    )


def test_near_within_is_kept() -> None:
    assert any(isinstance(n, Near) and n.within == 6 for n in walk(parse("a NEAR/6 b")))
