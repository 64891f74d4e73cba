"""What admins are told at the try that shows it, not after an hour or a day, and when it is over.

A refused login, certificate or sender, a domain that does not accept our mail, a layout that Slack
does not take, a digest refused for good. Called with each recorded try, after the gates were set;
`health` ends what is about the mail server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Row

from alerts.delivery import classify
from alerts.model import DeliveryState, SendResult
from alerts.pipeline import health, notices
from alerts.pipeline.parts import Parts
from alerts.store import notices as notice_rows
from alerts.store import outcomes

_SERVER_FAULTS = frozenset({"auth", "tls", "policy", "sender"})
_LAYOUT_FAULTS = frozenset({"degraded", "bad_payload"})

#: So many refused digests are told one by one in an hour: a thousand at once would be a flood.
_TOLD_AN_HOUR = 5
_HOUR_S = 3600.0

#: A layout that works for so long is mended, not just lucky.
_DAY_S = 24 * _HOUR_S


class Judged(Protocol):
    """A try that ended (`send.Tried`)."""

    @property
    def row(self) -> Row[Any]: ...  # noqa: D102
    @property
    def at(self) -> float: ...  # noqa: D102
    @property
    def state(self) -> DeliveryState: ...  # noqa: D102


class Faults:
    """What a group of tries shows, told within the transaction that records the group."""

    def __init__(self, connection: Connection, parts: Parts, group: Sequence[Judged]) -> None:
        self._connection = connection
        self._parts = parts
        self._group = [tried.row.id for tried in group]
        self._open = set(notice_rows.open_ones(connection))
        self._refused: int | None = None  # within the hour, this group's so far included

    def judge(self, tried: Judged, result: SendResult) -> None:
        """Tell the admins what a try shows, once, and its end."""
        row = tried.row
        if row.kind == "email" and result.outcome == "our_fault" and result.kind in _SERVER_FAULTS:
            if result.scope == "server":
                self._server()
            elif result.kind == "policy":
                self._domain(row, result)
        elif row.kind == "slack" and row.digest_id is not None and result.kind in _LAYOUT_FAULTS:
            self._layout(row, result, is_lost=tried.state == "failed")
        elif tried.state == "failed" and result.outcome == "refused" and row.digest_id is not None:
            self._refuse(tried, result)
        elif result.kind == "ok":
            self._over(row, tried.at)

    def _tell(self, key: str, subject: str, text: str) -> None:
        notices.tell(self._connection, self._parts, key, subject, text)

    def _server(self) -> None:
        trouble = health.mail_trouble(self._connection, notices.dates(self._parts))
        if trouble is not None:
            self._tell(trouble.key, trouble.subject, trouble.text)

    def _domain(self, row: Row[Any], result: SendResult) -> None:
        self._tell(
            _domain_key(row),
            f"{_domain(row)} does not accept our mail",
            f"To {row.place}: {classify.said(result.code, result.server_text)}\n\n"
            f"{result.hint}\n\nOther mail"
            " goes out as before; what is refused is tried again every few hours.\nSee it: alerts"
            f" deliveries show {row.id}",
        )

    def _layout(self, row: Row[Any], result: SendResult, *, is_lost: bool) -> None:
        lost = (
            "As plain text it was refused, too: this digest is not told there. To have it tried"
            f" again:\nalerts deliveries retry {row.id}\n\n"
        )
        sent = "Where Slack takes it as plain text, every title and link is sent so. "
        self._tell(
            f"layout {row.destination}",
            f"Slack refuses the layout of digests to {row.destination}",
            f"{result.server_text}\n\n{lost if is_lost else sent}"
            "You are told once, and again when a day has passed without it.\n\nIf you"
            " have a slack.j2 of your own, mend or remove it; otherwise please report what this"
            f" shows:\nalerts deliveries show {row.id}",
        )

    def lose(self, tried: Judged, result: SendResult) -> None:
        """Tell of a digest that was given up whose articles do not come in a later one."""
        self._refuse(tried, result, "Given up")

    def _refuse(self, tried: Judged, result: SendResult, what: str = "Refused") -> None:
        """Tell of a digest that will not arrive; of the sixth in an hour that there are more."""
        row, since = tried.row, tried.at - _HOUR_S
        if self._refused is None:
            self._refused = outcomes.refused_since(self._connection, since, self._group)
        self._refused += 1
        whom = row.place if row.kind == "email" else row.destination
        if self._refused <= _TOLD_AN_HOUR:
            said = classify.said(result.code, result.server_text)
            subject = f"{what} for good: a digest to {whom}"
            text = (
                f"{said}\n\n{result.hint}\n\nIts articles are not told there again by themselves."
                f"\nSee them: alerts deliveries show {row.id}"
                f"\nTo have it tried again: alerts deliveries retry {row.id}"
            )
            notices.say(self._connection, self._parts, subject, text)
        elif self._refused == _TOLD_AN_HOUR + 1:
            text = (
                "More digests were refused or given up within this hour, and are not told one by"
                " one.\nSee them: alerts deliveries --failed"
            )
            notices.say(self._connection, self._parts, f"{what} for good: more digests", text)

    def _broke(self, row: Row[Any], at: float) -> bool:
        """Whether the layout broke so lately that it may break again and again."""
        since = at - _DAY_S
        return outcomes.came_to(self._connection, row.destination, _LAYOUT_FAULTS, since)

    def _is_accepted(self, row: Row[Any]) -> bool:
        """Whether a digest got through to a domain that keeps no other mail of ours waiting."""
        if row.kind != "email" or row.digest_id is None:
            return False
        return not outcomes.waits_for_domain(self._connection, _domain(row), "policy", row.id)

    def _over(self, row: Row[Any], at: float) -> None:
        """End what an accepted message shows to be over."""
        layout, domain = f"layout {row.destination}", _domain_key(row)
        if layout in self._open and row.digest_id is not None and not self._broke(row, at):
            subject = f"Over: Slack takes the layout of digests to {row.destination} again"
            text = "Every digest of the last 24 hours was accepted with it."
            notices.over(self._connection, self._parts, layout, subject, text)
        if domain in self._open and self._is_accepted(row):
            subject = f"Over: {_domain(row)} accepts our mail again"
            text = f"{row.place} got a mail."
            notices.over(self._connection, self._parts, domain, subject, text)


def _domain(row: Row[Any]) -> str:
    return str(row.place).rpartition("@")[2].lower()


def _domain_key(row: Row[Any]) -> str:
    return f"policy {_domain(row)}"
