"""The dead man's switch: a request after each healthy minute, to whoever watches for their absence.

No guard: the address is the operator's own, out of the environment. The time is limited all the
same, and no redirect is followed.
"""

from __future__ import annotations

from collections.abc import Callable

from alerts import __version__
from alerts.clock import Clock
from alerts.links import host
from alerts.log import get_logger
from alerts.model import Secret
from alerts.netguard import Guard, NetError, Session, exchange

_DEADLINE_S = 10.0
_MAX_BYTES = 65_536
_ANYWHERE = ("0.0.0.0/0", "::/0")


class Ping:
    """Requests one address; says once that it cannot, and once that it can again."""

    def __init__(self, url: Secret, clock: Clock, is_healthy: Callable[[], bool]) -> None:
        self._url = url
        self._clock = clock
        self._is_healthy = is_healthy
        self._session = Session(Guard(_ANYWHERE), purpose="webhook")
        self._fails = False

    def beat(self) -> None:
        """Request the address if all is well; call it once a minute."""
        if not self._is_healthy():
            return
        trouble = self._trouble()
        if trouble and not self._fails:
            get_logger().warning("ping failed", host=host(self._url.reveal()), error=trouble)
        elif self._fails and not trouble:
            get_logger().info("ping works again", host=host(self._url.reveal()))
        self._fails = bool(trouble)

    def _trouble(self) -> str:
        try:
            answer = exchange(
                self._session,
                "GET",
                self._url.reveal(),
                headers={"User-Agent": f"alerts/{__version__}", "Accept": "*/*"},
                deadline_s=_DEADLINE_S,
                max_wire_bytes=_MAX_BYTES,
                max_decoded_bytes=_MAX_BYTES,
                clock=self._clock,
            )
        except NetError as error:
            return f"no answer ({error.kind})"  # its words may hold the address, which is a secret
        return "" if answer.status < 300 else f"it answers {answer.status}"
