"""What a digest says below its stories: what its reader was told before. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from alerts.digests.below import Before
from alerts.digests.stories import MAX_TITLE_CHARS
from alerts.model import Alert, Subscriber
from alerts.pipeline.apply import rules_of
from alerts.pipeline.drafting import Draft
from alerts.store import corrections as changed
from alerts.store import subscribers, told, urgent
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
    alerts = draft.owed(mine)
    return [
        Before(_as_told(alert, row), row.told_at) for row, alert in zip(mine, alerts, strict=True)
    ]


def corrections(draft: Draft, person: Subscriber, now: float) -> list[Before]:
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
        if _words(row.title) != _words(row.told_title)
    ]


def _words(title: str) -> list[str]:
    return re.findall(r"\w+", shown(title, MAX_TITLE_CHARS).casefold())


def _as_told(alert: Alert, row: Row[Any]) -> Alert:
    """Return the alert with when it was told as urgent, and changed since, if that is so."""
    if row.urgent_at is None:
        return replace(alert, changed_at=None)
    is_changed = alert.changed_at is not None and alert.changed_at > row.told_at
    return replace(
        alert, urgent_at=row.told_at, changed_at=alert.changed_at if is_changed else None
    )


def is_changed(one: Before) -> bool:
    """Whether it was told as urgent, and its article changed since: it comes in full again."""
    return one.alert.urgent_at is not None and one.alert.changed_at is not None
