"""Judges when requests and messages were made: hours, pauses, what servers asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

from sim_calendar import alarm_at, is_quiet, last_told
from sim_owed import Owing
from sim_troubles import SLACK_S, over, troubles
from sim_truth import DAY_S, HOUR_S, Fetch, Ledger, Place, Try, Wish

_FLOOR_S = 300.0
#: What hands end by asking for mails again, to an address that was given up meanwhile, too.
_LIFTED = ("stopped", "paused")
_OF_HANDS = (*_LIFTED, "frozen")

#: So many urgent stories an hour come one by one.
_ALARMS = 3
#: So many stories an hour in several messages are a flood; then they come every half hour.
_FLOOD = 60
_MESSAGES = 5


class Moments:
    """Looks at each try and each request."""

    def __init__(self, ledger: Ledger, owing: Owing, wrong: Callable[[str, str], None]) -> None:
        self.ledger = ledger
        self.owing = owing
        self._wrong = wrong
        self.first: dict[str, Try] = {}  # of each message
        for one in ledger.tries:
            self.first.setdefault(one.delivery, one)

    def judge(self) -> None:
        """Judge all of them."""
        for one in self.ledger.tries:
            self._judge_try(one)
        self._judge_hours()
        self._judge_shared()
        self._judge_places()
        self._judge_polls()

    # --- messages ------------------------------------------------------------------------------

    def _judge_try(self, one: Try) -> None:
        wish = self.owing.wish(one.place.partition("/")[0], one.at)
        if wish is None or one.place not in {place.key for place in wish.places}:
            self._wrong("after removal", f"{one.place} at {one.at:.0f}")
            return
        if one.is_urgent:
            if alarm_at(wish, one.at) != one.at:
                self._wrong("urgent without consent", f"{one.place} at {one.at:.0f} {wish}")
        elif wish.quiet is not None and is_quiet(one.at, wish.quiet, wish.zone):
            self._wrong("in quiet hours", f"{one.place} at {one.at:.0f} {wish}")
        if wish.pause_until is not None and one.at < wish.pause_until:
            self._wrong("paused", f"{one.place} at {one.at:.0f} {wish}")
        if self.first[one.delivery] is one and not one.is_urgent:
            self._judge_slot(one, wish)

    def _judge_slot(self, one: Try, wish: Wish) -> None:
        """Judge that a message that is tried for the first time belongs to a slot."""
        slot = last_told(wish, one.at)
        spread_s = wish.spread_s if wish.is_spread() else 0.0
        if slot is None or one.at - slot <= spread_s + SLACK_S:
            return
        is_new = self.owing.wish(wish.id, one.at - DAY_S) != wish
        is_behind = any(
            slot <= other.at < one.at and not other.taken
            for other in self.ledger.tries
            if other.place == one.place
        )
        if not (self._is_excused(wish.places, slot, one.at) or is_new or is_behind):
            self._wrong("no slot", f"{one.place} at {one.at:.0f}, last slot {slot:.0f} {wish}")

    def _is_excused(self, places: tuple[Place, ...], since: float, at: float) -> bool:
        """Whether any of the places had troubles that reach into this stretch."""
        return any(
            spell.start <= at and over(spell, place) >= since
            for place in places
            for spell in troubles(self.ledger, place)
            if spell.what != "loses"
        )

    def _judge_hours(self) -> None:
        """Judge what comes within an hour: urgent stories one by one, and messages in a flood."""
        alarms: dict[str, list[float]] = defaultdict(list)
        others: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for one in self.first.values():
            if one.is_more:
                continue
            if not one.is_urgent:
                others[one.place].append((one.at, len(one.numbers)))
            elif not one.is_bundle:
                alarms[one.place].append(one.at)
        for place, moments in alarms.items():
            for early, late in zip(moments, moments[_ALARMS:], strict=False):
                if late - early < HOUR_S and not self._is_troubled(place, early, late):
                    self._wrong("too many alarms", f"{place} from {early:.0f} to {late:.0f}")
        for place, told in others.items():
            for (early, _), (late, _) in zip(told, told[_MESSAGES:], strict=False):
                stories = sum(count for at, count in told if early <= at < late)
                is_flood = late - early < HOUR_S and stories >= _FLOOD
                if is_flood and not self._is_troubled(place, early, late):
                    self._wrong("flood one by one", f"{place} from {early:.0f} to {late:.0f}")

    def _is_troubled(self, key: str, since: float, until: float) -> bool:
        wish = self.owing.wish(key.partition("/")[0], since)
        return wish is None or self._is_excused(wish.places, since, until)

    def _judge_shared(self) -> None:
        """Judge that several subscribers' digests of one slot come to their address as one mail."""
        last: dict[str, Try] = {}
        for one in self.first.values():
            if one.is_urgent:
                continue
            target = self.ledger.target(one.place)
            before, last[target] = last.get(target), one
            if before is None or before.place == one.place or one.at - before.at > SLACK_S:
                continue
            slots = [self._slot(other) for other in (before, one)]
            if None not in slots and slots[0] == slots[1]:
                self._wrong("two mails of one slot", f"{before} {one}")

    def _slot(self, one: Try) -> float | None:
        """Return the slot that a message surely belongs to."""
        wish = self.owing.wish(one.place.partition("/")[0], one.at)
        if wish is None or self.owing.wish(wish.id, one.at - DAY_S) != wish:
            return None
        slot = last_told(wish, one.at)
        if slot is None or any(w.kind == "right away" for w in wish.whens(wish.follows)):
            return None
        return None if self._is_excused(wish.places, slot - DAY_S, one.at) else slot

    def _judge_places(self) -> None:
        held: dict[str, float] = {}
        gone: dict[str, float] = {}
        for one in self.ledger.tries:
            if one.at < held.get(one.place, 0.0) - 1.0:
                self._wrong("before Retry-After", f"{one.place} at {one.at:.0f}")
            is_heard = one.known and one.at not in self.owing.deaths
            if one.wait_s and is_heard:
                held[one.place] = one.at + one.wait_s
            spells = self.ledger.spells.get(one.place, ())
            ends = [s.end for s in spells if s.what in _LIFTED and s.end <= one.at]
            if one.place.split("/")[1] != "email":  # a webhook that is named anew is a new one
                ends += self._returns(one)
            again = max(ends, default=0.0)
            if again < gone.get(one.place, again):  # nobody has asked for mails since
                self._wrong("after it was refused for good", f"{one.place} at {one.at:.0f}")
            answer = next((s for s in spells if s.covers(one.at) and s.what not in _OF_HANDS), None)
            if answer is not None and answer.what == "gone" and is_heard:
                gone[one.place] = one.at
            for spell in spells:
                if spell.what in ("paused", "stopped") and spell.start < one.at < spell.end:
                    self._wrong(spell.what, f"{one.place} at {one.at:.0f} {spell}")

    def _returns(self, one: Try) -> list[float]:
        """Return when somebody came back into the file."""
        past = self.ledger.wishes[one.place.partition("/")[0]]
        both = pairwise(past)
        return [at for (_, before), (at, _) in both if before is None and at <= one.at]

    # --- requests ------------------------------------------------------------------------------

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
