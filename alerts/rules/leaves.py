"""All that rules ask of a text, by number: words, words next to each other, words in some fields.

The leaves of an article are one set of numbers. Most clauses are answered by it alone, so that
an article need not be read place by place (`scene` does, when it must).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from alerts.rules.lexicon import Lexicon
from alerts.rules.vocabulary import plain_unit
from alerts.tree import TextField, Word

_MOST_PLAIN = 200_000  # words of rules whose unit is remembered

#: What a leaf stands for that is no single word: two words, or a scope and a word.
_Compound = tuple[int, int] | tuple[tuple[TextField, ...], int]
_Key = TypeVar("_Key")
_NO_ROW: Mapping[int, int] = MappingProxyType({})


class Leaves:
    """The leaves of all rules; what is taken is looked for in every text until it is dropped.

    Where `take` is False, it returns what was taken before; 0, which is nobody's, if it was not.
    """

    def __init__(self) -> None:
        #: How often a leaf is found, guessed first, then learned: greater is oftener.
        self.commonness: dict[int, int] = {}
        self.words = Lexicon(commonness=self.commonness)
        self.links = Lexicon(is_link=True, commonness=self.commonness)
        #: A word -> the word right after it -> leaf.
        self.pairs: dict[int, dict[int, int]] = {}
        #: Fields -> a word in one of them -> leaf.
        self.scoped: dict[tuple[TextField, ...], dict[int, int]] = {}
        self._lock = threading.RLock()
        self._compounds: dict[int, _Compound] = {}
        self._further: dict[int, int] = {}  # leaf of a compound -> users but for the first
        self._plain: tuple[dict[str, int], dict[str, int]] = ({}, {})

    def word(self, word: Word, *, is_last: bool, take: bool) -> int:
        """Return the leaf of a word with one reading that is plain letters; 0 if it is not such."""
        if word.kind != "fold":
            return 0
        plain = self._plain[is_last]
        leaf = plain.get(word.text)
        if leaf is not None and (self.words.take_again(leaf) if take else self.words.has(leaf)):
            return leaf
        unit = plain_unit(word.text, is_last=is_last)
        if unit is None:
            return 0
        if not take:
            return self.words.leaf(unit)
        if len(plain) >= _MOST_PLAIN:
            plain.clear()
        plain[word.text] = leaf = self.words.take(unit)
        return leaf

    def pair(self, first: int, second: int, *, take: bool) -> int:
        """Return the leaf of two words next to each other, in one block of a text."""
        if not take:
            return self.pairs.get(first, _NO_ROW).get(second, 0)
        with self._lock:
            rank = min(self.commonness.get(first, 0), self.commonness.get(second, 0)) // 4
            return self._taken(self.pairs.setdefault(first, {}), (first, second), rank)

    def inside(self, fields: tuple[TextField, ...], word: int, *, take: bool) -> int:
        """Return the leaf of a word in one of these fields."""
        if not take:
            return self.scoped.get(fields, _NO_ROW).get(word, 0)
        with self._lock:
            rank = self.commonness.get(word, 0) // 2
            return self._taken(self.scoped.setdefault(fields, {}), (fields, word), rank)

    def _taken(self, row: dict[int, int], compound: _Compound, rank: int) -> int:
        word = compound[1]
        leaf = row.get(word)
        if leaf is not None:
            self._further[leaf] = self._further.get(leaf, 0) + 1
            return leaf
        row[word] = leaf = self.words.new_leaf()
        self._compounds[leaf] = compound
        self.commonness[leaf] = rank
        return leaf

    def drop(self, leaf: int) -> None:
        """Take back that it was taken once."""
        if leaf not in self._compounds:
            (self.links if leaf & 1 else self.words).drop(leaf)
            return
        with self._lock:
            if further := self._further.pop(leaf, 0):
                if further > 1:
                    self._further[leaf] = further - 1
                return
            compound = self._compounds.pop(leaf)
            del self.commonness[leaf]
            if isinstance(compound[0], int):
                _remove(self.pairs, compound[0], compound[1])
            else:
                _remove(self.scoped, compound[0], compound[1])

    def drop_all(self, taken: Iterable[int]) -> None:
        """Take back that each was taken once."""
        for leaf in taken:
            self.drop(leaf)


def _remove(rows: dict[_Key, dict[int, int]], key: _Key, word: int) -> None:
    del rows[key][word]
    if not rows[key]:
        del rows[key]
