"""Verdicts in plain words: what a clause asks for, and what of the article made it hold or fail.

English only: it speaks to admins, on the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alerts.model import Article, Rule, Span
from alerts.rules import words
from alerts.rules.fields import field_of
from alerts.rules.verdicts import Clause, Verdict, deciding
from alerts.rules.write import query_text
from alerts.text import shown
from alerts.tree import And, Except, Fact, Near, Not, Or, RuleRef, Scope, TextField

FIELD_NAMES: Mapping[TextField, str] = {
    "title": "title",
    "summary": "summary",
    "content": "text",
    "author": "author",
    "tag": "tags",
    "link": "address",
}

_MOST_WORDS = 6
_MOST_REASONS = 4
#: Alternatives that are all missing are named up to this many, else counted.
_MOST_ALTERNATIVES = 4

_OBSTACLES = {
    "small": "only {words}, in other letters",
    "scope": "only {words}, where it does not look",
    "excepted": "only {words}, inside an excepted phrase",
    "capitals": "only {words}, in a text that is all capitals",
}
_OUTSIDE = {
    "feed": "it looks only at the feeds {wanted}; this is {got}",
    "place": "it looks only at feeds of the place {wanted}; this one has {got}",
    "lang": "it looks only at articles in {wanted}; this one is in {got}",
}


def words_of(article: Article, spans: Iterable[Span]) -> list[tuple[str, str]]:
    """Return the words of spans as they stand in the article, each with its field's name, once."""
    found = (
        (shown(field_of(article, span.field)[span.start : span.end]), FIELD_NAMES[span.field])  # type: ignore[index]
        for span in spans
    )
    return list(dict.fromkeys(found))


def quoted_words(article: Article, spans: Iterable[Span]) -> str:
    """Return `"ICE" (title), "raid" (text)`; a long list ends in "and 3 more"."""
    by_word: dict[str, list[str]] = {}
    for text, field in words_of(article, spans):
        by_word.setdefault(text, []).append(field)
    told = [f'"{text}" ({", ".join(fields)})' for text, fields in by_word.items()]
    more = len(told) - _MOST_WORDS
    return ", ".join(told[:_MOST_WORDS]) + (f" and {more} more" if more > 0 else "")


# --- one clause --------------------------------------------------------------------------------


def label(clause: Clause, titles: Mapping[str, str] | None = None) -> str:
    """Return what a clause asks for; of one with parts only how they go together."""
    node = clause.node
    match node:
        case And():
            return "all of these"
        case Or():
            return "at least one of these"
        case Near(within=1):
            return "right next to each other"
        case Near(within=within):
            return f"within {within} words of each other"
        case Not():
            return "the one without the other"
        case Except():
            return "not only inside the phrases"
        case Scope(fields=fields):
            return f"in the {' or '.join(FIELD_NAMES[name] for name in fields)}"
        case RuleRef(name=name):
            return f"the rule {name}"
        case _:
            return words.explain(node, "en", titles or {})


def finding(clause: Clause, article: Article) -> str:
    """Return what of the article made the verdict: `"ICE" (title)`, "not there"."""
    if isinstance(clause.node, Fact):
        return _fact(clause.node, article)
    there = quoted_words(article, clause.spans)
    if clause.holds:
        return there
    if clause.obstacle == "apart":
        return f"{there}: {_distance(clause)}" if there else _distance(clause)
    if clause.obstacle:
        return _OBSTACLES[clause.obstacle].format(words=there)
    return "" if clause.parts else "not there"


def _distance(clause: Clause) -> str:
    if clause.distance is None:
        return "both are there, but never in one paragraph"
    if clause.distance <= 0:
        return "both are the same words"
    return f"{clause.distance} words apart"


def _fact(fact: Fact, article: Article) -> str:
    got = {
        "feed": " · ".join(article.sources) or "no feed that is known",
        "place": article.place or "a feed without a place",
        "lang": article.lang or "a language that is not known",
    }
    return got[fact.fact]


def as_mapping(clause: Clause, article: Article) -> dict[str, Any]:
    """Return a clause and all below it, ready for JSON."""
    return {
        "clause": label(clause),
        "query": query_text(clause.node),
        "role": clause.role,
        "holds": clause.holds,
        "why": finding(clause, article),
        "obstacle": clause.obstacle or None,
        "words": as_words(clause.spans, article),
        "parts": [as_mapping(part, article) for part in clause.parts],
    }


def as_words(spans: Iterable[Span], article: Article) -> list[dict[str, Any]]:
    """Return the words of spans with their places, ready for JSON."""
    return [
        {
            "text": shown(field_of(article, span.field)[span.start : span.end]),
            "field": span.field,
            "start": span.start,
            "end": span.end,
        }
        for span in spans
    ]


# --- a whole rule ------------------------------------------------------------------------------


def reason(verdict: Verdict, article: Article) -> str:
    """Return in one line why a rule holds or does not."""
    if verdict.holds:
        there = quoted_words(article, verdict.spans)
        said = f"it says {there}" if there else "of where it comes from"
        if verdict.caps_only:
            return f"{said}; only a title in capitals says so"
        return said + _counted(verdict, article)
    if verdict.outside:
        return "; ".join(_outside(name, verdict.rule, article) for name in verdict.outside)
    if verdict.is_capitals:
        return "its words stand only in a text that is all capitals, which tells no ICE from ice"
    told = list(dict.fromkeys(_missing(one, article) for one in deciding(verdict.clause)))
    more = len(told) - _MOST_REASONS
    return "; ".join(told[:_MOST_REASONS]) + (f"; and {more} more" if more > 0 else "")


def _counted(verdict: Verdict, article: Article) -> str:
    """Return what made words of an all-caps field count, if the rule holds only with them."""
    if not verdict.evidence:
        return ""
    shouting = " and ".join(FIELD_NAMES[field] for field in verdict.shouting)
    (text, field), *_ = words_of(article, verdict.evidence)
    return f'; all-caps {shouting}, counted because "{text}" stands in the {field}'


def _outside(name: str, rule: Rule, article: Article) -> str:
    wanted: dict[str, Sequence[str]] = {
        "feed": rule.feeds,
        "place": rule.places,
        "lang": rule.langs,
    }
    got = _fact(Fact(name, ""), article)  # type: ignore[arg-type]
    return _OUTSIDE[name].format(wanted=", ".join(wanted[name]), got=got)


def _missing(clause: Clause, article: Article) -> str:
    if clause.role == "drops":
        there = quoted_words(article, clause.spans)
        said = there or words.explain(clause.node)
        return f"NOT drops the whole article because it says {said}"
    if isinstance(clause.node, Or) and not clause.obstacle:
        count = len(clause.node.parts)
        if count > _MOST_ALTERNATIVES:
            return f"none of {count} alternatives is there"
    return _whole(clause, article)


def _whole(clause: Clause, article: Article) -> str:
    asked = words.explain(clause.node, most=_MOST_WORDS)
    return f"{asked}: {finding(clause, article) or 'not there'}"
