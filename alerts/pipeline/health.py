"""What an admin has to know without asking: troubles that last, each told once, and their end.

Called every minute by a running service and at the end of `once`. Decides from rows alone, so that
a restart tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row

from alerts.delivery import classify
from alerts.digests.dates import Dates
from alerts.digests.words import cut, enumerated
from alerts.feeds import rhythm
from alerts.model import Article, Entry
from alerts.pipeline import notices, standstill, unreached, welcome
from alerts.pipeline.notices import Trouble
from alerts.pipeline.parts import Parts
from alerts.rules.fields import passes
from alerts.store import deliveries, entries, feeds, fulltext, held, outcomes
from alerts.store import notices as notice_rows

#: A feed that fails for less than this may recover by itself.
FAILING_S = 24 * 3600.0

#: A mail server that refuses us for less than this may be restarting.
_MAIL_S = 3600.0
_MAIL = "mail"
_FEED = "feed"

_MAX_WORDS = 300

#: So many readers of a failing feed are named.
_NAMED = 4

#: A feed that had so many entries and lists none for this long is told.
_EMPTY_S = 24 * 3600.0
_ENTRIES = 5


def check(parts: Parts) -> None:
    """Tell the admins of troubles that began, and of those that are over; welcome who is new."""
    welcome.greet(parts)
    with parts.database.write() as connection:
        standstill.note(connection, parts.clock.now())
        found = {trouble.key: trouble for trouble in _Look(connection, parts).troubles()}
        deaf = {one.trouble.key: one for one in unreached.look(connection, parts)}
        found |= {key: one.trouble for key, one in deaf.items()}
        for key, trouble in found.items():
            is_new = notices.tell(connection, parts, key, trouble.subject, trouble.text)
            if is_new and key in deaf:
                unreached.tell_owners(connection, parts, deaf[key])
        for key, row in notice_rows.open_ones(connection).items():
            kind, _, about = key.partition(" ")
            if kind == unreached.WEBHOOK and f"{unreached.GONE} {about}" in found:
                notice_rows.end(connection, key, parts.clock.now())  # given up: told as that
            elif kind in _KINDS and key not in found:
                notices.over(connection, parts, key, *_over(connection, parts, row))


#: First words of the keys that `check` opens and closes; others belong to who told of them.
_KINDS = frozenset({_FEED, "closed", "silent", "empty", "held", "pages", _MAIL, *unreached.KINDS})


def _over(connection: Connection, parts: Parts, row: Row[Any]) -> tuple[str, str]:
    """Return subject and text for the end of what an open notice is about."""
    told = notices.dates(parts).near(row.opened_at)
    kind, _, url = row.key.partition(" ")
    if kind == unreached.WEBHOOK and url not in parts.in_force.places:
        text = f"{url} is no longer in subscribers.yaml, or its variable is not set."
        return f"Over: {row.subject}", text
    known = feeds.by_url(connection).get(url) if kind == _FEED else None
    if known is None:
        return f"Over: {row.subject}", f"What we told you of, {told}, is over: {row.subject}."
    if url not in parts.in_force.feeds:
        text = f"{_name(known)} is no longer in subscribers.yaml, and not asked any more."
        return f"Over: {row.subject}", text
    return f"Feed works again: {_name(known)}", (
        f"What we told you of, {told}, is over: {row.subject}. It was read again just now."
        "\n\nWhat it still lists was looked at. What it listed only while it could not be read is"
        " not known to us."
    )


def mail_trouble(
    connection: Connection, dates: Dates, since: float | None = None
) -> Trouble | None:
    """Return the words for a mail server that takes nothing (since then or longer); or None."""
    gate = deliveries.gate_of(connection, f"{deliveries.SERVER}email")
    if gate is None or gate.since is None or (since is not None and gate.since > since):
        return None
    last = outcomes.last_at(connection, gate.key)
    said = classify.said(last.code, last.server_text) if last is not None else ""
    words = f'{last.server} says: "{cut(said, _MAX_WORDS)}". ' if last is not None and said else ""
    return Trouble(
        _MAIL,
        f"Mails do not go out (since {dates.near(gate.since)})",
        f"The mail server has taken no mail since then. {words}{gate.reason}"
        "\n\nNothing is lost: what waits is sent when it works again."
        "\nSee what waits: alerts deliveries",
    )


def _name(row: Row[Any]) -> str:
    return str(row.name or row.title or row.url)


def _site(url: str) -> str:
    """Return the front page of the site that a feed stands on."""
    return urlsplit(url)._replace(path="", query="", fragment="").geturl()


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at everything that may be in trouble."""

    connection: Connection
    parts: Parts

    @property
    def _dates(self) -> Dates:
        return notices.dates(self.parts)

    def troubles(self) -> Iterator[Trouble]:
        now = self.parts.clock.now()
        rows = feeds.by_url(self.connection)
        told = notice_rows.open_ones(self.connection)
        last_new = entries.last_new(self.connection)
        waiting = held.counts(self.connection)
        unread = fulltext.unread(self.connection, now)
        for url in self.parts.in_force.feeds:
            row = rows.get(url)
            if row is None:
                continue
            if row.id in waiting:
                yield self._held(row, waiting[row.id])
            if row.id in unread and self.parts.in_force.feeds[url].fulltext:
                yield _without_pages(row, unread[row.id])
            if row.state == "ok" and row.error_kind is None:
                yield from self._quiet(row, last_new.get(row.id), now)
            else:
                yield from self._unread(row, now, is_told=f"{_FEED} {url}" in told)
        mail = mail_trouble(self.connection, self._dates, now - _MAIL_S)
        if mail is None and _MAIL in told:  # at once: see faults
            mail = mail_trouble(self.connection, self._dates)
        if mail is not None:
            yield mail

    def _unread(self, row: Row[Any], now: float, *, is_told: bool) -> Iterator[Trouble]:
        """Yield what is to be told of a feed that cannot be read."""
        since = row.failing_since
        is_failing = since is not None and (now - since >= FAILING_S or _was_never_one(row))
        if row.state == "gone":
            yield self._closed(row)
        if is_failing and (row.gone_at is None or is_told):
            yield self._failing_feed(row)

    def _quiet(self, row: Row[Any], last: float | None, now: float) -> Iterator[Trouble]:
        """Yield what is to be told of a feed that is read, and brings nothing."""
        if row.entries == 0:
            if _is_emptied(self.connection, row, now):
                yield _emptied(row)
        elif last is not None and _is_silent(self.connection, row, last, now):
            yield self._silent(row, last)

    def _failing_feed(self, row: Row[Any]) -> Trouble:
        asked = f"We ask again {self._dates.near(row.due_at)}, and" if row.due_at else "We"
        hint = f"{row.error_hint}\n" if row.error_hint else ""
        return Trouble(
            f"{_FEED} {row.url}",
            f"Feed failing: {_name(row)} (since {self._dates.near(row.failing_since)})",
            f"{row.error_text} {self._readers(row)}"
            f"\n\n{hint}Try: alerts feeds check {row.url}"
            f"\nFor another address: alerts discover {_site(row.url)}"
            f"\n\n{asked} tell you once when it works again.",
        )

    def _closed(self, row: Row[Any]) -> Trouble:
        return Trouble(
            f"closed {row.url}",
            f"Feed gone: {_name(row)} (since {self._dates.near(row.failing_since)})",
            f"{row.error_text} {self._readers(row)} It says so for over a day, and is not asked any"
            f" more.\n\nIts address: {row.url}\nRemove it from subscribers.yaml, or write its"
            f" successor's address there.\nTo have it asked again: alerts feeds resume {row.url}",
        )

    def _held(self, row: Row[Any], count: int) -> Trouble:
        return Trouble(
            f"held {row.url}",
            f"Held back: {count} old stories of {_name(row)} look new",
            f"Its site has renamed what it published before (since"
            f" {self._dates.near(row.quarantined_at)}). None of these stories was sent, and none is"
            " lost; what is newer is sent as ever."
            f"\n\nTo send what the rules find in them: alerts feeds release {row.url}"
            f"\nTo leave them out for good: alerts feeds release {row.url} --discard",
        )

    def _silent(self, row: Row[Any], last: float) -> Trouble:
        name = _name(row)
        return Trouble(
            f"silent {row.url}",
            f"Feed silent: {name}",
            f"{name} can be read, but has had nothing new since {self._dates.near(last)}; it was"
            f" never silent for so long. {self._readers(row)}"
            f"\n\nSee whether the site has moved its feed: {row.url}"
            f"\nFor another address: alerts discover {_site(row.url)}",
        )

    def _readers(self, row: Row[Any]) -> str:
        """Say which subscribers have a rule that looks at this feed."""
        in_force = self.parts.in_force
        article = Article.of(Entry(), in_force.feeds[row.url], row.title)
        rules = [rule.name for rule in in_force.config.rules if passes(rule, article)]
        ids = {person for name in rules for person in in_force.followers.get(name, ())}
        names = [person.name for person in in_force.config.subscribers if person.id in ids]
        if not names:
            return "No subscriber's rules read it."
        told = enumerated(names, limit=_NAMED)
        whose = "1 subscriber's" if len(names) == 1 else f"{len(names)} subscribers'"
        return f"{whose} rules read it ({told}); the footer of their mails says so."


