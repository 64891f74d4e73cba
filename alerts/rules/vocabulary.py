"""What a rule's words ask of a text's words: terms read as sequences of units.

A unit is one word with one way to compare it. Which spellings are one is said in `tokens`; where
the words stand is for the evaluators to judge.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from itertools import product
from math import prod
from typing import Literal, NamedTuple

import Stemmer

from alerts.spelling import fold, is_acronym, is_singular, singulars
from alerts.tokens import bare, readings
from alerts.tree import Term, WordKind

#: How a unit compares; `keys` of a text's word and of the unit must have one in common:
#: fold    the folded word (words of a phrase but the last)
#: number  the folded word and what it may be the plural of
#: case    the letters as written (an acronym)
#: exact   the letters as written, with or without the text's possessive ending
#: prefix  the folded word's beginning
#: stem    Snowball stems of the folded word
UnitKind = Literal["fold", "number", "case", "exact", "prefix", "stem"]


class Unit(NamedTuple):
    """One word of a rule, ready to be compared."""

    kind: UnitKind
    keys: frozenset[str]
    language: str = ""

    @property
    def needs_capitals(self) -> bool:
        """Whether an all-caps field is no evidence for it: only its capitals tell it apart."""
        if self.kind != "exact":
            return self.kind == "case"
        return all(key.isupper() for key in self.keys)


#: One way to read a term: units for words next to each other.
Sequence = tuple[Unit, ...]

_MAX_READINGS = 64


def term_sequences(term: Term, language: str) -> tuple[Sequence, ...]:
    """Return the ways to read `term`, none if it holds no word.

    The last word is found in singular and plural, the others as written but for case, accents and
    possessives. A hyphenated word is also found joined (e-mail, email).
    """
    if len(term.words) == 1:
        (word,) = term.words
        return _word_sequences(word.text, word.kind, language, True)
    last = len(term.words) - 1
    units: list[Unit] = []
    for at, word in enumerate(term.words):
        way = _word_sequences(word.text, word.kind, language, at == last)
        if len(way) != 1:
            return _products(term, language)
        units += way[0]
    return (tuple(units),)  # nearly always


def plain_unit(text: str, *, is_last: bool) -> Unit | None:
    """Return the one unit of a word of any case; None if it has another reading."""
    if text.isascii() and text.isalnum():  # nearly all: faster than to remember
        folded = text.lower()
        if not is_last or (folded != text and is_acronym(text)):
            return Unit("fold", frozenset((folded,)))
        return Unit("number", frozenset((folded,)) if is_singular(folded) else singulars(folded))
    sequences = _other_sequences(text, "fold", "", is_last)
    return sequences[0][0] if len(sequences) == 1 == len(sequences[0]) else None


def _products(term: Term, language: str) -> tuple[Sequence, ...]:
    last = len(term.words) - 1
    ways = [
        way
        for at, word in enumerate(term.words)
        if (way := _word_sequences(word.text, word.kind, language, at == last))
    ]
    if not ways:
        return ()
    if prod(map(len, ways)) > _MAX_READINGS:
        ways = [way[:1] for way in ways]
    found = (tuple(unit for way in choice for unit in way) for choice in product(*ways))
    return tuple(dict.fromkeys(found))


def _word_sequences(
    text: str, kind: WordKind, language: str, is_last: bool
) -> tuple[Sequence, ...]:
    if kind == "fold" and (unit := plain_unit(text, is_last=is_last)):
        return ((unit,),)
    return _other_sequences(text, kind, language, is_last)


@lru_cache(maxsize=65_536)
def _other_sequences(
    text: str, kind: WordKind, language: str, is_last: bool
) -> tuple[Sequence, ...]:
    ways = readings(text)
    if kind == "exact":
        return tuple(tuple(Unit("exact", frozenset({w})) for w in way) for way in ways[:1])
    return tuple(
        (
            *(_unit(bare(part), kind, is_end=False) for part in way[:-1]),
            _ending(bare(way[-1]), kind, language, is_last=is_last),
        )
        for way in ways
    )


def _ending(text: str, kind: WordKind, language: str, *, is_last: bool) -> Unit:
    """Read the end of a word, which its `*` or `~` is about, and its number."""
    if kind == "prefix":
        return Unit("prefix", frozenset({fold(text)}))
    if kind == "stem" and text.islower():
        return Unit("stem", stems(text, language), language)
    return _unit(text, kind, is_end=is_last)


def _unit(text: str, kind: WordKind, *, is_end: bool) -> Unit:
    is_cased = text.isupper() and (is_acronym(text) or (kind == "acronym" and len(text) > 1))
    if is_cased and kind != "fold":
        return Unit("case", frozenset({text}))
    folded = fold(text)
    if is_cased or not is_end:
        return Unit("fold", frozenset({folded}))
    return Unit("number", singulars(folded))


# --- stems -----------------------------------------------------------------------------------

_ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french",
    "ga": "irish", "hu": "hungarian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
_local = threading.local()  # a Stemmer must not be shared by threads


def stems(word: str, language: str) -> frozenset[str]:
    """Return the stems of `word` with its accents and without; two words share one or do not.

    `language` is a primary subtag; one without an algorithm is read as English.
    """
    stem = _stemmer(_ALGORITHMS.get(language, "english")).stemWord
    cased, folded = word.casefold(), fold(word)
    if cased == folded:
        return frozenset((fold(stem(folded)),))
    return frozenset((fold(stem(cased)), fold(stem(folded))))


def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    known = _local.__dict__.setdefault("stemmers", {})
    if algorithm not in known:
        known[algorithm] = Stemmer.Stemmer(algorithm)
    return known[algorithm]
