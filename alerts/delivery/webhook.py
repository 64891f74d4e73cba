"""Generic webhooks, signed as Standard Webhooks 1.0.0: the bytes that are signed are those sent.

The id is the delivery's and the same at every try, so a receiver that keeps ids takes each
delivery once; the timestamp is the try's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.delivery import classify
from alerts.delivery.post import Poster, by_status, host_of, prepare_post
from alerts.delivery.signature import signature_headers
from alerts.errors import GrammarError
from alerts.model import SendResult

if TYPE_CHECKING:
    from alerts.clock import Clock
    from alerts.delivery.transport import DeliveryHead, Envelope, Transport
    from alerts.model import Delivery, Rendered
    from alerts.netguard import Guard
    from alerts.settings import Settings


class WebhookTransport:
    """Posts signed JSON."""

    def __init__(self, guard: Guard, clock: Clock, *, deadline_s: float = 20.0) -> None:
        self._poster = Poster(guard, clock, deadline_s=deadline_s)
        self._clock = clock

    def prepare(self, rendered: Rendered, delivery: DeliveryHead, envelope: Envelope) -> bytes:
        """Return the document as JSON; TypeError if what was rendered is no post."""
        return prepare_post(rendered)

    def send(self, delivery: Delivery) -> SendResult:
        """Sign and post. Only 2xx is success; nothing is sent without a signature."""
        destination = delivery.destination
        if destination.secret is None:
            return _unsigned("it has no signing secret", host_of(destination))
        try:
            headers = signature_headers(
                destination.secret, delivery.id, int(self._clock.now()), delivery.payload
            )
        except GrammarError as error:
            return _unsigned(error.message, host_of(destination))
        answer = self._poster.post(destination, delivery.payload, headers)
        if isinstance(answer, SendResult):
            return answer
        return by_status(answer, destination, self._clock)

    def close(self) -> None:
        """Let go of idle connections."""
        self._poster.close()


def _unsigned(text: str, host: str) -> SendResult:
    return classify.result("our_fault", "unsigned", "destination", text=text, server=host)


def transport(settings: Settings, guard: Guard, clock: Clock) -> Transport:
    """Return the transport of kind webhook."""
    return WebhookTransport(guard, clock)
