"""The only place that reads the time, sleeps or draws random numbers.

`SystemClock` is the real one; `FakeClock` is a real member of the family, used by tests, by the
demo and by simulations: its sleep moves its own time and returns at once.
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Time and chance, as values that can be replaced."""

    def now(self) -> float:
        """Return wall-clock UTC epoch seconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never jump; only differences mean something."""
        ...

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        """Wait; return True if `wake` was set before the time was over."""
        ...

    def random(self) -> float:
        """Return a number in [0, 1) for jitter; not for secrets."""
        ...

    def token(self) -> str:
        """Return 128 unpredictable bits as 32 hexadecimal digits."""
        ...


class SystemClock:
    """The machine's own clock and randomness."""

    def now(self) -> float:
        """Return wall-clock UTC epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        """Wait for `seconds`, or until `wake` is set."""
        if wake is not None:
            return wake.wait(max(0.0, seconds))
        time.sleep(max(0.0, seconds))
        return False

    def random(self) -> float:
        """Return a number in [0, 1)."""
        return random.random()

    def token(self) -> str:
        """Return 32 unpredictable hexadecimal digits."""
        return secrets.token_hex(16)


class FakeClock:
    """A clock that stands still until it is told to move; deterministic from its seed."""

    def __init__(self, now: float = 1_795_503_600.0, seed: int = 0) -> None:
        self._now = now  # 2026-11-24 07:00 UTC
        self._mono = 0.0
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the fake wall-clock time."""
        return self._now

    def monotonic(self) -> float:
        """Return the fake monotonic time."""
        return self._mono

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += seconds
            self._mono += seconds

    def jump(self, seconds: float) -> None:
        """Move the wall clock only, as an NTP step or an administrator would."""
        with self._lock:
            self._now += seconds

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        """Let time pass at once."""
        if wake is not None and wake.is_set():
            return True
        self.advance(max(0.0, seconds))
        return False

    def random(self) -> float:
        """Return the next number of the seeded sequence."""
        with self._lock:
            return self._random.random()

    def token(self) -> str:
        """Return the next 32 hexadecimal digits of the seeded sequence."""
        with self._lock:
            return f"{self._random.getrandbits(128):032x}"


def iso(epoch: float | None) -> str | None:
    """Return RFC 3339 UTC with whole seconds ("2026-11-24T07:30:00Z"), None for None."""
    if epoch is None:
        return None
    return dt.datetime.fromtimestamp(epoch, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
