"""What the ledger says is owed: which articles were seen when, and who followed what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from sim_truth import Fetch, Ledger, Rule, Wish

_FOREVER = float("inf")

#: So much the date that a feed states may be off the article's own.
_DATE_S = 120.0


@dataclass(frozen=True)
class Claim:
    """An article is owed since a time by these rules; `is_alarm`: as an urgent one, for certain."""

    at: float
    names: frozenset[str]
    is_alarm: bool


@dataclass(frozen=True)
class _Offer:
    """A version of an article as a feed had it."""

    at: float
    published: float
    words: frozenset[str]
    place: str | None
    is_sure: bool  # that it was read: the document broke off, or the process died

    def urgent_by(self, rule: Rule) -> tuple[bool, bool]:
        """Whether a rule that holds calls it urgent: for certain, and perhaps."""
        age_s = self.at - self.published
        sure, maybe = (rule.is_urgent(self.words, age_s + more_s) for more_s in (_DATE_S, -_DATE_S))
        return sure, maybe


@dataclass
class Sight:
    """When an article was first seen: for certain, and perhaps; `is_old`: offered to nobody."""

    maybe_at: float
    at: float = _FOREVER
    is_old: bool = False
    offers: list[_Offer] = field(default_factory=list)
    changed_at: list[float] = field(default_factory=list)  # its words, title or link


class Owing:
    """Who is owed what by one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.deaths = {spell.start for spell in ledger.spells.get("process", ())}
        self.sights = self._sights()
        self.claims: dict[tuple[int, str], list[Claim]] = defaultdict(list)
        self.allowed: set[tuple[int, str]] = set()
        self.alarming: set[tuple[int, str]] = set()  # what may be told as urgent to whom
        self._owe()

    def _sights(self) -> dict[int, Sight]:
        found: dict[int, Sight] = {}
        is_read: set[str] = set()
        last: dict[tuple[str, int, bool], tuple[frozenset[str], str]] = {}
        for fetch in self.ledger.fetches:
            if fetch.outcome not in ("read", "cut"):
                continue
            is_sure = fetch.outcome == "read" and fetch.at not in self.deaths
            for one in fetch.shown:
                sight = found.setdefault(one.number, Sight(fetch.at))
                if is_sure and sight.at == _FOREVER:
                    sight.at = fetch.at
                    sight.is_old = fetch.url not in is_read and _is_old(fetch, one.published)
                key, looks = (fetch.url, one.number, is_sure), (one.words, one.look)
                before = last.get(key)
                last[key] = looks
                if before is not None and before != looks:
                    sight.changed_at.append(fetch.at)
                if before is None or before[0] != one.words:
                    offer = _Offer(fetch.at, one.published, one.words, fetch.place, is_sure)
                    sight.offers.append(offer)
            if fetch.shown and is_sure:
                is_read.add(fetch.url)
        return found

    def _owe(self) -> None:
        by_word: dict[str, list[Rule]] = defaultdict(list)
        for rule in self.ledger.rules.values():
            by_word[rule.all_of[0]].append(rule)
        fans: dict[str, set[str]] = defaultdict(set)  # who ever followed a rule
        for who, past in self.ledger.wishes.items():
            for name in {name for _, wish in past if wish for name in wish.follows}:
                fans[name].add(who)
        for number, sight in self.sights.items():
            for offer in () if sight.is_old else sight.offers:
                near = (rule for word in offer.words for rule in by_word.get(word, ()))
                rules = [rule for rule in near if rule.holds(offer.words, offer.place)]
                for who in {who for rule in rules for who in fans[rule.name]}:
                    self._put(number, sight, who, offer, rules)

    def _put(self, number: int, sight: Sight, who: str, offer: _Offer, rules: list[Rule]) -> None:
        """Note what an offer means for somebody."""
        wish, since = self.wish(who, offer.at), self.since(who, offer.at)
        mine = [rule for rule in rules if since.get(rule.name, _FOREVER) <= sight.at]
        if wish is None or not mine:
            return
        is_maybe_urgent = any(offer.urgent_by(rule)[1] for rule in mine)
        whens = wish.whens(frozenset(rule.name for rule in mine))
        if is_maybe_urgent or any(when.kind != "urgent only" for when in whens):
            self.allowed.add((number, who))
        if is_maybe_urgent:
            self.alarming.add((number, who))
        sure = [rule for rule in mine if since[rule.name] <= sight.maybe_at]
        if not sure or not offer.is_sure:
            return
        # What was perhaps read before, at an hour of no consent, is told with the next digest.
        is_first = offer is sight.offers[0] and sight.at == sight.maybe_at
        is_alarm = is_first and any(offer.urgent_by(rule)[0] for rule in sure)
        names = frozenset(rule.name for rule in sure)
        self.claims[number, who].append(Claim(offer.at, names, is_alarm))

    # --- what somebody asks for ----------------------------------------------------------------

    def since(self, who: str, at: float) -> dict[str, float]:
        """Return the rules that somebody follows at a time, and since when without a break."""
        found: dict[str, float] = {}
        for start, wish in self.ledger.wishes[who]:
            if start > at:
                break
            follows = wish.follows if wish is not None else frozenset()
            found = {name: found.get(name, start) for name in follows}
        return found

    def wish(self, who: str, at: float) -> Wish | None:
        """Return what somebody asks for at a time."""
        found = None
        for start, wish in self.ledger.wishes[who]:
            if start <= at:
                found = wish
        return found

    def segments(self, who: str, at: float) -> Iterator[tuple[float, Wish | None, float]]:
        """Yield what somebody asks for from a time on, each with its beginning and its end."""
        past = self.ledger.wishes[who]
        for n, (start, wish) in enumerate(past):
            end = past[n + 1][0] if n + 1 < len(past) else _FOREVER
            if end > at:
                yield max(start, at), wish, end


def _is_old(fetch: Fetch, published: float) -> bool:
    return fetch.look_back_s <= 0 or published < fetch.at - fetch.look_back_s
