"""Which language a headline is in, if the feed does not say: English, Spanish, or unknown.

Readers are told of a headline in another language before they follow its link. A wrong guess is
worse than none, so short or mixed texts stay unknown.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: Small words that one of the two languages has and the other has not.
_SMALL = {
    "en": "the of and to in for is on that with by at from are was as it be this have has will"
    " after over not new says said who what how about their they its but more than into an",
    "es": "el la los las de del y en que por para con una un es al se su sus como más pero fue son"
    " ha han tras sobre desde hasta entre contra está qué quién cómo dice lo según sin ya muy",
}
_WORDS = {code: frozenset(words.split()) for code, words in _SMALL.items()}
_WORD = re.compile(r"[^\W\d_]+")
_SPANISH_LETTER = re.compile(r"[ñ¿¡áéíóú]")
_AHEAD = 2


@lru_cache(maxsize=1_024)  # of each story of a day, for each of its readers
def guessed(text: str) -> str | None:
    """Return "en", "es" or None."""
    words = _WORD.findall(text.lower())
    english = sum(map(_WORDS["en"].__contains__, words))
    spanish = sum(map(_WORDS["es"].__contains__, words))
    spanish += 0 if text.isascii() else sum(1 for word in words if _SPANISH_LETTER.search(word))
    if english >= spanish + _AHEAD:
        return "en"
    return "es" if spanish >= english + _AHEAD else None
