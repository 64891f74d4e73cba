"""A connection to a mail server that carries many mails, one after the other.

It opens (encrypted and logged in, or not at all), hands over one mail and can be used again after
a refusal. Refusals and breaks are exceptions here; what they mean is `classify`'s to say.
"""

from __future__ import annotations

import base64
import hmac
import re
import ssl
from dataclasses import dataclass
from typing import Literal

from alerts.delivery.server import MailServer
from alerts.delivery.wire import Broken, Deadline, Reply, Stage, Wire, dial, encode


class Refused(Exception):
    """The server said no at `stage`."""

    def __init__(self, stage: Stage, reply: Reply) -> None:
        super().__init__(f"{reply.code} {reply.text}")
        self.stage = stage
        self.reply = reply


class Unable(Exception):
    """The server lacks what this mail needs; nothing was sent. `kind`: too_big or smtputf8."""

    def __init__(self, kind: Literal["too_big", "smtputf8"], text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One mail for one recipient, with CRLF line ends."""

    id: str
    sender: str
    recipient: str
    message: bytes

    @property
    def needs_utf8(self) -> bool:
        """Whether an address can only be written in UTF-8 (RFC 6531)."""
        return not (self.sender + self.recipient).isascii()


class Connection:
    """An open, encrypted, logged-in connection. One thread at a time."""

    def __init__(self, wire: Wire, features: dict[str, str], opened_at: float) -> None:
        self._wire = wire
        self._features = features
        self.opened_at = opened_at  # on the monotonic clock, like used_at
        self.used_at = opened_at
        self.mails = 0

    def deliver(self, mail: Outgoing, deadline: Deadline) -> Reply:
        """Return the reply that takes responsibility for the mail, or raise."""
        self._refuse_impossible(mail)
        self._wire.deadline = deadline
        self.mails += 1
        if "PIPELINING" in self._features:
            self._ask_at_once(mail)
        else:
            self._ask(mail)
        self._wire.send(_dot_stuffed(mail.message), last="end")
        return _good("end", self._wire.reply())

    def _refuse_impossible(self, mail: Outgoing) -> None:
        limit = self._features.get("SIZE", "")
        if limit.isdigit() and 0 < int(limit) < len(mail.message):
            raise Unable("too_big", f"it takes {limit} bytes, the mail has {len(mail.message)}")
        if mail.needs_utf8 and "SMTPUTF8" not in self._features:
            raise Unable("smtputf8", "it takes only ASCII before the @ (it lacks SMTPUTF8)")

    def _ask(self, mail: Outgoing) -> None:
        steps: tuple[tuple[Stage, str], ...] = (
            ("mail", self._mail_from(mail)),
            ("rcpt", self._rcpt_to(mail)),
        )
        for stage, line in steps:
            self._wire.stage = stage
            _good(stage, self._wire.command(line))
        self._wire.stage = "data"
        reply = self._wire.command("DATA")
        if reply.code != 354:
            raise Refused("data", reply)

    def _ask_at_once(self, mail: Outgoing) -> None:
        """RFC 2920 §3.1: all three commands in one write, then all three replies."""
        self._wire.stage = "mail"
        lines = (self._mail_from(mail), self._rcpt_to(mail), "DATA")
        self._wire.send(b"".join(map(encode, lines)))
        replies: list[tuple[Stage, Reply]] = []
        for stage in ("mail", "rcpt", "data"):
            self._wire.stage = stage
            replies.append((stage, self._wire.reply()))
        refused = [step for step in replies[:2] if not step[1].is_good]
        go_ahead = replies[-1][1].code == 354
        if refused and go_ahead:
            self._end_empty(replies[1][1])
        if refused or not go_ahead:
            raise Refused(*(refused or replies[-1:])[0])

    def _end_empty(self, to_recipient: Reply) -> None:
        """RFC 2920 §3.1: a server may wait for data although nobody is left to get it.

        Only then is an empty end harmless; a server that still has a recipient is left.
        """
        if to_recipient.is_good:
            self.close()
        else:
            self._wire.command(".")

    def _mail_from(self, mail: Outgoing) -> str:
        words = [f"MAIL FROM:<{mail.sender}>"]
        if "SIZE" in self._features:
            words.append(f"SIZE={len(mail.message)}")
        if mail.needs_utf8:
            words.append("BODY=8BITMIME SMTPUTF8")
        if "DSN" in self._features:  # RFC 3461: a bounce then names the delivery, without the body
            words.append(f"RET=HDRS ENVID={mail.id}")
        return " ".join(words)

    def _rcpt_to(self, mail: Outgoing) -> str:
        line = f"RCPT TO:<{mail.recipient}>"
        if "DSN" in self._features and mail.recipient.isascii():
            return f"{line} NOTIFY=FAILURE,DELAY ORCPT=rfc822;{_xtext(mail.recipient)}"
        return line

    def can_go_on(self, deadline: Deadline, line: str = "RSET") -> bool:
        """Whether the server still answers; RSET also ends a mail that was refused half-way."""
        self._wire.deadline = deadline
        self._wire.stage = "noop"
        try:
            return self._wire.command(line).is_good
        except Broken:
            return False

    def quit(self, deadline: Deadline) -> None:
        """Say goodbye and close."""
        self.can_go_on(deadline, "QUIT")
        self.close()

    def close(self) -> None:
        """Close without a word."""
        self._wire.close()


def connect(
    server: MailServer, context: ssl.SSLContext, deadline: Deadline, opened_at: float
) -> Connection:
    """Return a connection that is ready for mails; raise Broken or Refused, all closed."""
    wire = dial(server.host, server.port, deadline)
    try:
        features = _greet(wire, server, context)
        if server.user:
            _log_in(wire, server, features)
    except BaseException:
        wire.close()
        raise
    return Connection(wire, features, opened_at)


def _greet(wire: Wire, server: MailServer, context: ssl.SSLContext) -> dict[str, str]:
    if server.encryption == "tls":
        wire.encrypt(context, server.host)
    _good("connect", wire.reply())
    features = _ehlo(wire)
    if server.encryption != "starttls":
        return features
    wire.stage = "starttls"
    if "STARTTLS" not in features:
        raise Broken("starttls", "tls", "it offers no encryption (STARTTLS)")
    _good("starttls", wire.command("STARTTLS"))
    wire.encrypt(context, server.host)
    return _ehlo(wire)  # what was said in the clear is forgotten: RFC 3207 §4.2


def _ehlo(wire: Wire) -> dict[str, str]:
    """Return what the server offers: upper-case keyword -> the rest of its line."""
    wire.stage = "ehlo"
    lines = _good("ehlo", wire.command(f"EHLO {wire.local_name()}")).text.split("\n")[1:]
    pairs = (line.replace("AUTH=", "AUTH ", 1).partition(" ") for line in lines)
    return {keyword.upper(): rest.strip() for keyword, _, rest in pairs}


def _log_in(wire: Wire, server: MailServer, features: dict[str, str]) -> None:
    """Try one mechanism once: a second wrong password brings an account nearer to its lock."""
    wire.stage = "auth"
    offered = features.get("AUTH", "").upper().split()
    user = server.user.encode()
    password = server.password.reveal().encode() if server.password else b""
    plain = _b64(b"\0" + user + b"\0" + password)
    if "PLAIN" in offered or not offered:
        reply = wire.command(f"AUTH PLAIN {plain}")
    elif "LOGIN" in offered:
        reply = _answers(wire, "AUTH LOGIN", (_b64(user), _b64(password)))
    elif "CRAM-MD5" in offered:
        reply = _cram_md5(wire, user, password)
    else:
        raise Broken("auth", "protocol", f"it offers no known way to log in, only {offered}")
    if reply.code not in (235, 503):  # 503: it knows us already
        secrets = (plain, password.decode(), _b64(password))
        raise Refused("auth", Reply(reply.code, _without(reply.text, secrets)))


def _answers(wire: Wire, line: str, answers: tuple[str, ...]) -> Reply:
    reply = wire.command(line)
    for answer in answers:
        if reply.code != 334:
            break
        reply = wire.command(answer)
    return reply


def _cram_md5(wire: Wire, user: bytes, password: bytes) -> Reply:
    reply = wire.command("AUTH CRAM-MD5")
    if reply.code != 334:
        return reply
    try:
        challenge = base64.b64decode(reply.text, validate=True)
    except ValueError:
        raise Broken("auth", "protocol", "its challenge is no base64") from None
    digest = hmac.new(password, challenge, "md5").hexdigest().encode()
    return wire.command(_b64(user + b" " + digest))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _without(text: str, secrets: tuple[str, ...]) -> str:
    """Some servers repeat the line they did not like: a password must not come back in it."""
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    return text


def _good(stage: Stage, reply: Reply) -> Reply:
    if not reply.is_good:
        raise Refused(stage, reply)
    return reply


def _dot_stuffed(message: bytes) -> bytes:
    """RFC 5321 §4.5.2; every line end is CRLF, so nothing else can look like the end."""
    ends = message.count(b"\r\n")
    if message.count(b"\n") != ends or message.count(b"\r") != ends:
        message = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    body = message.replace(b"\n.", b"\n..")
    body = b"." + body if body.startswith(b".") else body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")


def _xtext(address: str) -> str:
    """RFC 3461 §4: what is not plain is "+" and two hexadecimal digits."""
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in address)
