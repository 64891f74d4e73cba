"""What is said when a query is wrong or odd, with its place, and the nearest known name.

What counts as wrong is decided by the parser (`query`) and by the YAML form (`build`), what as odd
by `lint` and its neighbours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from alerts.errors import GrammarError
from alerts.tree import Node

LONGEST_COMPARED = 64  # characters; difflib is quadratic, and no name is that long


class QueryError(GrammarError):
    """A query is not of the language; `start` and `end` are character offsets in its text."""


@dataclass(frozen=True, slots=True)
class LintWarning:
    """What is odd about a rule.

    `start` and `end` are offsets in the text that `node` was read from; without a node, in the
    rule's `query`.
    """

    rule: str
    message: str
    hint: str
    start: int = 0
    end: int = 1
    node: Node | None = None


def nearest(word: str, choices: Collection[str]) -> str | None:
    """Return the one of `choices` that `word` most likely means; None if none is like it."""
    if len(word) > LONGEST_COMPARED:
        return None
    folded = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None
