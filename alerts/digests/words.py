"""Our own words in a reader's language: catalogues, lists of names, cuts.

Templates use the same catalogues as `_` and `ngettext`. English is what the program is written in
and needs none; the others lie in `alerts/locale/` as gettext's .po files, compiled when first used.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

#: The languages that readers are served in.
LANGUAGES: tuple[Literal["en"], Literal["es"]] = ("en", "es")

#: Before these Spanish says "e", not "y".
_SOUNDS_AS_I = re.compile(r"h?i(?![aeou])|y(?![aeiou])")

CATALOGUES = Path(__file__).parent.parent / "locale"


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text for the catalogues that is translated where it is used."""
    return text


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language of `LANGUAGES`."""
    if language == "en":
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with (CATALOGUES / language / "LC_MESSAGES" / "alerts.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def language_of(wanted: str) -> str:
    """Return the language a digest is written in."""
    return wanted if wanted in LANGUAGES else "en"


@cache
def name_of(code: str, language: str) -> str:
    """Return "inglés" for "en-US" in Spanish; empty for a code that names no language."""
    from babel.core import Locale, UnknownLocaleError

    try:
        names = Locale.parse(language).languages
    except UnknownLocaleError:
        return ""
    return str(names.get(main_language(code), ""))


@lru_cache(maxsize=1_024)
def main_language(code: str) -> str:
    """Return "en" for "en-US" and "EN_us"."""
    return re.split(r"[-_]", code.strip().lower(), maxsplit=1)[0]


def enumerated(names: Sequence[str], language: str = "en", *, limit: int = 12) -> str:
    """Return "ICE, Sanctuary and Madison"; beyond `limit` "… and 3 more"."""
    _ = translations(language).gettext
    if len(names) > limit:
        more = _("%(count)d more") % {"count": len(names) - limit + 1}
        names = [*names[: limit - 1], more]
    if len(names) < 2:
        return "".join(names)
    words = {"first": ", ".join(names[:-1]), "last": names[-1]}
    if language == "es" and re.match(
        r"(?:i(?!a|e|o|u)|hi(?!a|e|o|u)|y(?![aeiou]))", names[-1].lower()
    ):
        return "{first} e {last}".format_map(words)  # "Madison e inmigración"
    return _("%(first)s and %(last)s") % words


def cut(text: str, limit: int) -> str:
    """Return `text` whole if it has at most `limit` characters, else cut at a word with "…"."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at_word = head.rpartition(" ")[0] if text[limit - 1] != " " else head
    return (at_word if len(at_word) > limit // 2 else head).rstrip(" ,;:-–—") + "…"
