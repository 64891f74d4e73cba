"""A mail server tried without a mail: can it be reached, is it encrypted, does it know us?"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from alerts.delivery import classify
from alerts.delivery.server import Encryption, MailServer
from alerts.delivery.smtp import Refused, connect
from alerts.delivery.wire import Broken, Deadline, dial

if TYPE_CHECKING:
    from alerts.clock import Clock
    from alerts.model import SendResult

#: Where mail servers take mail from programs; networks that block one often let another through.
USUAL_PORTS: Sequence[tuple[int, Encryption]] = (
    (587, "starttls"),
    (465, "tls"),
    (2525, "starttls"),
)

_GOODBYE_S = 0.5


def probe(
    server: MailServer, clock: Clock, seconds: float, context: ssl.SSLContext | None = None
) -> SendResult | None:
    """Connect, encrypt and log in as for a mail, and say goodbye; None if all that works."""
    trusted = context or ssl.create_default_context()
    try:
        connection = connect(server, trusted, Deadline(clock, seconds), clock.monotonic())
    except Refused as error:
        return classify.refusal(error.stage, error.reply, server.host)
    except Broken as error:
        return classify.interruption(error, server.host)
    connection.quit(Deadline(clock, _GOODBYE_S))
    return None


def other_ways(
    server: MailServer, ports: Sequence[tuple[int, Encryption]] = USUAL_PORTS
) -> Iterator[MailServer]:
    """Yield the same host at its other usual ports.

    Without user and password: whether somebody answers there is the question, and a wrong password
    tried four times may lock the account.
    """
    for port, encryption in ports:
        if (port, encryption) != (server.port, server.encryption):
            yield replace(server, port=port, encryption=encryption, user="", password=None)


def greeting(server: MailServer, clock: Clock, seconds: float) -> str:
    """Return the first words of a server that speaks first in the clear; "" if it has none."""
    if server.encryption == "tls":
        return ""
    try:
        wire = dial(server.host, server.port, Deadline(clock, seconds))
    except Broken:
        return ""
    try:
        return wire.reply().text
    except Broken:
        return ""
    finally:
        wire.close()
