"""Queries as they are written, in which several parts of the language meet, by both evaluators."""

from __future__ import annotations

import pytest

from alerts.model import Article, Rule
from alerts.rules import naive, query
from alerts.rules.matcher import Matcher


def holds(text: str, article: Article | str, **more) -> bool:
    article = Article(title=article) if isinstance(article, str) else article
    rule = Rule("r", text, query.parse(text), **more)
    found = naive.judge(rule, article, [rule])
    assert Matcher([rule]).spans(article) == ((found,) if found else ())
    return found is not None


FOUND = [
    # operators and marks inside each other
    ('(ICE EXCEPT "ICE train") NEAR/3 raid', "ICE train raid by ICE"),
    ('ICE EXCEPT title:"ICE train"', Article(summary="the ICE train")),
    ('"mass deport*" NEAR/4 (Madison | Dane County)', "Mass deportations feared in Dane County"),
    ("deport* order", "deportation orders"),
    ('i:"ICE agent" AND raid', "Ice agents on a raid"),
    ("(i:ICE) NEAR/2 agent", "ice agents"),
    ('="Ice agents" OR ICE', "Ice agents seen"),
    ("title:(raid NOT jail)", Article(title="raid", summary="jail")),
    ("title:raid AND summary:jail", Article(title="raid", summary="jail")),
    ("/ICE/c AND raid", "raid by ICE"),
    ("NOT jail AND raid", "a raid"),
    ("raid OR jail AND Madison", "a raid"),
    # words with signs inside a phrase, a group, a NEAR
    ("287(g) agreement", "Sheriff signs 287(g) agreements"),
    ('"287(g) agreement"', "Sheriff signs 287(g) agreements"),
    ("(287(g))", "the 287(g) plan"),
    ("sheriff NEAR/3 287(g)", "sheriff signs 287(g)"),
    ("ICE/CBP", "ICE and ICE-CBP"),
    ("UW-Madison", "UW–Madison students"),
    ("e-mail leak*", "the email leaked"),
    ('"Madison, Wis."', "MADISON, Wis. (AP)"),
    ("U.S. Immigration", "US immigration"),
    ("移民局 AND ICE", "移民局 (ICE)"),
    ("移民 NEAR/3 ICE", "移民局 ICE"),
    # tags and camel case
    ("no kings", "#NoKings"),
    ("ICE out", "#ICEout and #ICEOut"),
    ("#AbolishICE NEAR/2 rally", "an #AbolishICE rally"),
    # where it comes from
    ("(place:madison | feed:local) AND raid", Article(title="raid", sources=("Local",))),
    ("(place:madison | feed:local) AND raid", Article(title="raid", place="Madison")),
    ("raid NOT feed:local", Article(title="raid", sources=("Courier",))),
    ("link:(ice-raids | courier.example)", Article(link="https://courier.example/a")),
    # capitals
    ("ICE AND agent", Article(title="ICE RAIDS MADISON HOMES", summary="Agents came.")),
]

LEFT = [
    ('(ICE EXCEPT "ICE train") NEAR/3 raid', "ICE train raid"),
    ('ICE EXCEPT "ICE train" NEAR/3 raid', "ICE train raid"),
    ('(raid NEAR/5 ICE) EXCEPT "ICE train"', "raid on an ICE train"),
    ('ICE EXCEPT title:"ICE train"', "the ICE train"),
    ('="Ice agents"', "Ice agent, ICE agents"),
    ("title:(raid AND jail)", Article(title="raid", summary="jail")),
    ("raid NOT title:(jail | prison)", "raid, prison"),
    ("/ice/c AND raid", "raid by ICE"),
    ("ICE/CBP", "ICE and CBP"),
    ("UW-Madison", "uw-madison"),
    ("no kings", "#NOKINGS"),
    ("移民局 NEAR/1 ICE", "移民局 x ICE"),
    ("(place:madison | feed:local) AND raid", Article(title="raid", place="Dane")),
    ("link:ICE", Article(link="https://x.example/ice-raids")),
    ("ICE", Article(title="ICE RAIDS MADISON HOMES", summary="Drive slowly.")),
]


@pytest.mark.parametrize(("text", "article"), FOUND)
def test_it_is_found(text, article):
    assert holds(text, article)


@pytest.mark.parametrize(("text", "article"), LEFT)
def test_it_is_left_alone(text, article):
    assert not holds(text, article)


@pytest.mark.parametrize("word", ["deportado", "deportadas", "deportación", "deportaciones"])
def test_stems_are_those_of_the_rules_language(word):
    assert holds("~deportar", f"familias {word}", langs=("es",))
    assert holds("~deportacion", f"familias {word}", langs=("es",))
    assert not holds("~deportar", "el departamento", langs=("es",))


def test_a_rule_that_rejects_capitals_wants_the_term_itself_or_another_in_normal_text():
    assert not holds("ICE", "ICE RAIDS MADISON HOMES", caps="reject")
    shouted = Article(title="ICE RAIDS MADISON HOMES", summary="ICE came at dawn.")
    assert holds("ICE", shouted, caps="reject")
