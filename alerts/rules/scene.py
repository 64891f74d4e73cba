"""One article as the compiled rules see it: their leaves that are in it, and where words stand.

A position is one number for the whole article: field, block and word. Every occurrence is
(first, last, start, end): positions, and characters in the field's plain text (0 where the scene
was read without them, which is faster).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import accumulate, chain
from types import MappingProxyType

from alerts.model import Article, Span
from alerts.plain import plain_text
from alerts.rules.fields import SHOWN, field_text, repeated
from alerts.rules.leaves import Leaves
from alerts.rules.lexicon import Lexicon, Memo, Several
from alerts.rules.patterns import hits
from alerts.text import GAP, is_caps, tokens
from alerts.tree import TEXT_FIELDS, Regex, TextField

Occurrence = tuple[int, int, int, int]
Occurrences = defaultdict[int, list[Occurrence]]
#: Of one text, for each block, for each of its pieces: the leaves.
_Blocks = list[list[tuple[int, ...]]]
_NOTHING: _Blocks = []

FIELD_BITS = 52
BLOCK_BITS = 30
#: More than any distance within a block, less than that between two blocks.
FURTHEST = (1 << BLOCK_BITS - 1) - 1
_NO_ROW: Mapping[int, int] = MappingProxyType({})
_NOWHERE = 1 << FIELD_BITS - 1  # in a field, but far from its words
_PIECE = re.compile(r"\S+")
_LINK = TEXT_FIELDS.index("link")


class Scene:
    """The leaves of one article; where its words stand is found out when a plan asks for it."""

    __slots__ = ("_aside", "_caps", "_has_caps", "_leaves", "_read", "_twice", "_with_characters",
                 "_words", "_words_by_field", "article", "present", "texts")  # fmt: skip

    def __init__(self, article: Article, leaves: Leaves, *, with_characters: bool = False) -> None:
        self.article = article
        self.texts = _texts(article, with_link=len(leaves.links) > 0)
        self._leaves = leaves
        self._with_characters = with_characters
        words, links = leaves.words.memo, leaves.links.memo
        self._read: list[_Blocks] = [
            _read(text, links if number == _LINK else words) if text else _NOTHING
            for number, text in enumerate(self.texts)
        ]
        self._twice: TextField | bool | None = True  # not looked at yet
        self._words: Occurrences | None = None
        self._aside: Occurrences = defaultdict(list)
        self._caps: dict[int, bool] = {}
        self._has_caps: bool | None = None
        self._words_by_field: dict[int, _Words] = {}
        #: All leaves of it, also those of a text that only repeats another one.
        self.present: set[int] = self._present()

    def _present(self) -> set[int]:
        pairs = self._leaves.pairs
        present: set[int] = set()
        for blocks in self._read:
            for block in blocks:
                present.update(chain.from_iterable(block))
        if self._leaves.scoped and present:
            present |= self._scoped(present)
        if pairs and not pairs.keys().isdisjoint(present):
            for number, blocks in enumerate(self._read):
                if blocks and number != _LINK and TEXT_FIELDS[number] != self.twice:
                    for block in blocks:
                        _find_pairs(block, pairs, present)
        return present

    def _scoped(self, present: set[int]) -> set[int]:
        """Return the leaves of words in the fields that they are asked for in."""
        found: set[int] = set()
        own: dict[int, set[int]] = {}
        for fields, row in list(self._leaves.scoped.items()):
            likely = row.keys() & present
            if not likely:
                continue
            for number in map(TEXT_FIELDS.index, fields):
                if number not in own:
                    own[number] = set(chain.from_iterable(chain.from_iterable(self._read[number])))
                words = likely & own[number]
                found.update([leaf for word in words if (leaf := row.get(word))])
        return found

    @property
    def twice(self) -> TextField | None:
        """Which of summary and content says nothing that the other does not say as well."""
        if isinstance(self._twice, bool):
            self._twice = repeated(self.texts[1], self.texts[2]) if self.texts[2] else None
        return self._twice

    @property
    def words(self) -> Occurrences:
        """Where the words stand, but for those `aside`."""
        if self._words is None:
            self._words = self._placed()
        return self._words

    @property
    def aside(self) -> Occurrences:
        """Where the words stand of a text that only repeats another one."""
        if self._words is None:
            self._words = self._placed()
        return self._aside

    def _placed(self) -> Occurrences:
        words: Occurrences = defaultdict(list)
        for number, text in enumerate(self.texts):
            if text:
                into = self._aside if TEXT_FIELDS[number] == self.twice else words
                position = number << FIELD_BITS
                if self._with_characters:
                    lexicon = self._leaves.links if number == _LINK else self._leaves.words
                    _place_with_characters(text, position, lexicon, into)
                else:
                    _place(self._read[number], position, into)
        return words

    def is_caps(self, number: int) -> bool:
        """Whether the field says nothing about case."""
        if number not in self._caps:
            self._caps[number] = number != _LINK and is_caps(self.texts[number])
        return self._caps[number]

    @property
    def has_caps(self) -> bool:
        """Whether any field says nothing about case."""
        if self._has_caps is None:
            self._has_caps = any(self.is_caps(n) for n, text in enumerate(self.texts) if text)
        return self._has_caps

    @property
    def is_nothing_but_capitals(self) -> bool:
        """Whether no text of the article is normally cased."""
        shown = [n for n in range(len(SHOWN)) if self.texts[n] and not self.texts[n].isspace()]
        return all(map(self.is_caps, shown))

    def pattern(self, regex: Regex, fields: Iterable[TextField]) -> tuple[bool, list[Occurrence]]:
        """Return whether `regex` is found in the fields, and where."""
        found = False
        occurrences: list[Occurrence] = []
        for number in sorted(map(TEXT_FIELDS.index, fields)):
            text = self.texts[number] or self._link_text(number)
            result = hits(regex, text)
            found |= result.found
            if result.spans and number not in self._words_by_field:
                self._words_by_field[number] = _Words(text, number)
            occurrences += [self._words_by_field[number].touched(*span) for span in result.spans]
        return found, occurrences

    def _link_text(self, number: int) -> str:
        return field_text(self.article, "link").text if number == _LINK else ""

    def spans(self, found: Iterable[Occurrence]) -> set[Span]:
        """Return the original characters of occurrences of a scene read with characters."""
        spans: set[Span] = set()
        plains = {}
        for first, _, start, end in found:
            field = TEXT_FIELDS[first >> FIELD_BITS]
            if field not in plains:
                plains[field] = field_text(self.article, field)
            spans.add(Span(field, *plains[field].span(start, end)))
        return spans


def _texts(article: Article, *, with_link: bool) -> tuple[str, ...]:
    """Return the plain text of each of TEXT_FIELDS."""
    tags = field_text(article, "tag").text if article.tags else ""
    link = field_text(article, "link").text if with_link and article.link else ""
    return (
        plain_text(article.title),
        plain_text(article.summary),
        plain_text(article.content),
        plain_text(article.author),
        tags,
        link,
    )


def _read(text: str, memo: Memo) -> _Blocks:
    """Return the leaves of each piece of each block."""
    if GAP not in text:
        return [list(map(memo.__getitem__, text.split()))]
    return [list(map(memo.__getitem__, block.split())) for block in text.split(GAP)]


def _find_pairs(
    block: Iterable[tuple[int, ...]], pairs: Mapping[int, Mapping[int, int]], into: set[int]
) -> None:
    """Add the leaves of words that stand next to each other."""
    row_of = pairs.get
    before: tuple[int, ...] = ()  # leaves that end right before the piece
    for found in block:
        firsts = lasts = found
        if found.__class__ is not tuple and isinstance(found, Several):
            if not found.entry.width:  # a dash between blanks
                continue
            firsts, lasts = found.firsts, found.lasts
            for first, second in found.pairs:
                if leaf := pairs.get(first, _NO_ROW).get(second):
                    into.add(leaf)
        if before and firsts:
            for first in before:
                if row := row_of(first):
                    for second in firsts:
                        if leaf := row.get(second):
                            into.add(leaf)
        before = lasts


def _place(blocks: _Blocks, position: int, into: Occurrences) -> None:
    for block in blocks:
        at = position
        for found in block:
            if isinstance(found, Several):
                width, hits = found.entry
                for leaf, first, last, _, _ in hits:
                    into[leaf].append((at + first, at + last, 0, 0))
                at += width
                continue
            if found:
                here = (at, at, 0, 0)
                for leaf in found:
                    into[leaf].append(here)
            at += 1
        position += 1 << BLOCK_BITS


def _place_with_characters(text: str, position: int, lexicon: Lexicon, into: Occurrences) -> None:
    offset = 0
    memo = lexicon.memo
    for block in text.split(GAP):
        at = position
        for piece in _PIECE.finditer(block):
            leaves = memo[piece[0]]
            if not leaves and not isinstance(leaves, Several):
                at += 1
                continue
            width, found = lexicon.entry(piece[0])
            here = offset + piece.start()
            for leaf, first, last, start, end in found:
                into[leaf].append((at + first, at + last, here + start, here + end))
            at += width
        position += 1 << BLOCK_BITS
        offset += len(block) + 1


class _Words:
    """All words of one field by their characters: which of them does a stretch touch?"""

    def __init__(self, text: str, number: int) -> None:
        field = number << FIELD_BITS
        self._nowhere = field | _NOWHERE
        self._words: list[Occurrence] = sorted(
            (
                (field | word.block << BLOCK_BITS) + word.first,
                (field | word.block << BLOCK_BITS) + word.last,
                word.start,
                word.end,
            )
            for word in tokens(text, is_link=number == _LINK)
        )
        self._words.sort(key=lambda word: word[2])
        self._starts = [word[2] for word in self._words]
        self._ends = list(accumulate((word[3] for word in self._words), max))

    def touched(self, start: int, end: int) -> Occurrence:
        """Return characters [start, end) with the positions of the words in their first block."""
        near = self._words[bisect_right(self._ends, start) : bisect_left(self._starts, end)]
        words = [word for word in near if word[3] > start]
        if not words:
            return self._nowhere, self._nowhere, start, end
        first = min(word[0] for word in words)
        block = first >> BLOCK_BITS
        last = max(word[1] for word in words if word[0] >> BLOCK_BITS == block)
        return first, last, start, end
