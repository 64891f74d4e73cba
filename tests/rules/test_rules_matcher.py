"""The matcher gives the naive evaluator's answers, also while rules come and go."""

from __future__ import annotations

import threading

import needs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import World, articles, rule_lists, texts

from alerts.errors import GrammarError
from alerts.model import Article, Rule, Span
from alerts.rules.clauses import Clauses
from alerts.rules.compile import compiled
from alerts.rules.leaves import Leaves
from alerts.rules.matcher import Matcher
from alerts.rules.naive import judge
from alerts.rules.plans import EVERY_ONE
from alerts.rules.scene import Scene
from alerts.text import plain
from alerts.tree import And, Except, Fact, Near, Not, Or, Regex, RuleRef, Scope, Term, Word

slow_to_make = [HealthCheck.too_slow, HealthCheck.data_too_large]
thorough = settings(max_examples=60, deadline=None, suppress_health_check=slow_to_make)
short = settings(thorough, max_examples=15)


def term(*words: str) -> Term:
    return Term(tuple(Word(w, "acronym" if w.isupper() else "fold") for w in words))


def rule(name: str, tree, **more) -> Rule:
    return Rule(name, "", tree, **more)


def check(matcher: Matcher, rules: list[Rule], article: Article) -> None:
    check_all([matcher], rules, article)


def check_all(matchers: list[Matcher], rules: list[Rule], article: Article) -> None:
    expected = [match for r in rules if (match := judge(r, article, rules))]
    for matcher in matchers:
        assert matcher.match(article) == tuple(match.rule for match in expected)
        assert matcher.spans(article) == tuple(expected)


#: Every size is answered by dictionaries, or every one by arrays.
tables = pytest.mark.parametrize("packed_from", [1_000, 1], ids=["dictionaries", "arrays"])


@thorough
@given(rules=rule_lists(), some=st.lists(articles(), min_size=5, max_size=5))
def test_it_gives_the_answers_and_spans_of_the_naive_evaluator(rules, some):
    matchers = [Matcher(rules), Matcher(rules, packed_from=1)]
    for article in some:
        check_all(matchers, rules, article)


@pytest.mark.parametrize("part", range(4))
def test_it_gives_these_answers_in_ten_thousand_made_cases(part):
    check_worlds(range(part * 40, part * 40 + 40))


@pytest.mark.parametrize("world", [14_007, 14_566])
def test_an_exception_of_several_words_is_looked_for_in_links_too(world):
    check_worlds(range(world, world + 1))  # its words stand in different fields, one in the link


def test_it_gives_these_answers_in_a_million_made_cases():
    needs.soak()
    check_worlds(range(1_000, 16_700))


def check_worlds(numbers: range) -> None:
    """Judge 8 rules by 8 articles for each number; a failure names the number."""
    for number in numbers:
        world = World(number)
        rules = world.rules(8)
        matchers = [Matcher(rules), Matcher(rules, packed_from=1)]
        for _ in range(8):
            check_all(matchers, rules, world.article())


@tables
@short
@given(rules=rule_lists(count=6), some=st.lists(articles(), min_size=3, max_size=3), data=st.data())
def test_rules_that_come_and_go_are_seen_by_the_next_article(packed_from, rules, some, data):
    live = list(rules[:3])
    matcher = Matcher(live, packed_from=packed_from)
    for coming in rules[3:]:
        check(matcher, live, some[0])
        matcher.add(coming)
        live.append(coming)
        for article in some:
            check(matcher, live, article)
        matcher.settle()
        check(matcher, live, some[2])
    for going in data.draw(st.permutations(rules)):
        try:
            matcher.remove(going.name)
        except GrammarError:
            continue  # another rule refers to it
        live.remove(going)
        check(matcher, live, some[1])
        matcher.settle()
        check(matcher, live, some[2])


@short
@given(rule_lists(count=3), articles())
def test_the_text_outside_the_marks_is_unchanged_and_inside_holds_words(rules, article):
    raws = {
        "title": article.title, "summary": article.summary, "content": article.content,
        "author": article.author, "tag": ", ".join(article.tags), "link": article.link or "",
    }  # fmt: skip
    for match in Matcher(rules).spans(article):
        assert list(match.spans) == sorted(match.spans)
        for before, after in zip(match.spans, match.spans[1:], strict=False):
            assert before.field != after.field or before.end <= after.start
        for span in match.spans:
            assert 0 <= span.start < span.end <= len(raws[span.field])
            assert raws[span.field][span.start : span.end].strip()


@short
@given(texts(most=30))
def test_spans_lie_in_the_original_characters(text):
    matcher = Matcher([rule("raid", term("raid")), rule("ice", term("ICE"))])
    for match in matcher.spans(Article(content=text)):
        for span in match.spans:
            word = plain(text[span.start : span.end]).text.replace("\u00ad", "").lower()
            assert word.replace(".", "").startswith(("raid", "ice", "ｉｃｅ"))


