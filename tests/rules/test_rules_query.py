"""The query language: every form, every mistake, and that nothing but QueryError ever comes out."""

import re
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.errors import GrammarError
from alerts.rules.build import rule_tree
from alerts.rules.lexer import tokens
from alerts.rules.query import QueryError, nearest, parse
from alerts.rules.shapes import walk
from alerts.tree import (
    And,
    Except,
    Fact,
    Near,
    Node,
    Not,
    Or,
    Regex,
    RuleRef,
    Scope,
    Term,
    Word,
    WordKind,
)


def term(text: str, kind: WordKind = "fold") -> Term:
    return Term(tuple(Word(word, kind) for word in text.split()))


A, B, C, D = (term(letter) for letter in "abcd")
ICE = term("ICE", "acronym")


# --- words ---------------------------------------------------------------------------------------

WORDS = [
    ("raid", "raid", "fold"),
    ("Madison", "Madison", "fold"),
    ("ICE", "ICE", "acronym"),
    ("US", "US", "acronym"),
    ("USCIS", "USCIS", "acronym"),
    ("UNICEF", "UNICEF", "fold"),
    ("X", "X", "fold"),
    ("I.C.E.", "ICE", "acronym"),
    ("U.S", "US", "acronym"),
    ("D.C.", "DC", "acronym"),
    ("ICE's", "ICE", "acronym"),
    ("ICE’s", "ICE", "acronym"),
    ("ＩＣＥ", "ICE", "acronym"),
    ("I\u00adCE", "ICE", "acronym"),
    ("#ICE", "#ICE", "acronym"),
    ("ÉSA", "ÉSA", "acronym"),
    ("DHS2", "DHS2", "fold"),
    ("MI5", "MI5", "fold"),
    ("i:ICE", "ICE", "fold"),
    ("=Madison", "Madison", "exact"),
    ("=ICE", "ICE", "exact"),
    ("deport*", "deport", "prefix"),
    ("287*", "287", "prefix"),
    ("anti-deport*", "anti-deport", "prefix"),
    ("~deport", "deport", "stem"),
    ("287(g)", "287(g)", "fold"),
    ("C++", "C++", "fold"),
    ("C#", "C#", "fold"),
    ("AT&T", "AT&T", "fold"),
    ("O'Brien", "O'Brien", "fold"),
    ("raid's", "raid's", "fold"),
    ("U-visa", "U-visa", "fold"),
    ("I-94", "I-94", "fold"),
    ("COVID-19", "COVID-19", "fold"),
    ("e-mail", "e-mail", "fold"),
    ("$1.5m", "$1.5m", "fold"),
    ("3,000", "3,000", "fold"),
    ("24/7", "24/7", "fold"),
    ("7:30", "7:30", "fold"),
    ("#AbolishICE", "#AbolishICE", "fold"),
    ("@ICEgov", "@ICEgov", "fold"),
    ("Wis.", "Wis", "fold"),
    ("=Wis.", "Wis", "exact"),
    ("¿migra?", "migra", "fold"),
    ("'raid'", "raid", "fold"),
    ("BA.N", "BA.N", "fold"),
    ("deportación", "deportación", "fold"),
    ("cafe\u0301", "cafe\u0301", "fold"),
    ("移民局", "移民局", "fold"),
    ("สวัสดี", "สวัสดี", "fold"),
    ("الهجرة", "الهجرة", "fold"),
    ("And", "And", "fold"),
    ("near", "near", "fold"),
]


@pytest.mark.parametrize(("text", "word", "kind"), WORDS)
def test_a_word_is_read_with_its_kind(text: str, word: str, kind: WordKind) -> None:
    assert parse(text) == Term((Word(word, kind),))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("anti-ICE", [("anti", "fold"), ("ICE", "acronym")]),
        ("ICE/CBP", [("ICE", "acronym"), ("CBP", "acronym")]),
        ("UW–Madison", [("UW", "acronym"), ("Madison", "fold")]),
        ("U.S.-led", [("US", "acronym"), ("led", "fold")]),
        ("anti-ICE-deport*", [("anti", "fold"), ("ICE", "acronym"), ("deport", "prefix")]),
    ],
)
def test_an_acronym_joined_to_a_word_stays_case_sensitive(
    text: str, words: list[tuple[str, WordKind]]
) -> None:
    assert parse(text) == Term(tuple(Word(*word) for word in words))


