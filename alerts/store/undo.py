"""What an edit of the configuration gave up, kept so that the edit can be undone exactly.

One record a version, in `meta`: which alerts became suppressed by it, and since when those
subscriptions had been followed that it ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, update

from alerts.store import configs
from alerts.store.claims import chunks
from alerts.store.schema import alert, delivery, subscription


@dataclass(frozen=True)
class GivenUp:
    """What became of one edit."""

    alerts: Mapping[str, list[int]] = field(default_factory=dict)  # subscriber -> entries
    followed: Mapping[tuple[str, str], float] = field(default_factory=dict)  # pair -> since


def keep(connection: Connection, row_id: int, given_up: GivenUp) -> None:
    """Remember what the version of that row gave up."""
    pairs = [[*pair, since] for pair, since in given_up.followed.items()]
    record = json.dumps({"alerts": dict(given_up.alerts), "followed": pairs})
    configs.keep(connection, configs.undo_key(row_id), record)


def kept(connection: Connection, row_id: int) -> GivenUp:
    """Return what the version of that row gave up."""
    record = json.loads(configs.value(connection, configs.undo_key(row_id)) or "{}")
    pairs = record.get("followed", ())
    return GivenUp(record.get("alerts", {}), {(who, rule): since for who, rule, since in pairs})


def bring_back(connection: Connection, given_up: GivenUp) -> None:
    """Owe the alerts again, and follow again since the old moment; call once the rows are there."""
    for (who, rule), since in given_up.followed.items():
        mine = (subscription.c.subscriber == who) & (subscription.c.rule == rule)
        connection.execute(update(subscription).where(mine).values(first_loaded_at=since))
    for who, entry_ids in given_up.alerts.items():
        for some in chunks(entry_ids):
            connection.execute(
                update(alert)
                .where(
                    alert.c.subscriber == who,
                    alert.c.entry_id.in_(some),
                    alert.c.state == "suppressed",
                )
                .values(state="pending", reason=None)
            )


def reopen_deliveries(
    connection: Connection, people: Iterable[str], hint: str, since: float, now: float
) -> None:
    """Send the deliveries that were given up since then with that hint."""
    for some in chunks(sorted(people)):
        connection.execute(
            update(delivery)
            .where(
                delivery.c.subscriber.in_(some),
                delivery.c.state == "suppressed",
                delivery.c.hint == hint,
                delivery.c.ended_at >= since,
            )
            .values(state="pending", hint=None, due_at=now, ended_at=None)
        )
