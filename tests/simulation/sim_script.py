"""What happens in the simulated world: who lives there, what outlets do, and when hands reach in.

Everything is drawn from one seed.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

from sim_calendar import local
from sim_newsroom import Outlet, Piece
from sim_truth import DAY_S, HOUR_S, Place, Rule, Spell, When, Window, Wish

from alerts.clock import FakeClock

T = TypeVar("T")

#: Clocks go forward in Sydney and on Lord Howe (by half an hour), back in Europe and America.
START = dt.datetime(2026, 10, 3, tzinfo=dt.UTC).timestamp()

ZONES = (
    "America/Chicago", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "UTC",
    "Europe/Berlin", "Europe/London", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kolkata",
    "Asia/Tokyo", "Africa/Johannesburg",
)  # fmt: skip
_TOPICS = tuple(f"{a}{b}{c}" for c in ("", "ba", "ne", "ti", "so", "mu", "ge", "lo", "ki", "pa")
                for a in ("zor", "qui", "vek", "mub", "jol", "tax")
                for b in ("vax", "dof", "nik", "pum", "lorp", "gak"))  # fmt: skip
ASIDES = ("blixom", "frandol", "snorvik")
FILLERS = tuple(f"{a}{b}" for a in ("hal", "ner", "pov", "wim", "dru", "sab", "kel", "fip") for b in
                ("tok", "zam", "rup", "nob", "vil", "dax"))  # fmt: skip
WEEKDAYS, WEEKEND = (0, 1, 2, 3, 4), (5, 6)


class Chance:
    """Draws, in the words that the script needs."""

    def __init__(self, seed: int) -> None:
        self._clock = FakeClock(seed=seed)

    def often(self, share: float) -> bool:
        return self._clock.random() < share

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._clock.random()

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self._clock.random() * len(items))]

    def some(self, items: Sequence[T], count: int) -> list[T]:
        found: list[T] = []
        while len(found) < count:
            if (item := self.pick(items)) not in found:
                found.append(item)
        return found


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
    grid_s: float = 60.0  # moments of the world at which the service looks what is due
    kept_h: float = 900.0  # how long an outlet lists an article
    edits: int = 9  # of the file
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
    rules = _rules(_TOPICS[: scale.topics])
    outlets = _outlets(chance, scale, end, _rhythms(scale, times))
    wishes = [_wish(chance, n, list(rules)) for n in range(scale.people)]
    deeds = [*_deeds(chance, scale, wishes, end), *_edits(chance, scale, wishes, list(rules), end)]
    spells = list(_spells(chance, wishes, end))
    deeds.sort(key=lambda deed: deed.at)
    return Script(outlets, rules, wishes, deeds, spells, end, scale.grid_s)


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
        _habits(chance, outlet, n, end)
        for at in sorted(rhythm):
            outlet.pieces.append(_piece(chance, scale, number, START - DAY_S + at, n, host))
            number += 1
        made.append(outlet)
    _copy(chance, made)
    return made


def _habits(chance: Chance, outlet: Outlet, n: int, end: float) -> None:
    middle = START + chance.between(3, 25) * DAY_S
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
        words.append(chance.pick(_TOPICS[: scale.topics]))
    words += [aside for aside in ASIDES if chance.often(0.4)]
    link = f"https://{host}/{n}/n{number:07d}k"
    if n % 6 == 4 or not chance.often(0.1):
        return Piece(number, at, tuple(words), link=link)
    later = [word for word in words if word not in ASIDES]
    if chance.often(scale.matched * 3):
        later.append(chance.pick(_TOPICS[: scale.topics]))
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


# --- rules and people --------------------------------------------------------------------------


def _rules(topics: Sequence[str]) -> dict[str, Rule]:
    made = {}
    for n, topic in enumerate(topics):
        name = f"r-{topic}"
        none = (ASIDES[n % 3],) if n % 4 == 1 else ()
        place = "madison" if n % 4 == 2 else None
        both = (topic, ASIDES[n % 3]) if n % 4 == 3 else (topic,)
        made[name] = Rule(name, both, none, place)
    return made


def _when(chance: Chance) -> When:
    draw = chance.between(0, 100)
    early, late = chance.pick((150, 90, 450, 480, 405)), chance.pick((1020, 1170, 1290))
    shown = f"{early // 60}:{early % 60:02d}"
    both = f"{shown} and {late // 60}:{late % 60:02d}"
    if draw < 12:
        return When("right away", "right away")
    if draw < 12.5:
        return When("hourly", "hourly")
    if draw < 45:
        return When(f"daily at {shown}", "weekdays", (early,))
    if draw < 62:
        return When(f"daily at {both}", "weekdays", (early, late))
    if draw < 74:
        return When(f"weekdays at {shown}", "weekdays", (early,), WEEKDAYS)
    if draw < 80:
        return When(f"weekends at {both}", "weekdays", (early, late), WEEKEND)
    if draw < 88:
        return When(f"weekly on Sunday at {shown}", "weekdays", (early,), (6,))
    if draw < 92:
        return When(f"monthly on 12 at {shown}", "monthly", (early,), month_day=12)
    if draw < 94:
        return When(f"monthly on last at {shown}", "monthly", (early,), month_day=-1)
    if draw < 97:
        return When('{cron: "15 */6 * * mon,thu"}', "weekdays", (15, 375, 735, 1095), (0, 3))
    return When("urgent only", "urgent only")


def _places(chance: Chance, who: str) -> tuple[Place, ...]:
    mail = Place(f"{who}/email/{who}@example.org", "email", f"{who}@example.org")
    slack = Place(
        f"{who}/slack/hooks.slack.com", "slack", f"https://hooks.slack.com/services/T/B/{who}"
    )
    hook = Place(f"{who}/webhook/{who}.example", "webhook", f"https://{who}.example/in")
    draw = chance.between(0, 100)
    if draw < 60:
        return (mail,)
    if draw < 72:
        return (slack,)
    return (hook,) if draw < 90 else (mail, hook)


def _wish(chance: Chance, n: int, rules: Sequence[str]) -> Wish:
    zone = ZONES[n % len(ZONES)]
    followed: list[tuple[str, When | None]] = [(name, None) for name in chance.some(rules, 3)]
    if chance.often(0.2):
        followed[0] = (followed[0][0], _when(chance))
    quiet = chance.pick((Window(22 * 60, 7 * 60), Window(23 * 60, 6 * 60 + 30), Window(0, 300)))
    return Wish(
        id=f"p{n}",
        zone=zone,
        when=_when(chance),
        rules=tuple(followed),
        places=_places(chance, f"p{n}"),
        quiet=quiet if chance.often(0.5) else None,
        spread_s=chance.pick((180.0, 0.0, 600.0)),
        pause_until=_midnight(START + chance.between(2, 9) * DAY_S, zone)
        if chance.often(0.06) else None,
    )  # fmt: skip


def _midnight(at: float, zone: str) -> float:
    return local(at, zone).replace(hour=12, minute=0, second=0, microsecond=0).timestamp()


# --- what hands do -----------------------------------------------------------------------------


def _odd(chance: Chance, low: float, high: float) -> float:
    """Return a moment that is no slot's: at 37 minutes past some hour."""
    return chance.between(low, high) // HOUR_S * HOUR_S + 37 * 60


