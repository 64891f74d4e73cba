"""Room for big bodies: so many at a time, so that no crowd of them fills the memory.

A place is taken when an answer is complete, so that no server is kept waiting, and given back when
nobody holds the answer any more.
"""

from __future__ import annotations

import threading

from alerts.netguard.neterror import NetError

#: Bodies up to this size need no room: that is more than nearly any feed has.
BIG_BYTES = 2_000_000

_PLACES = 2
_PATIENCE_S = 120.0


class Room:
    """A place among the big bodies; it ends with the last reference to it."""

    def __init__(self, places: threading.Semaphore) -> None:
        self._places = places

    def __del__(self) -> None:
        self._places.release()


class Rooms:
    """A few places, which threads wait for."""

    def __init__(self, places: int = _PLACES, patience_s: float = _PATIENCE_S) -> None:
        self._places = threading.Semaphore(places)
        self._patience_s = patience_s

    def take(self) -> Room:
        """Return a place, after a while if need be; NetError "timeout" if there is none."""
        if not self._places.acquire(timeout=self._patience_s):
            raise NetError(
                "timeout",
                "Too many big documents came at once: this one waited too long to be read.",
                hint="It is tried again by itself; look for feeds with fewer articles in them.",
                was_sent=True,
            )
        return Room(self._places)


#: Those of this process.
ROOMS = Rooms()
