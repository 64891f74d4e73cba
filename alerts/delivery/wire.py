"""One SMTP conversation on one socket: commands, replies, and a deadline nothing can outlast.

The standard library's client waits anew for every byte and falls back to HELO, which loses
STARTTLS; this one gives each read and write what is left of the whole, and falls back to nothing.
It knows no mail and judges no reply.
"""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from alerts.clock import Clock

Stage = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "end", "noop"]
BreakKind = Literal["network", "timeout", "tls", "protocol"]

_MAX_LINE = 8192  # RFC 5321 says 512; real servers exceed it
_MAX_LINES = 128  # of one reply: an endless one is no reply
_CHUNK = 65_536  # bytes per write, so that the deadline is looked at in between
_CONNECT_S = 15.0  # per address, so that a dead one does not eat the deadline of all
_REPLY = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


class Broken(Exception):
    """The conversation ended without an answer; `stage` says where, `text` why."""

    def __init__(self, stage: Stage, kind: BreakKind, text: str) -> None:
        super().__init__(text)
        self.stage = stage
        self.kind = kind
        self.text = text


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said: a code, and its words with line feeds between lines."""

    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """Whether the command was done."""
        return 200 <= self.code < 300


class Deadline:
    """A moment that reads and writes must not pass."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._at = clock.monotonic() + seconds

    def left_s(self) -> float:
        """Return the seconds that are left; TimeoutError if there are none."""
        left = self._at - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole mail was used up")
        return left


class Wire:
    """The conversation. Every method raises Broken (and only that) when it cannot go on."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._buffer = bytearray()
        self.deadline = deadline
        self.stage: Stage = "connect"

    def command(self, line: str) -> Reply:
        """Send one command and return its reply."""
        self.send(encode(line))
        return self.reply()

    def send(self, data: bytes, *, last: Stage | None = None) -> None:
        """Send all of `data`; the stage becomes `last` when the last of it is about to go."""
        view = memoryview(data)
        try:
            while view:
                if last is not None and len(view) <= _CHUNK:
                    self.stage = last
                self._sock.settimeout(self.deadline.left_s())
                view = view[self._sock.send(view[:_CHUNK]) :]
        except OSError as error:
            raise broken(self.stage, error) from None

    def reply(self) -> Reply:
        """Return the next reply, all its lines."""
        code, lines = 0, []
        for _ in range(_MAX_LINES):
            found = _REPLY.fullmatch(self._line())
            if not found:
                raise Broken(self.stage, "protocol", "the answer is not SMTP")
            code = int(found[1])
            lines.append((found[3] or b"").decode("utf-8", "replace").strip())
            if found[2] != b"-":
                return Reply(code, "\n".join(lines))
        raise Broken(self.stage, "protocol", "the answer has no end")

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _MAX_LINE:
                raise Broken(self.stage, "protocol", "a line of the answer has no end")
            self._buffer += self._receive()
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _receive(self) -> bytes:
        try:
            self._sock.settimeout(self.deadline.left_s())
            received = self._sock.recv(_MAX_LINE)
        except OSError as error:
            raise broken(self.stage, error) from None
        if not received:
            raise Broken(self.stage, "network", "the server closed the connection")
        return received

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Go on encrypted, with the server's certificate checked against `host`."""
        if self._buffer:  # sent in the clear by whoever sits between: RFC 3207 §4.2
            raise Broken(self.stage, "tls", "something was sent before encryption began")
        try:
            self._sock.settimeout(self.deadline.left_s())
            self._sock = context.wrap_socket(self._sock, server_hostname=host)
        except OSError as error:
            raise broken(self.stage, error) from None

    def local_name(self) -> str:
        """Return our own address in the form of EHLO, RFC 5321 §4.1.3: no name is looked up."""
        address = self._sock.getsockname()[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def close(self) -> None:
        """Close the socket, whatever state it is in."""
        self._sock.close()


def encode(line: str) -> bytes:
    """Return a command as bytes; ValueError if it holds what would begin another one."""
    if re.search(r"[\x00\r\n]", line):
        raise ValueError("a command cannot hold a line end")
    return line.encode() + b"\r\n"


def broken(stage: Stage, error: OSError) -> Broken:
    """Return the error of a socket in our words."""
    if isinstance(error, TimeoutError):
        return Broken(stage, "timeout", "it did not answer in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Broken(stage, "tls", f"its certificate is not valid: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return Broken(stage, "tls", f"encryption failed: {error.reason or error}")
    return Broken(stage, "network", error.strerror or str(error) or type(error).__name__)


def dial(host: str, port: int, deadline: Deadline) -> Wire:
    """Return a conversation with the first address of `host` that takes the connection."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        text = error.strerror if isinstance(error, OSError) else None
        raise Broken("connect", "network", f"its name cannot be found: {text or error}") from None
    failure: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(min(_CONNECT_S, deadline.left_s()))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failure = error
            continue
        return Wire(sock, deadline)
    raise broken("connect", failure)
