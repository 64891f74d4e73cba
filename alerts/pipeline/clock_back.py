"""What is to be done when the clock was put back: nothing may wait for a time that was wrong."""

from __future__ import annotations

from alerts.log import get_logger
from alerts.pipeline import urgent
from alerts.pipeline.apply import rules_of, wake
from alerts.pipeline.parts import InForce, Parts
from alerts.store import ahead, subscribers
from alerts.store import alerts as alert_rows


def mend(parts: Parts) -> bool:
    """Count from now what was counted from a later time; False if there is no such thing."""
    now = parts.clock.now()
    with parts.database.read() as connection:
        if not ahead.is_ahead(connection, now):
            return False
    with parts.database.write() as connection:
        ahead.bring_back(connection, now)
        for key in alert_rows.subscribers_waiting(connection):
            if (person := parts.in_force.people.get(key)) is not None:
                rows = alert_rows.pending(connection, key)
                wake(connection, person, set().union(*map(rules_of, rows)), now)
                urgent.bring_back(connection, person, rows, now)
        since = subscribers.following_since(connection)
    # Nothing first seen before somebody followed a rule is told: not if "before" was wrong, either.
    parts.in_force = InForce.of(parts.in_force.config, since)
    get_logger().warning("the clock was put back; what waited is counted from now")
    return True
