"""A process that claims deliveries, as a worker of several on one database would.

`claimer.py URL`: reads one JSON object a line and answers with one. {"all": LIMIT, "now": N} claims
by LIMIT until nothing is left: {"claims": [[lease, [ids]], …]}. {"record": [lease, [ids]]} writes
each of these as delivered: {"ours": [ids]}, those whose lease still held.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from alerts.clock import SystemClock
from alerts.store import deliveries
from alerts.store.database import Database, open_database

LEASE_S = 60.0


def claim_all(database: Database, limit: int, now: float) -> list[tuple[str, list[str]]]:
    found = []
    while True:
        lease = SystemClock().token()
        with database.write() as connection:
            rows = deliveries.claim(connection, now=now, lease=lease, lease_s=LEASE_S, limit=limit)
        if not rows:
            return found
        found.append((lease, [row.id for row in rows]))


def record(database: Database, lease: str, ids: list[str]) -> list[str]:
    values = {"state": "delivered", "due_at": None}
    result = {"outcome": "delivered", "server_text": lease}
    tries = [deliveries.Recorded(key, lease, values, result) for key in ids]
    with database.write() as connection:
        return sorted(deliveries.record(connection, tries))


def answer(database: Database, order: dict[str, Any]) -> dict[str, Any]:
    if "all" in order:
        return {"claims": claim_all(database, order["all"], order["now"])}
    return {"ours": record(database, *order["record"])}


def say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    database = open_database(sys.argv[1])
    say({"ready": True})
    for line in sys.stdin:
        say(answer(database, json.loads(line)))


if __name__ == "__main__":
    main()
