"""A mail as bytes: the headers of a digest and its two bodies, ready for SMTP or an .eml file.

Written by hand because the standard library's assembly costs ten times as much and encodes long
links in headers into something no mail program reads; its parser is the oracle of the tests.
No value can add a header: what is not printable ASCII after encoding is never written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from email.header import Header
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from alerts.delivery.addresses import Address, read_address
from alerts.model import Mail
from alerts.quoted import quoted_printable

if TYPE_CHECKING:
    from alerts.delivery.transport import DeliveryHead, Envelope
    from alerts.model import Rendered

_LINE = 76  # RFC 2045 §6.7 for bodies; RFC 2047 §2 for lines with encoded words
_MOST_REFERENCES = 10  # enough for a thread; long lists of ids make some programs give up
#: Controls, line and paragraph ends, direction overrides: none belongs in a header (RFC 5322 §2.2).
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)
_SPACES = re.compile(r"\s+")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")  # RFC 5322 atoms and spaces
_HEADER = re.compile(r"[A-Za-z-]+: [\x20-\x7e]+(?:\r\n[ ][\x20-\x7e]+)*")


def compose(mail: Mail, delivery: DeliveryHead, envelope: Envelope) -> bytes:
    """Return the whole message with CRLF line ends, in ASCII, no body line over 76 characters.

    Only a recipient whose local part is not ASCII makes the header To UTF-8 (RFC 6532). The same
    arguments give the same bytes: date and ids are the delivery's, the boundary is made of its id.
    """
    boundary = f"=_{delivery.id}"  # "=_" cannot occur in quoted-printable (RFC 2045 §6.7)
    head = "".join(f"{line}\r\n" for line in _headers(mail, delivery, envelope))
    parts = (_part(boundary, "plain", mail.text), _part(boundary, "html", mail.html))
    content_type = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    return b"".join((head.encode(), content_type.encode(), *parts, f"--{boundary}--\r\n".encode()))


def prepare_mail(rendered: Rendered, delivery: DeliveryHead, envelope: Envelope) -> bytes:
    """Return a mail's bytes; TypeError if what was rendered is no mail."""
    if not isinstance(rendered, Mail):
        raise TypeError("a mail transport carries mails only")
    return compose(rendered, delivery, envelope)


def text_only(message: bytes, delivery_id: str) -> bytes | None:
    """Return a mail of `compose` without its HTML: same headers, same text; None if it has none."""
    begin = f"--=_{delivery_id}\r\n".encode()
    head, *parts = message.split(begin)
    if len(parts) != 2:
        return None
    return b"".join((head, begin, parts[0], f"--=_{delivery_id}--\r\n".encode()))


def message_id(delivery_id: str, mail_from: str) -> str:
    """Return the Message-ID of a delivery: the same for every try of it."""
    return f"<{delivery_id}@{read_address(mail_from).domain}>"


# --- headers ---------------------------------------------------------------------------------


def _headers(mail: Mail, delivery: DeliveryHead, envelope: Envelope) -> Iterator[str]:
    sender = read_address(envelope.mail_from)
    name = mail.sender or sender.name or envelope.sender_name
    recipient = read_address(delivery.destination.place)
    yield from _who(name, sender, recipient, envelope.admin)
    yield f"Date: {formatdate(delivery.created_at)}"
    yield _header("Message-ID", message_id(delivery.id, envelope.mail_from))
    yield from _thread(envelope)
    yield _encoded("Subject", clean(mail.subject) or "(no subject)")
    yield "MIME-Version: 1.0"
    yield _header("Content-Language", re.sub(r"[^A-Za-z0-9-]", "", mail.language) or "en")
    yield from _list(mail, sender, recipient, envelope)
    yield from _for_machines(delivery, sender.domain)
    if mail.latency:
        yield _header("X-Alert-Latency", mail.latency)


def _who(name: str, sender: Address, recipient: Address, admin: str | None) -> Iterator[str]:
    yield _header("From", _mailbox(name, sender.spec, "From"))
    # The recipient's name is left out: a forwarded mail should not carry more than it must.
    yield (
        f"To: {recipient.spec}" if not recipient.local.isascii() else _header("To", recipient.spec)
    )
    if admin is not None and (answers_to := read_address(admin).spec).isascii():
        yield _header("Reply-To", answers_to)


def _thread(envelope: Envelope) -> Iterator[str]:
    """RFC 5322 §3.6.4: parts 2, 3, … stand below the first in the reader's program."""
    if not envelope.thread:
        return
    ids = [message_id(earlier, envelope.mail_from) for earlier in envelope.thread]
    kept = ids if len(ids) <= _MOST_REFERENCES else [ids[0], *ids[1 - _MOST_REFERENCES :]]
    yield _header("In-Reply-To", ids[-1])
    yield _header("References", "\r\n ".join(kept))


