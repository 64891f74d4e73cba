"""A destination that only fails is asked once a day, and given up when that does not help.

`delivery.patience` decides from the rows of its tries; here its word becomes a gate or a stop.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from alerts.clock import iso
from alerts.delivery import patience
from alerts.model import SendResult
from alerts.store import outbox, stops


def judge(connection: Connection, row: Row[Any], result: SendResult, now: float) -> None:
    """Look at the destination of a delivery whose try was recorded just now as `result`."""
    if result.outcome in ("delivered", "written", "suppress", "our_fault"):
        return
    if row.kind == "email" and result.kind != "mailbox_full":
        return
    target = stops.bare(row.target)
    tries = [
        patience.Try(one.at, one.outcome, one.kind, bool(one.is_last))
        for one in outbox.tries_since_it_worked(connection, target)
    ]
    verdict = patience.judge(row.kind, tries)
    if verdict.kind == "probe":
        reason = (
            f"It has only failed since {iso(verdict.since)}: it is asked once a day, and given up"
            f" if that fails {patience.PROBES} times."
        )
        outbox.hold_gate(connection, row.destination, verdict.next_at, verdict.since, reason)
    elif verdict.kind == "give_up":
        kind = stops.BAD_ADDRESS if row.kind == "email" else stops.GONE
        stops.stop(connection, target, kind, _reason(row, verdict), now)


def _reason(row: Row[Any], verdict: patience.Verdict) -> str:
    since = iso(verdict.since)
    if row.kind == "email":
        told = f"The mailbox has been full since {since}: every mail came back. Once there is room:"
        return f"{told} alerts people resume {row.place}"
    told = f"It has only failed since {since}, asked once a day in the end. Once it is mended:"
    return f"{told} alerts destinations resume {row.destination}"
