"""One request and its whole answer, within a deadline and caps; redirects are the caller's.

Every way in which an exchange can fail leaves here as a NetError whose text holds no path, no
query and no credentials.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import idna
import urllib3.exceptions
from urllib3.response import BaseHTTPResponse
from urllib3.util import SKIP_HEADER

from alerts.clock import Clock, SystemClock
from alerts.netguard.decode import decode, too_big
from alerts.netguard.neterror import NetError
from alerts.netguard.rooms import BIG_BYTES, ROOMS, Room
from alerts.netguard.wire import MAX_HEADER_BYTES, Call, Session

ACCEPT_ENCODING = "gzip, deflate, br, zstd"  # all that decode.py can undo
_CHUNK = 65_536
_SAFE_URL = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_SYSTEM_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; header names in lower case, values as the server sent them (latin-1)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    room: Room | None = None  # a big body's, which is kept as long as the body is


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, as it stands on the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


def exchange(  # noqa: PLR0913 - each limit is the caller's to state, by name
    session: Session,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    deadline_s: float,
    max_wire_bytes: int,
    max_decoded_bytes: int,
    clock: Clock = _SYSTEM_CLOCK,
) -> Answer:
    """Send one request and return its answer without following redirects; NetError if it fails.

    `clock.monotonic` measures the deadline (seconds); it must be one that moves while sockets wait.
    A GET whose kept-alive connection turns out to be closed is sent once more on a new one.
    """
    call = Call(clock, deadline_s)
    request = _Request(method, wire_url(url), _wire_headers(headers, body), body)
    while True:
        try:
            return _one(session, request, call, max_wire_bytes, max_decoded_bytes)
        except NetError as error:
            # Ends by itself: each failure removes one idle connection from a pool that keeps two.
            is_stale = call.was_reused and call.received == 0 and error.kind == "connect"
            if not (is_stale and method in _SAFE_METHODS):
                raise


def _one(
    session: Session,
    request: _Request,
    call: Call,
    max_wire_bytes: int,
    max_decoded_bytes: int,
) -> Answer:
    raw: BaseHTTPResponse | None = None
    try:
        raw = session.send(request.method, request.url, request.headers, request.body, call)
        headers = _headers(raw)
        call.begin_body(max_wire_bytes)
        wire = _wire_body(raw, headers, max_wire_bytes)
    except NetError as error:
        error.was_sent = error.was_sent or call.was_sent
        _drop(raw)
        raise
    except (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError, ValueError) as error:
        _drop(raw)
        raise as_net_error(error, call) from error
    decoded, room = _decoded(wire, headers.get("content-encoding", ""), max_decoded_bytes)
    return Answer(raw.status, headers, decoded, request.url, room)


def _decoded(wire: bytes, content_encoding: str, max_bytes: int) -> tuple[bytes, Room | None]:
    """Return the decoded body, and its room if it is a big one: nobody knows before."""
    if len(wire) <= BIG_BYTES:
        try:
            return decode(wire, content_encoding, min(BIG_BYTES, max_bytes)), None
        except NetError as error:
            if error.kind != "too_big" or max_bytes <= BIG_BYTES:
                raise
    room = ROOMS.take()
    return decode(wire, content_encoding, max_bytes), room


def _wire_headers(headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
    """Return exactly these headers, with those that are needed to read the answer."""
    given = {name.lower() for name in headers}
    found = dict(headers)
    # Unless told, urllib3 adds its own name and "identity"; callers state what they want.
    if "user-agent" not in given:
        found["User-Agent"] = SKIP_HEADER
    if "accept-encoding" not in given:
        found["Accept-Encoding"] = ACCEPT_ENCODING
    if body is not None:
        found["Content-Length"] = str(len(body))
    return found


@lru_cache(maxsize=1024)  # the same few are read several times a request
def wire_url(url: str) -> str:
    """Return `url` as it is asked for: no userinfo, no fragment, ASCII; NetError if it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise NetError("protocol", "This is not a usable web address.") from None
    if parts.scheme not in ("http", "https"):
        raise NetError("blocked", f"Only http and https are used, not {parts.scheme[:20]!r}.")
    if not host:
        raise NetError("protocol", "The web address has no host in it.")
    host = f"[{host}]" if ":" in host else _ascii_host(host)
    place = host if port is None else f"{host}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    target = f"{parts.path or '/'}{query}"
    if not _SAFE_URL.fullmatch(target):
        from requests.utils import requote_uri  # hardly any address needs it

        target = requote_uri(target)
    return f"{parts.scheme}://{place}{target}"


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise NetError("dns", "The host in the web address is not a valid name.") from None


