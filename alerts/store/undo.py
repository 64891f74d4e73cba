"""What an edit of the configuration gave up, kept so that the edit can be undone exactly.

One record a version, in `meta`: which alerts became suppressed by it, and since when those
subscriptions had been followed that it ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select, update

from alerts.store import configs
from alerts.store.claims import chunks
from alerts.store.schema import alert, config_version, delivery, subscription


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


def forget_subscriber(connection: Connection, subscriber: str) -> None:
    """Take a subscriber out of every record: an undone edit then brings nothing of theirs back."""
    for row_id in connection.execute(select(config_version.c.id)).scalars().all():
        given_up = kept(connection, row_id)
        alerts = {who: ids for who, ids in given_up.alerts.items() if who != subscriber}
        followed = {pair: at for pair, at in given_up.followed.items() if pair[0] != subscriber}
        if (alerts, followed) != (given_up.alerts, given_up.followed):
            keep(connection, row_id, GivenUp(alerts, followed))


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
