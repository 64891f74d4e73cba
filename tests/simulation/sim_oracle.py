"""Judges a month by the ledger alone: who was owed which article, by when, and what came.

It shares no code with the product: its own calendar, rules as word sets, articles by their number.
What the contract leaves open (a change while something was due, a server that was down) widens a
bound; it never makes anything owed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from sim_calendar import is_quiet, last_told, past_quiet, told
from sim_truth import DAY_S, HOUR_S, Fetch, Ledger, Place, Rule, Spell, Try, When, Wish

#: A jump of the world's clock, its gates and the mails before one's own.
SLACK_S = 900.0
_GATHER_S = 300.0
_FLOOR_S = 300.0
_FOREVER = float("inf")
#: What hands end by asking for mails again, to an address that was given up meanwhile, too.
_LIFTED = ("stopped", "paused")


@dataclass
class Verdict:
    """What the oracle found."""

    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Offer:
    """A version of an article as it was read, the surest and the first moment it may have been."""

    at: float
    words: frozenset[str]
    place: str | None


@dataclass
class _Sight:
    """When an article was first seen: for certain, and perhaps; `is_old`: offered to nobody."""

    at: float
    maybe_at: float
    is_old: bool
    offers: list[_Offer] = field(default_factory=list)


class Oracle:
    """One judgement of one ledger."""

    def __init__(self, ledger: Ledger, end: float) -> None:
        self.ledger = ledger
        self.end = end
        self.verdict = Verdict()
        self.deaths = {spell.start for spell in ledger.spells.get("process", ())}
        self.sights = self._sights()
        self.owed, self.allowed = self._owed()
        self.came: dict[tuple[str, int], list[Try]] = defaultdict(list)
        for one in ledger.tries:
            for number in one.numbers:
                self.came[one.place, number].append(one)

    def judge(self) -> Verdict:
        """Return everything that is wrong, and how much was looked at."""
        self.verdict.counts["entries"] = len(self.sights)
        self.verdict.counts["owed"] = len(self.owed)
        self.verdict.counts["tries"] = len(self.ledger.tries)
        self.verdict.counts["polls"] = len(self.ledger.fetches)
        for line in self.ledger.errors:
            self._wrong("error", line)
        self._judge_debts()
        self._judge_arrivals()
        self._judge_moments()
        self._judge_places()
        self._judge_polls()
        return self.verdict

    def _wrong(self, what: str, told_: str) -> None:
        self.verdict.counts[f"wrong: {what}"] += 1
        self.verdict.wrong.append(f"{what}: {told_}")

    # --- what is owed --------------------------------------------------------------------------

    def _sights(self) -> dict[int, _Sight]:
        found: dict[int, _Sight] = {}
        perhaps: dict[int, float] = {}
        is_read: set[str] = set()
        last: dict[tuple[str, int], frozenset[str]] = {}
        for fetch in self.ledger.fetches:
            if fetch.outcome not in ("read", "cut"):
                continue
            if fetch.outcome == "cut" or fetch.at in self.deaths:
                for number, _, _ in fetch.shown:
                    perhaps.setdefault(number, fetch.at)
                continue
            for number, published, words in fetch.shown:
                sight = found.get(number)
                if sight is None:
                    is_old = fetch.url not in is_read and _is_old(fetch, published)
                    first = perhaps.get(number, fetch.at)
                    sight = found[number] = _Sight(fetch.at, first, is_old)
                if last.get((fetch.url, number)) != words:
                    last[fetch.url, number] = words
                    sight.offers.append(_Offer(fetch.at, words, fetch.place))
            if fetch.shown:
                is_read.add(fetch.url)
        return found

    def _owed(
        self,
    ) -> tuple[dict[tuple[int, str], list[tuple[float, frozenset[str]]]], set[tuple[int, str]]]:
        """Return what is owed since when for which rules, and what may come."""
        owed: dict[tuple[int, str], list[tuple[float, frozenset[str]]]] = defaultdict(list)
        allowed: set[tuple[int, str]] = set()
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
                names = {rule.name for rule in near if rule.holds(offer.words, offer.place)}
                for who in {who for name in names for who in fans[name]}:
                    since = self._since(who, offer.at)
                    mine = {name for name in names if name in since}
                    if any(since[name] <= sight.at for name in mine):
                        allowed.add((number, who))
                    sure = frozenset(name for name in mine if since[name] <= sight.maybe_at)
                    if sure:
                        owed[number, who].append((offer.at, sure))
        return owed, allowed

    def _since(self, who: str, at: float) -> dict[str, float]:
        """Return the rules that somebody follows at a time, and since when without a break."""
        found: dict[str, float] = {}
        for start, wish in self.ledger.wishes[who]:
            if start > at:
                break
            follows = wish.follows if wish is not None else frozenset()
            found = {name: found.get(name, start) for name in follows}
        return found

    def _wish(self, who: str, at: float) -> Wish | None:
        found = None
        for start, wish in self.ledger.wishes[who]:
            if start <= at:
                found = wish
        return found

    def _segments(self, who: str, at: float) -> Iterator[tuple[float, Wish | None, float]]:
        past = self.ledger.wishes[who]
        for n, (start, wish) in enumerate(past):
            end = past[n + 1][0] if n + 1 < len(past) else _FOREVER
            if end > at:
                yield max(start, at), wish, end

    def _due(self, who: str, at: float, names: frozenset[str]) -> tuple[float, float, Wish] | None:
        """Return from when to when a digest with it is to be made; None if it is given up."""
        for begin, wish, end in self._segments(who, at):
            if wish is None:
                return None
            whens = [w for w in wish.whens(names & wish.follows) if w.kind != "urgent only"]
            if not whens:
                return None
            moments = [(told(wish, when, begin), when) for when in whens]
            first, when = min(moments, key=lambda pair: pair[0])
            if when.kind == "right away":
                bound = past_quiet(first + _GATHER_S, wish.quiet, wish.zone)
            else:
                bound = first + (wish.spread_s if wish.is_spread() else 0.0)
            if bound + SLACK_S < end:
                return first, bound, wish
        return None

    # --- whether it came -----------------------------------------------------------------------

    def _judge_debts(self) -> None:
        for (number, who), claims in self.owed.items():
            dues = [due for at, names in claims if (due := self._due(who, at, names))]
            if not dues or len(dues) < len(claims):
                continue
            first, bound, wish = min(dues, key=lambda due: due[1])
            for place in wish.places:
                until = self._until(who, place, first, bound, wish)
                if until is None or until >= self.end:
                    continue
                self.verdict.counts["judged"] += 1
                taken = [one.at for one in self.came.get((place.key, number), ()) if one.taken]
                if not taken or min(taken) > until:
                    came = f"came {min(taken) - until:.0f} s later" if taken else "never came"
                    claim = ", ".join(f"{at:.0f} {sorted(names)}" for at, names in claims)
                    self._wrong(
                        "late" if taken else "lost",
                        f"article {number} owed to {place.key} since {claim}, slot {first:.0f},"
                        f" due by {until:.0f}, {came}; {wish}",
                    )

    def _until(
        self, who: str, place: Place, first: float, bound: float, wish: Wish
    ) -> float | None:
        """Return by when a place must have it; None if its troubles excuse any outcome."""
        until = bound
        while True:
            before = until
            for spell in self._troubles(place):
                over = _over(spell, place)
                if spell.start <= until + SLACK_S and over >= first - SLACK_S:
                    after = self._after(spell, place, first, wish)
                    if after is None:
                        return None
                    until = max(until, after)
            until = past_quiet(until, wish.quiet, wish.zone)
            if until == before:
                break
        changed = [wish for _, wish, _ in self._segments(who, bound)][:1] != [
            self._wish(who, until + SLACK_S)
        ]
        return None if changed else until + SLACK_S

    def _troubles(self, place: Place) -> list[Spell]:
        mine = [*self.ledger.spells.get(place.key, ()), *self.ledger.spells.get("process", ())]
        if place.kind == "email":
            mine += self.ledger.spells.get("mail", ())
        return mine

    def _after(self, spell: Spell, place: Place, first: float, wish: Wish) -> float | None:
        """Return by when a spell is surely got over, by the schedules of tries."""
        lasted = spell.end - max(spell.start, first - SLACK_S)
        if spell.what in ("gone", "stopped"):
            return None
        if spell.what in ("hangs", "down"):
            most = 4.5 * DAY_S if place.kind == "email" else 2 * DAY_S
            if lasted < most:
                return _over(spell, place)
            if place.kind != "email" or len(wish.places) > 1:
                return None
            return max(told(wish, w, spell.end) for w in self._calendars(wish)) + 2.5 * DAY_S
        if spell.what == "greylists":
            return first + (wish.spread_s if wish.is_spread() else 0.0) + _GATHER_S + 1_500.0
        if spell.what == "throttles":
            return spell.end + spell.wait_s + _GATHER_S
        if spell.what == "paused":
            return max(told(wish, w, spell.end) for w in self._calendars(wish)) + wish.spread_s
        if spell.what in ("frozen", "dead"):
            return spell.end + _GATHER_S
        return first

    def _calendars(self, wish: Wish) -> list[When]:
        return [w for w in wish.whens(wish.follows) if w.kind != "urgent only"]

    # --- whether what came was right -------------------------------------------------------------

    def _judge_arrivals(self) -> None:
        for (place, number), tries in self.came.items():
            who = place.partition("/")[0]
            if (number, who) not in self.allowed:
                self._wrong("not owed", f"article {number} to {place} at {tries[0].at:.0f}")
            elif tries[0].at < self.sights[number].maybe_at:
                self._wrong("too early", f"article {number} to {place} at {tries[0].at:.0f}")
            taken = [one for one in tries if one.taken]
            unknown = sum(not one.known or one.at in self.deaths for one in taken)
            if len({one.delivery for one in taken}) > 1:
                times = [f"{one.at:.0f} in {one.delivery[:6]}" for one in taken]
                self._wrong("twice", f"article {number} to {place}: {times}")
            elif len(taken) > 1 + unknown:
                self._wrong("same message again", f"{place} {taken[0].delivery}: {len(taken)}")
            self.verdict.counts["counted doubles"] += max(0, len(taken) - 1)

    def _judge_moments(self) -> None:
        first: dict[str, Try] = {}
        for one in self.ledger.tries:
            who = one.place.partition("/")[0]
            wish = self._wish(who, one.at)
            if wish is None or one.place not in {place.key for place in wish.places}:
                self._wrong("after removal", f"{one.place} at {one.at:.0f}")
                continue
            if wish.quiet is not None and is_quiet(one.at, wish.quiet, wish.zone):
                self._wrong("in quiet hours", f"{one.place} at {one.at:.0f} {wish}")
            if wish.pause_until is not None and one.at < wish.pause_until:
                self._wrong("paused", f"{one.place} at {one.at:.0f} {wish}")
            if one.delivery not in first:
                first[one.delivery] = one
                self._judge_slot(one, wish)

    def _judge_slot(self, one: Try, wish: Wish) -> None:
        """Judge that a message that is tried for the first time belongs to a slot."""
        slot = last_told(wish, one.at)
        spread_s = wish.spread_s if wish.is_spread() else 0.0
        if slot is None or one.at - slot <= spread_s + SLACK_S:
            return
        is_excused = any(
            s.start <= one.at and _over(s, p) >= slot
            for p in wish.places
            for s in self._troubles(p)
            if s.what != "loses"
        )
        is_new = self._wish(wish.id, one.at - DAY_S) != wish
        is_behind = any(
            slot <= other.at < one.at and not other.taken
            for other in self.ledger.tries
            if other.place == one.place
        )
        if not (is_excused or is_new or is_behind):
            self._wrong("no slot", f"{one.place} at {one.at:.0f}, last slot {slot:.0f} {wish}")

    def _judge_places(self) -> None:
        held: dict[str, float] = {}
        gone: dict[str, float] = {}
        for one in self.ledger.tries:
            if one.at < held.get(one.place, 0.0) - 1.0:
                self._wrong("before Retry-After", f"{one.place} at {one.at:.0f}")
            if one.wait_s:
                held[one.place] = one.at + one.wait_s
            spells = self.ledger.spells.get(one.place, ())
            again = max((s.end for s in spells if s.what in _LIFTED and s.end <= one.at), default=0)
            if again < gone.get(one.place, again):  # nobody has asked for mails since
                self._wrong("after it was refused for good", f"{one.place} at {one.at:.0f}")
            for spell in spells:
                if spell.what == "gone" and spell.covers(one.at):
                    gone[one.place] = one.at
                if spell.what in ("paused", "stopped") and spell.start < one.at < spell.end:
                    self._wrong(spell.what, f"{one.place} at {one.at:.0f} {spell}")

    def _judge_polls(self) -> None:
        last: dict[str, tuple[Fetch, int]] = {}
        hosts: dict[str, float] = {}  # until when a host asked to be left alone
        for fetch in self.ledger.fetches:
            host = fetch.url.split("/")[2]
            if fetch.at < hosts.get(host, 0.0) - 1.0:
                self._wrong("before Retry-After", f"{fetch.url} at {fetch.at:.0f}")
            before, failures = last.get(fetch.url, (None, 0))
            if before is not None:
                self._judge_gap(before, failures, fetch, hosts.get(host, 0.0))
            hosts[host] = max(hosts.get(host, 0.0), fetch.at + fetch.retry_after_s)
            has_failed = fetch.outcome in ("failed", "cut")
            last[fetch.url] = (fetch, failures + 1 if has_failed else 0)

    def _judge_gap(self, before: Fetch, failures: int, fetch: Fetch, held_until: float) -> None:
        """Judge the time between two requests; `failures` in a row ended with the first of them."""
        gap = fetch.at - before.at
        if gap < _FLOOR_S - 1.0:
            self._wrong("asked too soon", f"{fetch.url} at {fetch.at:.0f}, after {gap:.0f} s")
        most = before.interval_s * 1.05
        if failures:
            most = min(1_800.0 * 2 ** (failures - 1), DAY_S) * 1.1
        due = max(before.at + most, held_until)
        deaths = self.ledger.spells.get("process", ())
        due = max(
            [due, *(s.end for s in deaths if before.at <= s.end and s.start <= due + SLACK_S)]
        )
        if fetch.at > due + SLACK_S:
            late_s = fetch.at - due
            self._wrong("asked too late", f"{fetch.url} at {fetch.at:.0f}, {late_s:.0f} s late")


def _over(spell: Spell, place: Place) -> float:
    """Return when what hung or was down is surely tried again, by the longest waits between tries."""
    lasted = spell.end - spell.start
    if spell.what not in ("hangs", "down"):
        return spell.end
    if place.kind == "email":
        return spell.end + min(1.6 * lasted + 1_200.0, 10 * HOUR_S)
    return spell.end + min(10 * lasted + 600.0, 1.2 * DAY_S)


def _is_old(fetch: Fetch, published: float) -> bool:
    return fetch.look_back_s <= 0 or published < fetch.at - fetch.look_back_s
