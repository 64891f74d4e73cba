"""Local HTTP and SMTP servers that play the world: feeds, webhooks, a mailbox.

They listen on loopback addresses only, record what they are asked and answer as they are told,
also while they run. What the feeds say is written in `news` and `world`.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import hashlib
import json
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

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
            answers = [*self._standing.values(), *(a for q in self._scripted.values() for a in q)]
        for answer in answers:
            if answer.gate is not None:
                answer.gate.set()

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


FEED_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
    "html": "text/html; charset=utf-8",
}


class FeedServer(LoopbackServer):
    """Serves documents with ETag and Last-Modified, and 304 to who has them already."""

    def put(self, path: str, document: str | bytes, kind: str = "rss") -> str:
        """Serve a document from now on; `kind` is a key of FEED_TYPES or a media type.

        Returns its URL. Last-Modified moves only when the bytes do.
        """
        body = document.encode() if isinstance(document, str) else document
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        with self._lock:
            standing = self._standing.get(path)
        if standing is None or standing.headers.get("ETag") != etag:
            headers = {"ETag": etag, "Last-Modified": formatdate(self.clock.now(), usegmt=True)}
            self.answer(path, Answer(200, body, FEED_TYPES.get(kind, kind), headers))
        return self.url(path)

    def judge(self, answer: Answer, headers: Mapping[str, str]) -> Answer:
        """Return 304 if the request's validators hold (RFC 9110, 13.2.2)."""
        if answer.status != 200 or not _is_unchanged(answer.headers, headers):
            return answer
        return Answer(304, headers=answer.headers, gate=answer.gate)


def _is_unchanged(ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    if "if-none-match" in theirs:
        asked = {tag.strip().removeprefix("W/") for tag in theirs["if-none-match"].split(",")}
        return ours.get("ETag", "").removeprefix("W/") in asked
    if "if-modified-since" not in theirs or "Last-Modified" not in ours:
        return False
    try:
        since = parsedate_to_datetime(theirs["if-modified-since"])
    except ValueError:
        return False
    return parsedate_to_datetime(ours["Last-Modified"]) <= since


class WebhookReceiver(LoopbackServer):
    """Takes posts at every path: Slack's word `ok` under /services/, 204 elsewhere."""

    def unknown(self, path: str) -> Answer:
        """Accept."""
        return Answer(200, b"ok") if path.startswith("/services/") else Answer(204)

    def accepted(self, path: str | None = None) -> list[Request]:
        """Return the posts that were answered with 2xx, to one path or to all."""
        taken = [request for request in self.requests if 200 <= request.status < 300]
        return [r for r in taken if r.method == "POST" and path in (None, r.path)]


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
        """Return the text of the "plain" or "html" part; empty if there is none."""
        body = self.message.get_body((kind,))
        return body.get_content() if body is not None else ""


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
        self._controller: Controller | None = None

    def start(self) -> Self:
        """Listen; OSError if the port cannot be had."""
        port = self._port or _free_port(self.address)
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


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
