"""How a digest is laid out on pages: which stories in full, which as one line, which on which part.

Nothing is dropped: what does not fit goes on the next page, and a story with more outlets than one
row should hold goes on in further rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeVar

from alerts.model import Digest, Outlet, Piece, Section, Story

T = TypeVar("T")
P = TypeVar("P")

FULL_STORIES = {"full": 25, "brief": 12}
_SENTENCE_ENDS = tuple(".!?\"'’”»)")
#: More outlets than this in one row would make a wall of names, and could outgrow a page.
MAX_OUTLETS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One story's place on a page; `more`: further outlets of the story before it."""

    number: int  # from 1, over the whole digest; 0: told before
    section: Section
    story: Story
    form: Literal["full", "line", "more", "told"]  # told: before this digest, see `Digest.below`
    others: tuple[Outlet, ...]  # outlets but the story's own

    @property
    def own(self) -> Outlet | None:
        """The outlet that the story was found at."""
        return self.story.outlets[0] if self.story.outlets else None

    @property
    def free(self) -> Outlet | None:
        """The first outlet that all can read, if the story's own asks for a subscription."""
        if self.own is None or not self.own.paywall or self.form == "more":
            return None
        return next((one for one in self.others if one.link and not one.paywall), None)

    @property
    def also_at(self) -> tuple[Outlet, ...]:
        """The outlets but the story's own and the free one."""
        return tuple(one for one in self.others if one != self.free)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The excerpt with real ellipses where it was cut, for forms that are not plain text."""
        pieces = list(self.story.excerpt)
        if pieces and pieces[0].text.startswith("... "):
            kept = pieces[0].text[4:]
            gap = " " if kept[:1].isupper() else ""
            pieces[0] = replace(pieces[0], text=f"…{gap}{kept}")
        if pieces and pieces[-1].text.endswith(" ..."):
            kept = pieces[-1].text[:-4]
            gap = " " if kept[-1:] in _SENTENCE_ENDS else ""
            pieces[-1] = replace(pieces[-1], text=f"{kept}{gap}…")
        return tuple(pieces)

    def also_under(self, digest: Digest) -> tuple[str, ...]:
        """The titles of the story's other rules."""
        if self.story.rules == (self.section.rule,):
            return ()
        others = (name for name in self.story.rules if name != self.section.rule)
        return tuple(digest.titles.get(name, name) for name in others)


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one section on one page."""

    section: Section
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One part of a digest."""

    groups: tuple[Group, ...]
    part: int = 1
    parts: int = 1


def rows(digest: Digest) -> tuple[Row, ...]:
    """Return every story of the digest in reading order, the first ones in full."""
    full = FULL_STORIES[digest.subscriber.style]
    found: list[Row] = []
    numbered = ((s, story) for s in digest.sections for story in s.stories)
    for number, (section, story) in enumerate(numbered, 1):
        form: Literal["full", "line"] = "full" if number <= full else "line"
        first, *further = _chunks(story.outlets[1:])
        found.append(Row(number, section, story, form, first))
        found += (Row(number, section, story, "more", outlets) for outlets in further)
    for section in digest.below:
        found += (Row(0, section, story, "told", _since(story)) for story in section.stories)
    return tuple(found)


def _since(told: Story) -> tuple[Outlet, ...]:
    """Return who else reports a story that was told as urgent: by how many is news by itself."""
    return told.outlets[1:] if told.urgent_at is not None else ()


def _chunks(outlets: tuple[Outlet, ...]) -> list[tuple[Outlet, ...]]:
    if len(outlets) <= MAX_OUTLETS:
        return [outlets]
    starts = range(0, len(outlets), MAX_OUTLETS)
    return [outlets[start : start + MAX_OUTLETS] for start in starts]


def page(found: Sequence[Row], part: int = 1, parts: int = 1) -> Page:
    """Return the rows as one page, grouped by their sections."""
    grouped = groupby(found, key=lambda row: row.section.rule)
    groups = (Group(same[0].section, tuple(same)) for _, each in grouped if (same := [*each]))
    return Page(tuple(groups), part, parts)


def parts(
    items: Sequence[T],
    made: Callable[[Sequence[T], int, int], P],
    load: Callable[[P], float],
    *,
    most: int,
) -> tuple[P, ...]:
    """Return what is `made` of the items, cut into parts whose `load` is at most 1.

    `made` takes items, number of the part and number of parts. An item that is too heavy stands
    alone. More than `most` items never fit: it saves making what is hopeless.
    """
    if len(items) <= most:
        whole = made(items, 1, 1)
        if len(items) < 2 or load(whole) <= 1:
            return (whole,)
    cuts = _cuts(items, lambda some: load(made(some, 888, 888)), most)
    return tuple(made(some, part, len(cuts)) for part, some in enumerate(cuts, 1))


def _cuts(items: Sequence[T], load: Callable[[Sequence[T]], float], most: int) -> list[Sequence[T]]:
    cuts: list[Sequence[T]] = []
    start, guess = 0, most
    while start < len(items):
        count = min(guess, len(items) - start)
        while count > 1 and (weight := load(items[start : start + count])) > 1:
            count = max(1, min(count - 1, int(count / weight)))
        cuts.append(items[start : start + count])
        start += count
        guess = min(most, count + count // 4 + 1)  # the next part is much like this one
    return cuts
