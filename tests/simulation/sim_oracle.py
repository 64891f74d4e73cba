"""Judges a month by the ledger alone: who was owed which article, by when, and what came.

It shares no code with the product: its own calendar, rules as word sets, articles by their number.
What the contract leaves open (a change while something was due, a server that was down) widens a
bound; it never makes anything owed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from sim_calendar import alarm_at, past_quiet, told
from sim_moments import Moments
from sim_owed import Claim, Owing
from sim_troubles import SLACK_S, over, troubles
from sim_truth import DAY_S, HOUR_S, Ledger, Place, Spell, Try, When, Window, Wish

_FOREVER = float("inf")
_GATHER_S = 300.0
_GREYLISTED_S = 1_500.0
_HALF_HOUR_S = 1_800.0
_DAILY = When("daily at 7:30 am", "weekdays", (450,))

#: So many urgent stories in some hours may come in bundles, and the last of them ends later.
_ALARMS, _ALARMS_S = 3, 4 * HOUR_S
_BUNDLED_S = 2_700.0

#: So many stories in an hour are a flood, and what follows within two days may wait with it.
_FLOOD, _FLOOD_S = 60, 52 * HOUR_S


@dataclass
class Verdict:
    """What the oracle found."""

    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, told_: str) -> None:
        """Note a fault."""
        self.counts[f"wrong: {what}"] += 1
        self.wrong.append(f"{what}: {told_}")


@dataclass(frozen=True)
class _Due:
    """A message is to be made from `first` until `bound`, for somebody who asks for `wish`."""

    first: float
    bound: float
    wish: Wish
    is_alarm: bool = False
    digest_at: float = 0.0  # by when it comes in a digest if it cannot be told as urgent in time

    def awake(self, at: float) -> float:
        """Return `at`, or when the hours are over in which it may not be sent."""
        if self.is_alarm:
            return alarm_at(self.wish, at) or at
        return past_quiet(at, self.wish.quiet, self.wish.zone)


class Oracle:
    """One judgement of one ledger."""

    def __init__(self, ledger: Ledger, end: float) -> None:
        self.ledger = ledger
        self.end = end
        self.verdict = Verdict()
        self.owing = Owing(ledger)
        self.came: dict[tuple[str, int], list[Try]] = defaultdict(list)  # by target
        for one in ledger.tries:
            for number in one.numbers:
                self.came[ledger.target(one.place), number].append(one)
        self.alarms: dict[str, list[float]] = defaultdict(list)
        self.rush: dict[str, list[float]] = defaultdict(list)
        for (_, who), claims in self.owing.claims.items():
            self.rush[who].append(claims[0].at)
            if any(claim.is_alarm for claim in claims):
                self.alarms[who].append(claims[0].at)

    def judge(self) -> Verdict:
        """Return everything that is wrong, and how much was looked at."""
        self.verdict.counts["entries"] = len(self.owing.sights)
        self.verdict.counts["owed"] = len(self.owing.claims)
        self.verdict.counts["tries"] = len(self.ledger.tries)
        self.verdict.counts["polls"] = len(self.ledger.fetches)
        for line in self.ledger.errors:
            self.verdict.add("error", line)
        self._judge_debts()
        self._judge_arrivals()
        Moments(self.ledger, self.owing, self.verdict.add).judge()
        return self.verdict

    # --- when it is due ------------------------------------------------------------------------

    def _due(self, who: str, claim: Claim) -> _Due | None:
        """Return when it is to be told; None if nobody can say, or it is given up."""
        wish = self.owing.wish(who, claim.at)
        if not claim.is_alarm or wish is None:
            return self._calm_due(who, claim)
        at = alarm_at(wish, claim.at)
        whens = wish.whens(claim.names & wish.follows)
        has_digest = any(when.kind != "urgent only" for when in whens)
        if at is None or (at > claim.at and has_digest):
            return self._calm_due(who, claim) if has_digest else None
        lately = [one for one in self.alarms[who] if -HOUR_S <= claim.at - one <= _ALARMS_S]
        bound = at + (_BUNDLED_S if len(lately) > _ALARMS else 0.0)
        begin, _, end = next(self.owing.segments(who, claim.at))
        if not begin <= bound + SLACK_S < end:
            return None
        calm = self._calm_due(who, claim) if has_digest else _Due(at, at, wish)
        digest_at = calm.bound if calm else _FOREVER
        if bound > at and isinstance(wish.urgent, Window) and alarm_at(wish, bound) != bound:
            bound = max(alarm_at(wish, bound) or bound, digest_at)
        return _Due(at, bound, wish, is_alarm=True, digest_at=digest_at)

    def _calm_due(self, who: str, claim: Claim) -> _Due | None:
        """Return when a digest with it is to be made."""
        for begin, wish, end in self.owing.segments(who, claim.at):
            if wish is None:
                return None
            names = claim.names & wish.follows
            whens = [w for w in wish.whens(names) if w.kind != "urgent only"]
            if not whens:
                return None
            moments = [(told(wish, when, begin), when) for when in whens]
            first, when = min(moments, key=lambda pair: pair[0])
            spread_s = wish.spread_s if wish.is_spread() else 0.0
            if when.kind == "right away":
                bound = past_quiet(first + _GATHER_S, wish.quiet, wish.zone)
                if self._is_flood(who, first):
                    bound = told(wish, _DAILY, first + _HALF_HOUR_S) + spread_s
            else:
                bound = first + spread_s
            if bound + SLACK_S < end:
                return _Due(first, bound, wish)
        return None

    def _is_flood(self, who: str, at: float) -> bool:
        near = sorted(one for one in self.rush[who] if -HOUR_S <= at - one <= _FLOOD_S)
        return any(
            late - early <= HOUR_S for early, late in zip(near, near[_FLOOD - 1 :], strict=False)
        )

    # --- whether it came -----------------------------------------------------------------------

    def _judge_debts(self) -> None:
        for (number, who), claims in self.owing.claims.items():
            dues = [due for claim in claims if (due := self._due(who, claim))]
            if not dues or len(dues) < len(claims):
                continue
            due = min(dues, key=lambda due: due.bound)
            seen_at = self.owing.sights[number].maybe_at
            is_behind = any(
                spell.start <= seen_at <= spell.end + SLACK_S
                for spell in self.ledger.spells.get("process", ())
            )
            if is_behind or (number, who) in self.owing.alarming:  # it was told before, perhaps
                due = replace(due, first=min(due.first, seen_at))
            for place in due.wish.places:
                until = self._until(who, place, due)
                if until is None or until >= self.end:
                    continue
                self.verdict.counts["judged"] += 1
                self.verdict.counts["judged as urgent"] += due.is_alarm
                arrivals = self.came.get((self.ledger.target(place.key), number), ())
                taken = [one.at for one in arrivals if one.taken]
                if not taken or min(taken) > until:
                    came = f"came {min(taken) - until:.0f} s later" if taken else "never came"
                    self.verdict.add(
                        "late" if taken else "lost",
                        f"article {number} owed to {place.key} by {claims}, slot {due.first:.0f},"
                        f" due by {until:.0f}, {came}; {due}",
                    )

    def _until(self, who: str, place: Place, due: _Due) -> float | None:
        """Return by when a place must have it; None if its troubles excuse any outcome."""
        until, first = due.bound, due.first
        while True:
            before = until
            for spell in troubles(self.ledger, place):
                ends = over(spell, place)
                if spell.start <= until + SLACK_S and ends >= first - SLACK_S:
                    after = self._after(spell, place, due)
                    if after is None:
                        return None
                    until = max(until, after)
            if until > due.bound:
                until = max(until, due.digest_at)
            until = due.awake(until) if until < self.end else until
            if until == before:
                break
        if until >= self.end:
            return None
        _, _, ends = next(self.owing.segments(who, due.bound))
        return until + SLACK_S if until + SLACK_S < ends else None

    def _after(self, spell: Spell, place: Place, due: _Due) -> float | None:
        """Return by when a spell is surely got over, by the schedules of tries."""
        first, wish = due.first, due.wish
        lasted = spell.end - max(spell.start, first - SLACK_S)
        if spell.what in ("gone", "stopped"):
            return None
        if spell.what in ("hangs", "down"):
            most = 4.5 * DAY_S if place.kind == "email" else 2 * DAY_S
            if lasted < most:
                return over(spell, place)
            if place.kind != "email" or len(wish.places) > 1:
                return None
            following = self._following(wish, spell.end)
            return following + 2.5 * DAY_S if following is not None else None
        if spell.what == "greylists":
            return due.bound + _GATHER_S + _GREYLISTED_S
        if spell.what == "throttles":
            return spell.end + spell.wait_s + _GATHER_S
        if spell.what == "paused":
            following = self._following(wish, spell.end)
            return following + wish.spread_s if following is not None else None
        if spell.what in ("frozen", "dead"):
            known = self.ledger.spells.get(place.key, ())
            is_greylisted = any(other.what == "greylists" for other in known)
            return spell.end + _GATHER_S + _GREYLISTED_S * is_greylisted
        return first

    def _following(self, wish: Wish, at: float) -> float | None:
        """Return when each of somebody's calendars was told once more; None without one."""
        calendars = [w for w in wish.whens(wish.follows) if w.kind != "urgent only"]
        return max((told(wish, when, at) for when in calendars), default=None)

    # --- whether what came was right -------------------------------------------------------------

    def _judge_arrivals(self) -> None:
        for (target, number), tries in self.came.items():
            people = self.ledger.people_of(target)
            told_ = f"article {number} to {target} at {tries[0].at:.0f}"
            if not any((number, who) in self.owing.allowed for who in people):
                self.verdict.add("not owed", told_)
            elif tries[0].at < self.owing.sights[number].maybe_at:
                self.verdict.add("too early", told_)
            if any(one.is_urgent for one in tries):
                self.verdict.counts["told as urgent"] += 1
                if not any((number, who) in self.owing.alarming for who in people):
                    self.verdict.add("not urgent", told_)
            self._judge_doubles(target, number, tries)

    def _judge_doubles(self, target: str, number: int, tries: list[Try]) -> None:
        taken = [one for one in tries if one.taken]
        unknown = sum(not one.known or one.at in self.owing.deaths for one in taken)
        messages = list(dict.fromkeys(one.delivery for one in taken))
        if len(messages) == 2 and self._is_told_anew(number, taken):
            self.verdict.counts["in full again"] += 1
        elif len(messages) > 1:
            times = [f"{one.at:.0f} in {one.delivery[:6]}" for one in taken]
            self.verdict.add("twice", f"article {number} to {target}: {times}")
        elif len(taken) > 1 + unknown:
            self.verdict.add("same message again", f"{target} {messages[0]}: {len(taken)}")
        self.verdict.counts["counted doubles"] += max(0, len(taken) - len(messages))

    def _is_told_anew(self, number: int, taken: list[Try]) -> bool:
        """Whether it was told as urgent, and in full in a digest because it changed since."""
        second = next(one for one in taken if one.delivery != taken[0].delivery)
        changed_at = self.owing.sights[number].changed_at
        return (
            taken[0].is_urgent
            and not second.is_urgent
            and any(taken[0].at <= at <= second.at for at in changed_at)
        )
