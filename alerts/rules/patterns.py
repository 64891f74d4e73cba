"""Regular expressions of rules: linear-time only (RE2), any case unless asked for."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import import_module
from re import compile as stdlib_compile
from typing import TYPE_CHECKING, Any, NamedTuple

from alerts.errors import GrammarError
from alerts.tree import Regex

if TYPE_CHECKING:
    import re2

_SURROGATE = stdlib_compile("[\ud800-\udfff]")  # RE2 reads UTF-8, which has none
_MAX_HITS = 1_000  # marked in one field; what comes after changes no answer worth having


class Hits(NamedTuple):
    """Whether an expression was found, and the [start, end) of what it found but for empty ones."""

    found: bool
    spans: tuple[tuple[int, int], ...]


def hits(regex: Regex, text: str) -> Hits:
    """Return what `regex` finds in plain `text`; GrammarError if it is none."""
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    spans: list[tuple[int, int]] = []
    found = False
    for hit in compiled(regex).finditer(text):
        found = True
        if hit.end() > hit.start():
            spans.append(hit.span())
        if len(spans) >= _MAX_HITS:
            break
    return Hits(found, tuple(spans))


def compiled(regex: Regex) -> re2._Regexp:
    """Return the compiled expression; GrammarError if RE2 cannot read it."""
    return _compiled(regex.pattern, regex.match_case)


@lru_cache(maxsize=4_096)
def _compiled(pattern: str, match_case: bool) -> re2._Regexp:
    try:
        return built(pattern, match_case=match_case)
    except ValueError as error:
        raise GrammarError(
            f"/{pattern}/ is no regular expression that can be used: {error}.",
            hint="Write words instead; a keyword is nearly always better.",
        ) from None


def built(pattern: str, *, match_case: bool) -> re2._Regexp:
    """Return what RE2 makes of `pattern`; ValueError says why it cannot."""
    library = _library()
    options = library.Options()
    options.case_sensitive = match_case
    options.log_errors = False
    try:
        return library.compile(pattern, options)
    except UnicodeEncodeError:
        raise ValueError("it holds half a character") from None
    except library.error as wrong:
        reason = wrong.args[0] if wrong.args else b""
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(said) from None


@cache
def _library() -> Any:
    """Load RE2 when a rule has a regular expression: few have one, and it takes 2 MB."""
    return import_module("re2")
