"""What YAML refuses is told in words that help, at the place a person must look at."""

from __future__ import annotations

import pytest
from config_files import HEAD, RULES, load, places, rules, said, subscriber

BROKEN = {
    "an @": (
        subscriber("rules: [ice, @madison]"),
        "11:18",
        "A word cannot begin with @ here (YAML keeps it for itself). Write: rules: [ice, madison]",
    ),
    "a backtick": (rules("x: `ICE`"), "6:6", "cannot begin with `"),
    "a percent sign": (rules("x: %ICE"), "6:6", "cannot begin with %"),
    "an asterisk": (rules("x: *ICE"), "6:6", 'Put the word in quotes: "*ICE"'),
    "an ampersand before nothing": (rules("x: & ICE"), "6:6", "anchor"),
    "text after a closing quote": (
        rules("x:", "  any:", '  - "Ice agents" OR raid'),
        "8:20",
        "Put the whole value in single quotes: - '\"Ice agents\" OR raid'",
    ),
    "text after a closing quote of a key's value": (
        rules('x: "Ice agents" OR raid'),
        "6:19",
        "x: '\"Ice agents\" OR raid'",
    ),
    "an apostrophe inside single quotes": (rules("x: 'it's here'"), "6:10", '"it\'s here"'),
    "variables in a list": (
        f"{HEAD}{RULES}subscribers:\n- name: A\n  slack: [${{SLACK_A}}, ${{SLACK_B}}]\n",
        "10:12",
        'Write: slack: ["${SLACK_A}", "${SLACK_B}"]',
    ),
    "a line that begins too far left": (
        f"{HEAD}{RULES}subscribers:\n  - name: Ana\n   email: ana@example.org\n",
        "10:4",
        'This line is indented by 3 spaces; "name" above it by 4.',
    ),
    "a line that begins too far right": (
        subscriber(" rules: [ice]"),
        "11:6",
        'indented by 5 spaces; "email" above it by 4',
    ),
    "a tab": (
        f"{HEAD}{RULES}subscribers:\n  - name: Ana\n\temail: a@example.org\n",
        "10:1",
        "indented with a tab; use spaces",
    ),
    "a second colon": (rules("x: title: Re: foo"), "6:11", "x: 'title: Re: foo'"),
    "a colon without blank": (rules("x:ICE", "y: raid"), "6:3", "Write: x: ICE"),
    "a colon without blank in a list": (
        f"{HEAD}{RULES}subscribers:\n  - name:Ana\n    email: ana@example.org\n",
        "9:5",
        "Write: - name: Ana",
    ),
    "a colon without blank among keys": (
        subscriber("rules: [ice]").replace("email: ana", "email:ana"),
        "10:5",
        "Write: email: ana@example.org",
    ),
    "a dash without blank before a name": (
        f"{HEAD}{RULES}subscribers:\n  -name: Ana\n   email: ana@example.org\n",
        "9:3",
        "Write: - name: Ana",
    ),
    "a dash without blank below one with": (
        rules("x:", "- ICE", "-raid"),
        "8:3",
        'needs a blank after "-". Write: - raid',
    ),
    "a second colon in braces": (
        rules("x: {query: raid, title: ICE: raids}"),
        "6:30",
        "Put the value in quotes: title: 'ICE: raids'",
    ),
    "text after a list": (rules("x: [raid] AND jail"), "6:13", "after the ] that ends this list"),
    "text after a mapping": (rules("x: {any: [a]} OR jail"), "6:17", "ends this mapping"),
    "a quote that is not closed in a list": (
        rules("x: ['ice]"),
        "6:7",
        "never closed. Write: x: ['ice']",
    ),
    "a quote that is not closed in a list, and one below": (
        rules("x: ['ice]", "y: 'raid'"),
        "6:7",
        "never closed. Write: x: ['ice']",
    ),
    "a list that is not closed": (rules("x: [ICE, raid"), "6:6", "x: [ICE, raid]"),
    "a mapping that is not closed": (rules("x: {any: ICE"), "6:6", "never closed"),
    "a bracket too many": (rules("x: [ICE]]"), "6:11", "closes nothing"),
    "a quote that is not closed": (
        rules('x: "ICE').replace("'", ""),
        "6:6",
        "never closed",
    ),
    "a backslash in double quotes": (rules('x: "ICE \\d"'), "6:11", "single quotes"),
    "a key without colon": (f"{HEAD}rules\nsubscribers: []\n", "5:1", '"rules" has no colon'),
    "a list item in the line of its key": (rules("x: - ICE"), "6:6", "line of its own"),
    "a list item among keys": (f"{HEAD}rules:\n  x: ICE\n  - y\n", "7:3", "among keys"),
    "a comma first": (rules("x: ,ICE"), "6:6", "Put the value in quotes"),
    "a bar first": (rules("x: | ICE"), "6:6", "Put the value in quotes"),
    "an arrow first": (rules("x: > ICE"), "6:6", "Put the value in quotes"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_yaml_is_one_error_that_says_what_to_write(name: str) -> None:
    text, place, words = BROKEN[name]
    loaded = load(text)
    assert places(loaded.errors) == [place], said(loaded.errors)
    assert words in said(loaded.errors)


def test_two_broken_blocks_are_two_errors() -> None:
    text = "version: 1\nfeeds: [https://x.example\nrules:\n  a: @b\n"
    assert places(load(text).errors) == ["2:8", "4:6"]
