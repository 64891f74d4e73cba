"""Mail over SMTP: one recipient a mail, the same bytes and the same Message-ID at every try."""

from __future__ import annotations

import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

from alerts.delivery import classify
from alerts.delivery.addresses import read_address
from alerts.delivery.compose import prepare_mail, text_only
from alerts.delivery.pool import Pool
from alerts.delivery.server import MailServer, read_smtp_url
from alerts.delivery.smtp import Outgoing, Refused, Unable, connect
from alerts.delivery.spool import SpoolTransport
from alerts.delivery.wire import Broken
from alerts.errors import GrammarError, UsageError

if TYPE_CHECKING:
    from alerts.clock import Clock
    from alerts.delivery.transport import DeliveryHead, Envelope, Transport
    from alerts.model import Delivery, Rendered, SendResult
    from alerts.settings import Settings

_SEND_S = 60.0  # for one mail from the first packet to the last answer
_MAX_LOCAL = 64  # RFC 5321 §4.5.3.1.1


class EmailTransport:
    """Sends mails through one server; connections are pooled and shared by threads."""

    def __init__(
        self,
        server: MailServer,
        clock: Clock,
        *,
        sender: str,
        bounces_to: str | None = None,
        context: ssl.SSLContext | None = None,
        send_s: float = _SEND_S,
    ) -> None:
        self._server = server
        self._sender = sender_address(sender, "MAIL_FROM")
        self._bounces_to = sender_address(bounces_to, "BOUNCE_ADDRESS") if bounces_to else None
        self._send_s = send_s
        trusted = context or ssl.create_default_context()
        self._pool = Pool(lambda d: connect(server, trusted, d, clock.monotonic()), clock)

    def prepare(self, rendered: Rendered, delivery: DeliveryHead, envelope: Envelope) -> bytes:
        """Return the whole message; TypeError if what was rendered is no mail."""
        return prepare_mail(rendered, delivery, envelope)

    def send(self, delivery: Delivery) -> SendResult:
        """Hand the mail to the server and wait for its answer, at most `send_s` seconds.

        One that is too big is handed over once more as its text alone, with every title and link.
        """
        try:
            recipient = read_address(delivery.destination.place).spec
        except GrammarError as error:
            return classify.result("refused", "bad_address", "destination", text=error.message)
        mail = Outgoing(delivery.id, self._envelope_sender(delivery), recipient, delivery.payload)
        first = self._deliver(mail)
        text = text_only(mail.message, mail.id) if first.kind == "too_big" else None
        if text is None:
            return first
        second = self._deliver(replace(mail, message=text))
        if second.outcome != "delivered":
            return second
        note = f"{second.server_text}\nAs a whole it was too big: {first.server_text}"
        return replace(second, kind="degraded", server_text=note, hint=classify.HINTS["degraded"])

    def _deliver(self, mail: Outgoing) -> SendResult:
        host = self._server.host
        try:
            return classify.accepted(self._pool.deliver(mail, self._send_s), host)
        except Refused as error:
            return classify.refusal(error.stage, error.reply, host)
        except Broken as error:
            return classify.interruption(error, host)
        except Unable as error:
            return classify.inability(error.kind, error.text, host)

    def _envelope_sender(self, delivery: Delivery) -> str:
        """VERP: a bounce's own address says which delivery came back."""
        if self._bounces_to is None:
            return self._sender
        local, _, domain = self._bounces_to.rpartition("@")
        tagged = f"{local}+{delivery.id}"
        return f"{tagged}@{domain}" if len(tagged) <= _MAX_LOCAL else self._bounces_to

    def close(self) -> None:
        """Say goodbye to the server."""
        self._pool.close()


def sender_address(text: str, variable: str) -> str:
    """Return the address in `text`; UsageError naming the variable it came from."""
    try:
        address = read_address(text)
    except GrammarError as error:
        raise UsageError(f"{variable}: {error.message}", hint=error.hint) from None
    if not address.local.isascii():
        raise UsageError(
            f"{variable} must be written in ASCII before the @.",
            hint="Few servers would take an answer to it.",
        )
    return address.spec


def transport(settings: Settings, _guard: object, clock: Clock) -> Transport:
    """Return the transport of mails: SMTP, or the spool folder while SMTP_URL is not set."""
    sender = sender_address(settings.mail_from, "MAIL_FROM")
    if settings.smtp_url is None:
        return SpoolTransport(settings.spool)
    server = read_smtp_url(settings.smtp_url.reveal())
    return EmailTransport(server, clock, sender=sender, bounces_to=settings.bounce_address)
