"""An SMTP server on a raw loopback socket that answers as it is told, faults included."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections import defaultdict, deque
from typing import BinaryIO

DROP = "<drop>"  # close the connection instead of answering
HOLD = "<hold>"  # answer nothing until the server is stopped
DRIBBLE = "<dribble>"  # one byte at a time, for ever
DRIBBLE_LINES = "<lines>"  # whole lines of one reply, for ever

_PATIENCE_S = 10.0
_DEFAULTS = {
    "CONNECT": "220 scripted ESMTP",
    "DATA": "354 go ahead",
    "END": "250 2.0.0 queued as ABC123",
    "QUIT": "221 bye",
    "STARTTLS": "220 ready",
    "AUTH": "235 2.7.0 welcome",
}


class ScriptedSmtp:
    """`with ScriptedSmtp(RCPT=["450 4.2.0 later"]) as server`: replies are used up, then defaults.

    CONNECT is the greeting and END the reply to the final dot. `features` are the lines of EHLO.
    """

    def __init__(
        self,
        *,
        features: tuple[str, ...] = ("PIPELINING", "SIZE 10000000"),
        tls: ssl.SSLContext | None = None,
        from_the_start: bool = False,
        **replies: list[str],
    ) -> None:
        self.features = features
        self.connections = 0
        self.commands: list[str] = []
        self.mails: list[bytes] = []
        self.was_encrypted: list[bool] = []  # for each command
        self._tls = tls
        self._from_the_start = from_the_start
        self._mail = threading.local()  # a thread a connection
        self.answers: dict[str, str] = {}  # to a whole line
        self.otherwise = ""  # to a line that is no known command
        self._replies = defaultdict(deque, {k: deque(v) for k, v in replies.items()})
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def verbs(self) -> list[str]:
        return [command.split(" ")[0].split(":")[0] for command in self.commands]

    def script(self, verb: str, *replies: str) -> None:
        self._replies[verb].extend(replies)

    def hang_up(self) -> None:
        """Close every connection, as a server does to idle ones."""
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(_PATIENCE_S)

    def __enter__(self) -> ScriptedSmtp:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        self._threads[0].join(_PATIENCE_S)

    def _spawn(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(sock)
            self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls is not None and self._from_the_start:
                sock = self._encrypt(sock)
            self._talk(sock)
        except (OSError, EOFError):
            pass
        finally:
            sock.close()

    def _encrypt(self, sock: socket.socket) -> socket.socket:
        assert self._tls is not None
        sock.settimeout(_PATIENCE_S)
        wrapped = self._tls.wrap_socket(sock, server_side=True)
        self._open.append(wrapped)
        return wrapped

    def _talk(self, sock: socket.socket) -> None:
        self._mail.is_begun = self._mail.has_recipient = False
        file = sock.makefile("rb")
        try:
            self._say(sock, "CONNECT")
            while True:
                line = file.readline()
                if not line:
                    return
                command = line.decode(errors="replace").rstrip("\r\n")
                self.commands.append(command)
                self.was_encrypted.append(isinstance(sock, ssl.SSLSocket))
                verb = command.split(" ")[0].split(":")[0].upper()
                reply = self._say(sock, verb, command)
                if verb in ("MAIL", "RSET"):
                    self._mail.is_begun = verb == "MAIL" and reply.startswith("2")
                    self._mail.has_recipient = False
                if verb == "RCPT":
                    self._mail.has_recipient = reply.startswith("2")
                if verb == "STARTTLS" and reply.startswith("220"):
                    file.close()
                    sock = self._encrypt(sock)
                    file = sock.makefile("rb")
                if verb == "DATA" and reply.startswith("354"):
                    self._take(sock, file)
                if verb == "QUIT":
                    return
        finally:
            file.close()
            sock.close()

    def _take(self, sock: socket.socket, file: BinaryIO) -> None:
        lines: list[bytes] = []
        while (line := file.readline()) != b".\r\n":
            if not line:
                raise EOFError
            lines.append(line[1:] if line.startswith(b".") else line)
        mail, reply = b"".join(lines), ""
        self.mails.append(mail)  # before the client can know of it
        try:
            reply = self._say(sock, "END")
        finally:
            if not (reply.startswith("2") and mail):
                self.mails.remove(mail)

    def _say(self, sock: socket.socket, verb: str, line: str = "") -> str:
        waiting = self._replies[verb]
        reply = waiting.popleft() if waiting else self.answers.get(line) or self._default(verb)
        if reply == DROP:
            raise EOFError
        if reply == HOLD:
            self._stop.wait(_PATIENCE_S)
            raise EOFError
        if reply in (DRIBBLE, DRIBBLE_LINES):
            piece = b"2" if reply == DRIBBLE else b"250-and so on\r\n"
            while not self._stop.wait(0.02):
                sock.sendall(piece)
            raise EOFError
        sock.sendall(reply.replace("\n", "\r\n").encode() + b"\r\n")
        return reply

    def _default(self, verb: str) -> str:
        if verb == "RCPT" and not self._mail.is_begun:
            return "503 5.5.1 MAIL first"
        if verb == "DATA" and not self._mail.has_recipient:
            return "554 5.5.1 no valid recipients"
        if verb == "EHLO":
            lines = ["scripted", *self.features]
            return "\n".join(
                f"250{'-' if n < len(lines) - 1 else ' '}{x}" for n, x in enumerate(lines)
            )
        if self.otherwise and verb not in (
            "MAIL",
            "RCPT",
            "DATA",
            "RSET",
            "QUIT",
            "CONNECT",
            "END",
        ):
            return self.otherwise
        return _DEFAULTS.get(verb, "250 2.0.0 ok")