def _was_never_one(row: Row[Any]) -> bool:
    """Whether a web page stands in a new feed's place: no patience mends that."""
    return row.error_kind == "not_a_feed" and row.last_success_at is None


def _is_silent(connection: Connection, row: Row[Any], last: float, now: float) -> bool:
    """Whether a feed brings nothing for longer than its own rhythm explains."""
    if now - last < rhythm.LEAST_S:
        return False
    patience_s = rhythm.patience_s(entries.moments(connection, row.id))
    return patience_s is not None and now - last > patience_s


def _is_emptied(connection: Connection, row: Row[Any], now: float) -> bool:
    if row.emptied_at is None or now - row.emptied_at < _EMPTY_S:
        return False
    return entries.count(connection, row.id) >= _ENTRIES


def _emptied(row: Row[Any]) -> Trouble:
    name = _name(row)
    return Trouble(
        f"empty {row.url}",
        f"Feed empty: {name}",
        f"{name} can be read, but lists no article any more."
        f"\n\nSee what it says: alerts feeds check {row.url}"
        f"\nFor another address: alerts discover {_site(row.url)}",
    )


def _without_pages(row: Row[Any], unread: Row[Any]) -> Trouble:
    name = _name(row)
    return Trouble(
        f"pages {row.url}",
        f"Articles cannot be read: {name}",
        f"`fulltext` asks for the pages of {name}, and none of the last {unread.count} could be"
        f" read: {unread.error_text} Its articles are matched on what the feed itself says."
        f"\n\nSee what happens: alerts feeds check {row.url}"
        "\nIf the site does not want it, take `fulltext` out of subscribers.yaml.",
    )
