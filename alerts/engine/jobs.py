"""The job boundary: one claimed row, one pipeline function, and what happens if it raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, Table

from alerts.errors import StoreError
from alerts.log import get_logger
from alerts.pipeline import Parts
from alerts.store import claims
from alerts.store.schema import delivery, feed, slot

#: How long a row rests whose job raised something nobody foresaw.
_REST_S = 300.0

#: What the row of such a job says.
_MARKS: dict[Table, dict[str, Any]] = {
    feed: {
        "state": "failing",
        "error_kind": "internal",
        "error_text": "Something went wrong here while it was read; the log says what.",
        "error_hint": "Please report it, with the line of the log that says: job failed.",
    },
    slot: {},
    delivery: {
        "state": "delayed",
        "result_kind": "internal",
        "hint": "Something went wrong here; the log says what. It is tried again.",
    },
}


def run_job(
    job: Callable[[Parts, Row[Any], str], Any],
    table: Table,
    parts: Parts,
    row: Row[Any],
    lease: str,
) -> Any:
    """Run `job` on a claimed row; None if it raised: that is logged, and the row tried later.

    The one broad `except` of the program. StoreError passes: without a database nothing goes on.
    """
    try:
        return job(parts, row, lease)
    except StoreError:
        raise  # its lease ends in time; nothing could be written here now
    except Exception:  # noqa: BLE001 - the job boundary
        get_logger().error("job failed", job=job.__name__, exc_info=True)
    with parts.database.write() as connection:
        later = parts.clock.now() + _REST_S
        claims.put_back(connection, table, row, lease, {"due_at": later, **_MARKS[table]})
    return None
