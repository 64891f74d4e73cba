"""A reader stops the mails to an address, or starts them again: what their links do.

A stop is told once to the address itself, with the link that undoes it: the mail with the first
link may have been forwarded, and whoever got it should not be able to silence someone for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.clock import Clock
from alerts.delivery.transport import Envelope, Transport
from alerts.digests.dates import Dates
from alerts.digests.notes import Link, Note
from alerts.digests.words import N_, translations
from alerts.log import get_logger
from alerts.model import Config, Destination, DestinationKind
from alerts.pipeline import signing
from alerts.pipeline.notices import note_delivery
from alerts.pipeline.parts import Parts
from alerts.settings import Settings
from alerts.store import deliveries, stops
from alerts.store.database import Database

#: At most one confirmation to an address in this time, whoever presses the buttons.
_CONFIRM_EVERY_S = 3600.0

_REASON = "stopped by its reader, with the link in a mail"

_SUBJECT = N_("You get no more mails from %(service)s")
_STOPPED = N_("%(address)s was stopped %(when)s with the link in a mail.")
_UNDO = N_("If that was not you (a forwarded mail, perhaps): start again")
_ELSE = N_("Otherwise do nothing.")

#: What a link finds: `active` and `stopped` by its reader can be changed by it, the others not.
Standing = Literal["active", "stopped", "held"]


@dataclass(frozen=True)
class Desk:
    """What is needed to act on a link; the working parts have all of it."""

    database: Database
    clock: Clock
    settings: Settings
    transports: Mapping[DestinationKind, Transport]
    config: Config

    @classmethod
    def of(cls, parts: Parts) -> Desk:
        """Return the desk of working parts, with the configuration in force now."""
        return cls(
            parts.database, parts.clock, parts.settings, parts.transports, parts.in_force.config
        )

    @property
    def service(self) -> str:
        """The name that mails come from."""
        return parseaddr(self.settings.mail_from)[0] or "News alerts"

    @property
    def admin(self) -> str | None:
        """The address that questions go to."""
        return self.config.admin

    def places(self, target: str) -> list[Destination]:
        """Return the destinations of a target, subscribers' first."""
        people = (d for s in self.config.subscribers for d in s.destinations)
        return [d for d in (*people, *self.config.admins) if d.target == target]

    def language(self, target: str) -> str:
        """Return the language of the subscriber that a target belongs to."""
        owners = {place.subscriber for place in self.places(target)}
        return next((s.language for s in self.config.subscribers if s.id in owners), "en")


def standing(connection: Connection, target: str) -> Standing:
    """Return how it stands with a target."""
    row = stops.stop_of(connection, target)
    if row is None:
        return "active"
    return "stopped" if row.kind == stops.STOPPED else "held"


def stop(desk: Desk, target: str) -> bool:
    """Send nothing more to a target, and tell it so; False if that was so already."""
    places = desk.places(target)
    again = _link_again(desk, target) if places else None
    now = desk.clock.now()
    with desk.database.write() as connection:
        if standing(connection, target) == "held":
            _make_it_theirs(connection, target, now)
        if not stops.stop(connection, target, stops.STOPPED, _REASON, now):
            return False
        deliveries.suppress_stopped(connection, now)
        if places and again is not None:
            _confirm(connection, desk, places[0], again)
    get_logger().info("stopped by its reader", destinations=[place.key for place in places])
    return True


def _make_it_theirs(connection: Connection, target: str, now: float) -> None:
    """Let a reader's stop hold also after an admin mended what stopped the mails before."""
    row = stops.stop_of(connection, target)
    if row is not None and row.kind != stops.ERASED:
        stops.lift(connection, target)
        stops.stop(connection, target, stops.STOPPED, _REASON, now)


def start_again(desk: Desk, target: str) -> Standing:
    """Lift a reader's own stop; other reasons (no such address, erased) are not theirs to lift."""
    with desk.database.write() as connection:
        if standing(connection, target) == "held":
            return "held"
        stops.lift(connection, target)
    return "active"


def _link_again(desk: Desk, target: str) -> str | None:
    return signing.link(desk.database, desk.settings, desk.clock, signing.AGAIN, target)


def _confirm(connection: Connection, desk: Desk, place: Destination, again: str) -> None:
    target = stops.CONFIRMATION + place.target
    now = desk.clock.now()
    if deliveries.made_since(connection, target, now - _CONFIRM_EVERY_S):
        return
    language = desk.language(place.target)
    _ = translations(language).gettext
    dates = Dates(_zone(desk, place), now, language)
    stopped = _(_STOPPED) % {"address": place.place, "when": dates.near(now)}
    note = Note(
        _(_SUBJECT) % {"service": desk.service},
        (stopped, Link(_(_UNDO), again), _(_ELSE)),
        language=language,
    )
    row = note_delivery(desk, place, note, Envelope(desk.settings.mail_from, admin=desk.admin))
    deliveries.add(connection, [row | {"target": target}])


def _zone(desk: Desk, place: Destination) -> ZoneInfo:
    zones = (s.timezone for s in desk.config.subscribers if s.id == place.subscriber)
    return ZoneInfo(next(zones, "UTC"))