@pytest.mark.parametrize(
    "text",
    [
        "sanctuary city",
        '"sanctuary city"',
        "“sanctuary city”",
        "„sanctuary city“",
        "«sanctuary city»",
        "sanctuary   city",
        '" sanctuary\ncity "',
        "sanctuary, city.",
        "sanctuary & city",
        "'sanctuary city'",
    ],
)
def test_words_side_by_side_are_a_phrase_with_any_quotes_and_without(text: str) -> None:
    assert parse(text) == term("sanctuary city")


def test_each_word_of_a_phrase_has_its_own_kind() -> None:
    expected = Term(
        (
            Word("ICE", "acronym"),
            Word("deport", "prefix"),
            Word("order", "stem"),
            Word("Madison", "exact"),
            Word("DHS", "fold"),
        )
    )
    assert parse("ICE deport* ~order =Madison i:DHS") == expected
    assert parse('"ICE deport* ~order =Madison i:DHS"') == expected


def test_an_all_caps_phrase_is_acronyms_word_by_word() -> None:
    assert parse("ICE ARENA") == term("ICE ARENA", "acronym")
    assert parse("MADISON ICE") == Term((Word("MADISON"), Word("ICE", "acronym")))


def test_a_mark_before_quotes_holds_for_every_word() -> None:
    assert parse('="Ice agents"') == term("Ice agents", "exact")
    assert parse("=“Ice agents”") == term("Ice agents", "exact")
    assert parse('i:"ICE ARENA"') == term("ICE ARENA")
    assert parse('~"deport order"') == term("deport order", "stem")


def test_quotes_make_operators_fields_and_signs_plain_words() -> None:
    assert parse('"AND"') == Term((Word("AND", "acronym"),))
    assert parse('"title:raid"') == Term((Word("title:raid"),))
    assert parse('"ICE -raid"') == Term((Word("ICE", "acronym"), Word("raid")))
    assert parse('"near/8"') == Term((Word("near/8"),))


def test_a_quotation_mark_inside_other_quotes_parts_words() -> None:
    assert parse('“so-called "sanctuary"city”') == Term(
        (Word("so-called"), Word("sanctuary"), Word("city"))
    )


def test_a_colon_before_a_blank_belongs_to_an_unknown_word() -> None:
    assert parse("Re: visas") == term("Re visas")
    assert parse("Subject Re: visas") == term("Subject Re visas")
    assert parse("raid:") == term("raid")


# --- operators -------------------------------------------------------------------------------------

