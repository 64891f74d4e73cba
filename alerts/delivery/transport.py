"""What a transport is, and the table of them.

A transport turns a rendered part into the bytes that are stored (`prepare`, once) and carries
stored bytes to their destination (`send`, as often as needed). It knows nothing of rows, slots or
schedules; whether and when to try again is `retry.after`'s to say.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from alerts.delivery.places import read_destination
from alerts.delivery.signature import read_signing_secret

if TYPE_CHECKING:
    from alerts.clock import Clock
    from alerts.model import Delivery, Destination, DestinationKind, Rendered, SendResult
    from alerts.netguard import Guard
    from alerts.settings import Settings

__all__ = [
    "DeliveryHead",
    "Envelope",
    "Transport",
    "read_destination",
    "read_signing_secret",
    "transports",
]


@dataclass(frozen=True, slots=True)
class DeliveryHead:
    """What of a delivery is known before its payload is made."""

    id: str  # 32 hexadecimal digits
    destination: Destination
    created_at: float
    part: int = 1
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers of a mail say besides its content; posts ignore it."""

    mail_from: str = "alerts@localhost"  # "News <news@example.org>" is understood too
    sender_name: str = "News alerts"  # shown as sender if `mail_from` has no name
    admin: str | None = None  # answers and "STOP" go there; None: to `mail_from`
    stop_link: str | None = None  # the recipient's own one-click address
    thread: tuple[str, ...] = ()  # ids of the deliveries this one follows, oldest first


class Transport(Protocol):
    """One way to carry deliveries. Methods may be called by several threads at once."""

    def prepare(self, rendered: Rendered, delivery: DeliveryHead, envelope: Envelope) -> bytes:
        """Return the payload: the same for the same arguments, and all that `send` will send."""
        ...

    def send(self, delivery: Delivery) -> SendResult:
        """Try once. Whatever the server or the network does is a value, never an exception."""
        ...

    def close(self) -> None:
        """Let go of connections; the transport may be used again afterwards."""
        ...


#: Where each kind's transport is made. Loaded on first use: `alerts match` needs none of them.
_MODULES: Mapping[DestinationKind, str] = {
    "email": "alerts.delivery.email",
    "slack": "alerts.delivery.slack",
    "webhook": "alerts.delivery.webhook",
}


def transports(
    settings: Settings, guard: Guard, clock: Clock
) -> Mapping[DestinationKind, Transport]:
    """Return the transport of every kind that can be sent to; UsageError for a bad SMTP_URL.

    Mail goes to the spool folder as long as SMTP_URL is not set.
    """
    return {
        kind: cast("Transport", importlib.import_module(name).transport(settings, guard, clock))
        for kind, name in _MODULES.items()
    }
