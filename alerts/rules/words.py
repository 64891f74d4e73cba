"""A tree in plain words, as readers of a digest are told why an article came, in their language.

The words of each language stand in one table; how they are put together is the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from alerts.rules import shapes
from alerts.rules.lexer import acronym
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
)


@dataclass(frozen=True, slots=True)
class _Tongue:
    """The phrases of one language; {0} is what they are about."""

    capitals: str
    any_case: str
    exact: str
    prefix: str
    stem: str
    near: str
    next_to: str
    both: str
    either: str
    but_not_inside: str
    not_inside: str
    but_no_article: str
    no_article: str
    pattern: str
    topic: str
    and_: str
    or_: str
    nor: str
    others: str
    fields: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    dropped_language: str = ""
    languages: Mapping[str, str] = field(default_factory=dict)


_ENGLISH = _Tongue(
    capitals="{0} in capitals",
    any_case="{0} in capitals or not",
    exact='exactly "{0}"',
    prefix='words that begin with "{0}"',
    stem='any form of "{0}"',
    near="{0} within {2} words of {1}",
    next_to="{0} right next to {1}",
    both="both {0}",
    either="either {0}",
    but_not_inside="{0}, but not inside {1}",
    not_inside="{0} (not inside {1})",
    but_no_article="{0}, but no article with {1}",
    no_article="{0} (but no article with {1})",
    pattern="text of the form {0}",
    topic='the topic "{0}"',
    and_="and",
    or_="or",
    nor="or",
    others="{0} others",
    fields={
        "title": "in the title",
        "summary": "in the summary",
        "content": "in the text",
        "author": "in the author's name",
        "tag": "in the tags",
        "link": "in the address",
    },
    facts={
        "feed": 'the source "{0}"',
        "place": 'a source of the place "{0}"',
        "lang": "an article in {0} or of unknown language",
    },
    dropped_language="the language {0}",
    languages={
        "en": "English", "es": "Spanish", "fr": "French", "de": "German", "pt": "Portuguese",
        "zh": "Chinese", "hmn": "Hmong", "ar": "Arabic", "vi": "Vietnamese", "so": "Somali",
    },
)  # fmt: skip

_SPANISH = _Tongue(
    capitals="{0} en mayúsculas",
    any_case="{0} en mayúsculas o minúsculas",
    exact='exactamente "{0}"',
    prefix='palabras que empiezan por "{0}"',
    stem='cualquier forma de "{0}"',
    near="{0} a {2} palabras o menos de {1}",
    next_to="{0} justo al lado de {1}",
    both="a la vez {0}",
    either="alguna de estas opciones: {0}",
    but_not_inside="{0}; no dentro de {1}",
    not_inside="{0} (no dentro de {1})",
    but_no_article="{0}; ningún artículo con {1}",
    no_article="{0} (ningún artículo con {1})",
    pattern="texto de la forma {0}",
    topic='el tema "{0}"',
    and_="y",
    or_="o",
    nor="ni",
    others="{0} más",
    fields={
        "title": "en el título",
        "summary": "en el resumen",
        "content": "en el texto",
        "author": "en el nombre del autor",
        "tag": "en las etiquetas",
        "link": "en la dirección",
    },
    facts={
        "feed": 'la fuente "{0}"',
        "place": 'una fuente del lugar "{0}"',
        "lang": "un artículo en {0} o de idioma desconocido",
    },
    dropped_language="el idioma {0}",
    languages={
        "en": "inglés", "es": "español", "fr": "francés", "de": "alemán", "pt": "portugués",
        "zh": "chino", "hmn": "hmong", "ar": "árabe", "vi": "vietnamita", "so": "somalí",
    },
)  # fmt: skip

_TONGUES = {"en": _ENGLISH, "es": _SPANISH}
_NO_TITLES: Mapping[str, str] = MappingProxyType({})


def explain(
    node: Node,
    language: str = "en",
    titles: Mapping[str, str] = _NO_TITLES,
    *,
    most: int | None = None,
) -> str:
    """Return `node` in plain words of `language` (English if it is none of ours).

    `titles` holds readers' titles of rules by name. A list longer than `most` ends in "12 others",
    so that a wide rule still fits a footer. No markup, no capital at the beginning, no full stop at
    the end: 'ICE in capitals, but not inside "ICE Arena"'.
    """
    return _Explanation(_TONGUES.get(language, _ENGLISH), titles, most).say(node)


class _Explanation:
    def __init__(self, tongue: _Tongue, titles: Mapping[str, str], most: int | None) -> None:
        self.tongue = tongue
        self.titles = titles
        self.most = most
        self.is_dropping = False  # inside NOT an unknown language is not the one that is named

    def say(self, node: Node, depth: int = 0) -> str:
        """Return the words for `node`; `depth` 0 is the whole, 1 a part of it, 2 a part's part."""
        tongue = self.tongue
        match node:
            case Term():
                return self.term(node)
            case Or():
                return self.grouped(
                    self.listed(node.parts, tongue.or_, depth), tongue.either, depth
                )
            case And():
                return self.both(node, depth)
            case Near():
                phrase = tongue.next_to if node.within == 1 else tongue.near
                left, right = self.say(node.left, 1), self.say_right(node.right)
                return phrase.format(left, right, node.within)
            case Not():
                return self.without(node, depth)
            case Except():
                return self.excepted(node, depth)
            case Scope():
                return self.scoped(node, depth)
            case Regex():
                return tongue.pattern.format(f"/{node.pattern}/")
            case RuleRef():
                return tongue.topic.format(self.titles.get(node.name, node.name))
        return self.fact(node)

    def say_right(self, node: Node) -> str:
        """Return the words for what ends a clause: a list there needs no "either"."""
        return (
            self.listed(node.parts, self.tongue.or_) if isinstance(node, Or) else self.say(node, 1)
        )

    def grouped(self, text: str, phrase: str, depth: int) -> str:
        if depth == 0:
            return text
        return phrase.format(text) if depth == 1 else f"({text})"

    def both(self, node: And, depth: int) -> str:
        wanted = [part for part in node.parts if not shapes.is_bare_not(part)]
        drops = [part.drop for part in node.parts if isinstance(part, Not) and part.keep is None]
        if drops:
            keep = shapes.all_of(wanted) if wanted else None
            return self.without(Not(shapes.any_of(drops), keep), depth)
        return self.grouped(self.listed(wanted, self.tongue.and_, depth), self.tongue.both, depth)

    def without(self, node: Not, depth: int) -> str:
        phrase = self.tongue.no_article if depth else self.tongue.but_no_article
        kept = "" if node.keep is None else self.say(node.keep, depth)
        self.is_dropping = not self.is_dropping
        dropped = self.say_right(node.drop)
        self.is_dropping = not self.is_dropping
        return phrase.format(kept, dropped).strip(" ,;")

    def excepted(self, node: Except, depth: int) -> str:
        phrase = self.tongue.not_inside if depth else self.tongue.but_not_inside
        phrases = self.shortened(node.phrases)
        inside = [self.quoted(part, depth) for part in phrases]
        told = self.joined(inside, self.tongue.nor, len(node.phrases) - len(phrases))
        return phrase.format(self.say(node.term, depth), told)

    def quoted(self, node: Node, depth: int) -> str:
        if isinstance(node, Scope):
            return self.scoped(node, max(depth, 1))
        return self.term(node, is_quoted=True) if isinstance(node, Term) else self.say(node, 1)

    def scoped(self, node: Scope, depth: int) -> str:
        between = f" {self.tongue.or_} "
        where = between.join(self.tongue.fields[name] for name in node.fields)
        if isinstance(node.node, Term | Regex):
            return f"{self.say(node.node, 1)} {where}"
        text = f"{where}: {self.say(node.node)}"
        return f"({text})" if depth else text

    def fact(self, node: Fact) -> str:
        if node.fact != "lang":
            return self.tongue.facts[node.fact].format(node.value)
        shown = self.tongue.languages.get(node.value, f'"{node.value}"')
        phrase = self.tongue.dropped_language if self.is_dropping else self.tongue.facts["lang"]
        return phrase.format(shown)

    # --- words --------------------------------------------------------------------------------

    def term(self, term: Term, *, is_quoted: bool = False) -> str:
        if len(term.words) == 1 and not is_quoted:
            return self.word(term.words[0])
        kinds = {word.kind for word in term.words}
        text = " ".join(word.text + "…" * (word.kind == "prefix") for word in term.words)
        if kinds == {"exact"}:
            return self.tongue.exact.format(text)
        shown = f'"{text}"' if is_quoted or not text[0].isupper() else text
        notes = [self.word(word) for word in term.words if _is_special(word)]
        return f"{shown} ({', '.join(notes)})" if notes else shown

    def word(self, word: Word) -> str:
        tongue = self.tongue
        match word.kind:
            case "acronym":
                return tongue.capitals.format(word.text)
            case "exact":
                return tongue.exact.format(word.text)
            case "prefix":
                return tongue.prefix.format(word.text)
            case "stem":
                return tongue.stem.format(word.text)
        if acronym(word.text):
            return tongue.any_case.format(word.text)
        return word.text if word.text[0].isupper() else f'"{word.text}"'

    # --- lists --------------------------------------------------------------------------------

    def listed(self, parts: Sequence[Node], conjunction: str, depth: int = 0) -> str:
        shown = self.shortened(parts)
        items = [self.say(part, depth + 1) for part in shown]
        return self.joined(items, conjunction, len(parts) - len(shown))

    def shortened(self, parts: Sequence[Node]) -> Sequence[Node]:
        is_long = self.most is not None and len(parts) > self.most + 1
        return parts[: self.most] if is_long else parts

    def joined(self, items: Sequence[str], conjunction: str, left_out: int) -> str:
        """Return "a, b or c"; "a, b, or c d" with bare words; "a; b, c or d; or e" with lists."""
        if left_out:
            items = [*items, self.tongue.others.format(left_out)]
        if len(items) == 1:
            return items[0]
        between = "; " if any("," in _outer(item) for item in items[:-1]) else ", "
        before = between[0] if any(" " in _unquoted(item) for item in items) else ""
        head = between.join(items[:-1])
        return f"{head}{before} {_spoken(conjunction, items[-1])} {items[-1]}"


def _is_special(word: Word) -> bool:
    """Whether a word in a phrase is compared in a way that the phrase itself does not show."""
    return word.kind in ("exact", "stem") or (word.kind == "fold" and bool(acronym(word.text)))


def _unquoted(text: str) -> str:
    return "".join(text.split('"')[::2])


def _outer(text: str) -> str:
    """Return what stands outside quotes and parentheses, as far as those are not nested."""
    return re.sub(r"\([^()]*\)", "", _unquoted(text))


def _spoken(conjunction: str, following: str) -> str:
    """Spanish says "u" before an o and "e" before an i."""
    sound = following.lstrip('"(').lower().removeprefix("h")
    if conjunction == "o" and sound.startswith(("o", "ó")):
        return "u"
    if conjunction == "y" and sound.startswith(("i", "í")) and not sound.startswith("ie"):
        return "e"
    return conjunction