def _list(mail: Mail, sender: Address, recipient: Address, envelope: Envelope) -> Iterator[str]:
    """RFC 2919 and 2369; RFC 8058 (one click) is only for https."""
    label = re.sub(r"[^a-z0-9-]+", "-", mail.list_id.lower())[:63].strip("-") or "digest"
    list_id = f"<{label}.alerts.{sender.domain}>"
    yield _header("List-Id", f"{_phrase(mail.list_name, 'List-Id')}{list_id}")
    link = envelope.stop_link
    if link is not None:
        _refuse_odd_link(link)
    if link is not None and link.startswith("https://"):
        yield _header("List-Unsubscribe", f"<{link}>")
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
        return
    reader = read_address(envelope.admin).spec if envelope.admin else sender.spec
    stop = f"<mailto:{quote(reader, safe='@')}?subject={quote(f'STOP {recipient.spec}')}>"
    yield _header("List-Unsubscribe", f"<{link}>,\r\n {stop}" if link else stop)


def _for_machines(delivery: DeliveryHead, domain: str) -> Iterator[str]:
    """Say that a program wrote this, and that no program should answer."""
    yield "Auto-Submitted: auto-generated"  # RFC 3834 §5
    # MS-OXCMAIL 2.1.3.2.20; not NDR: bounces are wanted.
    yield "X-Auto-Response-Suppress: OOF, AutoReply, DR, RN, NRN"
    yield "Precedence: bulk"
    # Gmail: the last field names the sender in 5 to 15 characters; nothing about the recipient.
    yield _header("Feedback-ID", f"digest:news:mail:{_sender_id(domain)}")
    yield _header("X-Alert-Delivery", delivery.id)


def _sender_id(domain: str) -> str:
    return "al" + hashlib.sha256(domain.encode()).hexdigest()[:10]


def _refuse_odd_link(link: str) -> None:
    if not re.fullmatch(r"https?://[!#-;=?-~]+", link):  # printable ASCII without space < > "
        raise ValueError("a stop link must be a plain http(s) URL in ASCII")


def _header(name: str, value: str) -> str:
    """Return the line; ValueError if it is anything but folded printable ASCII.

    A value that does not fit beside the name goes on a line of its own (RFC 5322 §2.2.3).
    """
    first = value.split("\r\n", 1)[0]
    glue = " " if len(name) + 2 + len(first) <= _LINE else "\r\n "
    line = f"{name}: {value}" if glue == " " else f"{name}:{glue}{value}"
    if not _HEADER.fullmatch(line.replace(":\r\n ", ": ", 1)):
        raise ValueError(f"the header {name} would hold unsafe characters")
    return line


# --- words -----------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Return `text` as one line without controls and direction overrides."""
    return _SPACES.sub(" ", _UNSAFE.sub(" ", text)).strip()


@lru_cache(maxsize=256)  # many readers' digests have one headline first
def _encoded(name: str, text: str) -> str:
    """Return a header of cleaned free text, folded; RFC 2047 if it is not plain ASCII."""
    # A headline that looks like an encoded word must not be decoded by the reader's program.
    is_plain = text.isascii() and "=?" not in text and max(map(len, text.split()), default=0) < 60
    charset = "us-ascii" if is_plain else "utf-8"
    value = Header(text, charset, maxlinelen=_LINE, header_name=name).encode(linesep="\r\n")
    return _header(name, value)


@lru_cache(maxsize=256)
def _phrase(name: str, header: str) -> str:
    """Return a display name with a space after it: plain, quoted or encoded; "" for none."""
    name = clean(name)
    if not name:
        return ""
    if name.isascii() and "=?" not in name and len(name) <= 50:
        if _PHRASE.fullmatch(name):
            return f"{name} "
        escaped = re.sub(r'(["\\])', r"\\\1", name)
        return f'"{escaped}" '
    encoded = Header(name, "utf-8", maxlinelen=_LINE, header_name=header)
    return encoded.encode(linesep="\r\n") + "\r\n "


def _mailbox(name: str, spec: str, header: str) -> str:
    phrase = _phrase(name, header)
    return f"{phrase}<{spec}>" if phrase else spec


# --- bodies ----------------------------------------------------------------------------------


def _part(boundary: str, subtype: str, text: str) -> bytes:
    head = (
        f"--{boundary}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + quoted_printable(text) + b"\r\n"
