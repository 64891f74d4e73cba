"""What a rule means: every row of the definition, by both evaluators."""

from __future__ import annotations

import pytest

from alerts.errors import GrammarError
from alerts.model import Article, Match, Rule, Span
from alerts.rules import naive
from alerts.rules.matcher import Matcher
from alerts.tree import And, Except, Fact, Near, Node, Not, Or, Regex, RuleRef, Scope, Term, Word


def term(*words: str, kind: str | None = None) -> Term:
    """Words as the query language reads them: 2 to 5 capitals are an acronym."""
    kinds = [kind or ("acronym" if w.isupper() and 2 <= len(w) <= 5 else "fold") for w in words]
    return Term(tuple(Word(w, k) for w, k in zip(words, kinds, strict=True)))


def by_naive(rules: list[Rule], article: Article) -> tuple[Match, ...]:
    return tuple(m for rule in rules if (m := naive.judge(rule, article, rules)))


def by_matcher(rules: list[Rule], article: Article) -> tuple[Match, ...]:
    matcher = Matcher(rules)
    found = matcher.spans(article)
    assert matcher.match(article) == tuple(match.rule for match in found)
    return found


@pytest.fixture(params=[by_naive, by_matcher], ids=["naive", "matcher"])
def matches(request):
    return request.param


def one(matches, tree: Node, article: Article | str, **rule) -> Match | None:
    article = Article(title=article) if isinstance(article, str) else article
    found = matches([Rule("r", "", tree, **rule)], article)
    return found[0] if found else None


def marked(match: Match | None, text: str, field: str = "title") -> list[str] | None:
    if match is None:
        return None
    return [text[span.start : span.end] for span in match.spans if span.field == field]


ICE, RAID = term("ICE"), term("raid")

