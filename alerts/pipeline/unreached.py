"""Addresses and webhooks that take nothing: what admins are told of them, and their owners.

One that fails for an hour is told, and one that is given up. When several webhooks of one host fail
together it is the host that is down: that is one trouble, told once, and over once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from alerts.delivery import classify, patience
from alerts.delivery.post import host_of
from alerts.digests.dates import Dates
from alerts.digests.notes import Note
from alerts.digests.words import N_, cut, enumerated, language_of, translations
from alerts.model import Destination, Subscriber
from alerts.pipeline import drafting, notices
from alerts.pipeline.assemble import is_reachable
from alerts.pipeline.notices import Trouble
from alerts.pipeline.parts import Parts
from alerts.store import deliveries, outcomes, stops
from alerts.store import notices as notice_rows

#: First words of the keys of what is told here.
WEBHOOK, GONE, _ADDRESS, _HOST = "webhook", "gone", "address", "host"
KINDS = (WEBHOOK, GONE, _ADDRESS, _HOST)

#: A webhook that takes nothing for less than this may be restarting; one that asks for fewer
#: messages is alive, and may have a busy day.
_WEBHOOK_S = 3600.0
_BUSY_S = 6 * 3600.0

#: Webhooks of one host that have failed for so long, when one of them is told, fail with it.
_TOGETHER_S = 600.0

#: Results that may as well be those of every webhook of a host.
_OUTAGE = frozenset({*deliveries.SILENCE, "server_busy", "ambiguous"})

_MAX_WORDS = 300
_NAMED = 4
_FEWER = (
    "If this goes on, send it less (`when: hourly`, fewer rules), and see whether another program"
    " posts there, too."
)

_WAITS = N_("News for %(place)s does not arrive")
_WAITS_LONG = N_(
    "%(place)s has taken nothing of ours %(since)s. Your news for it waits, and is sent when"
    " it can be reached again."
)
_ENDED = N_("No more news for %(place)s")
_ENDED_LONG = N_("%(place)s does not take our news any more, so nothing more is sent there.")
_SAYS = N_('It answers: "%(words)s"')
_ASK = N_("%(who)s was told, too, and can mend or change it.")
_ASK_NOBODY = N_("Whoever runs this service was told, too, and can mend or change it.")


@dataclass(frozen=True, slots=True)
class Unreached:
    """A trouble with destinations: which ones, since when they fail (None: given up), and words."""

    trouble: Trouble
    places: tuple[Destination, ...]
    since: float | None
    words: str


@dataclass(frozen=True, slots=True)
class _Failing:
    """A destination that fails, and what it said last."""

    gate: Row[Any]
    place: Destination
    last: outcomes.Said | None

    @property
    def key(self) -> str:
        return f"{WEBHOOK} {self.gate.key}"

    @property
    def words(self) -> str:
        last = self.last
        return cut(classify.said(last.code, last.server_text), _MAX_WORDS) if last else ""

    @property
    def is_busy(self) -> bool:
        return self.last is not None and self.last.result_kind == "rate_limited"

    @property
    def is_outage(self) -> bool:
        """Whether it may be the fault of the host: no answer, or one that it has an error."""
        last = self.last
        if self.place.is_person or last is None or last.result_kind not in _OUTAGE:
            return False
        return not last.code or last.code.startswith("5")


def look(connection: Connection, parts: Parts) -> Iterator[Unreached]:
    """Yield every trouble of this kind that there is now."""
    now, dates = parts.clock.now(), notices.dates(parts)
    told = notice_rows.open_ones(connection)
    stopped = stops.stops(connection)
    places = parts.in_force.places
    failing = [
        _Failing(gate, places[gate.key], outcomes.last_at(connection, gate.key))
        for gate in deliveries.failing_gates(connection, now)
        if gate.key in places and places[gate.key].target not in stopped
    ]
    alone = {one.gate.key: one for one in failing}
    for host, group in _by_host(failing, told).items():
        if f"{_HOST} {host}" in told or _is_down(group, now):
            yield _host(host, group, dates)
            for one in group:
                del alone[one.gate.key]
    for one in alone.values():
        if one.key in told or now - one.gate.since >= _patience_s(one):
            yield _failing(one, dates)
    for stop in stopped.values():
        if stop.kind not in (stops.STOPPED, stops.ERASED):
            yield _gone(stop, parts)


def _by_host(failing: Sequence[_Failing], told: Mapping[str, Any]) -> Mapping[str, list[_Failing]]:
    """Return the webhooks that may fail with their hosts; what was told by itself stays so."""
    found: defaultdict[str, list[_Failing]] = defaultdict(list)
    for one in failing:
        if one.is_outage and one.key not in told:
            found[host_of(one.place)].append(one)
    return found


def _is_down(group: Sequence[_Failing], now: float) -> bool:
    since = [one.gate.since for one in group if now - one.gate.since >= _TOGETHER_S]
    return len(since) > 1 and now - min(since) >= _WEBHOOK_S


def _patience_s(one: _Failing) -> float:
    if one.place.is_person:
        return patience.FAILING_S
    return _BUSY_S if one.is_busy else _WEBHOOK_S


def _host(host: str, group: Sequence[_Failing], dates: Dates) -> Unreached:
    first = min(group, key=lambda one: one.gate.since)
    named = enumerated([one.gate.key for one in group], limit=_NAMED)
    trouble = Trouble(
        f"{_HOST} {host}",
        f"{host} takes nothing (since {dates.near(first.gate.since)})",
        f"It takes nothing for {len(group)} of our webhooks ({named}): {first.words}"
        "\n\nNothing is lost: what is due there waits, and is sent when one of them works again."
        "\nSee it: alerts destinations",
    )
    return Unreached(trouble, tuple(one.place for one in group), first.gate.since, first.words)


def _failing(one: _Failing, dates: Dates) -> Unreached:
    what = "Mailbox failing" if one.place.is_person else "Webhook failing"
    what = "Busy for hours" if one.is_busy else what
    resume = f"When it is mended: alerts destinations resume {one.gate.key}"
    trouble = Trouble(
        one.key,
        f"{what}: {one.gate.key} (since {dates.near(one.gate.since)})",
        f"It takes nothing: {one.words}\n\n{one.gate.reason}\n\nWhat is due there waits."
        f"\nSee it: alerts deliveries\n{_FEWER if one.is_busy else resume}",
    )
    return Unreached(trouble, (one.place,), one.gate.since, one.words)


def _gone(stop: Row[Any], parts: Parts) -> Unreached:
    target = stops.bare(stop.target)
    kind, _, place = target.partition("/")
    if kind == "email":
        trouble = Trouble(
            f"{_ADDRESS} {target}",
            f"Address refused: {place}",
            f"The mail server takes nothing for {place}, and nothing more is sent there."
            f"\n\n{stop.reason}",
        )
    else:
        trouble = Trouble(
            f"{GONE} {target}",
            f"Webhook gone: {target}",
            f"Nothing more is sent to {target}.\n\n{stop.reason}",
        )
    mine = [one for one in parts.in_force.places.values() if one.target == target]
    return Unreached(trouble, tuple(mine), None, "")


# --- owners ------------------------------------------------------------------------------------


def tell_owners(connection: Connection, parts: Parts, found: Unreached) -> None:
    """Tell the subscribers whose destinations they are, where each can still be reached: by mail
    if possible.
    """
    dead = {place.target for place in found.places} | stops.stops(connection).keys()
    rows = []
    for place in found.places:
        person = parts.in_force.people.get(place.subscriber)
        if person is None:
            continue
        rows += [
            _row(parts, person, place, other, found)
            for other in _others(person, dead)
            if other.kind in parts.transports
        ]
    deliveries.add(connection, rows)


def _others(person: Subscriber, dead: set[str]) -> Sequence[Destination]:
    """Return the subscriber's addresses, or one room if there is none."""
    alive = [one for one in person.destinations if one.target not in dead and is_reachable(one)]
    return [one for one in alive if one.is_person] or alive[:1]


def _row(
    parts: Parts, person: Subscriber, place: Destination, other: Destination, found: Unreached
) -> dict[str, Any]:
    link = drafting.stop_link(parts, other)
    note = _note(parts, person, place, found)
    return notices.note_delivery(parts, other, note, drafting.envelope(parts, link))


def _note(parts: Parts, person: Subscriber, place: Destination, found: Unreached) -> Note:
    language = language_of(person.language)
    _ = translations(language).gettext
    dates = Dates(ZoneInfo(person.timezone), parts.clock.now(), language)
    name = place.place if place.is_person else f"{place.kind.capitalize()} ({host_of(place)})"
    who = parts.in_force.config.admin
    since = dates.since(found.since) if found.since is not None else ""
    blocks = [
        _(_WAITS_LONG if since else _ENDED_LONG) % {"place": name, "since": since},
        _(_SAYS) % {"words": found.words} if found.words else "",
        _(_ASK) % {"who": who} if who else _(_ASK_NOBODY),
    ]
    subject = _(_WAITS if since else _ENDED) % {"place": name}
    return Note(subject, tuple(filter(None, blocks)), language=language)
