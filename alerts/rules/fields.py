"""How rules see an article: its readable fields, its facts, and which fields a term looks in.

Both evaluators, the compiled one and the naive one, judge by these definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from alerts.errors import GrammarError
from alerts.model import Article, Rule, Span
from alerts.text import GAP, Plain, fold, plain, plain_list
from alerts.tree import TEXT_FIELDS, Fact, TextField

#: Where a term looks that has no field of its own; a link only when it is asked for.
SEARCHED: tuple[TextField, ...] = ("title", "summary", "content", "author", "tag")

#: Where an EXCEPT phrase is looked for: it only matters beside a term, wherever that stands.
EVERYWHERE: tuple[TextField, ...] = (*TEXT_FIELDS,)

#: Where a regular expression looks, and what makes an item "nothing but an all-caps title".
SHOWN: tuple[TextField, ...] = ("title", "summary", "content")


def field_text(article: Article, field: TextField) -> Plain:
    """Return the readable text of one field; offsets lead to the field's original characters."""
    if field == "tag":
        return plain_list(article.tags)
    if field == "link":
        return _address(article.link or "")
    return plain(_RAW[field](article))


_RAW: dict[str, Callable[[Article], str]] = {
    "title": lambda article: article.title,
    "summary": lambda article: article.summary,
    "content": lambda article: article.content,
    "author": lambda article: article.author,
}


def _address(link: str) -> Plain:
    """Return host and path of `link`; scheme, query and fragment are no words of it."""
    start = link.find("://") + 3 if "://" in link else 0
    end = min((at for mark in "?#" if (at := link.find(mark, start)) >= 0), default=len(link))
    if start >= end:
        return Plain("")
    return Plain(" ".join(link[start:end].split(GAP)), (0,), (start,), (end,), (True,))


def repeated(summary: str, content: str) -> TextField | None:
    """Return which of two plain texts says nothing that the other does not say as well."""
    short, long = f" {' '.join(summary.split())} ", f" {' '.join(content.split())} "
    if not short.strip() or not long.strip():
        return None
    if short in long:
        return "summary"
    return "content" if long in short else None


def field_of(article: Article, field: str) -> str:
    """Return the original text that spans of `field` count in."""
    return {
        "title": article.title,
        "summary": article.summary,
        "content": article.content,
        "author": article.author,
        "tag": ", ".join(article.tags),
        "link": article.link or "",
    }[field]


def looked_in(scope: Sequence[TextField] | None, twice: TextField | None) -> frozenset[TextField]:
    """Return the fields a term of `scope` looks in (None: it has none of its own).

    Of summary and content, one that only repeats the other is left out where both are asked for.
    """
    if scope is EVERYWHERE:
        return frozenset(EVERYWHERE)
    fields = frozenset(SEARCHED if scope is None else scope)
    return fields - {twice} if twice and {"summary", "content"} <= fields else fields


def passes(rule: Rule, article: Article) -> bool:
    """Whether the article comes from where `rule` looks; an unknown language passes."""
    if rule.feeds and not any(_same(feed, article.sources) for feed in rule.feeds):
        return False
    if rule.places and not (article.place and _same(article.place, rule.places)):
        return False
    if not rule.langs or not article.lang:
        return True
    return primary_language(article.lang) in {primary_language(lang) for lang in rule.langs}


def fact_holds(fact: Fact, article: Article, *, is_dropped: bool = False) -> bool:
    """Whether the article's feed, place or language is the one asked for.

    A language that is not known passes `lang:es` and, where that `is_dropped`, `NOT lang:es` as
    well: a story that is missed is worse than one too many.
    """
    if fact.fact == "feed":
        return _same(fact.value, article.sources)
    if fact.fact == "place":
        return bool(article.place) and _same(fact.value, (article.place or "",))
    if not article.lang:
        return not is_dropped
    return primary_language(article.lang) == primary_language(fact.value)


def primary_language(tag: str) -> str:
    """Return "es" of "es-MX" or "ES_mx"."""
    return tag.replace("_", "-").partition("-")[0].strip().lower()


def _same(name: str, others: Iterable[str]) -> bool:
    wanted = _folded_name(name)
    return any(_folded_name(other) == wanted for other in others)


def _folded_name(name: str) -> str:
    return fold(" ".join(name.split()))


def language_of(rule: Rule) -> str:
    """Return the language whose stems a rule's "~" words have."""
    return primary_language(rule.langs[0]) if rule.langs else "en"


def referred(name: str, rules: Callable[[str], Rule | None], path: tuple[str, ...]) -> Rule:
    """Return the rule `name`; GrammarError if it is unknown or refers back to one of `path`."""
    if name in path:
        way = " → ".join((*path[path.index(name) :], name))
        raise GrammarError(f"Rule {name} refers to itself: {way}.", hint="Break the circle.")
    rule = rules(name)
    if rule is None:
        raise GrammarError(f"There is no rule {name}.", hint="Write the name of a rule.")
    return rule


def apart(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans sorted, those that overlap as one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and merged[-1].field == span.field and span.start < merged[-1].end:
            merged[-1] = replace(merged[-1], end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)
