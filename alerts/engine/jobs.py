"""The job boundary: claimed rows, a pipeline function, and what happens if it raises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, Table

from alerts.errors import StoreError
from alerts.log import get_logger
from alerts.pipeline import Parts, Sent, Tried, record
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

    StoreError passes: without a database nothing goes on.
    """
    is_done, result = _try(job, parts, row, lease)
    if not is_done:
        _put_off(table, parts, row, lease)
    return result


def record_together(parts: Parts, tries: Sequence[Tried]) -> dict[str, Sent]:
    """Record tries in one transaction; return the states of their deliveries.

    If that raises, each is recorded alone: one that cannot be recorded takes no other with it.
    """
    is_done, _ = _try(record, parts, tries)
    if is_done:
        return {tried.row.id: tried.state for tried in tries}
    if len(tries) > 1:
        alone = (record_together(parts, [tried]) for tried in tries)
        return {key: state for states in alone for key, state in states.items()}
    _put_off(delivery, parts, tries[0].row, tries[0].recorded.lease)
    return {tries[0].row.id: "delayed"}


def _try(job: Callable[..., Any], *values: Any) -> tuple[bool, Any]:
    """Return whether it was done, and its result; the one broad `except` of the program."""
    try:
        return True, job(*values)
    except StoreError:
        raise  # its lease ends in time; nothing could be written here now
    except Exception:  # noqa: BLE001 - the job boundary
        get_logger().error("job failed", job=job.__name__, exc_info=True)
    return False, None


def _put_off(table: Table, parts: Parts, row: Row[Any], lease: str) -> None:
    with parts.database.write() as connection:
        later = parts.clock.now() + _REST_S
        claims.put_back(connection, table, row, lease, {"due_at": later, **_MARKS[table]})