WORDS = [
    # rule word, text, what is marked (None: no match)
    (RAID, "A RAID, raids and the raid's end; raiders, afraid", ["RAID", "raids", "raid"]),
    (term("raids"), "one raid", ["raid"]),
    (term("sanctuary", "city"), "Sanctuary cities, sanctuary-city", ["Sanctuary cities", "sanctuary-city"]),
    (term("sanctuary", "city"), "city sanctuary; sanctuaries city; sanctuary of the city", None),
    (term("sanctuary's", "city"), "the sanctuary’s cities", ["sanctuary’s cities"]),
    (ICE, "ICE`s budget, ICE´s budget", ["ICE", "ICE"]),
    (term("don't"), "don`t, dont", ["don`t", "dont"]),
    (term("don`t"), "don’t, dont", ["don’t", "dont"]),
    (term("crisis"), "Two crises", ["crises"]),
    (ICE, "ICE, I.C.E., ICE's, anti-ICE", ["ICE", "I.C.E.", "ICE", "ICE"]),
    (ICE, "ice Ice ICEs ICED nICE", None),
    (ICE, "Ice Fishing Opens", None),
    (term("ICE", kind="fold"), "ice and Ice, not ices", ["ice", "Ice"]),
    (term("Madison", kind="exact"), "Madison and Madison's", ["Madison", "Madison"]),
    (term("Madison", kind="exact"), "madison MADISON Madisons Mádison", None),
    (term("Madison's", kind="exact"), "Madison and Madison’s", ["Madison"]),
    (term("Ice", "agents", kind="exact"), "Ice agents; Ice agent; ice agents", ["Ice agents"]),
    (term("deport", kind="prefix"), "Deported, deportation; redeport", ["Deported", "deportation"]),
    (Term((Word("mass"), Word("deport", "prefix"))), "mass deportations", ["mass deportations"]),
    (term("deport", kind="stem"), "deported, deportation, deporting; depot", ["deported", "deportation", "deporting"]),
    (term("Deport", kind="stem"), "deporting", None),
    (term("ICE", kind="stem"), "ice iced", None),
    # what a word is
    (term("anti", "ICE"), "anti-ICE, anti—ICE, anti_ICE", ["anti-ICE", "anti—ICE", "anti_ICE"]),
    (term("wi-fi"), "Wi‑Fi, wifi, wi fi", ["Wi‑Fi", "wifi", "wi fi"]),
    (term("e-mail"), "e-mail, email; mail", ["e-mail", "email"]),
    (term("email"), "e-mail", None),
    (term("US"), "U.S.-led, us, Us", ["U.S."]),
    (RAID, "raids'", ["raids"]),
    (term("O'Brien"), "O’Brien OBrien", ["O’Brien", "OBrien"]),
    (term("OBrien"), "O'Brien", ["O'Brien"]),
    (term("dont"), "don't", ["don't"]),
    (term("shell"), "she'll", None),
    (term("N"), "BA.N", ["N"]),
    (term("MADISON", kind="fold"), "MADISON, Wis. (AP)", ["MADISON"]),
    (term("Wis", kind="exact"), "MADISON, Wis. (AP)", ["Wis"]),
    (term("city"), "cities", ["cities"]),
    (term("policy"), "policies, police", ["policies"]),
    (term("church"), "churches", ["churches"]),
    (term("bus"), "buses", ["buses"]),
    (term("house"), "houses", ["houses"]),
    (term("new"), "news", None),
    (term("news"), "new", None),
    (term("police"), "policy policies", None),
    (term("café"), "cafe caf&eacute; cafe\u0301", ["cafe", "caf&eacute;", "cafe\u0301"]),
    (term("café", kind="exact"), "cafe caf&eacute; cafe\u0301", ["caf&eacute;", "cafe\u0301"]),
    (term("AT&T"), "AT&amp;T and AT&T", ["AT&amp;T", "AT&T"]),
    (term("AT&T"), "AT&amp;amp;T, AT&amp;amp;amp;T", ["AT&amp;amp;T"]),
    (ICE, "&#73;CE; &amp;#73;CE", ["&#73;CE", "&amp;#73;CE"]),
    (ICE, "#ICEout @ICE_Chicago #iceout", ["ICE", "ICE"]),
    (RAID, "pre-raid, ICE-raids, raid/arrest, raided", ["raid", "raids", "raid"]),
    (term("sanctuary", "city"), "sanctuary</b> <i>city", ["sanctuary</b> <i>city"]),
    (term("AT"), "AT&amp;T", ["AT"]),
    (term("T"), "AT&T", ["T"]),
    (term("raid's"), "raid&#8217;s", ["raid"]),
    (ICE, "<b class='ICE'>I</b>CE", ["I</b>CE"]),
    (term("center"), '<p class="center">x</p>', None),
    (term("sanctuary", "city"), "sanc\u00adtuary \u200bcity", ["sanc\u00adtuary \u200bcity"]),
    (ICE, "\ufeffI\u200bCE", ["I\u200bCE"]),
    (term("file"), "ﬁle", ["ﬁle"]),
    (ICE, "ＩＣＥ", ["ＩＣＥ"]),
    (term("strasse"), "Straße", ["Straße"]),
    (term("muller"), "MÜLLER", ["MÜLLER"]),
    (term("istanbul"), "İSTANBUL ıstanbul", ["İSTANBUL", "ıstanbul"]),
    (term("移民局"), "美国移民局宣布", ["移民局"]),
    (term("移局"), "移民局", None),
    (term("กฎหมาย"), "ร่างกฎหมายใหม่", ["กฎหมาย"]),
    (term("ice"), "https://x.example/ice-raids www.ice.example a@ice.example", None),
    (term("287(g)"), "the 287(g) plan", ["287(g)"]),
    (term("287"), "the 287(g) plan", None),
    (term("I-94"), "I-94", ["I-94"]),
    (term("U-visa"), "U-visas", ["U-visas"]),
    (term("DC"), "in D.C.", ["D.C."]),
    (ICE, "#AbolishICE @ICEgov", ["ICE", "ICE"]),
    (term("#AbolishICE"), "#abolishice, #AbolishICE", ["abolishice", "AbolishICE"]),
    (term("abolish", "ICE"), "#AbolishICE", ["AbolishICE"]),
    (term("COVID-19"), "Covid-19", ["Covid-19"]),
    (term("3000"), "3,000", ["3,000"]),
    (term("3,000"), "3000", ["3000"]),
    (term("$1.5m"), "$1.5m", ["1.5m"]),
    (term("C++"), "C, C++", ["C++"]),
    (term("C#"), "in C#.", ["C#"]),
    (term("C"), "C++", ["C"]),
    (term("agent"), "agent(s)", ["agent(s)"]),
    (term("documented"), "(un)documented", ["documented"]),
    (term("sanctuary", "city"), "sanctuary</p><p>city", None),
    (term("sanctuary", "city"), "<li>sanctuary<li>city", None),
    (term("sanctuary", "city"), "sanctuary\ncity, sanctuary<br>city", ["sanctuary\ncity", "sanctuary<br>city"]),
    (term("—"), "a — b", None),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "text", "expected"), WORDS)
