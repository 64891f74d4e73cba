"""What happens in the simulated world: who lives there, what outlets do, and when hands reach in.

Everything is drawn from one seed.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from sim_floods import flooded, flooding, troubled
from sim_newsroom import Outlet, Piece
from sim_people import (
    ALARM,
    ASIDES,
    FILLERS,
    START,
    TOPICS,
    Chance,
    rules_of,
    share,
    when_of,
    wish_of,
)
from sim_truth import DAY_S, HOUR_S, Rule, Spell, Window, Wish


@dataclass(frozen=True)
class Scale:
    people: int = 150
    outlets: int = 12
    entries: int = 1_300  # of an outlet, about
    days: int = 30
    topics: int = 36  # each is a rule
    matched: float = 0.10  # of the articles have a topic
    size: int = 40  # items of a document
    crashes: int = 18
    shared: int = 2  # every so many subscribers have the address of another
    grid_s: float = 60.0  # moments of the world at which the service looks what is due
    kept_h: float = 900.0  # how long an outlet lists an article
    edits: int = 9  # of the file, in a month
    followings: int = 4  # more of them: some follow what is about to be edited
    meanwhile: int = 80  # times that all feeds are polled while a digest is made
    ages_h: tuple[float | None, ...] = (None, 4, *(8,) * 10)  # what outlets ask to be left alone


@dataclass(frozen=True)
class Deed:
    """Something that hands do to the service at a time."""

    at: float
    what: str
    about: Any = None


@dataclass
class Script:
    """A whole month."""

    outlets: list[Outlet]
    rules: dict[str, Rule]
    wishes: list[Wish]
    deeds: list[Deed]
    spells: list[tuple[str, Spell]]
    end: float
    grid_s: float


def script(scale: Scale, seed: int, times: Path | None) -> Script:
    """Write one; `times` is the file of real publish times, None for a rhythm of its own."""
    chance = Chance(seed)
    end = START + scale.days * DAY_S
    rules = rules_of(TOPICS[: scale.topics])
    outlets = _outlets(chance, scale, end, _rhythms(scale, times))
    first = [rule.name for rule in rules.values() if not rule.since]
    wishes = [wish_of(chance, n, first) for n in range(scale.people)]
    share(chance, wishes, scale.shared)
    fixed = flooded()
    edits = _Edits(chance, scale, wishes, rules, fixed, end)
    deeds = [*_deeds(chance, scale, wishes, end), *edits.deeds(outlets)]
    deeds.sort(key=lambda deed: deed.at)
    spells = [*_spells(chance, wishes, end), *troubled()]
    outlet, rule = flooding(end)
    rules = rules | {rule.name: rule}
    return Script([*outlets, outlet], rules, wishes + fixed, deeds, spells, end, scale.grid_s)


# --- outlets -----------------------------------------------------------------------------------


def _rhythms(scale: Scale, times: Path | None) -> list[list[float]]:
    """Return publish times (seconds from the start, from a day before on) of each outlet."""
    span = (scale.days + 1) * DAY_S
    if times is None:
        gap = span / scale.entries
        return [[n * gap for n in range(scale.entries)] for _ in range(scale.outlets)]
    found = []
    with gzip.open(times, "rt", encoding="utf-8") as file:
        rows = [row for row in map(json.loads, file) if row["capture_time_share"] < 0.5]
    for row in rows:
        moments = list(accumulate(row["dt"], initial=row["t0"]))
        for first in range(0, len(moments), 500):
            part = [at - moments[first] for at in moments[first : first + 3 * scale.entries]]
            part = [at for at in part if at < span]
            if scale.entries / 2 <= len(part) <= scale.entries * 1.5:
                found.append(part)
                break
    return (found * scale.outlets)[: scale.outlets]


def _outlets(
    chance: Chance, scale: Scale, end: float, rhythms: Sequence[Sequence[float]]
) -> list[Outlet]:
    made: list[Outlet] = []
    number = 1
    for n, rhythm in enumerate(rhythms):
        host = f"o{n - n % 6}.example" if n % 6 == 1 else f"o{n}.example"
        outlet = Outlet(f"https://{host}/{n}.xml", place="madison" if n % 3 == 0 else None)
        outlet.size, outlet.kept_s = scale.size, scale.kept_h * HOUR_S
        hours = scale.ages_h[n % len(scale.ages_h)]
        outlet.max_age_s = None if hours is None else hours * HOUR_S
        outlet.look_back_s = (86_400.0, 0.0, 7_200.0)[n % 3]
        _habits(chance, scale, outlet, n, end)
        for at in sorted(rhythm):
            outlet.pieces.append(_piece(chance, scale, number, START - DAY_S + at, n, host))
            number += 1
        made.append(outlet)
    _copy(chance, made)
    return made


def _habits(chance: Chance, scale: Scale, outlet: Outlet, n: int, end: float) -> None:
    middle = START + chance.between(3, min(25, scale.days - 5)) * DAY_S
    outlet.shuffles = n % 4 == 1
    if n % 6 == 2:
        outlet.renumbers_at = [START + k * 5.3 * DAY_S for k in range(1, 6)]
    if n % 6 == 3:
        outlet.moves_at = [middle]
        outlet.date_shift_at = middle + 2 * DAY_S
    if n % 6 == 4:
        outlet.rewrites_at = middle
    kinds = ("empty", "vanishes", "broken", "silent", "busy", "cut")
    for kind in chance.some(kinds, 4):
        begin = chance.between(START + DAY_S, end - 3 * DAY_S)
        wait_s = 7_200.0 if kind == "busy" else 0.0
        last = begin + chance.between(1, 12) * HOUR_S
        outlet.spells.append(Spell(kind, begin, last, wait_s))


def _piece(chance: Chance, scale: Scale, number: int, at: float, n: int, host: str) -> Piece:
    words = chance.some(FILLERS, 6)
    if chance.often(scale.matched):
        words.append(chance.pick(TOPICS[: scale.topics]))
        words += [ALARM] if chance.often(0.3) else []
    words += [aside for aside in ASIDES if chance.often(0.4)]
    link = f"https://{host}/{n}/n{number:07d}k"
    if n % 6 == 4 or not chance.often(0.1):
        return Piece(number, at, tuple(words), link=link)
    later = [word for word in words if word not in ASIDES]
    if chance.often(scale.matched * 3):
        later.append(chance.pick(TOPICS[: scale.topics]))
        later += [ALARM] if chance.often(0.3) else []
    edited_at = at + chance.between(0.5, 20) * HOUR_S
    return Piece(number, at, tuple(words), edited_at, ("update", *later), link)


def _copy(chance: Chance, outlets: list[Outlet]) -> None:
    """Let every fourth outlet carry articles of the one before it too, some hours later."""
    for n in range(3, len(outlets), 4):
        source = outlets[n - 1]
        if source.rewrites_at < float("inf"):
            continue
        taken = [piece for piece in source.pieces if chance.often(0.3)]
        later = [replace(p, at=p.at + chance.between(0.1, 5) * HOUR_S) for p in taken]
        outlets[n].pieces = sorted([*outlets[n].pieces, *later], key=lambda p: p.at)


# --- what hands do -----------------------------------------------------------------------------


def _odd(chance: Chance, low: float, high: float) -> float:
    """Return a moment that is no slot's: at 37 minutes past some hour."""
    return chance.between(low, high) // HOUR_S * HOUR_S + 37 * 60


