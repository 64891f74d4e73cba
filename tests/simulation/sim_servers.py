"""The world's mail server and webhooks: they take, refuse, throttle, hang and lie as the script says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes

from sim_truth import Ledger, Spell, Try

from alerts.clock import FakeClock
from alerts.delivery import classify
from alerts.delivery.memory import MemoryTransport
from alerts.model import Delivery, SendResult

#: Spells that are no doing of the servers.
_OF_HANDS = ("paused", "stopped", "frozen")

#: Where what was told before begins: its heading in a mail, and in Slack.
_BELOW = re.compile(rb"^ALREADY SENT .*\(\d+\)|\*Already sent[^*]*\*", re.MULTILINE)

_LATER_PART = re.compile(r"\bpart [2-9]")

_NUMBER = re.compile(rb"\bn(\d{7})k\b")


class Died(BaseException):
    """The process was killed here."""


@dataclass(frozen=True)
class _Answer:
    result: SendResult
    taken: bool = False
    known: bool = True
    dies: bool = False


def _hang() -> SendResult:
    return classify.result("retry", "timeout", "destination")


def _down() -> SendResult:
    return classify.result("retry", "network", "server")


class Servers(MemoryTransport):
    """Every place of the world. `armed` is how the process dies at one of the next messages."""

    def __init__(self, clock: FakeClock, ledger: Ledger) -> None:
        super().__init__()
        self.clock = clock
        self.ledger = ledger
        self.armed: str | None = None
        self.is_dead: Callable[[], bool] = lambda: False
        self._met: set[str] = set()

    def send(self, delivery: Delivery) -> SendResult:
        """Answer, and write down what came."""
        if self.is_dead():
            raise Died
        said = said_in(delivery.payload)
        if not said.numbers:  # a notice to the admins, or to a reader
            return super().send(delivery)
        place, now = delivery.destination.key, self.clock.now()
        if self.armed == "before":
            self.armed = None
            raise Died
        answer = self._answer(delivery, place, now)
        if self.armed == "after":
            self.armed = None
            answer = _Answer(answer.result, answer.taken, known=False, dies=True)
        wait_s = answer.result.retry_after_s or 0.0
        with self._lock:
            seen = Try(now, delivery.id, place, said.numbers, answer.taken, answer.known, wait_s,
                       said.is_urgent, said.is_bundle, said.is_more)  # fmt: skip
            self.ledger.tries.append(seen)
        if answer.dies:
            raise Died
        return answer.result

    def _answer(self, delivery: Delivery, place: str, now: float) -> _Answer:
        is_mail = delivery.destination.kind == "email"
        spell = self._spell(place, now) or (self._spell("mail", now) if is_mail else None)
        is_first = delivery.id not in self._met
        self._met.add(delivery.id)
        if spell is None:
            return _Answer(classify.result("delivered", "ok", code="250"), taken=True)
        if spell.what == "throttles":
            result = classify.result(
                "retry", "rate_limited", "destination", retry_after_s=spell.wait_s
            )
            return _Answer(result)
        if spell.what == "greylists" and not is_first:
            return _Answer(classify.result("delivered", "ok", code="250"), taken=True)
        if spell.what == "loses" and is_first:
            return _Answer(classify.result("ambiguous", "ambiguous"), taken=True, known=False)
        if spell.what == "loses":
            return _Answer(classify.result("delivered", "ok", code="250"), taken=True)
        results: dict[str, SendResult] = {
            "hangs": _hang(),
            "down": _down(),
            "greylists": classify.result("retry", "temporary", code="451"),
            "gone": classify.result(
                "suppress", "bad_address" if is_mail else "gone", "destination"
            ),
        }
        return _Answer(results[spell.what])

    def _spell(self, key: str, now: float) -> Spell | None:
        mine = self.ledger.spells.get(key, ())
        return next((s for s in mine if s.covers(now) and s.what not in _OF_HANDS), None)


@dataclass(frozen=True)
class _Said:
    """What a message tells: articles by the numbers in titles and links, and what it calls itself.

    Not those that it lists below as already sent.
    """

    numbers: frozenset[int]
    is_urgent: bool = False
    is_bundle: bool = False
    is_more: bool = False


def said_in(payload: bytes) -> _Said:
    """Read a message of any kind."""
    if payload.startswith(b"{"):
        document = json.loads(payload)
        told = document.get("blocks", document)  # Slack's `text` names the first story in each part
        plain = json.dumps(_new(told)).encode()
        part = document.get("data", {}).get("part", 1)
        title = "URGENT:" if document.get("type") == "urgent" else document.get("text", "")
        is_single = "urgent" in document.get("data", ()) or b"*URGENT*" in plain
    else:
        message = message_from_bytes(payload)
        body = next(part for part in message.walk() if part.get_content_type() == "text/plain")
        found = body.get_payload(decode=True)
        assert isinstance(found, bytes)
        plain, title, part = found, str(message["Subject"]), 1
        is_single = b"To pass on, copy from here" in plain
    numbers = frozenset(int(found) for found in _NUMBER.findall(_BELOW.split(plain)[0]))
    is_urgent = title.startswith("URGENT:")
    is_more = part > 1 or _LATER_PART.search(title) is not None
    return _Said(numbers, is_urgent, is_urgent and not is_single, is_more)


def _new(found: object) -> object:
    """Return a document without the articles that were told before."""
    if isinstance(found, dict):
        return {key: _new(value) for key, value in found.items()}
    if isinstance(found, list):
        return [
            _new(one) for one in found if not (isinstance(one, dict) and one.get("told_before"))
        ]
    return found
