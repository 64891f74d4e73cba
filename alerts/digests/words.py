"""Our own words in Python-made texts, through gettext, so that other languages can come.

Templates use the same functions as `_` and `ngettext`. English needs no catalogue.
"""

from __future__ import annotations

import gettext
from collections.abc import Sequence

_ENGLISH = gettext.NullTranslations()

#: The languages readers can be served in; others are served in English for now.
LANGUAGES = ("en",)


def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; English where there is none."""
    return _ENGLISH


def language_of(wanted: str) -> str:
    """Return the language a digest is written in."""
    return wanted if wanted in LANGUAGES else "en"


def enumerated(names: Sequence[str], *, limit: int = 12) -> str:
    """Return "ICE, Sanctuary and Madison"; beyond `limit` "… and 3 more"."""
    _ = _ENGLISH.gettext
    if len(names) > limit:
        more = _("%(count)d more") % {"count": len(names) - limit + 1}
        names = [*names[: limit - 1], more]
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


def cut(text: str, limit: int) -> str:
    """Return `text` whole if it has at most `limit` characters, else cut at a word with "…"."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at_word = head.rpartition(" ")[0] if text[limit - 1] != " " else head
    return (at_word if len(at_word) > limit // 2 else head).rstrip(" ,;:-–—") + "…"
