"""A raw-socket server on loopback that plays scripted answers, one per request, faults included.

The last answer is repeated. It records every request byte for byte.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

PATIENCE_S = 10.0


@dataclass
class Raw:
    """Bytes sent as they are; `then`: close, reset, or hold until the server ends.

    With `pieces` set, they follow one by one, `pause_s` apart, until the client goes away.
    """

    start: bytes
    then: str = "close"
    pieces: Iterable[bytes] = ()
    pause_s: float = 0.0


@dataclass
class Seen:
    """One request as it came."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


def reply(status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """A well-formed answer that keeps the connection alive."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if status not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


Answer = bytes | Raw
Script = Callable[[Seen], Answer]


@dataclass
class ScriptedServer:
    """`with ScriptedServer(reply(…), Raw(…)) as server`; or one function of the request."""

    answers: tuple[Answer, ...] | Script
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._listener = socket.create_server((self.host, 0))
        self._listener.settimeout(PATIENCE_S)
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def url(self, path: str = "/feed") -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}{path}"

    def __enter__(self) -> ScriptedServer:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _spawn(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:  # nobody came for a while
                continue
            except OSError:
                return
            self.connections += 1
            self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.tls:
                connection.settimeout(PATIENCE_S)
                connection = self.tls.wrap_socket(connection, server_side=True)
                connection.settimeout(0.05)
            with connection:
                while (request := self._request(connection)) and self._play(connection, request):
                    pass
        except OSError:
            connection.close()

    def _receive(self, connection: socket.socket) -> bytes:
        while not self._stop.is_set():
            try:
                return connection.recv(65_536)
            except TimeoutError:
                continue
        return b""

    def _request(self, connection: socket.socket) -> Seen | None:
        data = b""
        while b"\r\n\r\n" not in data:
            got = self._receive(connection)
            if not got:
                return None
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rest = head.decode("latin-1").split("\r\n")
        pairs = [(k, v.lstrip(" ")) for k, _, v in (header.partition(":") for header in rest)]
        seen = Seen(line, pairs)
        length = int(seen.header("content-length") or 0)
        while len(body) < length:
            body += self._receive(connection)
        seen.body = body
        return seen

    def _next(self, request: Seen) -> Answer:
        with self._lock:
            self.seen.append(request)
            if callable(self.answers):
                return self.answers(request)
            return self.answers[min(len(self.seen), len(self.answers)) - 1]

    def _play(self, connection: socket.socket, request: Seen) -> bool:
        answer = self._next(request)
        if isinstance(answer, bytes):
            connection.settimeout(PATIENCE_S)
            connection.sendall(answer)
            connection.settimeout(0.05)
            return True
        connection.settimeout(PATIENCE_S)
        connection.sendall(answer.start)
        for piece in answer.pieces:
            if self._stop.wait(answer.pause_s):
                return False
            connection.sendall(piece)
        if answer.then == "hold":
            self._stop.wait(PATIENCE_S)
        if answer.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def serve(
    *answers: Answer, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> ScriptedServer:
    return ScriptedServer(answers, host=host, tls=tls)


def serve_by(
    script: Script, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> ScriptedServer:
    return ScriptedServer(script, host=host, tls=tls)
