"""A connection that is opened to see that it can be, and closed without a request."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from alerts.clock import Clock
from alerts.netguard.answer import as_net_error, wire_url
from alerts.netguard.guard import Guard, Purpose
from alerts.netguard.wire import Call, tls_context


@dataclass(frozen=True, slots=True)
class Handshake:
    """Who answered: the numeric address, and how it is encrypted ("" for plain http)."""

    address: str
    port: int
    tls: str = ""
    valid_until: float | None = None  # the certificate, epoch seconds


def handshake(
    guard: Guard,
    url: str,
    *,
    purpose: Purpose,
    deadline_s: float,
    clock: Clock,
    ca_file: str | None = None,
) -> Handshake:
    """Dial the host of `url` through the guard and, for https, agree on encryption.

    NetError as `exchange` raises it; no byte of a request is sent.
    """
    parts = urlsplit(wire_url(url))
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    call = Call(clock, deadline_s)
    sock = guard.dial(host, port, purpose=purpose, is_tls=is_tls, remaining=call.remaining)
    with sock:
        address = str(sock.getpeername()[0])
        if not is_tls:
            return Handshake(address, port)
        sock.settimeout(call.remaining())
        try:
            changed = Path(ca_file).stat().st_mtime if ca_file else 0.0
            with tls_context(ca_file, changed).wrap_socket(sock, server_hostname=host) as secure:
                until = (secure.getpeercert() or {}).get("notAfter")
                ends = ssl.cert_time_to_seconds(until) if isinstance(until, str) else None
                return Handshake(address, port, secure.version() or "", ends)
        except OSError as error:
            raise as_net_error(error, call) from error
