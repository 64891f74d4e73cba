"""Names to addresses under a deadline; remembers failures for a minute, successes never.

The system's resolver cannot be interrupted, so each look-up runs in a daemon thread of its own,
which a hanging name server holds while the caller goes on. It does not judge addresses.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence

from alerts.clock import Clock, SystemClock
from alerts.netguard.neterror import NetError

#: (host, port) -> numeric addresses in the order to try them; raises OSError or UnicodeError.
Resolver = Callable[[str, int], Sequence[str]]

LOOKUP_S = 5.0
NEGATIVE_S = 60.0  # RFC 2308 allows hours; a minute spares the resolver and heals soon
_MOST_FAILURES = 10_000


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Ask the operating system, which also reads odd spellings (0x7f.1, 2130706433, 0177.1)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class _Lookup:
    """One look-up in flight; `done` is set when `addresses` or `error` holds its end."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.addresses: Sequence[str] = ()
        self.error = ""

    def run(self, resolver: Resolver, host: str, port: int) -> None:
        try:
            self.addresses = resolver(host, port)
            if not self.addresses:
                self.error = "no address"
        except (OSError, UnicodeError) as error:
            self.error = getattr(error, "strerror", None) or "not a host name"
        finally:
            self.done.set()


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Names:
    """Looks names up: one thread per name in flight, a negative cache of a minute."""

    def __init__(self, resolver: Resolver, clock: Clock | None = None) -> None:
        self._resolver = resolver
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._flying: dict[tuple[str, int], _Lookup] = {}
        self._failed: dict[str, tuple[float, str]] = {}  # host -> (until, why)

    def addresses(self, host: str, port: int, timeout_s: float) -> Sequence[str]:
        """Return the numeric addresses of `host`; NetError "dns" if there are none in time."""
        if _is_literal(host):
            return (host,)
        self._refuse_known_failure(host)
        lookup = self._start(host, port)
        wait_s = max(0.0, min(timeout_s, LOOKUP_S))
        if not lookup.done.wait(wait_s):
            self._remember(host, "the name server did not answer in time")
        elif lookup.error:
            self._remember(host, lookup.error)
        else:
            return lookup.addresses
        self._refuse_known_failure(host)
        raise NetError("dns", f"The name {host} cannot be resolved.")

    def _start(self, host: str, port: int) -> _Lookup:
        with self._lock:
            lookup = self._flying.get((host, port))
            if lookup is not None:
                return lookup
            lookup = self._flying[host, port] = _Lookup()

        def work() -> None:
            lookup.run(self._resolver, host, port)
            with self._lock:
                self._flying.pop((host, port), None)

        threading.Thread(target=work, name=f"resolve {host}", daemon=True).start()
        return lookup

    def _remember(self, host: str, why: str) -> None:
        with self._lock:
            if len(self._failed) >= _MOST_FAILURES:
                self._failed.clear()
            self._failed[host] = (self._clock.monotonic() + NEGATIVE_S, why)

    def _refuse_known_failure(self, host: str) -> None:
        with self._lock:
            until, why = self._failed.get(host, (0.0, ""))
            if self._clock.monotonic() >= until:
                self._failed.pop(host, None)
                return
        raise NetError(
            "dns",
            f"The name {host} cannot be resolved ({why}).",
            hint="Check the address for a typing mistake; the site may also have moved or closed.",
        )
