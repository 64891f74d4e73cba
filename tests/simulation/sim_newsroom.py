"""The world's outlets: they publish at real times, and edit, move, renumber, lose and fail."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sim_servers import Died
from sim_truth import HOUR_S, Fetch, Ledger, Shown, Spell

from alerts.clock import FakeClock
from alerts.demo.documents import Item, rss
from alerts.feeds.memory import MemoryFetcher
from alerts.model import (
    Feed,
    FetchedBody,
    FetchFailure,
    NotModified,
    Validators,
)

#: The interval of a feed that is to be checked often.
OFTEN_S = 600.0


@dataclass(frozen=True)
class Piece:
    """An article as its outlet has it: words at first, and after `edited_at`."""

    number: int
    at: float
    words: tuple[str, ...]
    edited_at: float = float("inf")
    edited: tuple[str, ...] = ()
    link: str = ""  # where it stands; an outlet that copies it keeps this

    def words_at(self, now: float) -> tuple[str, ...]:
        return self.edited if now >= self.edited_at else self.words


@dataclass
class Outlet:
    """One feed and its habits."""

    url: str
    place: str | None = None
    interval_s: float = 1_800.0
    look_back_s: float = 86_400.0
    size: int = 15
    kept_s: float = 900 * HOUR_S
    max_age_s: float | None = None
    hurries: Sequence[tuple[float, float]] = ()  # when it asks for no patience
    pieces: list[Piece] = field(default_factory=list)  # by time
    spells: list[Spell] = field(default_factory=list)
    renumbers_at: Sequence[float] = ()
    moves_at: Sequence[float] = ()
    rewrites_at: float = float("inf")
    shuffles: bool = False
    date_shift_at: float = float("inf")

    def yaml(self) -> str:
        place = f", place: {self.place}" if self.place else ""
        hours = f", look_back: {self.look_back_s / 3600:.0f}h"
        check = ", check: often" if self.interval_s == OFTEN_S else ""
        return f'  - {{url: "{self.url}"{place}{hours}{check}}}'

    def window(self, now: float) -> list[Piece]:
        """Return what the document lists, newest first."""
        end = bisect_right(self.pieces, now, key=lambda piece: piece.at)
        begin = bisect_right(self.pieces, now - self.kept_s, key=lambda piece: piece.at)
        found = self.pieces[max(begin, end - self.size) : end][::-1]
        if any(s.covers(now) and s.what == "empty" for s in self.spells):
            return []
        if any(s.covers(now) and s.what == "vanishes" for s in self.spells):
            found = [piece for piece in found if piece.number % 3]
        if self.shuffles:
            found.sort(key=lambda piece: (piece.number * 7_919 + int(now // HOUR_S)) % 101)
        return found

    def patience_s(self, now: float) -> float | None:
        """Return how long it asks to be left alone."""
        return None if any(a <= now < b for a, b in self.hurries) else self.max_age_s

    def look(self, now: float) -> str:
        """Return what is changed by now of all titles and links."""
        moved = sum(at <= now for at in self.moves_at)
        return f"{moved} {now >= self.rewrites_at} {now >= self.date_shift_at}"

    def item(self, piece: Piece, now: float) -> Item:
        """Return an article as the document names it now."""
        words = piece.words_at(now)
        renumbered = sum(at <= now for at in self.renumbers_at)
        moved = sum(at <= now for at in self.moves_at)
        rewritten = now >= self.rewrites_at
        token = f"n{piece.number:07d}k"
        head = f"Reworded {words[1]}" if rewritten else " ".join(words[:3]).capitalize()
        link = f"{piece.link}{'-moved' * moved}{'-new' if rewritten else ''}"
        at = piece.at + (60.0 if now >= self.date_shift_at else 0.0)
        return Item(
            f"{head} {token}",
            link,
            f"{' '.join(words)} in report {piece.number}",
            at,
            guid=f"{self.url}#{piece.number}.{renumbered}{'w' if rewritten else ''}",
        )


class Newsroom(MemoryFetcher):
    """Serves the outlets' documents of the moment, and writes down what it served."""

    def __init__(self, clock: FakeClock, ledger: Ledger, outlets: Sequence[Outlet]) -> None:
        super().__init__()
        self.clock = clock
        self.ledger = ledger
        self.outlets = {outlet.url: outlet for outlet in outlets}
        self.armed = False
        self.is_dead: Callable[[], bool] = lambda: False

    def fetch(self, feed: Feed, validators: Validators) -> FetchedBody | NotModified | FetchFailure:
        """Answer as the outlet does now."""
        if self.is_dead() or self.armed:
            self.armed = False
            raise Died
        outlet, now = self.outlets[feed.url], self.clock.now()
        spell = next((s for s in outlet.spells if s.covers(now) and s.what in _FAILURES), None)
        if spell is not None:
            failure = replace(_FAILURES[spell.what], retry_after_s=spell.wait_s or None)
            self._note(outlet, now, "failed", retry_after_s=spell.wait_s)
            return failure
        pieces = outlet.window(now)
        body = rss("News", [outlet.item(piece, now) for piece in pieces])
        is_cut = any(s.covers(now) and s.what == "cut" for s in outlet.spells)
        if is_cut:
            body = body[: len(body) * 2 // 3]
        self.put(feed.url, body)
        answer = super().fetch(feed, Validators() if is_cut else validators)
        same = isinstance(answer, NotModified)
        look = "" if same else outlet.look(now)
        shown = (
            ()
            if same
            else tuple(Shown(p.number, p.at, frozenset(p.words_at(now)), look) for p in pieces)
        )
        self._note(outlet, now, "cut" if is_cut else "same" if same else "read", shown)
        assert not isinstance(answer, FetchFailure)
        return replace(answer, max_age_s=outlet.patience_s(now))

    def _note(
        self,
        outlet: Outlet,
        now: float,
        outcome: str,
        shown: tuple[Shown, ...] = (),
        retry_after_s: float = 0.0,
    ) -> None:
        interval_s = max(outlet.interval_s, outlet.patience_s(now) or 0.0)
        self.ledger.fetches.append(
            Fetch(
                now,
                outlet.url,
                outlet.place,
                outcome,
                shown,
                interval_s,
                retry_after_s,
                outlet.look_back_s,
            )
        )


_FAILURES = {
    "broken": FetchFailure("http", "Its server answers 500.", status=500),
    "silent": FetchFailure("timeout", "It does not answer."),
    "busy": FetchFailure("rate_limited", "It is asked too often.", status=429),
}
