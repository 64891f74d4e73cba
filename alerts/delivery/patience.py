"""When a destination that only ever fails is asked less often, and when it is given up.

Decided from its tries since it last worked: values in, a value out. That one message has failed
is `retry`'s to say; this is about the address or webhook behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_DAY_S = 86_400.0

#: A webhook that did nothing but fail for so long is asked once a day …
FAILING_S = 5 * _DAY_S
PROBE_GAP_S = _DAY_S
#: … and given up when so many of those tries have failed too.
PROBES = 7

#: "Handshake" of list servers: so many bounces of a full mailbox, not within one holiday.
FULL_BOUNCES = 3
FULL_S = 14 * _DAY_S

#: Tries that say nothing about a webhook: it is alive and busy, we died, our message was at fault.
_SAYS_NOTHING = frozenset({"rate_limited", "interrupted", "bad_payload", "too_big"})


@dataclass(frozen=True, slots=True)
class Try:
    """One try at a destination that was not accepted. `is_last`: its delivery had no other."""

    at: float
    outcome: str  # of model.SendOutcome
    kind: str
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """ask: go on as usual · probe: nothing before `next_at` · give_up: nothing more at all.

    `since` is when the trouble began.
    """

    kind: Literal["ask", "probe", "give_up"]
    since: float = 0.0
    next_at: float = 0.0


_ASK = Verdict("ask")


def judge(kind: str, tries: Sequence[Try]) -> Verdict:
    """Return what becomes of a destination of this kind, from its tries since it last worked.

    `tries` are in the order of time.
    """
    return _mailbox(tries) if kind == "email" else _webhook(tries)


def _webhook(tries: Sequence[Try]) -> Verdict:
    failed = [one.at for one in tries if _speaks_against(one)]
    if not failed or failed[-1] - failed[0] < FAILING_S:
        return _ASK
    probes = [at for at in failed if at - failed[0] >= FAILING_S]
    if len(probes) > PROBES and failed[-1] - failed[0] >= FAILING_S + PROBES * PROBE_GAP_S:
        return Verdict("give_up", failed[0])
    return Verdict("probe", failed[0], failed[-1] + PROBE_GAP_S)


def _speaks_against(one: Try) -> bool:
    return one.outcome in ("retry", "ambiguous", "refused") and one.kind not in _SAYS_NOTHING


def _mailbox(tries: Sequence[Try]) -> Verdict:
    """A full mailbox bounces each mail once: when its delivery is given up."""
    bounced = [one.at for one in tries if one.kind == "mailbox_full" and one.is_last]
    if len(bounced) < FULL_BOUNCES or bounced[-1] - bounced[0] < FULL_S:
        return _ASK
    return Verdict("give_up", bounced[0])
