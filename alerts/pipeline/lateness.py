"""Which stories come late, and why: as far as rows know it. `digests.lateness` has the words.

Three ways to be late: the service stood still when it was time; a digest expired and its stories
are told again; a delivery waited for its server, which is known only when it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from alerts.delivery.classify import HINTS
from alerts.delivery.late import with_line
from alerts.digests.dates import Dates
from alerts.digests.lateness import late_line
from alerts.digests.words import language_of
from alerts.model import Alert, LateCause, Lateness
from alerts.pipeline import standstill
from alerts.pipeline.parts import Parts
from alerts.store import outcomes, postponed

#: What comes within this time of its moment is not late.
LATE_S = 3_600.0

_SILENT = frozenset({"timeout", "network"})

#: Kinds of result that tell of no server that kept it waiting, or not whether it was taken.
_NO_CAUSE = frozenset(
    {postponed.PAUSED, "ambiguous", "interrupted", "retried", "unset", "internal"}
)


def of_digest(
    connection: Connection,
    rows: Sequence[Row[Any]],
    alerts: Sequence[Alert],
    due_at: float | None,
    now: float,
) -> Lateness | None:
    """Return what is late of a digest of these alert rows that was due then, if anything is."""
    folded = [row for row in rows if row.is_late and row.folded_from is not None]
    if folded:
        told = outcomes.of_digests(connection, {row.folded_from for row in folded})
        if told is not None:
            cause = _cause(told.kind, told.result_kind, told.hint)
            return Lateness(cause or "no mail", told.since, told.until, len(folded))
    stood = standstill.last(connection, now)
    if stood is None:
        return None
    if due_at is not None:
        is_late = stood.since <= due_at <= stood.until and now - due_at >= LATE_S
        count = len(alerts) if is_late else 0
    else:
        count = sum(_missed(alert, stood) for alert in alerts)
    return Lateness("stood still", stood.since, stood.until, count) if count else None


def _missed(alert: Alert, stood: standstill.Standstill) -> bool:
    """Whether a story came out, and would have been told, while the service stood still."""
    at = alert.entry.published_at
    return (
        at is not None
        and stood.since <= at <= stood.until - LATE_S
        and alert.seen_at >= stood.until - 1
    )


def payload(parts: Parts, row: Row[Any]) -> bytes:
    """Return what is sent of a claimed delivery: as it was made, and why it comes late if it does.

    What may have been taken at the last try is sent again as it was.
    """
    made: bytes = row.payload
    now = parts.clock.now()
    person = parts.in_force.people.get(row.subscriber)
    cause = _cause(row.kind, row.result_kind, row.hint)
    if cause is None or row.digest_id is None or person is None or now - row.created_at < LATE_S:
        return made
    dates = Dates(ZoneInfo(person.timezone), now, language_of(person.language))
    line = late_line(Lateness(cause, row.created_at, now, row.articles), row.articles, dates)
    return with_line(row.kind, made, row.id, line)


def _cause(kind: str, result_kind: str | None, hint: str | None) -> LateCause | None:
    if not result_kind or result_kind in _NO_CAUSE:
        return None
    if kind != "email":
        return "no post"
    is_silent = (hint or "").endswith((HINTS["timeout"], HINTS["network"]))
    is_behind = result_kind == postponed.BEHIND and is_silent
    return "no answer" if result_kind in _SILENT or is_behind else "no mail"