def test_a_word_is_found_where_the_definition_says(matches, tree, text, expected):
    assert marked(one(matches, tree, text), text) == expected


NODES = [
    (And((ICE, RAID)), "ICE raid", ["ICE", "raid"]),
    (And((ICE, RAID)), "ICE jail", None),
    (Or((ICE, RAID, term("x"))), "ICE raids", ["ICE", "raids"]),
    (Not(term("hockey"), ICE), "ICE raid", ["ICE"]),
    (Not(term("hockey"), ICE), "ICE hockey", None),
    (And((ICE, Not(term("hockey")))), "ICE raid", ["ICE"]),
    (Except(ICE, (term("ICE", "train"),)), "ICE trains and ICE", ["ICE"]),
    (Except(ICE, (term("ICE", "train"),)), "an ICE train", None),
    (Except(ICE, (term("ICE", "train"), term("ICE", "Arena"))), "ICE Arena, ICE trains", None),
    (Except(ICE, (Or((term("ICE", "train"), term("ICE", "Arena"))),)), "ICE Arena", None),
    (Except(term("ICE", "train"), (ICE,)), "ICE train", ["ICE train"]),
    (Near(ICE, RAID, 1), "ICE raid", ["ICE", "raid"]),
    (Near(ICE, RAID, 1), "raid ICE", ["raid", "ICE"]),
    (Near(ICE, RAID, 1), "ICE night raid", None),
    (Near(ICE, RAID, 2), "ICE-led raid; x x x ICE", ["ICE", "raid"]),
    (Near(ICE, RAID, 8), "ICE <p> raid", None),
    (Near(term("raid"), term("raid"), 5), "raid", None),
    (Near(term("raid"), term("raid"), 5), "raid x raid", ["raid", "raid"]),
    (Near(term("ICE", "raid"), RAID, 5), "ICE raid", None),
    (Near(term("ICE", "agents"), Or((RAID, term("checkpoint"))), 3), "ICE agents at a checkpoint", ["ICE agents", "checkpoint"]),
    (Near(Except(ICE, (term("ICE", "train"),)), RAID, 9), "ICE train raid", None),
    (Near(Near(term("a"), term("b"), 1), term("c"), 1), "a b c", ["b", "c"]),
    (Regex("ra.d"), "A RAID", ["RAID"]),
    (Regex("RA.D", match_case=True), "a raid", None),
    (Regex(r"\d+ agents"), "<b>12</b> agents", ["12</b> agents"]),
    (Regex("x*"), "nothing", []),
    (Except(Regex("ra.d"), (term("raid", "Bug"),)), "raid bug, raid", ["raid"]),
    (Near(Regex("ra.ds?"), ICE, 2), "raids by ICE", ["raids", "ICE"]),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "text", "expected"), NODES)