def _edits(
    chance: Chance, scale: Scale, wishes: Sequence[Wish], rules: Sequence[str], end: float
) -> list[Deed]:
    """Return edits of the file, each the whole of it."""
    made, current = [], {wish.id: wish for wish in wishes}
    gone: dict[str, Wish] = {}
    gap = 27 / scale.edits
    for n in range(scale.edits):
        at = _odd(chance, START + (2 + gap * n) * DAY_S, START + (4 + gap * n) * DAY_S)
        for key, wish in list(gone.items()):
            current[key] = wish
            del gone[key]
        for key in chance.some(list(current), max(2, len(current) // 20)):
            gone[key] = current.pop(key)
        for key in chance.some(list(current), max(3, len(current) // 8)):
            current[key] = _changed(chance, current[key], rules)
        if at < end:
            made.append(Deed(at, "reload", tuple(current.values())))
    return made


def _changed(chance: Chance, wish: Wish, rules: Sequence[str]) -> Wish:
    draw = chance.between(0, 4)
    if draw < 1.5:
        fresh = chance.pick(rules)
        kept = [pair for pair in wish.rules if pair[0] != fresh]
        return replace(wish, rules=(*kept[1:], (fresh, None)))
    if draw < 2.5:
        return replace(wish, when=_when(chance))
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
    for wish in wishes:
        for place in wish.places:
            draw, begin = chance.between(0, 1), chance.between(START, end - 8 * DAY_S)
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
    return made
