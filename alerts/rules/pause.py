"""The cycle collector rests while very many values are made that all stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the cycle collector: of what is made here nothing is garbage before the end.

    It would walk all of it again and again: of 10,000 rules a third of the time to read them, half
    of the time to compile them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
