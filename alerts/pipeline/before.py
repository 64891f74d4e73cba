"""What a digest says below its stories: what its reader was told before. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection

from alerts.digests.below import Before
from alerts.model import Subscriber
from alerts.pipeline.apply import rules_of
from alerts.pipeline.drafting import Draft
from alerts.store import subscribers, told

#: The cadence of digests made by `once --send-now`: by hand, so no digest of its own day.
SEND_NOW = "send now"

#: A first digest of a cadence looks so far back.
_FIRST_S = 31 * 86_400.0


def sent(
    draft: Draft, person: Subscriber, cadence: str, now: float, but: Collection[str] = ()
) -> list[Before]:
    """Return what other digests told since the last one of this cadence, and this one would have.

    An entry that rules of several cadences match is told at the earliest, in full, once. `but`:
    ids of digests that are being made.
    """
    since = subscribers.last_digest_at(draft.connection, person.id, cadence, but) or now - _FIRST_S
    rules = person.rules_of(cadence)
    rows = told.by_others(draft.connection, person.id, (cadence, SEND_NOW), since)
    mine = [row for row in rows if rules & rules_of(row)]
    alerts = draft.owed(mine)
    return [Before(alert, row.told_at) for row, alert in zip(mine, alerts, strict=True)]
