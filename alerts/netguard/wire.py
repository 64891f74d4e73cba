"""Sockets and connections that keep a deadline and a byte budget, under a requests session.

The time-outs of requests limit one read, so a byte every half second holds it for ever. Here each
read of a socket is given what is left of the whole call, and every byte is counted: a dribbled
handshake, header or body all end at the deadline, with an error that nothing can mistake for a
clean end of the body.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from socket import socket
from typing import Any, cast

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import parse_url

from alerts.clock import Clock
from alerts.netguard.guard import Guard, Purpose
from alerts.netguard.neterror import NetError

MAX_HEADER_BYTES = 65_536
_READ_AHEAD = 8_192  # the response's buffered reader may take this much of the body with a header


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


_CALL: ContextVar[Call | None] = ContextVar("alerts_netguard_call", default=None)


def _call() -> Call:
    call = _CALL.get()
    if call is None:
        raise NetError("blocked", "A guarded session is used through netguard.exchange only.")
    return call


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
    call = _call()
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
    call = _call()
    call.was_reused = wire is not None and getattr(wire, "call", call) is not call
    if wire is not None:
        wire.call = call


class _Plain(HTTPConnection):
    def __init__(self, *args: Any, guard: Guard, purpose: Purpose, **options: Any) -> None:
        super().__init__(*args, **options)
        self._dialled = functools.partial(_dial, self, guard, purpose, is_tls=False)

    def _new_conn(self) -> socket:
        return self._dialled()

    def request(self, *args: Any, **options: Any) -> None:
        _serve(self)
        super().request(*args, **options)


class _Tls(HTTPSConnection):
    def __init__(self, *args: Any, guard: Guard, purpose: Purpose, **options: Any) -> None:
        super().__init__(*args, **options)
        self._dialled = functools.partial(_dial, self, guard, purpose, is_tls=True)

    def _new_conn(self) -> socket:
        return self._dialled()

    def request(self, *args: Any, **options: Any) -> None:
        _serve(self)
        super().request(*args, **options)


class _Pools(PoolManager):
    """A pool manager whose pools make guarded connections only."""

    def __init__(self, guard: Guard, purpose: Purpose, **options: Any) -> None:
        super().__init__(**options)
        self._connections: dict[str, Callable[..., HTTPConnection]] = {
            "http": functools.partial(_Plain, guard=guard, purpose=purpose),
            "https": functools.partial(_Tls, guard=guard, purpose=purpose),
        }

    def _new_pool(
        self, scheme: str, host: str, port: int, request_context: dict[str, Any] | None = None
    ) -> HTTPConnectionPool:
        pool = super()._new_pool(scheme, host, port, request_context)
        pool.ConnectionCls = self._connections[scheme]  # type: ignore[assignment]
        return pool


class GuardedAdapter(HTTPAdapter):
    """The only adapter of a session: guarded dials, one TLS context, no retries, no proxies."""

    def __init__(self, guard: Guard, purpose: Purpose, ca_file: str | None) -> None:
        self._guard = guard
        self._purpose: Purpose = purpose
        self._ca_file = ca_file
        super().__init__(pool_connections=64, pool_maxsize=2, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **options: Any
    ) -> None:
        """Make the pool manager; called by the constructor."""
        self.poolmanager = _Pools(
            self._guard, self._purpose, num_pools=connections, maxsize=maxsize, block=block
        )

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Return host and TLS parameters of a request; `verify` of requests is not consulted."""
        parsed = parse_url(request.url or "")
        host = {"scheme": parsed.scheme, "host": parsed.host, "port": parsed.port}
        if parsed.scheme != "https":
            return host, {}
        changed = Path(self._ca_file).stat().st_mtime if self._ca_file else 0.0
        return host, {"ssl_context": tls_context(self._ca_file, changed)}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Do nothing: the shared context verifies, and requests would read its bundle again."""

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Refuse: a proxy would connect where the guard cannot look."""
        raise NetError("blocked", "A proxy cannot be used for guarded traffic.")


def session(guard: Guard, *, purpose: Purpose, verify: str | None = None) -> requests.Session:
    """Return a session that can dial only what `guard` allows; no environment, no cookies.

    `verify` is a file of certificate authorities to trust instead of the system's.
    """
    made = requests.Session()
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.adapters.clear()
    adapter = GuardedAdapter(guard, purpose, verify)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def in_call(call: Call, action: Callable[[], requests.Response]) -> requests.Response:
    """Run `action` so that every connection it opens or reuses serves `call`."""
    token = _CALL.set(call)
    try:
        return action()
    finally:
        _CALL.reset(token)
