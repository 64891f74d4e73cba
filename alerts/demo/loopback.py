"""A scripted HTTP server on one loopback address: what `servers` are made of.

It answers as it is told, also while it runs, and records what it is asked.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from alerts.clock import Clock, SystemClock

_NO_BODY = {204, 304}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path says. `gate`: the answer waits until it is set (a slow or hanging server)."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None
    drop: bool = False  # close the connection without a word


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came; header names in lower case, `at` in UTC epoch seconds."""

    method: str
    path: str  # with its query
    headers: Mapping[str, str]
    body: bytes
    status: int  # what we answered; 0 if the connection was dropped
    at: float

    def json(self) -> Any:
        """Return the body read as JSON; ValueError if it is none."""
        return json.loads(self.body)


class _Listener(ThreadingHTTPServer):
    """A threaded server that knows its connections, so that it can stop at once."""

    daemon_threads = False  # server_close waits for every handler: nothing outlives a stop
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, owner: LoopbackServer, address: str, port: int) -> None:
        self.owner = owner
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__((address, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is part of the play."""

    def hang_up(self) -> None:
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's delayed ACK
    wbufsize = -1

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.owner.answer_to(self.command, self.path, headers, body)
        if answer.gate is not None:
            answer.gate.wait()
        if answer.drop:
            self.close_connection = True
            return
        self._write(answer)

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815 - the names http.server asks for

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in _NO_BODY:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.status not in _NO_BODY and self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing on the terminal; `requests` is the log."""


class LoopbackServer:
    """An HTTP server on one loopback address; a context manager.

    `answer(path, …)` sets what a path says from now on, `script(path, …)` what it says to the
    next requests, one each, before that. An unknown path is 404.
    """

    def __init__(
        self, address: str = "127.0.0.1", port: int = 0, clock: Clock | None = None
    ) -> None:
        self.address = address
        self.clock: Clock = clock or SystemClock()
        self._port = port
        self._standing: dict[str, Answer] = {}
        self._scripted: dict[str, deque[Answer]] = defaultdict(deque)
        self._requests: list[Request] = []
        self._held: list[threading.Event] = []  # gates that some request waits at
        self._lock = threading.Lock()
        self._seen = threading.Condition(self._lock)
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    # --- running -----------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen; OSError if the address or port cannot be had."""
        self._listener = _Listener(self, self.address, self._port)
        self._port = self._listener.server_port  # the same again after a stop
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and end every connection; may be started again on the same port."""
        if self._listener is None or self._thread is None:
            return
        self._listener.shutdown()
        self._thread.join()
        self._open_gates()
        self._listener.hang_up()
        self._listener.server_close()
        self._listener = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _open_gates(self) -> None:
        with self._lock:
            gates, self._held = self._held, []
        for gate in gates:
            gate.set()

    @property
    def port(self) -> int:
        """The port; 0 before the first start."""
        return self._port

    def url(self, path: str = "/") -> str:
        """Return the address of `path` on this server."""
        return f"http://{self.address}:{self._port}{path}"

    # --- what it says ------------------------------------------------------------------------

    def answer(self, path: str, answer: Answer) -> None:
        """Say this at `path` from now on."""
        with self._lock:
            self._standing[path] = answer

    def script(self, path: str, *answers: Answer) -> None:
        """Say these to the next requests to `path`, one each."""
        with self._lock:
            self._scripted[path].extend(answers)

    def standing(self, path: str) -> Answer | None:
        """Return what `path` says when nothing is scripted; None if nobody set it."""
        with self._lock:
            return self._standing.get(path)

    def remove(self, path: str) -> None:
        """Know nothing of `path` any more."""
        with self._lock:
            self._standing.pop(path, None)
            self._scripted.pop(path, None)

    def answer_to(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the answer to one request and record both."""
        with self._lock:
            scripted = self._scripted.get(path)
            found = scripted.popleft() if scripted else self._standing.get(path)
            answer = self.judge(found or self.unknown(path), headers)
            if answer.gate is not None:
                self._held.append(answer.gate)
            status = 0 if answer.drop else answer.status
            now = self.clock.now()
            self._requests.append(Request(method, path, headers, body, status, now))
            self._seen.notify_all()
        return answer

    def judge(self, answer: Answer, headers: Mapping[str, str]) -> Answer:
        """Return what is really said; here the answer itself."""
        return answer

    def unknown(self, path: str) -> Answer:
        """Return what is said at a path nobody set."""
        return Answer(404, f"There is nothing at {path}.\n".encode())

    # --- what it was asked -------------------------------------------------------------------

    @property
    def requests(self) -> list[Request]:
        """Every request so far, oldest first."""
        with self._lock:
            return list(self._requests)

    def requests_to(self, path: str) -> list[Request]:
        """Return the requests to one path."""
        return [request for request in self.requests if request.path == path]

    def wait_for(self, is_enough: Callable[[list[Request]], bool], timeout_s: float) -> bool:
        """Wait until the requests so far satisfy `is_enough`; False if they never did."""
        with self._seen:
            return self._seen.wait_for(lambda: is_enough(self._requests), timeout_s)

    def forget(self) -> None:
        """Empty the log."""
        with self._lock:
            self._requests.clear()
