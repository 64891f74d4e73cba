"""Figures about the whole service, counted from rows: what `/metrics` and `/healthz` show."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from alerts.store import claims
from alerts.store.latency import latencies
from alerts.store.schema import alert, attempt, delivery, feed, pause, suppression

#: Values of the labels -> the figure; a figure without labels has one, under ().
Values = dict[tuple[str, ...], float]


def figures(connection: Connection, now: float) -> dict[str, Values]:
    """Return the metrics that rows can tell, by their names in `alerts.metrics`."""
    return {
        "feeds": _feeds(connection),
        "deliveries": _deliveries(connection),
        "pending_alerts": {(): _count_pending(connection)},
        "stopped_addresses": _stopped(connection),
        "paused_addresses": {(): _paused(connection, now)},
        "oldest_due_seconds": {(): oldest_due_s(connection, now)},
        "last_poll_timestamp_seconds": _moment(
            connection.execute(select(func.max(feed.c.last_poll_at))).scalar()
        ),
        "last_delivery_timestamp_seconds": _moment(_last_delivery(connection)),
        "attempts": _attempts(connection),
        "latency_seconds": _latency(connection, now),
    }


def oldest_due_s(connection: Connection, now: float) -> float:
    """Return how many seconds late the oldest due thing is that nobody works on; 0 if none is."""
    due = claims.next_due(connection)
    return max(0.0, now - due) if due is not None else 0.0


def _feeds(connection: Connection) -> Values:
    query = select(feed.c.state, func.count()).where(feed.c.is_active).group_by(feed.c.state)
    return {(state,): count for state, count in connection.execute(query)}


def _deliveries(connection: Connection) -> Values:
    columns = (delivery.c.kind, delivery.c.state)
    rows = connection.execute(select(*columns, func.count()).group_by(*columns))
    return {(kind, state): count for kind, state, count in rows}


def _count_pending(connection: Connection) -> int:
    query = select(func.count()).select_from(alert).where(alert.c.state == "pending")
    return int(connection.execute(query).scalar_one())


def _stopped(connection: Connection) -> Values:
    query = select(suppression.c.kind, func.count()).group_by(suppression.c.kind)
    return {(kind,): count for kind, count in connection.execute(query)}


def _paused(connection: Connection, now: float) -> int:
    query = select(func.count()).select_from(pause).where(pause.c.until > now)
    return int(connection.execute(query).scalar_one())


def _last_delivery(connection: Connection) -> float | None:
    query = select(func.max(delivery.c.ended_at)).where(
        delivery.c.state.in_(("delivered", "written"))
    )
    return connection.execute(query).scalar()


def _attempts(connection: Connection) -> Values:
    outcome = func.coalesce(attempt.c.outcome, "open")
    query = select(outcome, func.count()).group_by(outcome)
    return {(kind,): count for kind, count in connection.execute(query)}


def _latency(connection: Connection, now: float) -> Values:
    return {
        (rule, stage, quantile): seconds
        for rule, stages in latencies(connection, now).items()
        for stage, one in stages.items()
        for quantile, seconds in (("0.5", one.median_s), ("0.9", one.p90_s))
    }


def _moment(at: float | None) -> Values:
    return {} if at is None else {(): at}