def _headers(raw: BaseHTTPResponse) -> dict[str, str]:
    found: dict[str, str] = {}
    size = 0
    for name, value in raw.headers.iteritems():
        size += len(name) + len(value) + 4
        key = name.lower()
        clean = re.sub(r"[\r\n]+[ \t]*", " ", value).strip(" \t")  # RFC 9112 5.2: line folding
        found[key] = f"{found[key]}, {clean}" if key in found else clean
    if size > MAX_HEADER_BYTES:
        raise NetError("too_big", "The header is too big to be read.", was_sent=True)
    return found


def _wire_body(raw: BaseHTTPResponse, headers: Mapping[str, str], max_wire_bytes: int) -> bytes:
    stated = headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > max_wire_bytes and raw.status not in (204, 304):
        raise too_big(max_wire_bytes)
    pieces: list[bytes] = []
    size = 0
    for piece in _pieces(raw):
        size += len(piece)
        if size > max_wire_bytes:
            raise too_big(max_wire_bytes)
        pieces.append(piece)
    raw.release_conn()
    return b"".join(pieces)


def _pieces(raw: BaseHTTPResponse) -> Iterator[bytes]:
    while piece := raw.read(_CHUNK, decode_content=False):
        yield piece


def _drop(raw: BaseHTTPResponse | None) -> None:
    """Close the connection: what is left on it belongs to an answer nobody will read."""
    if raw is not None:
        raw.close()
        raw.release_conn()


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that it was made of; libraries wrap errors three deep."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        parts = [*current.args, getattr(current, "reason", None), current.__cause__]
        waiting.extend(part for part in [*parts, current.__context__] if _is_error(part))


def _is_error(value: object) -> bool:
    return isinstance(value, BaseException)


def as_net_error(error: Exception, call: Call) -> NetError:
    """Return what a library's error means, in words that hold no path and no credentials."""
    for part in _chain(error):
        if isinstance(part, NetError):
            return part
        named = _named_part(part, call)
        if named is not None:
            return named
    return NetError("protocol", "The answer is not proper HTTP.", was_sent=call.was_sent)


def _named_part(part: BaseException, call: Call) -> NetError | None:
    was_sent = call.was_sent
    match part:
        case ssl.SSLCertVerificationError():
            return NetError(
                "tls",
                f"The server's certificate is not valid: {part.verify_message}.",
                hint="Its owner has to renew it; for an own authority set `verify` to its CA file.",
            )
        case ssl.SSLError():
            why = (part.reason or "handshake failed").replace("_", " ").lower()
            return NetError("tls", f"No secure connection: {why}.", was_sent=was_sent)
        case http.client.IncompleteRead() | urllib3.exceptions.IncompleteRead():
            return NetError("truncated", "The answer was cut off before its end.", was_sent=True)
        case ConnectionError() if call.received > 0:
            return NetError("truncated", "The answer was cut off before its end.", was_sent=True)
        case ConnectionError():
            return NetError(
                "connect", "The server closed the connection without an answer.", was_sent=was_sent
            )
        case TimeoutError():
            return NetError("timeout", "The connection took too long.", was_sent=was_sent)
        case urllib3.exceptions.LocationParseError():
            return NetError("protocol", "This is not a usable web address.")
        case FileNotFoundError() | PermissionError():
            return NetError("tls", f"The CA file cannot be read: {part.strerror}.")
    return None
