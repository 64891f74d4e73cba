"""What a digest says below its stories: what its reader was told before. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from alerts.digests.below import Before
from alerts.digests.stories import MAX_TITLE_CHARS
from alerts.model import Alert, Subscriber
from alerts.pipeline.apply import rules_of
from alerts.pipeline.drafting import Draft
from alerts.store import corrections as changed
from alerts.store import follow_ups, subscribers, told, urgent
from alerts.text import shown

#: The cadence of digests made by `once --send-now`: by hand, so no digest of its own day.
SEND_NOW = "send now"

#: A first digest of a cadence looks so far back.
_FIRST_S = 31 * 86_400.0


def sent(
    draft: Draft, person: Subscriber, cadence: str, now: float, but: Collection[str] = ()
) -> list[Before]:
    """Return what other digests told since the last one of this cadence, and this one would have.

    An entry that rules of several cadences match is told at the earliest, in full, once. What came
    by a cadence that the subscriber has no more is another digest's past. `but`: ids of digests
    that are being made.
    """
    others = {*person.cadences(), *urgent.AT_ONCE} - {cadence}
    since = subscribers.last_digest_at(draft.connection, person.id, cadence, but) or now - _FIRST_S
    rules = person.rules_of(cadence)
    rows = told.by_others(draft.connection, person.id, others, since)
    mine = [row for row in rows if rules & rules_of(row)]
    again = follow_ups.last_of(draft.connection, person.id, [row.entry_id for row in mine])
    return [
        Before(_as_told(alert, row, again.get(row.entry_id)), row.told_at)
        for row, alert in zip(mine, draft.owed(mine), strict=True)
        if alert.withdrawn_at is None or row.withdrawal_told_at is not None
    ]


def changes(
    draft: Draft, person: Subscriber, owed: Sequence[Alert], now: float
) -> tuple[list[Before], list[Before]]:
    """Return what was withdrawn since the subscriber was told of it, and corrected.

    Not what is `owed`: that is told in full.
    """
    gone = _withdrawn(draft, person, now)
    full = {one.entry_id for one in owed}
    listed = full | {one.alert.entry_id for one in gone}
    edited = [one for one in _corrections(draft, person, now) if one.alert.entry_id not in listed]
    return [one for one in gone if one.alert.entry_id not in full], edited


def _corrections(draft: Draft, person: Subscriber, now: float) -> list[Before]:
    """Return the headlines that changed since the subscriber was told them, if they want that.

    Another spelling, other quotes or dashes correct nothing.
    """
    if not person.corrections:
        return []
    rows = changed.changed(draft.connection, person.id, now - _FIRST_S)
    return [
        Before(
            replace(alert, entry=replace(alert.entry, title=row.title)), row.told_at, row.told_title
        )
        for row, alert in zip(rows, draft.owed(rows), strict=True)
        if words_of(row.title) != words_of(row.told_title)
    ]


def _withdrawn(draft: Draft, person: Subscriber, now: float) -> list[Before]:
    """Return what was withdrawn since the subscriber was told of it, and not told that."""
    rows = follow_ups.withdrawn(draft.connection, person.id, now - _FIRST_S)
    return [Before(alert, row.told_at) for row, alert in zip(rows, draft.owed(rows), strict=True)]


def words_of(title: str) -> list[str]:
    """Return the words of a headline: another spelling, quotes and dashes make no other one."""
    return re.findall(r"\w+", shown(title, MAX_TITLE_CHARS).casefold())


def _as_told(alert: Alert, row: Row[Any], again_at: float | None) -> Alert:
    """Return the alert with when it was told as urgent, and changed since, if that is so.

    `again_at`: when it was told again at once, as changed.
    """
    if row.urgent_at is None:
        return replace(alert, changed_at=None)
    known_at = max(row.told_at, again_at or 0.0)
    is_changed = alert.changed_at is not None and alert.changed_at > known_at
    return replace(
        alert, urgent_at=row.told_at, changed_at=alert.changed_at if is_changed else None
    )


def is_changed(one: Before) -> bool:
    """Whether it was told as urgent, and its article changed since: it comes in full again."""
    alert = one.alert
    is_there = alert.withdrawn_at is None
    return is_there and alert.urgent_at is not None and alert.changed_at is not None
