"""When a delivery is tried again, and when it is given up: decisions as values, no effects.

Mail: RFC 5321 §4.5.4.1 gives up after 4 to 5 days; the first steps are shorter than its 30 minutes
because a relay stands between and news goes stale. Posts: the schedule of Standard Webhooks 1.0.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alerts.model import DeliveryState, DestinationKind, SendResult

_MINUTE = 60.0
_HOUR = 3600.0
DAY_S = 86_400.0

#: Waits after the first, second, … counted try; the last one repeats until mail is given up.
MAIL_WAITS_S = (
    5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, 1 * _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR,
)  # fmt: skip
#: Waits of webhooks and chats; after the last one the delivery has failed.
POST_WAITS_S = (
    5.0, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR,
    24 * _HOUR,
)  # fmt: skip
GIVE_UP_S = 5 * DAY_S
#: After a fault of ours: wrong passwords tried again soon lock accounts (delivery.md 1.3).
_OUR_FAULT_S = 1 * _HOUR
_JITTER = 0.2
#: Receivers that know a delivery's id again; for the others an unclear try may be a double.
_KNOWS_IDS: frozenset[DestinationKind] = frozenset({"email", "webhook", "google_chat", "matrix"})


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of a delivery after a try. `due_at` is None when nothing is left to try.

    `counts`: whether this try is a step of the schedule (`Delivery.attempts` grows by one).
    """

    state: DeliveryState
    due_at: float | None
    counts: bool


def after(  # noqa: PLR0913 - one decision needs all of its values
    result: SendResult,
    kind: DestinationKind,
    attempts: int,
    created_at: float,
    now: float,
    jitter: float,
    *,
    was_ambiguous: bool = False,
    give_up_s: float = GIVE_UP_S,
) -> Next:
    """Return what follows from `result`.

    `attempts` are the tries counted before this one, `jitter` is a number in [0, 1). A server
    that is down costs its deliveries no step. `was_ambiguous`: an earlier try of this delivery
    was; a chat without ids is then not tried again, for every further try might be a double.
    """
    if result.outcome in ("delivered", "written"):
        return Next(result.outcome, None, counts=True)
    if result.outcome in ("refused", "suppress"):
        return Next("failed", None, counts=True)
    if result.outcome == "ambiguous" and kind not in _KNOWS_IDS and was_ambiguous:
        return Next("failed", None, counts=True)
    if now - created_at >= give_up_s:
        return Next("failed", None, counts=True)
    return _again(result, kind, attempts, now, jitter, created_at + give_up_s)


def _again(
    result: SendResult,
    kind: DestinationKind,
    attempts: int,
    now: float,
    jitter: float,
    end_at: float,
) -> Next:
    """Return the next try: its last chance is the moment when the delivery would be too old."""
    if result.retry_after_s is not None:  # the server's own word: exactly then
        return Next("delayed", min(now + result.retry_after_s, end_at), counts=False)
    wait_s = _wait_s(kind, attempts)
    if wait_s is None:
        return Next("failed", None, counts=True)
    if result.outcome == "our_fault":
        wait_s = max(wait_s, _OUR_FAULT_S)
    if kind == "email" and wait_s == MAIL_WAITS_S[0]:
        jitter = (1 + jitter) / 2  # never cut short: greylists ask for five minutes
    counts = not (result.outcome == "retry" and result.scope == "server")
    return Next("delayed", min(now + spread(wait_s, jitter), end_at), counts)


def _wait_s(kind: DestinationKind, attempts: int) -> float | None:
    if kind == "email":
        return MAIL_WAITS_S[min(attempts, len(MAIL_WAITS_S) - 1)]
    return POST_WAITS_S[attempts] if attempts < len(POST_WAITS_S) else None


def spread(wait_s: float, jitter: float) -> float:
    """Return the wait moved by up to a fifth, so that what failed together does not come back so.

    `jitter` 0 is the shortest, just below 1 the longest.
    """
    return wait_s * (1 - _JITTER + 2 * _JITTER * jitter)
