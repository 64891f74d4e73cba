"""A digest as it is to be told: alerts with their entries, outlets and sources, read from rows.

Writes nothing: what is made of it is `assemble`'s matter, or a preview's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Connection, Row

from alerts.delivery.transport import Envelope
from alerts.digests import slots
from alerts.digests.assemble import assemble
from alerts.digests.render import MailContext
from alerts.model import Alert, Config, Destination, Digest, FeedHealth, Match, Outlet, Subscriber
from alerts.pipeline import history, signing
from alerts.pipeline.parts import InForce, Parts
from alerts.settings import Settings
from alerts.store import alerts as alert_rows
from alerts.store import entries, feeds, subscribers


@dataclass(frozen=True, slots=True)
class Draft:
    """Reads rows into what a digest is made of."""

    connection: Connection
    in_force: InForce

    def digest(
        self,
        person: Subscriber,
        alerts: Sequence[Alert],
        *,
        digest_id: str,
        slot: str,
        now: float,
        but: Collection[str] = (),
    ) -> Digest:
        """Return the subscriber's digest of these alerts; `now` is epoch seconds.

        `but`: ids of digests that are none before it.
        """
        named = {match.rule for alert in alerts for match in alert.matches}
        named.update(subscription.rule for subscription in person.subscriptions)
        known = self.in_force.wording.rules
        return assemble(
            digest_id=digest_id,
            subscriber=person,
            slot=slot,
            alerts=alerts,
            rules=[known[name] for name in named if name in known],
            sources=len(self.in_force.feeds),
            missing=self.missing(),
            explanations=_explanations(self.in_force, person),
            created_at=now,
            since_at=subscribers.last_digest_at(
                self.connection, person.id, but=but, with_urgent=False
            ),
            next_at=_next_at(person, now),
        )

    def owed(self, rows: Sequence[Row[Any]]) -> list[Alert]:
        """Return alert rows with their entries and outlets."""
        ids = [row.entry_id for row in rows]
        stored = entries.by_id(self.connection, ids)
        carriers = alert_rows.outlets(self.connection, ids)
        return [
            Alert(
                entry_id=row.entry_id,
                entry=entries.to_entry(stored[row.entry_id]),
                seen_at=stored[row.entry_id].seen_at,
                outlets=self._outlets(stored[row.entry_id].feed_id, carriers[row.entry_id]),
                matches=alert_rows.to_matches(row.matches),
                late=row.is_late,
                changed_at=stored[row.entry_id].changed_at,
                withdrawn_at=stored[row.entry_id].withdrawn_at,
            )
            for row in rows
        ]

    def found(self, person: Subscriber, since: float) -> list[Alert]:
        """Return what the subscriber's rules find today in the articles seen since then.

        As if each had just come: whether it was told before, or came too early, plays no part.
        """
        names = {subscription.rule for subscription in person.subscriptions}
        alerts = []
        for kept in history.kept(self.connection, since):
            for article in kept.articles(self.in_force.feeds):
                if matches := self.in_force.matcher.spans(article, names):
                    alerts.append(self.alert(kept, matches))
                    break
        return alerts

    def alert(self, kept: history.Kept, matches: tuple[Match, ...]) -> Alert:
        """Return a stored article as it would be told."""
        carriers = alert_rows.outlets(self.connection, [kept.entry_id])
        outlets = tuple(map(self._outlet, carriers[kept.entry_id]))
        return Alert(
            kept.entry_id,
            kept.entry,
            kept.seen_at,
            outlets,
            matches,
            withdrawn_at=kept.withdrawn_at,
        )

    def missing(self) -> list[FeedHealth]:
        """Return the feeds that could not be read."""
        return [
            FeedHealth(
                name=row.name or row.title or row.host,
                since=row.last_success_at or row.failing_since,
                reason=row.error_text or "It was not asked yet.",
                kind=row.error_kind or "unasked",
            )
            for row in feeds.unread(self.connection)
        ]

    def _outlets(self, own_feed: int, carriers: Iterable[Row[Any]]) -> tuple[Outlet, ...]:
        """Return who carries an entry, the feed that it was first seen in before the others."""
        own_first = sorted(carriers, key=lambda row: row.feed_id != own_feed)
        return tuple(self._outlet(row) for row in own_first)

    def _outlet(self, row: Row[Any]) -> Outlet:
        feed = self.in_force.feeds.get(row.url)
        return Outlet(
            name=row.outlet,
            link=row.link,
            at=row.published_at or row.seen_at,
            paywall=feed.paywall if feed else False,
            lang=feed.lang if feed else None,
        )


def mail_context(
    settings: Settings, config: Config, place: Destination, stop_link: str | None
) -> MailContext:
    """Return what a mail to a destination says about itself."""
    name, _ = parseaddr(settings.mail_from)
    context = MailContext(address=place.place, admin=config.admin, stop_link=stop_link)
    return replace(context, sender_name=name) if name else context


def stop_link(parts: Parts, place: Destination) -> str | None:
    """Return the link that stops the mails to an address; None for rooms, or without pages."""
    if place.kind != "email":
        return None
    return signing.link(parts.database, parts.settings, parts.clock, signing.STOP, place.target)


def envelope(parts: Parts, link: str | None, thread: tuple[str, ...] = ()) -> Envelope:
    """Return what the headers of a mail to a reader say; `link` stops their mails."""
    return Envelope(
        mail_from=parts.settings.mail_from,
        admin=parts.in_force.config.admin,
        stop_link=link,
        thread=thread,
    )


def _next_at(person: Subscriber, now: float) -> float | None:
    """Return when the subscriber's next calendar digest is told to come."""
    due = (slots.due_slot(person, cadence, now) for cadence in person.cadences().values())
    return min((slot.told_at for slot in due if slot is not None), default=None)


def _explanations(in_force: InForce, person: Subscriber) -> dict[str, str]:
    """Return rule title -> what it means in plain words, for the subscriber's rules."""
    wording, language = in_force.wording, person.language
    names = dict.fromkeys(one.rule for one in person.subscriptions if one.rule in wording.rules)
    return {wording.rules[name].title(language): wording.of(name, language) for name in names}
