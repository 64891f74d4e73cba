"""Articles that stand side by side in one document with the same words; pure.

"A new document was filed" three times a day is three documents: entries with names of their own
(guid or link) in one document are no copies of each other. They are numbered, and the numbers are
remembered: as many as once stood side by side may come back renamed, and tell nothing again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """One entry of a document: what its words are, what it is called, when it was published."""

    words: str  # K3; "" if the words are too few to tell anything
    names: tuple[str, ...]  # its guid and its link, as far as it has its own
    published_at: float | None = None


def numbers(items: Sequence[Named]) -> list[int]:
    """Return for each entry which of the articles with its words it is; the oldest is number 0.

    Entries that share a name are one article; one without any name belongs to number 0. Without
    dates the last of the document counts as the oldest.
    """
    found = [0] * len(items)
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for at, item in enumerate(items):
        if item.words and item.names:
            groups[item.words].append(at)
    for group in groups.values():
        if len(group) > 1:
            for at, number in zip(group, _by_age([items[at] for at in group]), strict=True):
                found[at] = number
    return found


def _by_age(group: Sequence[Named]) -> list[int]:
    articles = _articles([item.names for item in group])
    oldest: dict[int, tuple[float, int]] = {}
    for at, (article, item) in enumerate(zip(articles, group, strict=True)):
        age = (item.published_at or 0.0, -at)
        oldest[article] = min(age, oldest.get(article, age))
    ranks = {article: rank for rank, article in enumerate(sorted(oldest, key=oldest.__getitem__))}
    return [ranks[article] for article in articles]


def _articles(all_names: Sequence[tuple[str, ...]]) -> list[int]:
    """Return a label for each entry; those that hang together by shared names have the same."""
    labels: list[int] = []  # of another entry of the article, of itself at the article's root
    owner: dict[str, int] = {}

    def root(at: int) -> int:
        while labels[at] != at:
            labels[at] = labels[labels[at]]
            at = labels[at]
        return at

    for at, names in enumerate(all_names):
        labels.append(at)
        for name in names:
            labels[root(at)] = root(owner.setdefault(name, at))
    return [root(at) for at in range(len(labels))]


class Standing:
    """Which articles of a document stand there under a known name: the others' twins."""

    def __init__(self) -> None:
        self._entries: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self._numbers: dict[str, list[int]] = {}

    def add(self, words: str, number: int, entry_id: int) -> None:
        """Note one of them; all of them have to be noted before any is asked for."""
        self._entries[words].setdefault(number, entry_id)

    def has_any(self, words: str) -> bool:
        """Whether any article with these words stands there."""
        return words in self._entries

    def entry_id(self, words: str, number: int) -> int | None:
        """Return which entry the article is, None if it does not stand there itself."""
        return self._entries[words].get(number) if words in self._entries else None

    def place(self, words: str, number: int) -> int:
        """Return the number of an article if those that stand under a known name came first."""
        if words not in self._entries:
            return number
        if words not in self._numbers:
            self._numbers[words] = sorted(self._entries[words])
        standing = self._numbers[words]
        return len(standing) + number - bisect_left(standing, number)
