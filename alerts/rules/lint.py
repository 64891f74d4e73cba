"""Warnings about rules that can be read off the rules themselves, without any article.

Each says something that is surely not meant, or surely does nothing; a warning that is often wrong
teaches people to ignore warnings. What only history shows (floods, never matches) is not here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from alerts.model import Rule
from alerts.rules import roles, shapes
from alerts.rules.implied import implies
from alerts.rules.loose import query_warnings
from alerts.rules.mistakes import LintWarning
from alerts.rules.overlaps import contained, duplicates
from alerts.rules.patterns import compiled
from alerts.rules.write import query_text
from alerts.tree import And, Except, Fact, Node, Not, Or, Regex, Scope, Term, Word

__all__ = ["LintWarning", "contained", "query_warnings", "tree_warnings", "warnings"]


#: Words that stand in nearly every article of their language.
_EVERYWHERE = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "have", "he", "in",
    "is", "it", "its", "not", "of", "on", "or", "she", "that", "the", "they", "this", "to", "was",
    "we", "were", "will", "with", "you",
    "al", "como", "con", "de", "del", "el", "en", "es", "la", "las", "lo", "los", "no", "para",
    "por", "que", "se", "su", "un", "una", "y",
))  # fmt: skip
_PLURAL_SIGN = re.compile(r"(\w+)\(e?s\)")


_FROZEN_WATER = (Word("ice"), Word("Ice"))


def warnings(rules: Sequence[Rule]) -> list[LintWarning]:
    """Return the warnings about `rules`, in their order."""
    found = list(duplicates(rules))
    for rule in rules:
        found.extend(_text_warnings(rule))
        found.extend(_bare_initials(rule))
        found.extend(tree_warnings(rule.tree, rule.name))
    order = {rule.name: n for n, rule in enumerate(rules)}
    return sorted(found, key=lambda warning: order[warning.rule])


def _text_warnings(rule: Rule) -> Iterator[LintWarning]:
    """Judge the very texts that a rule was written in: its query, or the items of its lists."""
    terms = [node for node in shapes.walk(rule.tree) if isinstance(node, Term)]
    texts = {term.source: term for term in terms} if terms else {}
    if set(texts) <= {rule.query, ""}:
        yield from query_warnings(rule.query, rule.name)
        return
    for text in texts:
        is_item = " ".join(text.split()) != rule.query
        for found in query_warnings(text, rule.name, is_item=is_item):
            inside = (t for t in terms if t.source is text and t.start <= found.start < t.end)
            yield replace(found, node=next(inside, texts[text]))


def tree_warnings(tree: Node, rule: str) -> Iterator[LintWarning]:
    """Yield what is odd about one tree."""
    nodes = list(shapes.walk(tree))
    found = (
        *_frozen_water(tree),
        *_too_common(tree),
        *_keywords(nodes),
        *_plural_signs(nodes),
        *_impossible(nodes),
        *_idle_excepts(nodes),
        *_twice(nodes),
    )
    for node, message, hint in found:
        start, end = getattr(node, "start", 0), getattr(node, "end", 1)
        yield LintWarning(rule, message, hint, start, end, node)


_Finding = tuple[Node, str, str]


# --- single words ------------------------------------------------------------------------------


def is_frozen_water(node: Node) -> bool:
    """Whether a term is ice in small letters, which is the agency in very few articles."""
    return isinstance(node, Term) and len(node.words) == 1 and node.words[0] in _FROZEN_WATER


def _frozen_water(tree: Node) -> Iterator[_Finding]:
    for term in roles.outside_near(tree):
        if is_frozen_water(term):
            yield (
                term,
                f"`{term.words[0].text}` in small letters is also frozen water.",
                "For the agency write ICE in capitals; for any case on purpose, i:ICE.",
            )


def _too_common(tree: Node) -> Iterator[_Finding]:
    for node in roles.alternatives(tree):
        if isinstance(node, Term) and len(node.words) == 1:
            word = node.words[0]
            if word.kind == "fold" and word.text.lower() in _EVERYWHERE:
                yield (
                    node,
                    f"`{word.text}` stands in nearly every article.",
                    "Put words that belong together on one line or in quotes: they are a phrase.",
                )
        elif isinstance(node, Regex) and _finds_nothing(node):
            yield (
                node,
                f"/{node.pattern}/ is found in every article: it also stands for no text at all.",
                "Use + instead of *, or write a word.",
            )


# What words say better: letters, endings, alternatives, and gaps between words.
_KEYWORDS = re.compile(r"(?:\\b|\\s[+*]?|\\w[+*]?|\.[+*]|\(\?:|[^\W\d_]|[ '’|()?-])+")


def _keywords(nodes: Sequence[Node]) -> Iterator[_Finding]:
    for node in nodes:
        if not isinstance(node, Regex) or _finds_nothing(node):
            continue
        if _KEYWORDS.fullmatch(node.pattern) and any(map(str.isalpha, node.pattern)):
            yield (
                node,
                f"/{node.pattern}/ is a regular expression where a keyword is better.",
                "Write words: raid finds Raid and raids, and never a part of another word;"
                " deport* finds beginnings, raid | jail either.",
            )


def _bare_initials(rule: Rule) -> Iterator[LintWarning]:
    """Tell of a rule that is nothing but acronyms of two letters; ICE is telling enough."""
    found = list(roles.alternatives(rule.tree))
    terms = [node for node in found if isinstance(node, Term) and _is_short(node)]
    if rule.feeds or rule.places or len(terms) < len(found) or _has_veto(rule.tree):
        return
    for term in terms[:1]:
        text = query_text(term)
        yield LintWarning(
            rule.name,
            f"`{text}` alone stands in very many articles, and may be short for something else.",
            f"Say what it must be about: {text} NEAR/8 (border | visa), or {text} AND border.",
            term.start,
            max(term.end, 1),
            term,
        )


def _is_short(term: Term) -> bool:
    (word, *others) = term.words
    return not others and word.kind == "acronym" and len(word.text) == 2


def _has_veto(tree: Node) -> bool:
    return any(isinstance(node, Not | Except) for node in shapes.walk(tree))


def _finds_nothing(node: Regex) -> bool:
    return compiled(node).fullmatch("") is not None


def _plural_signs(nodes: Sequence[Node]) -> Iterator[_Finding]:
    for node in nodes:
        for word in node.words if isinstance(node, Term) else ():
            found = _PLURAL_SIGN.fullmatch(word.text) if word.text.endswith(")") else None
            if found:
                yield (
                    node,
                    f"`{word.text}` is looked for as it stands, with its parentheses.",
                    f"Write {found[1]}: its plural is found as well.",
                )


def _twice(nodes: Sequence[Node]) -> Iterator[_Finding]:
    for node in nodes:
        if not isinstance(node, And | Or):
            continue
        for part, count in Counter(node.parts).items():
            if count > 1:
                *_, last = (each for each in node.parts if each == part)
                yield last, f"`{query_text(part)}` stands here twice.", "Take one away."


# --- clauses -----------------------------------------------------------------------------------


def _impossible(nodes: Sequence[Node]) -> Iterator[_Finding]:
    told: set[int] = set()
    for node in nodes:
        if isinstance(node, Except):
            yield from _wholly_excepted(node)
        if not isinstance(node, And | Not):
            continue
        needed = frozenset(roles.needed(node))
        for drop in roles.dropped(node):
            if _is_of_language(drop):
                continue
            if id(drop) not in told and any(_implies(leaf, drop) for leaf in needed):
                told.add(id(drop))
                text = query_text(drop)
                yield (
                    drop,
                    f"This can never hold: it asks for `{text}` and drops every article with it.",
                    f"Take `{text}` away after NOT; to ignore a phrase, not the article,"
                    " write EXCEPT.",
                )
        if not told.intersection(map(id, roles.dropped(node))):
            yield from _drops_itself(node)
        if isinstance(node, And):
            yield from _two_facts(needed)


def _drops_itself(node: And | Not) -> Iterator[_Finding]:
    """Tell where every article that `node` asks for has something that it drops."""
    parts = node.parts if isinstance(node, And) else (node,)
    wanted = [part for part in parts if not shapes.is_bare_not(part)]
    drops = [part.drop for part in parts if isinstance(part, Not)]
    if not drops or any(map(_is_of_language, drops)):
        return
    keep = node.keep if isinstance(node, Not) else shapes.all_of(wanted) if wanted else None
    if keep is not None and implies(keep, shapes.any_of(drops)):
        yield (
            drops[0].parts[0] if isinstance(drops[0], Or) else drops[0],
            "This can never hold: it drops every article that it asks for.",
            "Take away after NOT (none:) what stands before it; to ignore a phrase, not the"
            " article, write EXCEPT.",
        )


def _is_of_language(node: Node) -> bool:
    """Whether a language is in question: one that is not known is both the one and no other."""
    return any(isinstance(leaf, Fact) and leaf.fact == "lang" for leaf in shapes.walk(node))


def _wholly_excepted(node: Except) -> Iterator[_Finding]:
    for leaf in shapes.positives(node.term):
        for phrase in node.phrases:
            if leaf == phrase:
                text = query_text(phrase)
                yield (
                    phrase,
                    f"`{text}` can never count: it is excepted itself.",
                    "After EXCEPT write the longer phrase that does not count:"
                    ' ICE EXCEPT "ICE train".',
                )


def _implies(needed: tuple[tuple[str, ...], Node], drop: Node) -> bool:
    """Whether an article with the needed leaf surely has what `drop` drops."""
    fields, leaf = needed
    if isinstance(drop, Scope):
        return bool(fields) and set(fields) <= set(drop.fields) and _implies(((), leaf), drop.node)
    if "link" in fields:
        return False
    if isinstance(leaf, Term) and isinstance(drop, Term) and len(drop.words) == 1:
        return drop.words[0] in leaf.words
    return leaf == drop


_NEVER = {
    "place": "This can never hold",
    "lang": "This can hold only where the language is not known",
}


def _two_facts(needed: Iterable[tuple[tuple[str, ...], Node]]) -> Iterator[_Finding]:
    """An article has one place and one language (but a feed's name and several tags)."""
    first: dict[str, Fact] = {}
    facts = [leaf for _, leaf in needed if isinstance(leaf, Fact) and leaf.fact != "feed"]
    for fact in sorted(facts, key=lambda each: each.start):
        earlier = first.setdefault(fact.fact, fact)
        if earlier.value.casefold() != fact.value.casefold():
            yield (
                fact,
                f"{_NEVER[fact.fact]}: no article has the {fact.fact} `{earlier.value}` and"
                f" `{fact.value}`.",
                f"Write {fact.fact}:({earlier.value} | {fact.value}) for either of them.",
            )


def _idle_excepts(nodes: Sequence[Node]) -> Iterator[_Finding]:
    for node in nodes:
        if not isinstance(node, Except):
            continue
        leaves = list(shapes.positives(node.term))
        terms = [leaf for leaf in leaves if isinstance(leaf, Term)]
        if len(terms) < sum(not isinstance(leaf, Fact) for leaf in leaves):
            continue  # what another rule or a regular expression finds is not known here
        for phrase in node.phrases:
            inner = phrase.node if isinstance(phrase, Scope) else phrase
            if isinstance(inner, Term) and not any(_can_lie_inside(t, inner) for t in terms):
                yield (
                    phrase,
                    f"`{query_text(inner)}` takes nothing away: none of the rule's words is in it.",
                    'Write the whole phrase, as in ICE EXCEPT "ICE train"; to leave out articles'
                    " write NOT (none:).",
                )


def _can_lie_inside(term: Term, phrase: Term) -> bool:
    """Whether an occurrence of `term` may lie inside one of `phrase`; True when in doubt."""
    if not all(_is_simple(word) for word in (*term.words, *phrase.words)):
        return True
    width = len(term.words)
    windows = (phrase.words[n : n + width] for n in range(len(phrase.words) - width + 1))
    return any(all(map(_may_be_same, term.words, window)) for window in windows)


def _is_simple(word: Word) -> bool:
    return word.text.isalnum() and word.text.isascii()


def _may_be_same(one: Word, other: Word) -> bool:
    """Plurals and stems change the end of a word, never its beginning."""
    a, b = (word.text.casefold() for word in (one, other))
    width = min(3, len(a), len(b))
    return a[:width] == b[:width]