def test_names_come_in_the_order_the_rules_were_given():
    matcher = Matcher(
        [rule("z", term("raid")), rule("a", Not(Fact("lang", "es"))), rule("m", term("raid"))]
    )
    matcher.add(rule("b", term("raid")))
    assert matcher.match(Article(title="a raid")) == ("z", "a", "m", "b")
    assert matcher.names == ("z", "a", "m", "b")


def test_a_rule_of_the_same_name_gives_way_and_its_users_follow():
    matcher = Matcher([rule("user", RuleRef("topic")), rule("topic", term("raid"))])
    assert matcher.match(Article(title="raid")) == ("user", "topic")
    matcher.add(rule("topic", term("jail")))
    assert matcher.match(Article(title="raid")) == ()
    assert matcher.match(Article(title="jail")) == ("user", "topic")


def test_an_unknown_reference_is_refused_and_leaves_no_trace():
    matcher = Matcher([rule("a", term("raid"))])
    with pytest.raises(GrammarError, match="There is no rule nowhere"):
        matcher.add(rule("b", And((term("jail"), RuleRef("nowhere")))))
    assert matcher.names == ("a",)
    assert matcher.match(Article(title="raid jail")) == ("a",)


def test_a_circle_of_references_is_refused_with_its_way():
    with pytest.raises(GrammarError, match="a → b → a"):
        Matcher([rule("a", RuleRef("b")), rule("b", RuleRef("a"))])
    matcher = Matcher([rule("b", term("x")), rule("a", RuleRef("b"))])
    with pytest.raises(GrammarError, match="b → a → b"):
        matcher.add(rule("b", RuleRef("a")))
    assert matcher.match(Article(title="x")) == ("b", "a")


def test_a_rule_that_others_use_cannot_be_removed():
    matcher = Matcher([rule("a", term("raid")), rule("b", RuleRef("a"))])
    with pytest.raises(GrammarError, match="used by b"):
        matcher.remove("a")
    matcher.remove("b")
    matcher.remove("a")
    assert matcher.names == ()
    with pytest.raises(GrammarError, match="There is no rule a"):
        matcher.remove("a")


def test_an_expression_that_re2_cannot_read_is_a_grammar_error():
    with pytest.raises(GrammarError, match="no regular expression"):
        Matcher([rule("a", Regex("(?=look)"))])


def test_a_rule_with_many_alternatives_is_still_right():
    groups = And(tuple(Or(tuple(term(f"w{g}{n}") for n in range(9))) for g in range(4)))
    matcher = Matcher([rule("wide", groups)])
    assert matcher.match(Article(title="w01 w12 w23 w34")) == ("wide",)
    assert matcher.match(Article(title="w01 w12 w23")) == ()


def test_spans_are_given_for_the_names_asked_for_only():
    matcher = Matcher([rule("a", term("raid")), rule("b", term("jail"))])
    article = Article(title="raid jail")
    assert [m.rule for m in matcher.spans(article, ["b", "unknown"])] == ["b"]
    assert matcher.spans(article, ["a"])[0].spans == (Span("title", 0, 4),)
    assert matcher.spans(Article(title="none")) == ()


@tables
def test_many_threads_match_while_rules_change(packed_from):
    rules = [rule(f"r{n}", term(f"word{n}")) for n in range(50)]
    matcher = Matcher(rules, packed_from=packed_from)
    wrong: list[object] = []

    def read(number: int) -> None:
        for turn in range(200):
            n = (number * 7 + turn) % 50
            if (names := matcher.match(Article(title=f"a word{n} x{turn}"))) != (f"r{n}",):
                wrong.append(names)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(200):
        matcher.add(rule("live", Except(term(f"live{turn}"), (term("x"),))))
        if turn % 20 == 0:
            matcher.settle()
    for thread in threads:
        thread.join()
    assert not wrong


def test_words_of_a_removed_rule_are_forgotten():
    matcher = Matcher([rule("a", Near(term("deported"), term("ICE"), 3))])
    assert matcher.match(Article(title="ICE deported")) == ("a",)
    matcher.remove("a")
    assert matcher.match(Article(title="ICE deported")) == ()
    matcher.add(rule("b", Scope(("title",), term("deported"))))
    assert matcher.match(Article(title="ICE deported")) == ("b",)


@pytest.mark.fault("71")
def test_a_very_long_article_is_read_in_linear_time():
    matcher = Matcher(
        [
            rule("near", Near(term("ICE"), term("raid"), 3)),
            rule("not", Except(term("ICE"), (term("ICE", "x"),))),
        ]
    )
    assert matcher.match(Article(content="ICE " * 60_000 + "raid " * 60_000)) == ("near", "not")
    assert matcher.match(Article(content="ICE x " * 60_000)) == ()


def test_a_plan_that_is_made_only_after_its_rule_went_finds_nothing_and_fails_nowhere():
    leaves = Leaves()
    tree = Except(And((term("raid"), Scope(("link",), term("jail")))), (term("x", "y"),))
    going = rule("going", tree)
    reading = Clauses(leaves, {}.get)
    assert reading.of_rule(going)
    leaves.drop_all(reading.taken)
    scene = Scene(Article(title="raid jail", link="https://x.example/jail"), leaves)
    assert compiled(going, leaves).plan.found(scene, EVERY_ONE) is None
