"""Results of sends that end at about the same time, recorded together.

A transaction for each costs more than the send. Whoever comes back first waits until nobody is
under way any more, 10 ms at most, and records for all who came meanwhile. By that much, and for
that many, does this widen the moment in which a kill doubles a message (with the same id): between
a server's acceptance and our commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from alerts.pipeline import Tried

#: How long the first result of a group waits for others.
_WAIT_S = 0.01


class Results:
    """Gathers what sending threads bring; `write` gets each group on the thread of its first."""

    def __init__(self, write: Callable[[Sequence[Tried]], None]) -> None:
        self._write = write
        self._writing = threading.Lock()
        self._group: list[Tried] = []
        self._away = 0
        self._none_away = threading.Condition()

    def expect(self, count: int) -> None:
        """So many threads begin to send, and each will `add` once."""
        with self._none_away:
            self._away += count

    def add(self, tried: Tried | None) -> None:
        """Take in a result (None: there was none, and nothing is to be recorded)."""
        with self._none_away:
            self._away -= 1
            if self._away == 0:
                self._none_away.notify()
            if tried is None:
                return
            self._group.append(tried)
            if len(self._group) > 1:
                return  # the first records it
            self._none_away.wait_for(lambda: self._away == 0, _WAIT_S)
        with self._writing:  # one group at a time: the next one grows meanwhile
            with self._none_away:
                group, self._group = self._group, []
            self._write(group)
