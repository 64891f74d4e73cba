"""What is said when a query is wrong: the exception with its place, and the nearest known name.

What counts as wrong is decided by the parser (`query`) and by the YAML form (`build`).
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from alerts.errors import GrammarError

LONGEST_COMPARED = 64  # characters; difflib is quadratic, and no name is that long


class QueryError(GrammarError):
    """A query is not of the language; `start` and `end` are character offsets in its text."""


def nearest(word: str, choices: Collection[str]) -> str | None:
    """Return the one of `choices` that `word` most likely means; None if none is like it."""
    if len(word) > LONGEST_COMPARED:
        return None
    folded = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None
