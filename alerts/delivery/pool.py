"""Open connections to one mail server, lent out one mail at a time.

A connection is used for many mails (the handshake costs more than a mail), looked at before use
when it lay idle, and let go before the server would. Which error means what is not known here.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from alerts.delivery.smtp import Connection, Outgoing, Refused, Unable
from alerts.delivery.wire import Broken, Deadline, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.clock import Clock

_MAX_MAILS = 100  # per connection
_MAX_AGE_S = 300.0  # servers close what is older
_IDLE_S = 20.0  # a question before every mail would cost a round trip each
_GOODBYE_S = 2.0


class Pool:
    """At most `size` connections. Methods may be called by several threads."""

    def __init__(
        self, connect: Callable[[Deadline], Connection], clock: Clock, *, size: int = 4
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []  # the last used is taken first: the others may close
        self._lock = threading.Lock()

    def deliver(self, mail: Outgoing, seconds: float) -> Reply:
        """Return the accepting reply, or raise Broken, Refused or Unable, within `seconds`."""
        deadline = Deadline(self._clock, seconds)
        if not self._free.acquire(timeout=seconds):
            raise Broken("connect", "timeout", "all connections were busy")
        try:
            return self._deliver(mail, deadline)
        finally:
            self._free.release()

    def _deliver(self, mail: Outgoing, deadline: Deadline) -> Reply:
        used = self._take(deadline)
        if used is None:
            return self._over(self._connect(deadline), mail, deadline)
        try:
            return self._over(used, mail, deadline)
        except (Broken, Refused) as error:
            if not _is_stale(error):
                raise
        return self._over(self._connect(deadline), mail, deadline)

    def _over(self, connection: Connection, mail: Outgoing, deadline: Deadline) -> Reply:
        try:
            reply = connection.deliver(mail, deadline)
        except Refused as error:
            self._keep(connection, deadline, is_clean=False, is_leaving=error.reply.code == 421)
            raise
        except Unable:
            self._keep(connection, deadline)
            raise
        except BaseException:
            connection.close()
            raise
        self._keep(connection, deadline)
        return reply

    def _take(self, deadline: Deadline) -> Connection | None:
        while (connection := self._pop()) is not None:
            idle_s = self._clock.monotonic() - connection.used_at
            if self._is_worn(connection):
                self._bid_farewell(connection)
            elif idle_s <= _IDLE_S or connection.can_go_on(deadline, "NOOP"):
                return connection
            else:
                connection.close()
        return None

    def _pop(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _is_worn(self, connection: Connection) -> bool:
        age_s = self._clock.monotonic() - connection.opened_at
        return connection.mails >= _MAX_MAILS or age_s >= _MAX_AGE_S

    def _keep(
        self,
        connection: Connection,
        deadline: Deadline,
        *,
        is_clean: bool = True,
        is_leaving: bool = False,
    ) -> None:
        """Put back what can be used again: after a refusal only once RSET is answered."""
        if is_leaving or not (is_clean or connection.can_go_on(deadline)):
            connection.close()
        elif self._is_worn(connection):
            self._bid_farewell(connection)
        else:
            connection.used_at = self._clock.monotonic()
            with self._lock:
                self._idle.append(connection)

    def _bid_farewell(self, connection: Connection) -> None:
        connection.quit(Deadline(self._clock, _GOODBYE_S))

    def close(self) -> None:
        """Let go of all idle connections; a mail under way ends first and keeps its own."""
        while (connection := self._pop()) is not None:
            self._bid_farewell(connection)


def _is_stale(error: Broken | Refused) -> bool:
    """Whether only the used connection was at fault, so that a fresh one deserves a try.

    It had been closed meanwhile (nothing was accepted yet), said so by 421, or had lost step.
    """
    if isinstance(error, Refused):
        return error.stage == "mail" and error.reply.code in (421, 503)
    return error.kind == "network" and error.stage == "mail"