def test_a_node_holds_where_the_definition_says(matches, tree, text, expected):
    assert marked(one(matches, tree, text), text) == expected


def test_a_phrase_and_near_stay_within_one_field(matches):
    article = Article(title="sanctuary", summary="city")
    assert one(matches, term("sanctuary", "city"), article) is None
    assert one(matches, Near(term("sanctuary"), term("city"), 5), article) is None
    assert one(matches, And((term("sanctuary"), term("city"))), article) is not None


def test_a_term_looks_in_texts_author_and_tags_but_in_no_link(matches):
    for article in (
        Article(title="raid"), Article(summary="raid"), Article(content="raid"),
        Article(author="Raid"), Article(tags=("a", "raid")),
    ):  # fmt: skip
        assert one(matches, RAID, article) is not None
    assert one(matches, RAID, Article(link="https://x.example/raid")) is None


@pytest.mark.parametrize("field", ["title", "summary", "content", "author"])
def test_a_scope_looks_in_its_field_only(matches, field):
    tree = Scope((field,), RAID)
    assert one(matches, tree, Article(**{field: "raid"})).spans == (Span(field, 0, 4),)
    other = "title" if field != "title" else "summary"
    assert one(matches, tree, Article(**{other: "raid"})) is None


def test_the_innermost_scope_counts(matches):
    tree = Scope(("title",), And((RAID, Scope(("summary",), term("jail")))))
    assert one(matches, tree, Article(title="raid", summary="jail")) is not None
    assert one(matches, tree, Article(title="raid jail")) is None


def test_tags_are_marked_in_their_joined_text_and_apart(matches):
    article = Article(tags=("caf&eacute;", "sanctuary", "city raid"))
    tree = Or((Scope(("tag",), RAID), term("sanctuary", "city")))
    assert one(matches, tree, article).spans == (Span("tag", 29, 33),)
    assert one(matches, term("sanctuary", "city"), article) is None


def test_a_link_is_words_of_host_and_path(matches):
    article = Article(link="https://news.example/ICE-raids/287(g)?q=jail#court")
    for word in (RAID, ICE, term("news"), term("287(g)"), term("news.example")):
        assert one(matches, Scope(("link",), word), article) is not None
    for word in (term("jail"), term("court"), term("https")):
        assert one(matches, Scope(("link",), word), article) is None
    match = one(matches, Scope(("link",), term("ICE", "raid")), article)
    assert match.spans == (Span("link", 21, 30),)


def test_an_except_phrase_counts_in_a_link_as_well(matches):
    tree = Except(Scope(("link",), ICE), (term("ICE", "train"),))
    assert one(matches, tree, Article(link="https://x.example/ICE-train")) is None
    assert one(matches, tree, Article(link="https://x.example/ICE-raid")) is not None


@pytest.mark.parametrize(
    ("summary", "content"),
    [("a raid today", "a raid today"), ("a raid", "<p>There was a raid today</p>")],
)
def test_a_summary_that_the_content_repeats_is_not_marked_twice(matches, summary, content):
    article = Article(summary=summary, content=content)
    assert [span.field for span in one(matches, RAID, article).spans] == ["content"]
    alone = one(matches, Scope(("summary",), RAID), article)
    assert [span.field for span in alone.spans] == ["summary"]
    both = one(matches, Scope(("summary", "content"), RAID), article)
    assert [span.field for span in both.spans] == ["content"]


def test_an_except_phrase_counts_in_a_repeated_summary(matches):
    tree = Except(Scope(("summary",), ICE), (term("ICE", "train"),))
    article = Article(summary="the ICE train", content="see the ICE train now")
    assert one(matches, tree, article) is None


