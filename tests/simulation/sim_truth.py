"""What is true in the simulated world, as plain values; the product and the oracle never share it.

Times are UTC epoch seconds, times of the day are minutes since midnight. An article is known by its
number, whatever its feed does to its guid, link, title and date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

HOUR_S, DAY_S = 3_600.0, 86_400.0


@dataclass(frozen=True)
class Rule:
    """Every word of `all_of` and none of `none_of`, in an article of a feed at `place` if set.

    Urgent with the word `alarm`, too, in an article that is `newer_than_s`.
    """

    name: str
    all_of: tuple[str, ...]
    none_of: tuple[str, ...] = ()
    place: str | None = None
    alarm: str | None = None
    newer_than_s: float = 6 * HOUR_S
    since: float = 0.0  # when it comes into the file

    def holds(self, words: frozenset[str], place: str | None) -> bool:
        is_there = words.issuperset(self.all_of) and words.isdisjoint(self.none_of)
        return is_there and self.place in (None, place)

    def is_urgent(self, words: frozenset[str], age_s: float) -> bool:
        return self.alarm in words and age_s <= self.newer_than_s

    def yaml(self) -> str:
        urgent = ""
        if self.alarm is not None:
            hours = f"{self.newer_than_s / HOUR_S:.0f}h"
            urgent = f", urgent: {{query: {self.alarm}, newer_than: {hours}}}"
        if self.place is None:
            none = f", none: [{', '.join(self.none_of)}]" if self.none_of else ""
            return f"  {self.name}: {{all: [{', '.join(self.all_of)}]{none}{urgent}}}"
        query = f'"place:{self.place} AND {" AND ".join(self.all_of)}"'
        return f"  {self.name}: {{query: {query}{urgent}}}"


@dataclass(frozen=True)
class When:
    """A wish for moments: `text` is what stands in the file, the rest is what it means."""

    text: str
    kind: str  # right away, hourly, weekdays (those of `days`), monthly, urgent only
    minutes: tuple[int, ...] = ()
    days: tuple[int, ...] = tuple(range(7))  # Monday is 0
    month_day: int = 0  # -1: the last


@dataclass(frozen=True)
class Window:
    start: int
    end: int


@dataclass(frozen=True)
class Place:
    """Where messages go; `key` as the product names it, `address` as the file does."""

    key: str
    kind: str
    address: str


@dataclass(frozen=True)
class Wish:
    """What one subscriber asks for, as it stands in the file at some time."""

    id: str
    zone: str
    when: When
    rules: tuple[tuple[str, When | None], ...]
    places: tuple[Place, ...]
    quiet: Window | None = None
    spread_s: float = 180.0
    pause_until: float | None = None
    urgent: Window | str = "never"  # or always, or within these hours

    @property
    def follows(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.rules)

    def whens(self, names: frozenset[str]) -> list[When]:
        return list(dict.fromkeys(own or self.when for name, own in self.rules if name in names))

    def is_spread(self) -> bool:
        return all(place.kind == "email" for place in self.places)


@dataclass(frozen=True)
class Spell:
    """A stretch in which a place, a feed or the whole mail server behaves in some way."""

    what: str
    start: float
    end: float
    wait_s: float = 0.0  # what a Retry-After says

    def covers(self, at: float) -> bool:
        return self.start <= at < self.end


@dataclass
class Ledger:
    """Everything that happened, as the world's own servers and hands saw it."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    fetches: list[Fetch] = field(default_factory=list)
    tries: list[Try] = field(default_factory=list)
    wishes: dict[str, list[tuple[float, Wish | None]]] = field(default_factory=dict)
    spells: dict[str, list[Spell]] = field(default_factory=dict)  # by place, "mail" or "process"
    errors: list[str] = field(default_factory=list)  # lines of the log
    deaths: int = 0
    _people: dict[str, list[str]] = field(default_factory=dict)  # by target
    _people_count: int = 0

    def note_wishes(self, at: float, wishes: Sequence[Wish]) -> None:
        """Note the file that came into force."""
        new = {wish.id: wish for wish in wishes}
        for key in {**self.wishes, **new}:
            past = self.wishes.setdefault(key, [])
            if (past[-1][1] if past else None) != new.get(key):
                past.append((at, new.get(key)))

    def target(self, place: str) -> str:
        """Return what several places may share: a mail's address, else the place itself."""
        _, kind, address = place.split("/", 2)
        return address if kind == "email" else place

    def sharers(self, place: str) -> list[str]:
        """Return a place's key, and those of others at the same address."""
        target = self.target(place)
        if target == place:
            return [place]
        return [f"{who}/email/{target}" for who in self.people_of(target)]

    def people_of(self, target: str) -> list[str]:
        """Return who ever had messages brought there."""
        if self._people_count != len(self.wishes):
            self._people_count = len(self.wishes)
            self._people.clear()
            for who, past in self.wishes.items():
                places = (
                    place.key for _, wish in past if wish is not None for place in wish.places
                )
                for found in {self.target(key) for key in places}:
                    self._people.setdefault(found, []).append(who)
        return self._people.get(target, [])

    def add_spell(self, key: str, spell: Spell) -> None:
        self.spells.setdefault(key, []).append(spell)

    def end_spell(self, key: str, what: str, at: float) -> None:
        mine = self.spells[key]
        last = max(n for n, spell in enumerate(mine) if spell.what == what)
        mine[last] = replace(mine[last], end=at)


@dataclass(frozen=True)
class Shown:
    """An article as a document lists it; `look` changes with its title and link."""

    number: int
    published: float
    words: frozenset[str]
    look: str = ""


@dataclass(frozen=True)
class Fetch:
    """One request of a feed: what its server answered."""

    at: float
    url: str
    place: str | None
    outcome: str  # read, same, cut, failed
    shown: tuple[Shown, ...] = ()
    interval_s: float = 0.0
    retry_after_s: float = 0.0
    look_back_s: float = 0.0


@dataclass(frozen=True)
class Try:
    """One message brought to a place. `taken`: its server took it; `known`: and we heard so."""

    at: float
    delivery: str
    place: str
    numbers: frozenset[int]
    taken: bool
    known: bool = True
    wait_s: float = 0.0
    is_urgent: bool = False  # by its own words: an urgent alert, or a bundle of them
    is_bundle: bool = False
    is_more: bool = False  # a further part of a message
