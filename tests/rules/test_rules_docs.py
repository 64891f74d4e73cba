"""Every example of docs/rules.md is true."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.model import Article, Rule
from alerts.rules import because, lint, naive
from alerts.rules.build import rule_tree
from alerts.rules.matcher import Matcher
from alerts.rules.query import QueryError, parse
from alerts.rules.verdicts import verdict
from alerts.rules.write import query_text
from alerts.tree import Node

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
RULES = [block for kind, block in BLOCKS if kind == "rule"]
YAML = [block for kind, block in BLOCKS if kind == "yaml"]
EXPLAINED = [block for kind, block in BLOCKS if kind == "explain"]
SAYING = [(kind, block) for kind, block in BLOCKS if kind in ("mistake", "warning")]


def examples(block: str) -> tuple[str, list[tuple[bool, str]]]:
    query, *lines = block.strip().splitlines()
    found = [line.partition(": ") for line in lines]
    assert all(word in ("matches", "skips") for word, _, _ in found)
    return query, [(word == "matches", headline) for word, _, headline in found]


def check(tree: Node, headline: str, *, is_match: bool) -> None:
    rule, article = Rule("r", query_text(tree), tree), Article(title=headline)
    assert naive.holds(rule, article, [rule]) is is_match
    assert bool(Matcher([rule]).match(article)) is is_match
    assert not lint.warnings([rule])


@pytest.mark.parametrize("block", RULES, ids=[block.splitlines()[0] for block in RULES])
def test_a_documented_query_does_what_the_page_says(block: str) -> None:
    query, headlines = examples(block)
    assert headlines
    for is_match, headline in headlines:
        check(parse(query), headline, is_match=is_match)


def queries(mapping: dict[str, Any], key: str) -> list[Node]:
    return [parse(item) for item in mapping.get(key, ())]


@pytest.mark.parametrize("block", YAML)
def test_a_documented_yaml_rule_does_what_the_page_says(block: str) -> None:
    found = yaml.safe_load(block)
    if "rules" in found:
        (found,) = found["rules"].values()
    near = found.get("near")
    tree = rule_tree(
        any=queries(found, "any"),
        none=queries(found, "none"),
        except_=queries(found, "except"),
        near=(queries(near, "words"), near["within"]) if near else None,
    )
    for headline in found["examples"]["match"]:
        check(tree, headline, is_match=True)
    for headline in found["examples"]["skip"]:
        check(tree, headline, is_match=False)


@pytest.mark.parametrize(("kind", "block"), SAYING)
def test_a_documented_mistake_is_told_as_the_page_says(kind: str, block: str) -> None:
    query, said = block.strip().splitlines()
    if kind == "mistake":
        with pytest.raises(QueryError) as caught:
            parse(query)
        messages = [caught.value.message]
    else:
        messages = [w.message for w in lint.warnings([Rule("r", query, parse(query))])]
    assert messages == [said.removeprefix("says: ")]


@pytest.mark.parametrize("block", EXPLAINED)
def test_a_documented_explanation_is_the_one_that_is_given(block: str) -> None:
    query, text, said = block.strip().splitlines()
    rule, article = Rule("r", query, parse(query)), Article(title=text.removeprefix("text: "))
    assert because.reason(verdict(rule, article, [rule]), article) == said.removeprefix("says: ")


def test_every_query_in_the_tables_of_the_page_can_be_read() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
    shades = [row.replace("\\|", "|") for row in rows if ": {" not in row and ": [" not in row]
    assert len(shades) >= 15
    for query in shades:
        if query not in ("any", "all", "query", "none", "except"):
            parse(query)
