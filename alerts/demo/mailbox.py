"""An SMTP server on a loopback address that keeps every mail, or refuses as it is told."""

from __future__ import annotations

import email
import email.policy
import hashlib
import re
import socket
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail as the server got it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail parsed by the standard library's modern parser."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    def part(self, kind: str) -> str:
        """Return the "plain" or "html" part, lines ending in a newline; empty if there is none."""
        body = self.message.get_body((kind,))
        return body.get_content().replace("\r\n", "\n") if body is not None else ""


class MailSink:
    """An SMTP server without TLS or login that keeps every mail; a context manager.

    `script("mail" | "rcpt" | "data", replies)` gives the next commands of that name a reply of
    their own ("451 4.3.0 busy"); a mail whose DATA is refused is not kept.
    """

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self.address = address
        self._port = port
        self._mails: list[ReceivedMail] = []
        self._scripted: dict[str, deque[str]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)
        self._controller: Controller | None = None

    def start(self) -> Self:
        """Listen; OSError if the port cannot be had."""
        port = self._port or free_port(self.address)
        controller = Controller(
            _Mailbox(self), hostname=self.address, port=port, server_hostname="mail.demo"
        )
        controller.start()
        self._controller = controller
        self._port = port
        return self

    def stop(self) -> None:
        """Stop listening; may be started again on the same port."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port; 0 before the first start."""
        return self._port

    @property
    def url(self) -> str:
        """The value for SMTP_URL."""
        return f"smtp://{self.address}:{self._port}?tls=none"

    def script(self, command: str, *replies: str) -> None:
        """Give the next commands of that name these replies, one each."""
        with self._lock:
            self._scripted[command].extend(replies)

    @property
    def mails(self) -> list[ReceivedMail]:
        """Every accepted mail, oldest first."""
        with self._lock:
            return list(self._mails)

    def to(self, address: str) -> list[ReceivedMail]:
        """Return the mails to one address."""
        return [mail for mail in self.mails if address in mail.recipients]

    def forget(self) -> None:
        """Empty the mailbox."""
        with self._lock:
            self._mails.clear()

    def reply(self, command: str) -> str | None:
        """Return the next scripted reply to a command."""
        with self._lock:
            waiting = self._scripted.get(command)
            return waiting.popleft() if waiting else None

    def keep(self, mail: ReceivedMail) -> None:
        """Take a mail."""
        with self._lock:
            self._mails.append(mail)
            self._came.notify_all()

    def wait_for(self, count: int, timeout_s: float) -> bool:
        """Wait until that many mails are here; False if they never came."""
        with self._came:
            return self._came.wait_for(lambda: len(self._mails) >= count, timeout_s)


class _Mailbox:
    """What aiosmtpd asks at each command."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self._sink.reply("mail")
        if refusal is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return refusal or "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self._sink.reply("rcpt")
        if refusal is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return refusal or "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope
    ) -> str:
        refusal = self._sink.reply("data")
        if refusal is not None:
            return refusal
        content = envelope.original_content or b""
        mail = ReceivedMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), content)
        self._sink.keep(mail)
        return f"250 2.0.0 OK: queued as {hashlib.sha256(content).hexdigest()[:10].upper()}"


def stop_link_of(mail: ReceivedMail) -> str:
    """Return the page on which its reader can stop these mails; empty if it names none."""
    found = re.search(r"<(https?:[^>]+)>", str(mail.message["List-Unsubscribe"] or ""))
    return found[1] if found else ""


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on just now."""
    with socket.create_server((address, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