OPERATORS: list[tuple[str, Node]] = [
    ("a AND b", And((A, B))),
    ("a OR b", Or((A, B))),
    ("a | b", Or((A, B))),
    ("a|b|c", Or((A, B, C))),
    ("a AND NOT b", And((A, Not(B)))),
    ("NOT b AND a", And((Not(B), A))),
    ("a NOT b", Not(B, A)),
    ("a NOT b NOT c", Not(Or((B, C)), A)),
    ("a AND b NOT c", And((A, Not(C, B)))),
    ("a OR b AND c", Or((A, And((B, C))))),
    ("a AND b OR c", Or((And((A, B)), C))),
    ("(a OR b) AND c", And((Or((A, B)), C))),
    ("(a AND b) AND c", And((A, B, C))),
    ("a OR (b OR c)", Or((A, B, C))),
    ("((a))", A),
    ("a NEAR b", Near(A, B, 10)),
    ("a NEAR/8 b", Near(A, B, 8)),
    ("a NEAR/8(b|c)", Near(A, Or((B, C)), 8)),
    ("a b NEAR c", Near(term("a b"), C, 10)),
    ("a NEAR b AND c", And((Near(A, B, 10), C))),
    ("a NEAR b OR c", Or((Near(A, B, 10), C))),
    ("a NEAR b NEAR/3 c", And((Near(A, B, 10), Near(B, C, 3)))),
    ("a NEAR b NOT c", Not(C, Near(A, B, 10))),
    ("(a NOT c) AND b", And((Not(C, A), B))),
    ("a NOT (b NEAR c)", Not(Near(B, C, 10), A)),
    ("a NEAR title:b", Near(A, Scope(("title",), B), 10)),
    ("a EXCEPT b", Except(A, (B,))),
    ("a EXCEPT (b | c)", Except(A, (B, C))),
    ("a EXCEPT b EXCEPT c", Except(A, (B, C))),
    ("a EXCEPT b OR c", Or((Except(A, (B,)), C))),
    ("a EXCEPT b NEAR c", Near(Except(A, (B,)), C, 10)),
    ("a NEAR b EXCEPT c", Near(A, Except(B, (C,)), 10)),
    ("a EXCEPT b NOT c", Not(C, Except(A, (B,)))),
    ("a NOT b EXCEPT c", Not(Except(B, (C,)), A)),
    ("a AND NOT b EXCEPT c", And((A, Not(Except(B, (C,)))))),
    ("(a OR b) EXCEPT c", Except(Or((A, B)), (C,))),
    ("rule:ice EXCEPT c", Except(RuleRef("ice"), (C,))),
    ('ICE EXCEPT "ICE train"', Except(ICE, (Term((Word("ICE", "acronym"), Word("train"))),))),
]


@pytest.mark.parametrize(("text", "tree"), OPERATORS)
def test_operators_bind_except_not_near_and_or(text: str, tree: Node) -> None:
    assert parse(text) == tree


# --- fields, facts, rules, regular expressions -----------------------------------------------------

FIELDS: list[tuple[str, Node]] = [
    ("title:raid", Scope(("title",), term("raid"))),
    ("summary:raid", Scope(("summary",), term("raid"))),
    ("content:raid", Scope(("content",), term("raid"))),
    ("author:Smith", Scope(("author",), term("Smith"))),
    ("tag:news", Scope(("tag",), term("news"))),
    ("title: raid", Scope(("title",), term("raid"))),
    ("title:Dane County", Scope(("title",), term("Dane County"))),
    ('title:"Dane County"', Scope(("title",), term("Dane County"))),
    ('title:="Ice agents"', Scope(("title",), term("Ice agents", "exact"))),
    ("title:i:ICE", Scope(("title",), term("ICE"))),
    ("title:deport*", Scope(("title",), term("deport", "prefix"))),
    ("title:(a | b)", Scope(("title",), Or((A, B)))),
    ("title:(a NEAR b)", Scope(("title",), Near(A, B, 10))),
    ("title,summary:raid", Scope(("title", "summary"), term("raid"))),
    ("title:a OR b", Or((Scope(("title",), A), B))),
    ("title:a AND summary:b", And((Scope(("title",), A), Scope(("summary",), B)))),
    ("link:courier.example/news", Scope(("link",), Term((Word("courier.example/news"),)))),
    ("link:https://x.example/a", Scope(("link",), Term((Word("x.example/a"),)))),
    ("place:madison", Fact("place", "madison")),
    ("place: madison", Fact("place", "madison")),
    ('place:"New York"', Fact("place", "New York")),
    ("place:(madison | “New York”)", Or((Fact("place", "madison"), Fact("place", "New York")))),
    ("feed:local", Fact("feed", "local")),
    ("feed:https://a.example/rss?x=1", Fact("feed", "https://a.example/rss?x=1")),
    ("lang:es", Fact("lang", "es")),
    ("lang:ES", Fact("lang", "es")),
    ("rule:ice", RuleRef("ice")),
    ("rule: ice_2-b", RuleRef("ice_2-b")),
    ("place:madison NOT rule:ice", Not(RuleRef("ice"), Fact("place", "madison"))),
    ("/ab+c/", Regex("ab+c")),
    ("/ab c|d/c", Regex("ab c|d", match_case=True)),
    (r"/a\/b/", Regex(r"a\/b")),
    ("title:/ab/", Scope(("title",), Regex("ab"))),
    ("/a/ OR /b/c", Or((Regex("a"), Regex("b", match_case=True)))),
]