def test_facts_compare_whole_names_in_any_case(matches):
    article = Article(sources=("Dane County Courier", "local"), place="Madison", lang="es-MX")
    for fact, value in [("feed", "dane county  courier"), ("feed", "LOCAL"), ("place", "madison"), ("lang", "es")]:  # fmt: skip
        assert one(matches, Fact(fact, value), article) == Match("r")
    for fact, value in [("feed", "courier"), ("place", "mad"), ("lang", "en")]:
        assert one(matches, Fact(fact, value), article) is None
    for fact in ("feed", "place"):
        assert one(matches, Fact(fact, "local"), Article()) is None


def test_a_rules_own_feeds_places_and_languages_filter(matches):
    article = Article(title="raid", sources=("Courier",), place="Madison", lang="en-US")
    assert one(matches, RAID, article, feeds=("x", "courier"), places=("madison",), langs=("en",))
    assert one(matches, RAID, article, feeds=("x",)) is None
    assert one(matches, RAID, article, places=("x",)) is None
    assert one(matches, RAID, article, langs=("es",)) is None


def test_an_unknown_language_passes_whatever_is_asked_of_it(matches):
    """A story that is missed is worse than one too many."""
    article, spanish = Article(title="raid"), Fact("lang", "es")
    assert one(matches, RAID, article, langs=("es",))
    assert one(matches, And((RAID, spanish)), article)
    assert one(matches, Not(spanish, RAID), article)
    assert one(matches, And((RAID, Not(spanish))), article)
    assert one(matches, Not(Not(spanish, RAID), RAID), article)
    assert one(matches, Not(And((RAID, spanish)), RAID), article)
    assert one(matches, Not(Or((RAID, spanish)), RAID), article) is None


def test_a_rule_that_is_dropped_does_not_drop_an_unknown_language(matches):
    spanish = Rule("spanish", "", Fact("lang", "es"))
    user = Rule("user", "", Not(RuleRef("spanish"), RAID))
    for lang, is_match in [(None, True), ("en", True), ("es-MX", False)]:
        found = matches([spanish, user], Article(title="raid", lang=lang))
        assert ("user" in [match.rule for match in found]) is is_match


def test_the_key_lang_and_the_words_lang_agree(matches):
    for lang in (None, "", "es", "es-MX", "en"):
        article = Article(title="raid", lang=lang)
        by_key = one(matches, RAID, article, langs=("es",))
        assert by_key == one(matches, And((RAID, Fact("lang", "es"))), article)


def test_a_reference_takes_the_query_and_not_the_filters(matches):
    topic = Rule(
        "topic", "", Except(ICE, (term("ICE", "train"),)), feeds=("elsewhere",), langs=("es",)
    )
    user = Rule("user", "", And((RuleRef("topic"), RAID)))
    found = matches([topic, user], Article(title="ICE raid", lang="en"))
    assert found == (Match("user", (Span("title", 0, 3), Span("title", 4, 8))),)
    assert matches([topic, user], Article(title="ICE train raid")) == ()


def test_a_reference_has_the_stems_of_its_own_language(matches):
    spanish = Rule("es", "", term("deportar", kind="stem"), langs=("es",))
    user = Rule("user", "", RuleRef("es"), langs=("en",))
    found = matches([spanish, user], Article(title="Deportaciones masivas"))
    assert [match.rule for match in found] == ["es", "user"]


def test_unknown_and_circular_references_are_refused(matches):
    with pytest.raises(GrammarError, match="There is no rule x"):
        matches([Rule("r", "", RuleRef("x"))], Article(title="raid"))
    with pytest.raises(GrammarError, match="r → r"):
        matches([Rule("r", "", RuleRef("r"))], Article(title="raid"))


# --- capitals --------------------------------------------------------------------------------

SHOUT = "ICE RAIDS MADISON HOMES"


