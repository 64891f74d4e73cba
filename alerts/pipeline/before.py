"""What a digest says below its stories: what its reader was told before. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from alerts.digests.below import Before, already_sent
from alerts.model import Section, Subscriber
from alerts.pipeline.apply import rules_of
from alerts.pipeline.drafting import Draft
from alerts.store import subscribers, told

#: The cadence of digests made by `once --send-now`: by hand, so no digest of its own day.
SEND_NOW = "send now"

#: A first digest of a cadence looks so far back.
_FIRST_S = 31 * 86_400.0


def sent(draft: Draft, person: Subscriber, cadence: str, now: float) -> tuple[Section, ...]:
    """Return what other digests told since the last one of this cadence, and this one would have.

    An entry that rules of several cadences match is told at the earliest, in full, once.
    """
    since = subscribers.last_digest_at(draft.connection, person.id, cadence) or now - _FIRST_S
    rules = person.rules_of(cadence)
    rows = told.by_others(draft.connection, person.id, (cadence, SEND_NOW), since)
    mine = [row for row in rows if rules & rules_of(row)]
    return already_sent(_before(draft, mine), person.language)


def _before(draft: Draft, rows: list[Row[Any]]) -> Iterable[Before]:
    for row, alert in zip(rows, draft.owed(rows), strict=True):
        yield Before(alert, row.told_at)
