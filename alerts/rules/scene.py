"""One article as the compiled rules see it: where the words they ask for stand.

A position is one number for the whole article: field, block and word. Every occurrence is
(first, last, start, end): positions, and characters in the field's plain text (0 where the scene
was read without them, which is faster).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate

from alerts.model import Article, Span
from alerts.plain import plain_text
from alerts.rules.fields import SHOWN, field_text, repeated
from alerts.rules.lexicon import Lexicon, Memo
from alerts.rules.patterns import hits
from alerts.text import GAP, is_caps, tokens
from alerts.tree import TEXT_FIELDS, Regex, TextField

Occurrence = tuple[int, int, int, int]
Occurrences = defaultdict[int, list[Occurrence]]

FIELD_BITS = 52
BLOCK_BITS = 30
#: More than any distance within a block, less than that between two blocks.
FURTHEST = (1 << BLOCK_BITS - 1) - 1
_NOWHERE = 1 << FIELD_BITS - 1  # in a field, but far from its words
_PIECE = re.compile(r"\S+")
_LINK = TEXT_FIELDS.index("link")


class Scene:
    """The words of one article; `aside` has those of a text that only repeats another one."""

    __slots__ = ("_caps", "_has_caps", "_words", "article", "aside", "texts", "twice", "words")

    def __init__(
        self, article: Article, lexicon: Lexicon, links: Lexicon, *, with_characters: bool = False
    ) -> None:
        self.article = article
        self.texts = _texts(article, with_link=len(links) > 0)
        self.words: Occurrences = defaultdict(list)
        self.aside: Occurrences = defaultdict(list)
        self.twice = repeated(self.texts[1], self.texts[2]) if article.content else None
        self._caps: dict[int, bool] = {}
        self._has_caps: bool | None = None
        self._words: dict[int, _Words] = {}
        read = _read_with_characters if with_characters else _read
        for number, text in enumerate(self.texts):
            if text:
                into = self.aside if TEXT_FIELDS[number] == self.twice else self.words
                memo = links.memo if number == _LINK else lexicon.memo
                read(text, number << FIELD_BITS, memo, into)

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
            if result.spans and number not in self._words:
                self._words[number] = _Words(text, number)
            occurrences += [self._words[number].touched(*span) for span in result.spans]
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


def _read(text: str, position: int, memo: Memo, into: Occurrences) -> None:
    for block in text.split(GAP):
        at = position
        for width, found in map(memo.__getitem__, block.split()):
            if found:
                for leaf, first, last, _, _ in found:
                    into[leaf].append((at + first, at + last, 0, 0))
            at += width
        position += 1 << BLOCK_BITS


def _read_with_characters(text: str, position: int, memo: Memo, into: Occurrences) -> None:
    offset = 0
    for block in text.split(GAP):
        at = position
        for piece in _PIECE.finditer(block):
            width, found = memo[piece[0]]
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
