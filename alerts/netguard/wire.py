"""Sockets and connections that keep a deadline and a byte budget, under urllib3.

Its time-outs limit one read, so a byte every half second holds it for ever. Here each
read of a socket is given what is left of the whole call, and every byte is counted: a dribbled
handshake, header or body all end at the deadline, with an error that nothing can mistake for a
clean end of the body.
"""

from __future__ import annotations

import functools
import http.client
import ssl
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from socket import socket
from typing import Any, cast
from urllib.parse import urlsplit

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from alerts.clock import Clock
from alerts.netguard.guard import Guard, Purpose
from alerts.netguard.neterror import NetError

MAX_HEADER_BYTES = 65_536
_READ_AHEAD = 8_192  # the response's buffered reader may take this much of the body with a header

#: Statuses between these are provisional.
_UPGRADED, _LEAST_FINAL = 101, 200

#: So many hosts keep their connections, and so many each.
_KEPT_POOLS, _KEPT_CONNECTIONS = 64, 2

#: Scheme, host, port, and when the file of certificate authorities was changed.
_Place = tuple[str, str, int, float]
_PORTS = {"http": 80, "https": 443}


class Call:
    """One exchange in progress: its deadline, its budget of bytes and how far it came."""

    def __init__(self, clock: Clock, deadline_s: float) -> None:
        self._clock = clock
        self._deadline_s = deadline_s
        self._ends_at = clock.monotonic() + deadline_s
        self._budget = MAX_HEADER_BYTES + _READ_AHEAD
        self._is_in_header = True
        self.was_sent = False
        self.was_reused = False
        self.received = 0

    def remaining(self) -> float:
        """Return the seconds left; NetError "timeout" if none are."""
        left = self._ends_at - self._clock.monotonic()
        if left <= 0:
            raise self.timed_out()
        return left

    def timed_out(self) -> NetError:
        """Return the error of this call's deadline."""
        return NetError(
            "timeout",
            f"No complete answer within {self._deadline_s:g} seconds.",
            hint="The server is slow or overloaded; it is tried again by itself.",
            was_sent=self.was_sent,
        )

    def took(self, count: int) -> None:
        """Count received bytes; NetError "too_big" when there are more than the budget."""
        self.received += count
        if self.received > self._budget:
            what = "header" if self._is_in_header else "answer"
            raise NetError("too_big", f"The {what} is too big to be read.", was_sent=True)

    def begin_body(self, max_wire_bytes: int) -> None:
        """Widen the budget from header to body; chunk framing gets as much again as a header."""
        self._is_in_header = False
        self._budget = self.received + max_wire_bytes + max_wire_bytes // 4 + MAX_HEADER_BYTES


#: What a connection that is made or taken again serves; set by `Session.send` alone.
_CALL: ContextVar[Call] = ContextVar("alerts_netguard_call")


class _Wire(socket):
    """A TCP socket whose every operation is limited by the call it serves."""

    call: Call

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self.call.remaining())
        try:
            count = super().recv_into(buffer, nbytes, flags)
        except TimeoutError:
            raise self.call.timed_out() from None
        self.call.took(count)
        return count

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.settimeout(self.call.remaining())
        self.call.was_sent = True
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise self.call.timed_out() from None


class _TlsWire(ssl.SSLSocket):
    """The same over TLS; the handshake is limited by the time-out set before it."""

    call: Call

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(self.call.remaining())
        try:
            count = super().recv_into(buffer, nbytes, flags)
        except TimeoutError:
            raise self.call.timed_out() from None
        self.call.took(count)
        return count

    def send(self, data: Any, flags: int = 0) -> int:
        self.settimeout(self.call.remaining())
        self.call.was_sent = True
        try:
            return super().send(data, flags)
        except TimeoutError:
            raise self.call.timed_out() from None


@functools.lru_cache(maxsize=64)
def tls_context(ca_file: str | None, _changed: float = 0.0) -> ssl.SSLContext:
    """Return the one context for these authorities: building it costs 20 ms, sharing it nothing.

    Raises OSError or ssl.SSLError when `ca_file` cannot be used.
    """
    paths = ssl.get_default_verify_paths()
    if ca_file is None and not (paths.cafile or paths.capath):
        ca_file = certifi.where()  # a slim container without authorities of its own
    context = ssl.create_default_context(cafile=ca_file)
    context.sslsocket_class = _TlsWire
    return context


