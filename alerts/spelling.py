"""Which spellings are one word: case, accents, apostrophes, and number.

It compares single words; where they stand in a text is for `tokens`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache


class _Letters(dict[int, int | str | None]):
    """Letter -> what it is folded to, None for an accent; asked once for each character."""

    def __missing__(self, code: int) -> int | None:
        self[code] = kept = None if _is_accent(chr(code)) else code
        return kept


_LETTERS = _Letters({
    ord("ø"): "o", ord("đ"): "d", ord("ł"): "l", ord("ħ"): "h", ord("ı"): "i", ord("æ"): "ae",
    ord("œ"): "oe", ord("ð"): "d", ord("þ"): "th",
})  # fmt: skip
_CLITIC = re.compile("'(?:ll|re|ve|d|m)$")


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Return the spelling that `word` shares with all its cases, accents and apostrophes.

    `word` is a form's text. "she'll" keeps its apostrophe: it is not a shell.
    """
    text = word.lower() if word.isascii() else _without_accents(word)
    return text.replace("'", "") if "'" in text and not _CLITIC.search(text) else text


def _without_accents(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    return unicodedata.normalize("NFC", apart.translate(_LETTERS).casefold())


def _is_accent(letter: str) -> bool:
    """Whether a mark only decorates; the vowel signs and nuktas of Indic scripts do not."""
    rank = unicodedata.combining(letter)
    return rank >= 200 or 10 <= rank <= 36 or unicodedata.category(letter) == "Me"


def is_acronym(word: str) -> bool:
    """Whether a rule's word of 2 to 5 letters is all capitals, so that its case matters."""
    return 2 <= len(word) <= 5 and word.isalpha() and word.isupper()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that only look like a plural of another word; names that are no plural of a common word.
_NO_PLURALS = _names(
    "news does his has was its this us yes gas mars mass means goods customs lens species series "
    "headquarters politics physics economics mathematics athletics aids ethics "
    "abrams adams andrews brooks collins daniels edwards evers hopkins jacobs jenkins matthews "
    "michaels morales owens peters phillips richards roberts rogers sanders stevens stephens "
    "walters williams"
)
_IRREGULAR = {
    "children": "child", "men": "man", "women": "woman", "feet": "foot", "teeth": "tooth",
    "wives": "wife", "knives": "knife", "halves": "half", "thieves": "thief", "wolves": "wolf",
    "shelves": "shelf", "mice": "mouse", "geese": "goose", "lice": "louse", "oxen": "ox",
    "calves": "calf", "loaves": "loaf", "scarves": "scarf", "axes": "axis", "indices": "index",
    "matrices": "matrix", "vertices": "vertex", "appendices": "appendix", "criteria": "criterion",
    "phenomena": "phenomenon", "bacteria": "bacterium", "memoranda": "memorandum",
    "referenda": "referendum", "curricula": "curriculum", "alumni": "alumnus", "fungi": "fungus",
    "cacti": "cactus", "nuclei": "nucleus", "stimuli": "stimulus", "syllabi": "syllabus",
}  # fmt: skip
_SIBILANTS = ("s", "x", "z", "ch", "sh")
# Spanish; only endings that make no English word of another one.
_ES_PLURALS = (("dades", "dad"), ("iones", "ion"), ("ores", "or"), ("ales", "al"), ("ces", "z"))


def is_singular(word: str) -> bool:
    """Whether folded `word` is surely no plural: `singulars` has nothing but itself."""
    return not (word.endswith(("s", "men")) or word in _IRREGULAR)


@lru_cache(maxsize=65_536)
def singulars(word: str) -> frozenset[str]:
    """Return folded `word` and every word whose plural it may be.

    Two words are one but for their number when these sets meet: raid and raids, bus and buses.
    """
    found = {word}
    if is_singular(word):
        return frozenset(found)
    if word in _IRREGULAR:
        found.add(_IRREGULAR[word])
    elif len(word) >= 6 and word.endswith("men") and word.isalpha():
        found.add(word[:-3] + "man")
    if word.endswith("s") and len(word) >= 4 and word[-4:].isalpha() and word not in _NO_PLURALS:
        found |= {one for one in _regular(word) if len(one) >= 3}
    return frozenset(found)


def _regular(word: str) -> Iterator[str]:
    stem = word[:-1]
    if not stem.endswith(_SIBILANTS):
        yield stem
    if not word.endswith("es"):
        return
    if word.endswith("ies") and word[-4] not in "aeiou":
        yield word[:-3] + "y"
    if word[:-2].endswith((*_SIBILANTS, "o")):
        yield word[:-2]
    if word.endswith("ses"):
        yield word[:-2] + "is"  # crisis, analysis; what is no word does no harm
    if word.endswith("zzes"):
        yield word[:-3]
    for ending, one in _ES_PLURALS:
        if word.endswith(ending) and len(word) >= len(ending) + 2:
            yield word[: -len(ending)] + one
