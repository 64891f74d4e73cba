"""Texts for eyes: titles and excerpts; and what capitals say."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from needs import shared

from alerts.model import Piece
from alerts.text import excerpt, is_caps, plain, shown

ANY = st.text(
    st.one_of(st.sampled_from("a. é<>&\u202e\u200d\u0301\n\x00\ud800👩ی\u200c"), st.characters()),
    max_size=60,
)


def drawn(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"*{p.text}*" if p.marked else p.text for p in pieces)


# --- shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("Profits < 5% & rising", "Profits < 5% & rising"),
        ("a<b and c>d", "a<b and c>d"),
        (" <b>ICE</b>\n raids\t&amp; more ", "ICE raids & more"),
        ("Why &lt;b&gt; beats &lt;/i&gt;", "Why <b> beats </i>"),
        ("a\u202eb\u2066c\u200e\u061cd\ufeff\u200be\U000e0041\x00\x1b\x9bf", "abcdef"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("👩\u200d👧 می\u200cخواهم क्\u200dष", "👩\u200d👧 می\u200cخواهم क्\u200dष"),
        ("fam\u200dily \u200cx", "family x"),
        ("e\u0301", "é"),
        ("z\u0336\u0327\u0328\u0322\u031b!", "z\u0336\u0327!"),
        ("half \ud800", "half \ufffd"),
        ("", ""),
    ],
)
def test_a_title_is_one_safe_line_and_else_verbatim(raw, line):
    assert shown(raw) == unicodedata.normalize("NFC", line)


@given(ANY)
def test_any_title_can_be_shown_and_sent(raw):
    line = shown(raw)
    line.encode()
    assert line == line.strip()
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]", line)
    assert not re.search(r"\s\s", line)


@given(ANY, st.integers(1, 30))
def test_a_title_is_cut_to_its_length(raw, most):
    line, cut = shown(raw), shown(raw, most)
    assert len(cut) <= most
    assert cut == line or (cut.endswith("…") and line.startswith(cut[:-1]))


def test_a_long_title_is_cut_between_words():
    assert shown("word " * 30, 41) == "word word word word word word word word…"
    assert shown("x" * 50, 10) == "x" * 9 + "…"


# --- capitals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["ICE RAIDS MADISON HOMES", "ICE raids IN MADISON TODAY NOW", "ÉTÉ À PARIS 2026 ÇA", "A B C D"],
)
def test_four_words_mostly_in_capitals_say_nothing_about_case(text):
    assert is_caps(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ICE RAIDS MADISON",
        "ICE RAIDS MADISON 2026",
        "ICE raids Madison homes",
        "移 民 局 了",
        "été à la mer",
    ],
)
def test_fewer_words_or_capitals_do(text):
    assert not is_caps(text)


# --- excerpts --------------------------------------------------------------------------------

STORY = (
    "<p>The council met on Monday with Mr. Ruiz and talked at length about roads.</p><p>People in"
    " ICE vests detained two men outside the market shortly before 6 a.m., three witnesses said."
    " The sheriff&#8217;s office said it had not been told. "
    + "More was said about it. " * 20
    + "</p>"
)


def spans(*words: str) -> list[tuple[int, int]]:
    return [(STORY.index(word), STORY.index(word) + len(word)) for word in words]


def test_an_excerpt_begins_and_ends_with_sentences_around_the_marks():
    assert drawn(excerpt(STORY, spans("ICE", "detained"), 200)) == (
        "... People in *ICE* vests *detained* two men outside the market shortly before 6 a.m., three"
        " witnesses said. The sheriff’s office said it had not been told. More was said about it. ..."
    )


def test_an_excerpt_of_a_long_sentence_is_cut_between_words():
    found = drawn(excerpt(STORY, spans("ICE"), 70))
    assert found == "... People in *ICE* vests detained two men outside the market ..."


def test_a_mark_far_into_a_sentence_has_words_before_it():
    raw = "word " * 100 + "raid " + "more " * 100
    found = drawn(excerpt(raw, [(500, 504)], 100))
    assert found.startswith("... word ")
    assert " *raid* more" in found
    assert found.endswith(" more ...")


def test_a_short_text_is_shown_whole():
    assert drawn(excerpt("Free <b>ICE</b>\n now", [(8, 11)])) == "Free *ICE* now"
    assert drawn(excerpt("The end is a raid", [(13, 17)])) == "The end is a *raid*"
    assert excerpt("", []) == ()
    assert excerpt("<p> </p>", [(0, 3)]) == ()


def test_without_spans_the_beginning_is_shown():
    assert drawn(excerpt(STORY, [], 100)) == (
        "The council met on Monday with Mr. Ruiz and talked at length about roads. ..."
    )


def test_an_excerpt_begins_with_the_sentence_of_the_match_if_both_fit():
    raw = (
        "It was Monday. Two men who had come to a hearing at the courthouse were led to an unmarked"
        " van by people in ICE vests, lawyers said. " + "Nothing more was known. " * 9
    )
    at = raw.index("ICE")
    assert drawn(excerpt(raw, [(at, at + 3)], 180)) == (
        "... Two men who had come to a hearing at the courthouse were led to an unmarked van by"
        " people in *ICE* vests, lawyers said. Nothing more was known. Nothing more was known. ..."
    )


@given(
    st.lists(
        st.sampled_from(["ICE", "agents", "council.", "Mr.", "vote", "detained"]), max_size=90
    ),
    st.sets(st.integers(0, 89), max_size=5),
    st.integers(60, 200),
)
def test_an_excerpt_never_cuts_a_word(said, marked, limit):
    raw = " ".join(said)
    ends = list(accumulate(len(word) + 1 for word in said))
    spans = [(ends[n] - 1 - len(said[n]), ends[n] - 1) for n in sorted(marked) if n < len(said)]
    text = "".join(piece.text for piece in excerpt(raw, spans, limit))
    assert set(text.split()) <= {*said, "..."}


def test_the_end_of_a_text_takes_the_room_that_is_left():
    raw = "One is here. " * 20 + "Last raid."
    found = drawn(excerpt(raw, [(raw.index("raid"), raw.index("raid") + 4)], 60))
    assert found == "... One is here. One is here. One is here. Last *raid*."


def test_the_stretch_with_most_marks_is_shown():
    raw = "ICE here. " + "Nothing at all. " * 30 + "ICE raid jail. " + "Nothing more. " * 30
    marks = [(m.start(), m.end()) for m in re.finditer("ICE|raid|jail", raw)]
    assert "*ICE* *raid* *jail*." in drawn(excerpt(raw, marks, 100))


def test_a_text_without_blanks_is_cut_all_the_same():
    found = excerpt("移民局" * 200, [(300, 303)], 100)
    assert any(piece == Piece("移民局", marked=True) for piece in found)
    assert len(drawn(found)) <= 102


@st.composite
def marked_texts(draw):
    raw = draw(
        st.one_of(
            ANY,
            st.lists(
                st.sampled_from(["ICE", " ", ". ", "raid", "<p>", "&amp;", "x" * 20]), max_size=80
            ).map("".join),
        )
    )
    places = st.integers(0, len(raw))
    found = draw(st.lists(st.tuples(places, places).map(sorted).map(tuple), max_size=4))
    return raw, [(start, end) for start, end in found if start < end]


@given(marked_texts(), st.integers(40, 120), st.booleans())
def test_an_excerpt_says_nothing_but_the_text_and_keeps_to_its_length(made, limit, has_wish):
    raw, some = made
    pieces = excerpt(raw, some, limit, some[-1:] if has_wish else ())
    text = "".join(piece.text for piece in pieces)
    assert len(text) <= limit
    assert all(piece.text for piece in pieces)
    assert all(a.marked != b.marked for a, b in pairwise(pieces))
    bared = re.sub(r"\s", "", text.removeprefix("... ").removesuffix(" ..."))
    assert bared in re.sub(r"\s", "", "".join(p.text for p in excerpt(raw, some, 10**6)))


@given(marked_texts())
def test_what_is_marked_is_shown_when_there_is_room(made):
    raw, some = made
    whole = plain(raw).text
    if any(c.isalnum() for start, end in some for c in whole[slice(*plain(raw).find(start, end))]):
        assert any(piece.marked for piece in excerpt(raw, some, 10**6))


# --- real news -------------------------------------------------------------------------------


def news() -> list[dict[str, str]]:
    with gzip.open(shared("news_days_dev.jsonl.gz"), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_real_headlines_stand_verbatim_but_for_what_cannot_be_seen():
    for row in news():
        title = unicodedata.normalize("NFC", row["title"] or "").replace("\u200b", "")
        assert shown(title, 1024) == " ".join(title.split())


def test_excerpts_of_real_news_cut_no_word_and_keep_to_their_length():
    for row in news():
        raw = row["summary"] or ""
        spans = [(m.start(), m.end()) for m in re.finditer(r"\b(?:police|council|said)\b", raw)]
        told = "".join(piece.text for piece in excerpt(raw, spans, 180))
        whole = {*shown(plain(raw).text).split(), "..."}
        assert len(told) <= 180
        assert set(told.split()) <= whole or len(max(whole, key=len)) > 40, told