class _Edits:
    """Edits of the file, each the whole of it: people come, go and change their minds."""

    def __init__(
        self,
        chance: Chance,
        scale: Scale,
        wishes: Sequence[Wish],
        rules: Mapping[str, Rule],
        fixed: Sequence[Wish],
        end: float,
    ) -> None:
        self._chance = chance
        self._scale = scale
        self._rules = rules
        self._fixed = fixed  # who stays as they are
        self._end = end
        self._current = {wish.id: wish for wish in wishes}
        self._gone: dict[str, Wish] = {}

    def deeds(self, outlets: Sequence[Outlet]) -> list[Deed]:
        """Return them: some at any time, and some that follow what is about to be edited."""
        gap = 27 / self._scale.edits
        moments = [
            (
                _odd(self._chance, START + (2 + gap * n) * DAY_S, START + (4 + gap * n) * DAY_S),
                False,
            )
            for n in range(self._scale.edits)
        ]
        span = self._end - START
        gap_s = 0.6 * span / self._scale.followings
        moments += [
            (START + 0.4 * span + n * gap_s + 13 * 60, True) for n in range(self._scale.followings)
        ]
        made: list[Deed] = []
        for at, is_about_to_change in sorted(moments):
            if at >= self._end:
                continue
            if is_about_to_change:
                for outlet in outlets:
                    self._follow(outlet, at)
            else:
                self._anything(at)
            file = (*self._current.values(), *self._fixed)
            if not made or made[-1].about != file:
                made.append(Deed(at, "reload", file))
        return made

    def _anything(self, at: float) -> None:
        self._current |= self._gone
        self._gone.clear()
        for key in self._chance.some(list(self._current), max(2, len(self._current) // 20)):
            self._gone[key] = self._current.pop(key)
        for key in self._chance.some(list(self._current), max(3, len(self._current) // 8)):
            self._current[key] = self._changed(self._current[key], at)

    def _follow(self, outlet: Outlet, at: float) -> None:
        """Let some follow from now on what articles are about that are listed, and edited soon."""
        listed = [
            frozenset(piece.edited)
            for piece in outlet.window(at)
            if 0 < piece.edited_at - at < 12 * HOUR_S
        ]
        names = [
            rule.name
            for rule in self._rules.values()
            if rule.since <= at and any(rule.holds(words, outlet.place) for words in listed)
        ]
        for name in names[:4]:
            for key in self._chance.some(list(self._current), 2):
                wish = self._current[key]
                if name not in wish.follows:
                    self._current[key] = replace(wish, rules=(*wish.rules[1:], (name, None)))

    def _changed(self, wish: Wish, at: float) -> Wish:
        draw = self._chance.between(0, 4)
        if draw < 1.5:
            known = [name for name, rule in self._rules.items() if rule.since <= at]
            fresh = self._chance.pick(known)
            kept = [pair for pair in wish.rules if pair[0] != fresh]
            return replace(wish, rules=(*kept[1:], (fresh, None)))
        if draw < 2.5:
            return replace(wish, when=when_of(self._chance))
        if draw < 3:
            return replace(wish, quiet=Window(21 * 60, 8 * 60) if wish.quiet is None else None)
        return replace(wish, spread_s=120.0)


def _deeds(chance: Chance, scale: Scale, wishes: Sequence[Wish], end: float) -> list[Deed]:
    made = []
    hows = ("commit", "after", "fetch", "before", "commit", "after")
    for n in range(scale.crashes):
        how = hows[n % len(hows)]
        at = START + DAY_S * (1 + (scale.days - 2) / scale.crashes * n) + chance.between(0, DAY_S)
        made.append(Deed(at, "crash", (how, chance.pick((0.0, 120.0, 3 * HOUR_S, 9 * HOUR_S)))))
    mails = [w.places[0] for w in wishes if len(w.places) == 1 and w.places[0].kind == "email"]
    known = Counter(place.address for place in mails)
    mails = [place for place in mails if known[place.address] == 1]
    for n, place in enumerate(chance.some(mails, min(12, len(mails) // 2))):
        begin = _odd(chance, START + 2 * DAY_S, end - 6 * DAY_S)
        last = begin + chance.between(1, 4) * DAY_S
        words = ("pause", "resume") if n % 2 else ("stop", "again")
        made += [Deed(begin, words[0], (place, last + DAY_S)), Deed(last, words[1], (place, last))]
    gap_s = 24 * DAY_S / scale.meanwhile
    made += [Deed(START + DAY_S + n * gap_s, "meanwhile") for n in range(scale.meanwhile)]
    made += [Deed(START + DAY_S * (2 + n * 1.7), "freeze") for n in range(14)]
    return [deed for deed in made if deed.at < end]


def _spells(chance: Chance, wishes: Sequence[Wish], end: float) -> list[tuple[str, Spell]]:
    made = [("mail", Spell("down", START + d * DAY_S, START + (d + h) * DAY_S))
            for d, h in ((5.3, 0.1), (14.2, 0.02), (22.9, 0.2))]  # fmt: skip
    latest = max(end - 8 * DAY_S, START + 3 * DAY_S)
    known: dict[str, list[Spell]] = {}
    for wish in wishes:
        for place in wish.places:
            if place.address in known:  # it is shared, and so is what becomes of it
                made += [(place.key, spell) for spell in known[place.address]]
                continue
            known[place.address] = []
            draw, begin = chance.between(0, 1), chance.between(START, latest)
            hours = chance.pick((1, 3, 8)) * HOUR_S
            if draw < 0.12:
                made.append((place.key, Spell("hangs", begin, begin + hours)))
            elif draw < 0.16:
                made.append((place.key, Spell("hangs", begin, begin + 6 * DAY_S)))
            elif draw < 0.24:
                made.append((place.key, Spell("greylists", START, end)))
            elif draw < 0.28:
                made.append((place.key, Spell("gone", begin, end)))
            elif draw < 0.42 and place.kind == "email":  # into the night
                made.append((place.key, Spell("hangs", begin, begin + 2 * DAY_S)))
            elif draw < 0.42:
                made.append((place.key, Spell("throttles", begin, begin + 2 * DAY_S, 1_200.0)))
            elif draw < 0.48:
                made.append((place.key, Spell("loses", begin, begin + 8 * DAY_S)))
            known[place.address] = [spell for key, spell in made if key == place.key]
    return made