def _dial(connection: HTTPConnection, guard: Guard, purpose: Purpose, *, is_tls: bool) -> _Wire:
    call = _CALL.get()
    # urllib3 hands an IPv6 literal over without its brackets, a name as it stands in the URL.
    host = connection.host.strip("[]")
    raw = guard.dial(
        host, connection.port or 0, purpose=purpose, is_tls=is_tls, remaining=call.remaining
    )
    wire = _Wire(raw.family, raw.type, raw.proto, fileno=raw.detach())
    wire.call = call
    wire.settimeout(call.remaining())
    return wire


def _serve(connection: HTTPConnection) -> None:
    """Hand the connection's socket to the call that uses it now."""
    wire = cast("_Wire | _TlsWire | None", connection.sock)
    call = _CALL.get()
    call.was_reused = wire is not None and getattr(wire, "call", call) is not call
    if wire is not None:
        wire.call = call


class _Response(http.client.HTTPResponse):
    """An answer; what is provisional before it (103 and its like) is passed over."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not _UPGRADED < status[1] < _LEAST_FINAL:  # 100 is passed over by the superclass
                return status
            while self.fp.readline(MAX_HEADER_BYTES).strip():
                pass


class _Plain(HTTPConnection):
    response_class = _Response

    def __init__(self, *args: Any, guard: Guard, purpose: Purpose, **options: Any) -> None:
        super().__init__(*args, **options)
        self._dialled = functools.partial(_dial, self, guard, purpose, is_tls=False)

    def _new_conn(self) -> socket:
        return self._dialled()

    def request(self, *args: Any, **options: Any) -> None:
        _serve(self)
        super().request(*args, **options)


class _Tls(HTTPSConnection):
    response_class = _Response

    def __init__(self, *args: Any, guard: Guard, purpose: Purpose, **options: Any) -> None:
        super().__init__(*args, **options)
        self._dialled = functools.partial(_dial, self, guard, purpose, is_tls=True)

    def _new_conn(self) -> socket:
        return self._dialled()

    def request(self, *args: Any, **options: Any) -> None:
        _serve(self)
        super().request(*args, **options)


class Session:
    """Connections that `guard` allows, kept alive: one TLS context, no retries, proxies, cookies.

    `verify` is a file of certificate authorities to trust instead of the system's. Nothing is read
    from the environment. Safe to share between threads.
    """

    def __init__(self, guard: Guard, *, purpose: Purpose, verify: str | None = None) -> None:
        self._ca_file = verify
        self._made: dict[str, Callable[..., HTTPConnection]] = {
            "http": functools.partial(_Plain, guard=guard, purpose=purpose),
            "https": functools.partial(_Tls, guard=guard, purpose=purpose),
        }
        self._pools: OrderedDict[_Place, HTTPConnectionPool] = OrderedDict()  # last used last
        self._lock = threading.Lock()

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, call: Call
    ) -> BaseHTTPResponse:
        """Send a request for `call`; return its answer with the body unread.

        Raises NetError, and whatever urllib3 and ssl raise.
        """
        token = _CALL.set(call)
        try:
            return self._pool(url).urlopen(
                method,
                _target(url),
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=call.remaining(),
                preload_content=False,
                decode_content=False,
            )
        finally:
            _CALL.reset(token)

    def close(self) -> None:
        """Close every connection that is kept alive."""
        with self._lock:
            pools, self._pools = self._pools, OrderedDict()
        for pool in pools.values():
            pool.close()

    def _pool(self, url: str) -> HTTPConnectionPool:
        """Return the connections to a host; a pool that is forgotten ends with its last user."""
        parts = urlsplit(url)
        changed = 0.0
        if self._ca_file and parts.scheme == "https":
            changed = Path(self._ca_file).stat().st_mtime
        # A port that is left out would be looked for in an IPv6 address.
        place = (parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme], changed)
        with self._lock:
            pool = self._pools.pop(place, None) or self._new_pool(*place)
            self._pools[place] = pool
            if len(self._pools) > _KEPT_POOLS:
                self._pools.popitem(last=False)
        return pool

    def _new_pool(self, scheme: str, host: str, port: int, changed: float) -> HTTPConnectionPool:
        if scheme == "https":
            context = tls_context(self._ca_file, changed)
            pool: HTTPConnectionPool = HTTPSConnectionPool(
                host, port, maxsize=_KEPT_CONNECTIONS, ssl_context=context
            )
        else:
            pool = HTTPConnectionPool(host, port, maxsize=_KEPT_CONNECTIONS)
        pool.ConnectionCls = self._made[scheme]  # type: ignore[assignment]
        return pool


def _target(url: str) -> str:
    """Return what is asked of the host; two slashes would be read as another host's name."""
    parts = urlsplit(url)
    path = f"/{parts.path.lstrip('/')}" if parts.path.startswith("//") else parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
