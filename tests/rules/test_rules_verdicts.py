"""Claims about verdicts: each clause says whether it holds and which words made it so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from strategies import World

from alerts.model import Article, Rule
from alerts.rules import because, naive, query
from alerts.rules.fields import field_of
from alerts.rules.verdicts import Clause, Verdict, verdict


def judged(text: str, article: Article | str, **rule) -> tuple[Verdict, Article]:
    article = Article(title=article) if isinstance(article, str) else article
    made = Rule("r", text, query.parse(text), **rule)
    return verdict(made, article, [made]), article


def why(text: str, article: Article | str, **rule) -> str:
    return because.reason(*judged(text, article, **rule))


def below(clause: Clause) -> list[Clause]:
    return [clause, *(found for part in clause.parts for found in below(part))]


def cases() -> Iterator[tuple[Rule, Article, list[Rule]]]:
    for seed in range(400):
        world = World(seed)
        rules, article = world.rules(4), world.article()
        yield from ((rule, article, rules) for rule in rules)


def test_a_verdict_says_what_the_meaning_of_the_rule_says():
    for rule, article, rules in cases():
        match = naive.judge(rule, article, rules)
        found = verdict(rule, article, rules)
        assert found.holds == (match is not None)
        if match is not None:
            assert (found.spans, found.caps_only) == (match.spans, match.caps_only)
            assert found.clause.holds
        assert because.reason(found, article)
        assert because.as_mapping(found.clause, article)["holds"] == found.clause.holds


def test_the_words_of_every_clause_stand_in_the_article():
    for rule, article, rules in cases():
        for clause in below(verdict(rule, article, rules).clause):
            for span in clause.spans:
                assert field_of(article, span.field)[span.start : span.end]


@pytest.mark.parametrize(
    ("text", "article", "told"),
    [
        ("ICE", "ICE agents", 'it says "ICE" (title)'),
        ("raid", Article(title="Raids", summary="a raid"), 'it says "raid" (summary), "Raids" (title)'),
        ("ICE", "Thin ice on the lake", 'ICE in capitals: only "ice" (title), in other letters'),
        ("=Madison", "a madison", 'exactly "Madison": only "madison" (title), in other letters'),
        ("ICE AND raid", "ICE agents", '"raid": not there'),
        ("ICE AND raid", "nothing", 'ICE in capitals: not there; "raid": not there'),
        ('ICE EXCEPT "ICE train"', "The ICE train", 'ICE in capitals: only "ICE" (title), inside an excepted phrase'),
        ("ICE NOT Trump", "ICE and Trump", 'NOT drops the whole article because it says "Trump" (title)'),
        ("ICE AND NOT Trump", "ICE and Trump", 'NOT drops the whole article because it says "Trump" (title)'),
        ("ICE NEAR/2 raid", "ICE planned this very raid", 'ICE in capitals within 2 words of "raid": "ICE" (title), "raid" (title): 4 words apart'),
        ("ICE NEAR/2 raid", Article(title="ICE", summary="raid"), 'ICE in capitals within 2 words of "raid": both are there, but never in one paragraph'),
        ("ICE NEAR/2 raid", "ICE here", '"raid": not there'),
        ("title:raid", Article(summary="raid"), '"raid": only "raid" (summary), where it does not look'),
        ("raid OR jail OR bus", "nothing", '"raid", "jail" or "bus": not there'),
        ("raid OR jail OR bus OR van OR fog", "nothing", "none of 5 alternatives is there"),
        ("ICE | jail", "ice", 'ICE in capitals: only "ice" (title), in other letters'),
        ("/ice-[a-z]+/c", "ICE-cold", None),
        ("place:madison AND raid", "raid", 'a source of the place "madison": a feed without a place'),
        ("lang:es AND raid", Article(title="raid", lang="en"), "an article in Spanish or of unknown language: en"),
    ],
)  # fmt: skip
def test_the_reason_names_what_decided(text: str, article: Article | str, told: str | None):
    said = why(text, article)
    if told is None:
        assert "not there" in said or "other letters" in said
    else:
        assert said == told


@pytest.mark.parametrize(
    ("limits", "article", "part"),
    [
        ({"feeds": ("local",)}, Article(title="ICE", sources=("Courier",)), "looks only at the feeds local; this is Courier"),
        ({"places": ("madison",)}, Article(title="ICE"), "feeds of the place madison; this one has a feed without a place"),
        ({"langs": ("es",)}, Article(title="ICE", lang="en"), "articles in es; this one is in en"),
    ],
)  # fmt: skip
def test_a_rule_that_looks_elsewhere_says_so_though_its_words_are_there(limits, article, part):
    found, article = judged("ICE", article, **limits)
    assert part in because.reason(found, article)
    assert found.clause.holds
    assert not found.holds


def test_a_word_that_only_capitals_tell_apart_needs_more_than_an_all_capitals_title():
    article = Article(title="ICE STORM CLOSES ALL SCHOOLS", summary="Nothing moves.")
    assert "all capitals" in why("ICE", article)


def test_a_title_in_capitals_that_is_all_there_is_counts_and_says_so():
    assert "only a title in capitals" in why("ICE", "ICE STORM CLOSES ALL SCHOOLS")


def test_an_all_capitals_title_that_counts_names_the_word_of_normal_text_that_made_it_count():
    article = Article(title="ICE MOVES MEN FROM JAIL", summary="The detainees went by bus.")
    assert why("ICE AND (detainee | prison)", article) == (
        'it says "detainees" (summary), "ICE" (title);'
        ' all-caps title, counted because "detainees" stands in the summary'
    )
    assert "counted because" not in why("ICE OR detainee", article)
    assert "counted because" not in why(
        "ICE", Article(title="ICE MOVES MEN NOW", summary="ICE did.")
    )


def test_a_reference_is_judged_with_the_tree_of_its_rule():
    rules = [
        Rule("ice", "ICE", query.parse("ICE")),
        Rule("jail", "", query.parse("rule:ice AND jail")),
    ]
    article = Article(title="ICE in jail")
    found = verdict(rules[1], article, rules)
    reference = found.clause.parts[0]
    assert because.label(reference) == "the rule ice"
    assert because.finding(reference.parts[0], article) == '"ICE" (title)'


def test_words_are_told_as_they_stand_with_entities_decoded_and_tags_gone():
    assert (
        why("caf&eacute; OR cafe", Article(summary="<b>Caf&eacute;</b>s"))
        == 'it says "Cafés" (summary)'
    )
