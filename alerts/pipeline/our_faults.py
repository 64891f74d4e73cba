"""Faults of ours that waiting does not heal: admins are told at the first try that shows them.

A refused login or certificate, a sender or server that is not accepted, a layout that Slack does
not take. Called with each recorded try, after the gates were set; `health` ends what is about mail.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from alerts.model import SendResult
from alerts.pipeline import health, notices
from alerts.pipeline.parts import Parts

_MAIL_FAULTS = frozenset({"auth", "tls", "policy", "sender"})
_LAYOUT_FAULTS = frozenset({"degraded", "bad_payload"})


def judge(connection: Connection, parts: Parts, row: Row[Any], result: SendResult) -> None:
    """Tell the admins what the result of a delivery's try says about us, once; and its end."""
    if row.kind == "email" and result.outcome == "our_fault" and result.kind in _MAIL_FAULTS:
        trouble = health.mail_trouble(connection)
        if trouble is not None:
            notices.tell(connection, parts, trouble.key, trouble.subject, trouble.text)
    elif row.kind == "slack" and row.digest_id is not None:  # notices and tests have no layout
        _layout(connection, parts, row, result)


def _layout(connection: Connection, parts: Parts, row: Row[Any], result: SendResult) -> None:
    key = f"layout {row.kind}"
    if result.kind in _LAYOUT_FAULTS:
        notices.tell(
            connection,
            parts,
            key,
            "Slack refuses the layout of digests",
            f"{result.server_text}\n\nWhere Slack takes it as plain text, every title and link is"
            " sent so. If you have a slack.j2 of your own, mend or remove it; otherwise please"
            f" report what this shows: alerts deliveries show {row.id}",
        )
    elif result.kind == "ok":
        notices.over(
            connection,
            parts,
            key,
            "Over: Slack takes the layout of digests again",
            "The last digest was accepted with its layout.",
        )