@pytest.mark.parametrize(("text", "tree"), FIELDS)
def test_fields_facts_rules_and_regular_expressions(text: str, tree: Node) -> None:
    assert parse(text) == tree


# --- places ----------------------------------------------------------------------------------------


def test_terms_know_where_they_stand_in_the_text() -> None:
    text = "  raid AND “Ice agents”  OR title:(Dane  County NEAR/3 =Wis) NOT place:madison "
    found = [text[n.start : n.end] for n in walk(parse(text)) if isinstance(n, Term | Fact)]
    assert found == ["raid", "“Ice agents”", "Dane  County", "=Wis", "place:madison"]


def test_near_not_and_except_know_where_their_operator_stands() -> None:
    text = "a EXCEPT b NEAR/8 c NOT d"
    found = [text[n.start : n.end] for n in walk(parse(text)) if isinstance(n, Near | Not | Except)]
    assert found == ["NOT", "NEAR/8", "EXCEPT"]


def test_places_take_no_part_in_equality() -> None:
    assert parse("  a") == parse("a")


# --- mistakes --------------------------------------------------------------------------------------

#: query, what the mark is under, words of the message, words of the hint
MISTAKES = [
    ("", "", "empty", "word or phrase"),
    ("   ", "   ", "empty", "word or phrase"),
    ("(raid OR jail", "(", "never closed", ")"),
    ("raid)", ")", "closes nothing", "("),
    (")", ")", "closes nothing", "("),
    ("()", ")", "Nothing stands", "(raid | jail)"),
    ('"Ice agents', '"', "quotation mark is never closed", '"'),
    ('raid AND "', '"', "quotation mark is never closed", '"'),
    ("“Ice agents", "“", "quotation mark is never closed", "”"),
    ('“Ice agents"', "“", "another kind", "same kind"),
    ('""', '""', "Nothing stands in these quotes", "word"),
    ('"..."', '"..."', "no letter", "word"),
    ("AND raid", "AND", "`AND` needs something before it", '"AND"'),
    ("OR", "OR", "`OR` needs something before it", '"OR"'),
    ("| raid", "|", "`|` needs something before it", "raid | jail"),
    ("raid AND", "AND", "`AND` needs something after it", "raid AND jail"),
    ("raid |", "|", "`|` needs something after it", "raid | checkpoint"),
    ("raid AND OR jail", "AND", "`AND` needs something after it", "raid AND jail"),
    ("(raid OR) AND jail", "OR", "`OR` needs something after it", "raid | checkpoint"),
    ("raid NOT", "NOT", "`NOT` needs something after it", "ICE NOT hockey"),
    ("raid NEAR", "NEAR", "`NEAR` needs something after it", "ICE NEAR/8"),
    ("NEAR/8 raid", "NEAR/8", "`NEAR/8` needs something before it", "raid NEAR/8 jail"),
    ("ICE EXCEPT", "EXCEPT", "`EXCEPT` needs something after it", '"ICE train"'),
    ('EXCEPT "ICE train"', "EXCEPT", "needs something before it", 'ICE EXCEPT "ICE train"'),
    ("title:", "title:", "`title:` needs something after it", "title:raid"),
    ("title: AND raid", "title:", "`title:` needs something after it", "title:raid"),
    ("place: OR raid", "OR", "`place:` has no value", "place:madison"),
    ("place:...", "place:...", "`place:` has no value", "place:madison"),
    ("titel:raid", "titel:", "no field `titel`", "Did you mean title:"),
    ("Title:raid", "Title:", "no field `Title`", "Did you mean title:"),
    ("url:x.example", "url:", "no field `url`", "Did you mean link:"),
    ("body:raid", "body:", "no field `body`", "Did you mean content:"),
    ("zzqq:raid", "zzqq:", "no field `zzqq`", "in quotes"),
    ("https://x.example", "https:", "no field `https`", "link:"),
    ("title,place:raid", "title,place:", "different kinds", "OR"),
    ("title:summary:raid", "summary:", "before another field", "AND"),
    ("title:place:madison", "place:madison", "before another field", "AND"),
    ("title:(raid AND place:madison)", "title:", "Another field", "AND"),
    ("title:(rule:ice)", "title:", "Another field", "AND"),
    ("place:(a AND b)", "AND", "operator is missing", "AND"),
    ("de*", "de*", "too short", "OR"),
    ("raid de* jail", "raid de* jail", "`de*` is too short", "OR"),
    ("*", "*", "too short", "OR"),
    ("dep*ort", "dep*ort", "only at the end", "deport*"),
    ("*port", "*port", "only at the end", "deport*"),
    ("depo**", "depo**", "only at the end", "deport*"),
    ("=deport*", "=deport*", "either = or *", "=deport"),
    ("=", "=", "no word right after", "=ice"),
    ("= Madison", "= Madison", "no word right after", "=ice"),
    ("=(a|b)", "=", "no word right after", "=ice"),
    ("=(a)", "=(a)", "not before a group", "each word"),
    ("i:", "i:", "no word right after", "i:ice"),
    ("~ICE", "~ICE", "names and acronyms", "~ice"),
    ("~Madison", "~Madison", "names and acronyms", "Write Madison"),
    ("NOT raid", "NOT", "only what must not be there", "ICE NOT"),
    ("NOT raid AND NOT jail", "NOT", "only what must not be there", "ICE NOT"),
    ("raid OR NOT jail", "NOT", "only what must not be there", "ICE NOT"),
    ("raid AND (NOT a OR NOT b)", "NOT", "only what must not be there", "ICE NOT"),
    ("raid NOT (NOT jail)", "NOT", "only what must not be there", "ICE NOT"),
    ("title:(NOT raid) AND a", "NOT", "only what must not be there", "ICE NOT"),
    ("raid NOT NOT jail", "NOT", "NOT stands twice", "once"),
    ('"Ice agents" raid', "raid", "after the closing quote", "one pair of quotes"),
    ('"Ice agents" "raid"', '"raid"', "after the closing quote", "one pair of quotes"),
    ('raid "Ice agents"', '"Ice agents"', "operator is missing", "AND, OR"),
    ("(a | b) raid", "raid", "operator is missing", "AND, OR"),
    ("raid (a | b)", "(", "operator is missing", "AND, OR"),
    ("raid title:a", "title:", "operator is missing", "AND, OR"),
    ("place:madison raid", "raid", "operator is missing", "AND, OR"),
    ("raid rule:ice", "rule:ice", "operator is missing", "AND, OR"),
    ("a NEAR/0 b", "NEAR/0", "from 1 to 100", "NEAR/8"),
    ("a NEAR/101 b", "NEAR/101", "from 1 to 100", "NEAR/8"),
    (f"a NEAR/{'9' * 5000} b", f"NEAR/{'9' * 5000}", "from 1 to 100", "NEAR/8"),
    ("a NEAR/x b", "a NEAR/x b", "`NEAR/x` is no operator", "NEAR/8"),
    ("a near/8 b", "a near/8 b", "`near/8` is no operator", "NEAR/8"),
    ("a NEAR8 b", "a NEAR8 b", "`NEAR8` is no operator", "NEAR/8"),
    ("a NEAR (b AND c)", "NEAR", "NEAR joins words", "a NEAR b AND a NEAR c"),
    ("(a NEAR b) NEAR c", "NEAR", "NEAR joins words", "a NEAR b AND b NEAR c"),
    ("(a NOT b) NEAR c", "NEAR", "NEAR joins words", "(a NEAR b) NOT c"),
    ("a NEAR rule:ice", "NEAR", "NEAR joins words", "AND"),
    ("a NEAR /b/", "NEAR", "NEAR joins words", "AND"),
    ("a NOT b NEAR c", "NEAR", "NEAR cannot join `a NOT b`", "a NOT (b NEAR c)"),
    ("x AND  a  NOT b NEAR/3 c", "NEAR/3", "NEAR cannot join `a NOT b`", "(a NEAR b) NOT c"),
    ("a AND NOT b NEAR c", "NEAR", "NEAR cannot join `NOT b`", "parentheses"),
    ("raid && jail", "raid && jail", "`&&` is no operator", "raid AND jail"),
    ("a EXCEPT (b AND c)", "EXCEPT", "only words and phrases", "ICE Arena"),
    ("a EXCEPT place:b", "EXCEPT", "only words and phrases", "ICE Arena"),
    ("place:madison EXCEPT b", "EXCEPT", "needs words before it", "NOT"),
    ("-ICE", "-ICE", "excludes nothing", "NOT ICE"),
    ("raid -ICE", "raid -ICE", "excludes nothing", "NOT ICE"),
    ("!ICE", "!ICE", "excludes nothing", "NOT ICE"),
    ("&&", "&&", "`&&` is no operator", "AND"),
    ("lang:spanish", "lang:spanish", "no code of a language", "lang:es"),
    ("lang:español", "lang:español", "no code of a language", "lang:es"),
    ("lang:spanisch", "lang:spanisch", "no code of a language", "lang:es"),
    ("lang:es-MX", "lang:es-MX", "no code of a language", "lang:es"),
    ("ICE AND (", "(", "never closed", "and ) after it"),
    ("rule:ICE", "rule:ICE", "cannot be the name of a rule", "rule:ice"),
    ('rule:"Ice Age"', 'rule:"Ice Age"', "cannot be the name of a rule", "rule:ice-age"),
    ("/ab", "/", "never closed", "/…/"),
    ("/ab/x", "/", "never closed", "blank after it"),
    ("//", "/", "never closed", "/…/"),
    ("/a(b/", "/a(b/", "cannot be used: missing )", "deport*"),
    ("/(?=a)b/", "/(?=a)b/", "cannot be used", "Look-ahead"),
    (r"/(a)\1/", r"/(a)\1/", "cannot be used", "word"),
    ("/\ud800/", "/\ud800/", "half a character", "word"),
    ("/(?:a{1000}){1000}/", "/(?:a{1000}){1000}/", "cannot be used", "word"),
    ("(" * 51 + "a" + ")" * 51, "(", "More than 50 parentheses", "rule:"),
    ("title:(" * 2 + "a" + ")" * 2, "title:", "Another field", "AND"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "under", "message", "hint"), MISTAKES, ids=[repr(m[0][:30]) for m in MISTAKES]
)
def test_a_mistake_is_told_at_its_place_with_what_to_write(
    text: str, under: str, message: str, hint: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    wrong = caught.value
    assert text[wrong.start : wrong.end] == under
    assert message in wrong.message
    assert hint in wrong.hint
    assert wrong.message.endswith((".", "all."))
    assert wrong.hint.endswith((".", ")", '"'))


@pytest.mark.fault("71")
def test_a_query_longer_than_10_000_characters_is_refused() -> None:
    assert parse("x " * 5_000)
    with pytest.raises(QueryError, match="10,001 characters"):
        parse("x" * 10_001)


def test_fifty_parentheses_are_allowed() -> None:
    assert parse("(" * 50 + "a" + ")" * 50) == A


def test_a_query_error_is_a_grammar_error() -> None:
    with pytest.raises(GrammarError):
        parse("")


def test_the_nearest_name_is_found_in_any_case_and_nothing_far_is() -> None:
    assert nearest("sanctury", ["ice", "sanctuary"]) == "sanctuary"
    assert nearest("TITEL", ["title", "link"]) == "title"
    assert nearest("xyz", ["title", "link"]) is None
    assert nearest("x" * 10_000, ["title"]) is None


# --- anything at all -------------------------------------------------------------------------------

_PIECES = (
    "raid ICE deport* ~stem =Wis i:ICE AND OR NOT NEAR NEAR/3 EXCEPT | ( ) \" “ ” „ « » / \\ . , '"
    " title: place:x rule:ice link:https://a lang:es feed: foo: Re: - ! & * 287(g) I.C.E. 移民局 ’"
    ' =( ~" i:" /a/ /a/c /[/ && 7:30 \0 \ud800 \u200b \u0301'
)
PIECES = st.sampled_from(_PIECES.split(" "))
SOUP = st.lists(PIECES | st.text(max_size=3), max_size=25).flatmap(
    lambda parts: st.sampled_from([" ".join(parts), "".join(parts)])
)


def read(text: str) -> Node | QueryError:
    try:
        return parse(text)
    except QueryError as wrong:
        return wrong


@settings(max_examples=800, deadline=None)
@given(st.text(max_size=60) | SOUP)
@example("title:" * 100)
@example("NOT " * 1000)
def test_any_string_gives_a_tree_or_a_query_error_inside_the_text(text: str) -> None:
    found = read(text)
    if isinstance(found, QueryError):
        assert 0 <= found.start < found.end <= max(1, len(text))
        assert found.message
        assert found.hint
        return
    for node in walk(found):
        if isinstance(node, Term):
            assert all(any(map(str.isalnum, word.text)) for word in node.words)
            assert text[node.start : node.end].strip() == text[node.start : node.end]


@settings(max_examples=200, deadline=None)
@given(SOUP)
def test_a_tree_is_flat_so_that_no_depth_of_text_makes_it_deep(text: str) -> None:
    found = read(text)
    for node in () if isinstance(found, QueryError) else walk(found):
        if isinstance(node, And | Or):
            assert len(node.parts) > 1
            assert not any(isinstance(part, type(node)) for part in node.parts)


NASTY = [
    '"', "(", ")", "“", "=", "/", "\\/", "/\\", "a(", "a()", "a(b", "a,", "title:", "a:", "i:", "*",
    "a*", "- ", " ", "NOT ", "a NOT ", "a EXCEPT ", "a NEAR ", "a AND ", "a| ", "i", "NEAR/", "0",
    "a-", ".", "a.", "\u0301", "〱", "=~", "A.", "feed:", "x:(",
]  # fmt: skip


@pytest.mark.parametrize("piece", NASTY)
@pytest.mark.fault("71")
def test_the_longest_text_is_read_at_once_whatever_it_repeats(piece: str) -> None:
    began = process_time()
    for closing in ("", "a", '"', ")"):
        text = (piece * 10_000)[:9_990] + closing
        read(text)
    # Linear time is 20 ms; a quadratic parser would need minutes. The rest is for slow machines.
    assert process_time() - began < 40


def test_tokens_cover_the_text_without_overlap() -> None:
    text = 'title:(a | "b c") AND NOT /x y/c NEAR/8 =Wis “d" e'
    spans = [token.span(token.lastindex or 0) for token in tokens(text)]
    assert all(a_end <= b_start for (_, a_end), (b_start, _) in pairwise(spans))
    assert re.sub(r"\s", "", "".join(text[a:b] for a, b in spans)) == re.sub(r"\s", "", text)


@pytest.mark.parametrize("sign", "'’`´‘ʼ′")
def test_every_apostrophe_ends_an_acronym_alike(sign: str) -> None:
    assert parse(f"ICE{sign}s") == parse("ICE")
    assert parse(f"ICE{sign}s/CBP") == parse("ICE/CBP")


# --- items of a rule's lists ----------------------------------------------------------------------------


def test_an_item_of_all_may_say_what_must_not_be_there() -> None:
    assert parse("NOT jail", key="all") == Not(term("jail"))
    whole = rule_tree(all=[parse("raid", key="all"), parse("NOT jail", key="all")])
    assert whole == parse("raid AND (NOT jail)")
    assert parse("NOT jail AND NOT x", key="all") == parse("(NOT jail) AND (NOT x)", key="all")


@pytest.mark.parametrize("key", ["any", "none", "near", "except", "query", ""])
def test_elsewhere_a_bare_not_is_refused_with_the_key_that_does_it(key: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse("NOT jail", key=key)
    hint = (
        "ICE NOT train"
        if key in ("", "query")
        else "Put what must not be there under none:, without NOT"
    )
    assert hint in (caught.value.hint or "")


def test_a_term_knows_the_text_it_was_written_in() -> None:
    text = 'raid AND ("Ice agents" | jail)'
    sources = {node.source for node in walk(parse(text)) if isinstance(node, Term)}
    assert sources == {text}