def test_an_all_caps_title_alone_counts_and_says_so(matches):
    found = one(matches, ICE, SHOUT)
    assert found == Match("r", (Span("title", 0, 3),), caps_only=True)
    assert one(matches, ICE, SHOUT, caps="reject") is None


def test_three_words_in_capitals_are_no_all_caps_title(matches):
    assert one(matches, ICE, "ICE RAIDS MADISON") == Match("r", (Span("title", 0, 3),))


def test_an_all_caps_title_counts_if_the_term_stands_in_normal_text(matches):
    article = Article(title=SHOUT, summary="Agents of ICE came.")
    for caps in ("accept", "reject"):
        found = one(matches, ICE, article, caps=caps)
        assert found == Match("r", (Span("summary", 10, 13), Span("title", 0, 3)))


def test_an_all_caps_title_counts_if_another_term_stands_in_normal_text(matches):
    article = Article(title=SHOUT, summary="A raid took place.")
    assert one(matches, And((ICE, RAID)), article).caps_only is False
    assert one(matches, Or((ICE, term("jail"))), article) is None


def test_an_all_caps_title_does_not_count_beside_normal_text_without_the_term(matches):
    assert one(matches, ICE, Article(title="ICE ON ROADS TODAY", summary="Drive slowly.")) is None


def test_words_of_any_case_count_in_an_all_caps_title(matches):
    found = one(matches, RAID, Article(title=SHOUT, summary="Drive slowly."))
    assert found == Match("r", (Span("title", 4, 9),))


def test_an_except_phrase_counts_in_an_all_caps_title(matches):
    tree = Except(ICE, (term("ICE", "Arena"),))
    assert one(matches, tree, "ICE ARENA OPENS DOWNTOWN TODAY") is None


def test_one_side_of_near_alone_in_normal_text_supports_no_all_caps_title(matches):
    near = Near(ICE, Or((RAID, term("official"))), 8)
    article = Article(title="ICE RAIDS OFFICIAL BUILDING", summary="An official said nothing.")
    assert one(matches, near, article) is None
    assert one(matches, Or((near, term("jail"))), article) is None


def test_a_whole_near_in_normal_text_supports_an_all_caps_title(matches):
    tree = And((ICE, Near(term("Dane"), term("jail"), 4)))
    apart = Article(title="ICE RAIDS MADISON HOMES", summary="Dane, and many words on, a jail.")
    assert one(matches, tree, apart) is None
    article = Article(title="ICE RAIDS MADISON HOMES", summary="The jail of Dane is full.")
    assert one(matches, tree, article).caps_only is False


def test_an_excepted_word_in_normal_text_supports_nothing(matches):
    tree = Except(ICE, (term("ICE", "Arena"),))
    assert one(matches, tree, Article(title=SHOUT, summary="Come to the ICE Arena.")) is None


def test_a_term_without_words_supports_nothing(matches):
    tree = Or((ICE, term("—")))
    assert one(matches, tree, Article(title=SHOUT, summary="Drive slowly.")) is None


def test_an_expression_is_looked_for_in_broken_characters_too(matches):
    assert marked(one(matches, Regex("ra.d"), "\ud800 raid"), "\ud800 raid") == ["raid"]


def test_an_expression_that_is_found_everywhere_has_bounded_spans(matches):
    found = one(matches, Regex("[ab]"), Article(content="a " * 3_000))
    assert len(found.spans) == 1_000


def test_an_expression_can_look_in_a_link(matches):
    tree = Scope(("link",), Regex("ice.raid"))
    assert one(matches, tree, Article(link="https://x.example/ice-raid")) is not None


def test_holds_and_spans_are_the_two_halves_of_a_match():
    rule, article = Rule("r", "", RAID), Article(title="a raid")
    assert naive.holds(rule, article, [rule])
    assert naive.spans(rule, article, [rule]) == (Span("title", 2, 6),)
    assert not naive.holds(rule, Article(), [rule])
    assert naive.spans(rule, Article(), [rule]) == ()
