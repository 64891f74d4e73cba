"""How a mistake looks: for a person, for a program, for a forge."""

from __future__ import annotations

from config_files import load, rules, subscriber

from alerts.config import diagnostics
from alerts.model import Mistake

WRONG = Mistake("It is wrong.", "Write b.", "s.yaml", 3, 5, 2, "    ab: c")


def test_a_mistake_shows_its_place_its_line_and_a_caret() -> None:
    assert diagnostics.render(WRONG) == (
        "s.yaml:3:5: error: It is wrong. Write b.\n        ab: c\n        ^^"
    )


def test_the_caret_stands_under_its_word_after_a_tab() -> None:
    shown = diagnostics.render(Mistake("No.", "", "s.yaml", 1, 2, 1, "\tx: y")).split("\n")
    assert shown[1].index("x") == shown[2].index("^")


def test_a_mistake_without_a_line_is_its_headline() -> None:
    assert diagnostics.render(Mistake("No.", file="s.yaml")) == "s.yaml:1:1: error: No."


def test_the_last_line_counts_and_says_that_nothing_was_changed() -> None:
    warning = Mistake("Hm.", file="s.yaml", severity="warning")
    told = diagnostics.report([WRONG, WRONG], [warning])
    assert told.split("\n")[-1] == "2 errors, 1 warning. Nothing was changed."


def test_a_forge_gets_one_line_with_everything_escaped() -> None:
    odd = Mistake("50 % of\nit.", "", "a,b:c.yaml", 2, 7)
    assert diagnostics.for_github(odd) == (
        "::error file=a%2Cb%3Ac.yaml,line=2,col=7::50 %25 of%0Ait."
    )


def test_the_caret_finds_its_word_in_folded_and_quoted_values() -> None:
    loaded = load(
        rules(
            "a: >",
            "  raid OR",
            "  titel:ICE",
            "b: |",
            "  one AND",
            "  xtitle:y",
            'c: "caf\\u00e9 OR (x"',
            "d: 'it''s OR titel:x'",
            "e: raid OR",
            "  (checkpoint",
            "  OR jail",
            r"f: /\d+/ OR titel:x",
        )
    )
    assert [(m.line, m.column) for m in loaded.errors] == [
        (8, 5),
        (11, 5),
        (12, 20),
        (13, 16),
        (15, 5),
        (17, 15),
    ]


def test_secrets_in_a_source_line_are_masked() -> None:
    text = subscriber("rules: [ice]", "slack: [https://hooks.slack.com/services/T0/B0/abc, x]")
    shown = diagnostics.report(load(text).errors, ())
    assert "abc" not in shown
    assert "hooks.slack.com/***" in shown
