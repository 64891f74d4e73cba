"""The transport without a network: it keeps what it was given. For tests, demo and simulations."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from alerts.delivery import classify
from alerts.delivery.compose import compose
from alerts.delivery.post import as_json
from alerts.model import Mail

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerts.delivery.transport import DeliveryHead, Envelope
    from alerts.model import Delivery, Rendered, SendResult


class MemoryTransport:
    """Accepts everything, or answers as told: `answers` are used up first, one a try."""

    def __init__(self, answers: Iterable[SendResult] = ()) -> None:
        self.answers = deque(answers)
        self.tries: list[Delivery] = []  # every try, accepted or not, in order
        self.accepted: dict[str, Delivery] = {}  # by id: a second time changes nothing
        self._lock = threading.Lock()

    def prepare(self, rendered: Rendered, delivery: DeliveryHead, envelope: Envelope) -> bytes:
        """Return a whole mail, or the document as compact JSON."""
        if isinstance(rendered, Mail):
            return compose(rendered, delivery, envelope)
        return as_json(rendered.document)

    def send(self, delivery: Delivery) -> SendResult:
        """Keep the delivery and return the next answer."""
        with self._lock:
            self.tries.append(delivery)
            answer = self.answers.popleft() if self.answers else None
            if answer is None:
                answer = classify.result("delivered", "ok", code="250", server="memory")
            if answer.outcome == "delivered":
                self.accepted.setdefault(delivery.id, delivery)
        return answer

    def close(self) -> None:
        """Nothing is kept open."""
