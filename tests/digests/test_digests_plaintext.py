"""Lines of plain text: nothing lost, none too long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.digests.plaintext import wrapped


@given(st.text(max_size=400), st.integers(0, 8))
def test_wrapping_keeps_every_word_and_no_line_is_too_long(text, indent):
    lines = wrapped(text, indent).split("\n")
    assert "".join("".join(line.split()) for line in lines) == "".join(text.split())
    assert all(len(line) <= 76 for line in lines)


def test_a_no_break_space_ends_no_line():
    assert wrapped("word " * 14 + "6:12 a.\xa0m.").split("\n")[1] == "a. m."
