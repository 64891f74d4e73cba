"""Nothing a person wrote is dropped without a word: documents, tags, anchors, variables."""

from __future__ import annotations

import pytest
from config_files import HEAD, PEOPLE, RULES, feed, load, places, rules, said, subscriber

SILENT = {
    "a second document": (f"{HEAD}{RULES}---\n{PEOPLE}", "8:1", "Everything below it"),
    "a stray end of document": (f"{HEAD}{RULES}...\n{PEOPLE}", "8:1", "ends the file for YAML"),
    "text after the end of the document": (f"{HEAD}{RULES}{PEOPLE}... x\n", "12:1", "ends the file"),
    "a bang before a query": (rules("x: ! jail"), "6:6", "\"! jail\""),
    "a query that is a tag": (rules("x: !raid"), "6:6", 'in quotes: "!raid"'),
    "a tag of somebody's": (rules("x: !foo raid"), "6:6", '"!foo raid"'),
    "a tag of Python's": (
        rules("x: !!python/object/apply:os.abort ICE"), "6:6", "is a tag to YAML"
    ),
    "a tag at a list": (rules("x: !foo [raid]"), "6:6", "is a tag to YAML"),
    "an anchor that nothing uses": (rules("x: &a jail"), "6:6", '"&a jail"'),
    "a query that is an anchor": (rules("x: [raid, &deport]"), "6:13", 'in quotes: "&deport"'),
    "a key with a tag": (rules("!foo x: jail"), "6:3", "is a tag to YAML"),
    "a name that is an anchor": (
        f"{HEAD}{RULES}subscribers:\n  - name: &ana\n    email: a@e.example\n    rules: [ice]\n",
        "9:11",
        'in quotes: "&ana"',
    ),
    "a variable in a query": (rules("x: '${Q} raid'"), "6:7", "written out"),
    "a variable in a list of queries": (rules("x: ['${Q}', raid]"), "6:8", "written out"),
    "a variable in a title": (rules("x: {query: raid, title: '${Q}'}"), "6:28", "written out"),
    "a variable in one translation": (
        rules("x: {query: raid, title: {es: '${Q}'}}"), "6:33", "written out"
    ),
    "a variable in the tags of a feed": (
        feed("- {url: 'https://x.example/', tags: ['${Q}']}"), "5:41", "written out"
    ),
    "a variable in include": (f"{HEAD}{RULES}{PEOPLE}include: ['${{Q}}']\n", "12:12", "written out"),
    "a variable for a rule": (subscriber("rules: ['${Q}']"), "11:14", "written out"),
    "a variable in a time": (subscriber("rules: [ice]", "when: ${Q}"), "12:11", "Q is not set"),
    "a variable in a name": (
        f"{HEAD}{RULES}subscribers:\n  - name: ${{Q}}\n    email: a@e.example\n    rules: [ice]\n",
        "9:11",
        "Q is not set",
    ),
    "a variable that is not closed": (
        feed("- https://x.example/${Q"), "5:23", "has no closing }"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SILENT)
def test_what_yaml_would_swallow_is_one_error_at_its_place(name: str) -> None:
    text, place, words = SILENT[name]
    loaded = load(text)
    assert places(loaded.errors) == [place], said(loaded.errors)
    assert words in said(loaded.errors)


@pytest.mark.parametrize(
    "text",
    [
        f"---\n{HEAD}{RULES}{PEOPLE}",
        f"%YAML 1.1\n---\n{HEAD}{RULES}{PEOPLE}...\n",
        f"{HEAD}{RULES}{PEOPLE}---\n",
        f"{HEAD}{RULES}{PEOPLE}".replace("ice: ICE", "ice: !!str ICE"),
        f"{HEAD}{RULES}{PEOPLE}".replace("[ice]", "&all [ice]"),
        f"{HEAD}{RULES}{PEOPLE}".replace("ice: ICE", "ice: &q ICE\n  again: [*q, raid]"),
    ],
)
def test_what_loses_nothing_is_no_mistake(text: str) -> None:
    assert load(text).errors == ()


def test_what_stands_below_a_second_document_is_read_for_its_mistakes() -> None:
    loaded = load(f"{HEAD}{RULES}---\n{PEOPLE.replace('[ice]', '[icy]')}")
    assert places(loaded.errors) == ["8:1", "12:13"]


def test_a_caret_inside_a_value_with_an_anchor_is_at_the_value() -> None:
    loaded = load(rules("x: &rule rule:nope", "y: [*rule]"))
    assert places(loaded.errors) == ["6:12"]
