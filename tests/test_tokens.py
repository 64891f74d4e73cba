"""Words, their positions and their characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.tokens import Reading, Token, _read, bare, only_word, read, readings, tokens

PIECES = st.text(
    st.one_of(
        st.sampled_from("aBIé移ก'’.-–_&#@()+,0123/:~^\u00ad\u200b\u0301\ufeff™²\x00\ud800`"),
        st.characters(),
    ),
    min_size=1,
    max_size=24,
).filter(lambda text: len(text.split()) == 1 and text.split()[0] == text)


@given(PIECES)
def test_any_piece_is_read_into_words_that_lie_in_it(piece):
    width, forms = read(piece)
    for form in forms:
        assert form.text
        assert 0 <= form.first <= form.last < width
        assert 0 <= form.start < form.end <= len(piece)
    assert {form.first for form in forms} <= set(range(width))
    assert {at for f in forms for at in range(f.first, f.last + 1)} == set(range(width))


@given(
    st.text(st.sampled_from("\"'([$aZséŁŉª½移0'sх\u0301.,)]%!?"), min_size=1, max_size=8).filter(
        lambda piece: not piece.isspace()
    )
)
def test_a_piece_of_one_plain_word_is_read_at_once_as_the_full_reading_has_it(piece):
    word = only_word(piece)
    if word:
        at = piece.index(word)
        shape = "".join("a" if c.isalpha() else c for c in piece)
        assert read(piece) == _read(piece, shape, is_link=False)
        assert read(piece).forms[0].text == word == piece[at : at + len(word)]


@given(st.text(st.sampled_from("\"'’([$aZs09--–.,)%!?"), min_size=1, max_size=10))
def test_words_with_hyphens_and_curly_signs_are_read_at_once_as_the_full_reading_has_them(piece):
    plain = piece.replace("’", "'").replace("–", "-")
    assert read(piece) == _read(plain, plain, is_link=False)
    if word := only_word(piece):
        assert [form.text for form in read(piece).forms] == [word]


@pytest.mark.parametrize(
    "piece", ["raid", '("Raids,', "raid's).", "$5", "50%", "żółć", "ΑΒ;", "мир!"]
)
def test_plain_words_with_marks_around_them_need_no_full_reading(piece):
    assert [form.text for form in read(piece).forms] == [only_word(piece)] != [""]


@pytest.mark.parametrize(
    "piece", ["anti-ICE", "#ice", "AT&T", "U.S.", "3,000", "移民", "cafe\u0301", "ﬁle", "½", "—"]
)
def test_other_pieces_do(piece):
    assert only_word(piece) == ""


@given(PIECES)
def test_a_rules_word_is_found_in_a_text_that_writes_it_so(piece):
    """Unless it is an address, which is no word in a text."""
    found = {form.written for form in read(piece, is_link=True).forms}
    for way in readings(piece)[:1]:
        assert set(way) <= found


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        ("anti-ICE", [("anti", 0, 0), ("ICE", 1, 1)]),
        ("“U.S.-led”,", [("US", 0, 0), ("led", 1, 1)]),
        ("I.C.E.’s", [("ICE", 0, 0)]),
        ("ICE`s", [("ICE", 0, 0)]),
        ("don`t", [("don't", 0, 0)]),
        ("O`Brien–", [("O'Brien", 0, 0)]),
        ("`raid`", [("raid", 0, 0)]),
        ("J.K.Rowling", [("JK", 0, 0), ("Rowling", 1, 1)]),
        ("WMT.N", [("WMT", 0, 0), ("N", 1, 1)]),
        ("AT&T", [("AT&T", 0, 1), ("AT", 0, 0), ("T", 1, 1)]),
        ("R&D’s", [("R&D", 0, 1), ("R", 0, 0), ("D", 1, 1)]),
        ("#AbolishICE", [("AbolishICE", 0, 1), ("Abolish", 0, 0), ("ICE", 1, 1)]),
        ("#abolish_ICE", [("abolishICE", 0, 1), ("abolish", 0, 0), ("ICE", 1, 1)]),
        ("@ICEgov", [("ICEgov", 0, 1), ("IC", 0, 0), ("Egov", 1, 1), ("ICE", 0, 0), ("gov", 1, 1)]),
        ("#ice", [("ice", 0, 0)]),
        ("501(c)(3)", [("501(c)(3)", 0, 0)]),
        ("agent(s)", [("agent", 0, 0), ("agents", 0, 0)]),
        ("Madison(AP)", [("Madison(AP)", 0, 1), ("Madison", 0, 0), ("AP", 1, 1)]),
        ("(un)documented", [("undocumented", 0, 1), ("un", 0, 0), ("documented", 1, 1)]),
        ("3,000,000.5", [("3000000.5", 0, 0)]),
        ("24.11.2026", [("24", 0, 0), ("11", 1, 1), ("2026", 2, 2)]),
        ("C++", [("C++", 0, 0), ("C", 0, 0)]),
        ("ICE™,", [("ICE", 0, 0)]),
        ("ICE²", [("ICE", 0, 0)]),
        ("हिन्दी", [("हिन्दी", 0, 0)]),
        ("—", []),
        ("☀\ufe0f", []),
        ("\u0301", []),
        ("https://x.example/ICE", []),
        ("(www.ice.example)", []),
        ("a@ice.example", []),
    ],
)
def test_a_piece_is_read_as_the_definition_says(piece, words):
    assert [(form.text, form.first, form.last) for form in read(piece).forms] == words


def test_an_address_in_a_link_is_words():
    found = read("https://x.example/ICE-raids", is_link=True)
    assert [form.text for form in found.forms] == ["https", "x", "example", "ICE", "raids"]


def test_a_possessive_is_kept_beside_the_word():
    form = read("ICE’s").forms[0]
    assert (form.text, form.written, form.start, form.end) == ("ICE", "ICE's", 0, 3)
    assert bare("ICE's") == "ICE"
    assert bare("raids") == "raids"


def test_nothing_is_no_word():
    assert read("…") == Reading(0, ())
    assert readings("—") == ()
    assert readings("") == ()


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("raid", (("raid",),)),
        ("e-mail", (("e", "mail"), ("email",))),
        ("24/7", (("24", "7"),)),
        ("AT&T", (("AT&T",),)),
        ("#AbolishICE", (("AbolishICE",),)),
        ("移民", (("移", "民"),)),
        ("two words", (("two", "words"),)),
        ("ana@x.example", (("ana", "x", "example"),)),
    ],
)
def test_a_rules_word_is_read_in_its_ways(word, ways):
    assert readings(word) == ways


def test_positions_count_words_and_begin_anew_in_each_block():
    text = "a — b-c\nd 移民"
    assert [(t.text, t.block, t.first, text[t.start : t.end]) for t in tokens(text)] == [
        ("a", 0, 0, "a"),
        ("b", 0, 1, "b"),
        ("c", 0, 2, "c"),
        ("d", 1, 0, "d"),
        ("移", 1, 1, "移"),
        ("民", 1, 2, "民"),
    ]
    assert next(tokens("x")) == Token("x", "x", 0, 0, 0, 0, 1)


@pytest.mark.parametrize(
    "piece", ["a.", "a'", "1,111", "1.1.", "(a", "a(b)", "a&", "a\u0301\u0316", "\u0316\u0301", "#a_", "Aa", "1", "www.", "a@b.", "^~", "é"]
)  # fmt: skip
def test_a_long_piece_takes_linear_time(piece):
    read(piece * 6_000)
    read("#" + piece * 6_000)
