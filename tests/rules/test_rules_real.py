"""On real articles the matcher gives the naive evaluator's answers, for rules of their own words."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from itertools import islice

import needs
import pytest

from alerts.clock import FakeClock
from alerts.model import Article, Rule
from alerts.rules import query
from alerts.rules.matcher import Matcher
from alerts.rules.naive import judge

NEWS = "news_days_dev.jsonl.gz"
ARTICLES, RULES = 20, 60  # that meet each other


@pytest.fixture(scope="module")
def news() -> list[Article]:
    with gzip.open(needs.shared(NEWS), "rt", encoding="utf-8") as lines:
        values = [json.loads(line) for line in islice(lines, 0, 20_000, 3)]
    return [
        Article(title=v["title"] or "", summary=v["summary"] or "", lang=v["lang"]) for v in values
    ]


class Writer:
    """Writes queries of words that stand in some articles; a number always makes the same ones."""

    def __init__(self, articles: list[Article], number: int) -> None:
        self.clock = FakeClock(seed=number)
        self.articles = [self.shouted(self.one(articles)) for _ in range(ARTICLES)]
        self.texts = [re.findall(r"\S+", f"{a.title} {a.summary}") or ["x"] for a in self.articles]

    def shouted(self, article: Article) -> Article:
        is_loud = self.clock.random() < 0.2
        return replace(article, title=article.title.upper()) if is_loud else article

    def one(self, choices):
        return choices[int(self.clock.random() * len(choices))]

    def word(self) -> str:
        return self.one(self.one(self.texts))

    def phrase(self) -> str:
        words = self.one(self.texts)
        start = int(self.clock.random() * len(words))
        return " ".join(words[start : start + 1 + int(self.clock.random() * 3)])

    def term(self) -> str:
        form = self.one(
            ["{0}", '"{0}"', '="{0}"', 'i:"{0}"', '"{1}"', '"{2}*"', "~{3}", 'title:"{0}"']
        )
        word = self.word()
        return form.format(self.phrase(), word, word[:4], word.lower())

    def query(self) -> str:
        form = self.one(
            [
                "{0}", "{0}", "{0} AND {1}", "{0} | {1} | {2}", "{0} NOT {1}", "{0} EXCEPT {1}",
                "{0} NEAR/6 ({1} | {2})", "({0} | {1}) AND {2}", "({0} NEAR/9 {1}) EXCEPT {2}",
            ]
        )  # fmt: skip
        return form.format(self.term(), self.term(), self.term())

    def rules(self) -> list[Rule]:
        made: list[Rule] = []
        while len(made) < RULES:
            text = self.query()
            try:
                made.append(Rule(f"r{len(made)}", text, query.parse(text)))
            except query.QueryError:
                continue  # a sign in the article's text is an operator, or stands for nothing
        return made


def check(news: list[Article], numbers: range) -> int:
    """Judge each number's rules by its articles; return how many matches there were."""
    count = 0
    for number in numbers:
        writer = Writer(news, number)
        rules = writer.rules()
        matcher = Matcher(rules)
        for article in writer.articles:
            expected = tuple(m for rule in rules if (m := judge(rule, article, rules)))
            assert matcher.spans(article) == expected, number
            count += len(expected)
    return count


def test_it_gives_the_naive_answers_on_real_articles(news):
    assert check(news, range(3)) > 100


def test_it_gives_the_naive_answers_to_a_hundred_thousand_rules_on_real_articles(news):
    needs.soak()
    check(news, range(100, 1_800))
