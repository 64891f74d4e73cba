"""The way back to text: what is written is read as the same tree."""

import pytest
from hypothesis import example, given, settings
from query_texts import QUERIES

from alerts.rules.build import rule_tree
from alerts.rules.query import parse
from alerts.rules.write import query_text


@settings(max_examples=600, deadline=None)
@given(QUERIES)
@example('(a NOT b) NOT c AND NOT (d | "e f")')
@example("(a | b) NEAR c NEAR d NOT e")
def test_what_is_written_is_read_as_the_same_tree(text: str) -> None:
    tree = parse(text)
    written = query_text(tree)
    assert parse(written) == tree
    assert query_text(parse(written)) == written


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("ice", "ice"),
        ("I.C.E.", "ICE"),
        ("i:ICE", "i:ICE"),
        ("i:raid", "raid"),
        ('"AND"', '"AND"'),
        ("sanctuary city", '"sanctuary city"'),
        ("“Ice agents”", '"Ice agents"'),
        ("=Ice =agents", '="Ice agents"'),
        ("=Ice agents", '"=Ice agents"'),
        ("i:ICE raid", '"i:ICE raid"'),
        ("a|b", "a OR b"),
        ("a NEAR/10 (b OR c)", "a NEAR (b | c)"),
        ("((a) AND (b))", "a AND b"),
        ("a AND (b OR c)", "a AND (b | c)"),
        ("a NOT b NOT c", "a NOT (b | c)"),
        ("(a | b) EXCEPT c EXCEPT d", "(a | b) EXCEPT (c | d)"),
        ("(a NEAR b) NOT c", "a NEAR b NOT c"),
        ("(a AND b) NOT c", "(a AND b) NOT c"),
        ("title: Dane County", 'title:"Dane County"'),
        ("place: (a | New-York)", "place:a OR place:New-York"),
        ("/a/c", "/a/c"),
    ],
)
def test_the_canonical_text_is_short_and_plain(text: str, canonical: str) -> None:
    assert query_text(parse(text)) == canonical


def test_every_query_in_the_yaml_form_has_a_text_that_reads_the_same() -> None:
    tree = rule_tree(
        query=parse("rule:here OR ICE"),
        any=[parse("Immigration and Customs Enforcement"), parse('="Ice agents"')],
        all=[parse("Madison"), parse("a | b")],
        none=[parse("hockey"), parse("title:sports")],
        except_=[parse("ICE Arena"), parse("ICE trains | Ice Cube")],
        near=([parse("ICE"), parse("raid | checkpoint")], 8),
        in_=("title", "summary"),
    )
    assert parse(query_text(tree)) == tree
