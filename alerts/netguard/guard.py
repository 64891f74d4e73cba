"""The guard: which addresses may be dialled for which purpose, checked on the connected address.

One look-up gives all candidates and only candidates that pass are dialled, so a name server that
answers differently a second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Literal

from alerts.clock import Clock
from alerts.netguard import addresses
from alerts.netguard.neterror import NetError
from alerts.netguard.resolve import Names, Resolver, system_resolver

Purpose = Literal["feed", "webhook"]

#: (numeric address, port, timeout in seconds) -> connected socket; raises OSError.
Dialer = Callable[[str, int, float], socket.socket]

CONNECT_S = 3.0  # per address: a black hole on IPv6 must leave time for IPv4
PORTS = frozenset({80, 443, 8080, 8443})


def system_dialer(address: str, port: int, timeout_s: float) -> socket.socket:
    """Connect over TCP to exactly this address."""
    sock = socket.create_connection((address, port), timeout=timeout_s)
    # Without it a small request waits for the acknowledgement of the one before (Nagle).
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Guard:
    """Decides on addresses and dials those that pass; safe to share between threads."""

    def __init__(
        self,
        allow_nets: Iterable[addresses.Network | str] = (),
        resolver: Resolver = system_resolver,
        dialer: Dialer = system_dialer,
        clock: Clock | None = None,
    ) -> None:
        self._allowed = tuple(ipaddress.ip_network(net) for net in allow_nets)
        self._names = Names(resolver, clock)
        self._dialer = dialer

    def check_address(self, ip: str, port: int, purpose: Purpose, *, is_tls: bool = True) -> None:
        """Raise NetError "blocked" unless `ip`:`port` may be contacted for `purpose`."""
        try:
            address = addresses.read(ip)
        except ValueError:
            raise NetError("blocked", f"{ip!r} is not an internet address.") from None
        if addresses.is_inside(address, self._allowed):
            return
        if not addresses.is_public(address):
            raise NetError(
                "blocked",
                f"The address {ip} belongs to this machine or a private network.",
                hint=f"If that is meant, add {address} to ALERTS_ALLOW_NETS.",
            )
        if port not in PORTS:
            raise NetError(
                "blocked", f"Port {port} is refused: only 80, 443, 8080 and 8443 are open to us."
            )
        if purpose == "webhook" and not is_tls:
            raise NetError("blocked", "A webhook is posted over https only.")

    def dial(
        self,
        host: str,
        port: int,
        *,
        purpose: Purpose,
        is_tls: bool,
        remaining: Callable[[], float],
    ) -> socket.socket:
        """Return a socket connected to `host`; NetError dns, blocked, connect or timeout.

        `remaining` gives the seconds left and raises NetError when there are none.
        """
        failure: NetError | None = None
        for ip in self._names.addresses(host, port, remaining()):
            try:
                self.check_address(ip, port, purpose, is_tls=is_tls)
                return self._dialer(ip, port, min(CONNECT_S, remaining()))
            except NetError as error:
                if error.kind != "blocked":
                    raise
                failure = failure or _naming(host, ip, error)
            except OSError as error:
                failure = _unreachable(host, port, error)
        raise failure or NetError("dns", f"The name {host} has no address.")


def _naming(host: str, ip: str, error: NetError) -> NetError:
    if host.strip("[]") == ip:
        return error
    return NetError("blocked", f"{host} leads to {ip}. {error.message}", hint=error.hint)


def _unreachable(host: str, port: int, error: OSError) -> NetError:
    why = "no answer" if isinstance(error, TimeoutError) else (error.strerror or "no route")
    return NetError(
        "connect",
        f"No connection to {host} on port {port}: {why.lower()}.",
        hint="The server may be down; it is tried again by itself.",
    )
