"""Who lives in the simulated world: rules, and what people ask for; everything is drawn by chance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sim_calendar import local
from sim_truth import DAY_S, HOUR_S, Place, Rule, When, Window, Wish

from alerts.clock import FakeClock

T = TypeVar("T")

#: Clocks go forward in Sydney and on Lord Howe (by half an hour), back in Europe and America.
START = dt.datetime(2026, 10, 3, tzinfo=dt.UTC).timestamp()

ZONES = (
    "America/Chicago", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "UTC",
    "Europe/Berlin", "Europe/London", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kolkata",
    "Asia/Tokyo", "Africa/Johannesburg",
)  # fmt: skip
TOPICS = tuple(f"{a}{b}{c}" for c in ("", "ba", "ne", "ti", "so", "mu", "ge", "lo", "ki", "pa")
                for a in ("zor", "qui", "vek", "mub", "jol", "tax")
                for b in ("vax", "dof", "nik", "pum", "lorp", "gak"))  # fmt: skip
ASIDES = ("blixom", "frandol", "snorvik")
ALARM = "sirenox"  # what makes a story urgent
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


def rules_of(topics: Sequence[str]) -> dict[str, Rule]:
    """Return a rule for each topic, and a few that come into the file later."""
    made = {}
    for n, topic in enumerate(topics):
        name = f"r-{topic}"
        none = (ASIDES[n % 3],) if n % 4 == 1 else ()
        place = "madison" if n % 4 == 2 else None
        both = (topic, ASIDES[n % 3]) if n % 4 == 3 else (topic,)
        alarm = ALARM if n % 3 == 1 else None
        hours = 6 if n % 6 == 1 else 24
        made[name] = Rule(name, both, none, place, alarm, hours * HOUR_S)
    for topic in topics[:4]:
        name = f"late-{topic}"
        made[name] = Rule(name, (topic,), since=START + 2.2 * DAY_S)
    return made


def when_of(chance: Chance) -> When:
    """Return a wish for moments."""
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


def wish_of(chance: Chance, n: int, rules: Sequence[str]) -> Wish:
    """Return what the n-th subscriber asks for."""
    zone = ZONES[n % len(ZONES)]
    followed: list[tuple[str, When | None]] = [(name, None) for name in chance.some(rules, 3)]
    if chance.often(0.2):
        followed[0] = (followed[0][0], when_of(chance))
    quiet = chance.pick((Window(22 * 60, 7 * 60), Window(23 * 60, 6 * 60 + 30), Window(0, 300)))
    return Wish(
        id=f"p{n}",
        zone=zone,
        when=when_of(chance),
        rules=tuple(followed),
        places=_places(chance, f"p{n}"),
        quiet=quiet if chance.often(0.5) else None,
        spread_s=chance.pick((180.0, 0.0, 600.0)),
        urgent=chance.pick(("always", "never", Window(360, 1_320), Window(480, 1_200))),
        pause_until=_midnight(START + chance.between(2, 9) * DAY_S, zone)
        if chance.often(0.06) else None,
    )  # fmt: skip


def share(chance: Chance, wishes: list[Wish], every: int) -> None:
    """Let some subscribers have the address of another, whose hours they keep."""
    for n in range(len(ZONES), len(wishes), every):
        other = wishes[n - len(ZONES)]
        if [place.kind for place in other.places] != ["email"] or other.id not in other.places[
            0
        ].address:
            continue
        wishes[n - len(ZONES)] = other = replace(other, pause_until=None)
        address = other.places[0].address
        wishes[n] = replace(
            wishes[n],
            when=other.when if chance.often(0.8) else wishes[n].when,
            rules=tuple(
                dict([*((name, None) for name, _ in other.rules[:2]), *wishes[n].rules[2:]]).items()
            ),
            places=(Place(f"p{n}/email/{address}", "email", address),),
            quiet=other.quiet,
            spread_s=other.spread_s,
            pause_until=None,
        )


def _midnight(at: float, zone: str) -> float:
    return local(at, zone).replace(hour=12, minute=0, second=0, microsecond=0).timestamp()
