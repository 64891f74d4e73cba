"""Claims about how commands print."""

from __future__ import annotations

import json

import pytest

from alerts.cli import once
from alerts.cli.lines import Line, span, write_lines
from alerts.cli.output import write_table
from alerts.engine.once import Report


def test_what_a_feed_calls_itself_cannot_command_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [{"name": "Cou\x1b[31mrier\x9b2J\nnews", "tags": ["a\x07b"], "n": 3, "none": None}]
    write_table(rows, ("name", "tags", "n", "none"), "")
    shown = capsys.readouterr().out
    assert not set(shown) & {"\x1b", "\x9b", "\x07"}
    assert len(shown.splitlines()) == 2


def test_brackets_stand_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    write_table([{"query": "[ice] AND /x/"}], ("query",), "")
    assert "[ice] AND /x/" in capsys.readouterr().out


def test_lines_are_one_object_by_topic(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        Line("mail", "wrong", "No.", "Do.", {"server": None}, ("a",)),
        Line("disk", "ok", "Yes."),
    ]
    write_lines(lines, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "ok": False,
        "mail": {"level": "wrong", "text": "No.", "hint": "Do.", "more": ["a"], "server": None},
        "disk": {"level": "ok", "text": "Yes.", "hint": None},
    }


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (1, "1 second"), (-40, "40 seconds"), (89, "89 seconds"), (90, "2 minutes"),
     (5_400, "2 hours"), (86_400, "24 hours"), (129_600, "2 days"), (3e9, "34,722 days")],
)  # fmt: skip
def test_spans_are_rounded_to_their_greatest_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_pass_names_what_happened_to_its_deliveries_and_nothing_else() -> None:
    assert once._sent(Report()) == "0 digests made."
    report = Report(digests=1, delivered=1, failed_deliveries=2)
    assert once._sent(report) == "1 digest made; deliveries: 1 accepted, 2 failed."
