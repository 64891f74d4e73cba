"""What is the same for many readers, made once: the last used stays, within a bound of memory.

Knows nothing of what it keeps: whoever keeps something names in its key all that it hangs on.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from sys import getsizeof
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

#: What a value takes beside itself: its key, and its place in the table.
_PLACE_BYTES = 1_000


class Kept(Generic[T]):
    """Values by key, in two generations: when the young ones fill half the room, the old ones go.

    May be used by several threads, which make a value twice at worst.
    """

    def __init__(self, max_bytes: int, size: Callable[[T], int] = getsizeof) -> None:
        self._room = max_bytes // 2
        self._size = size
        self._young: dict[Hashable, T] = {}
        self._old: dict[Hashable, T] = {}
        self._used = 0
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of `key`, made if there is none; None is no value."""
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            value = make() if value is None else value
            self._put(key, value)
        return value

    def _put(self, key: Hashable, value: T) -> None:
        with self._lock:
            self._used += self._size(value) + _PLACE_BYTES
            if self._used > self._room:
                self._old, self._young, self._used = self._young, {}, 0
            self._young[key] = value
