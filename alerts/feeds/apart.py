"""Big documents are read in processes of their own, which end when one of them costs too much.

A parser cannot be stopped within a thread, and one C call of it holds up every other thread. What
is small is read here and now: its size bounds what it can cost (`bounded`, `sniff`). The rest goes
to one of a few processes that the kernel ends after so many seconds of work, whatever they are
at. They start with the first big document, and end when there was none for a while.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Collection
from dataclasses import replace
from multiprocessing.connection import Connection, Pipe
from typing import Any

from alerts.feeds import documents
from alerts.feeds.documents import Document
from alerts.log import get_logger
from alerts.model import FetchedBody, FetchFailure

#: Bodies up to this size cost a second of work at most.
SMALL_BYTES = 200_000

#: Seconds of work that a document may cost, and so many more for each MB above what comes without
#: compression: 12 MB of 9,000 real articles cost two seconds, and a slow machine needs more.
_WORK_S = 2.0
_PLAIN_MB = 5.0
_WORK_S_PER_MB = 0.15

#: Seconds until a process that does not even work is given up: its machine has no time for it.
_WAIT_S = 90.0

#: A process that was given nothing for so long ends; so does one after a document of this size.
_IDLE_S = 60.0
_LAST_BYTES = 2_000_000

#: A parser takes four times the document; this bounds what goes wrong beyond that.
_MEMORY_BYTES = 1_000_000_000

_COSTLY = FetchFailure(
    "malformed",
    "Its document takes too long to be read: it was given up.",
    "Tell the site: a feed validator shows what is wrong. Or look for a feed with fewer articles.",
)


class _Process:
    """A process that does one piece of work after the other."""

    def __init__(self) -> None:
        self._pipe, other = Pipe()
        with other:
            # -P: the folder that the service runs in holds no modules of ours.
            command = [sys.executable, "-P", "-m", "alerts.feeds.apart", str(other.fileno())]
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                command,
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the service, which ends this one
            )

    def do(self, work: Callable[..., Any], work_s: float, answer: FetchedBody, *more: Any) -> Any:
        """Return what the work gives, _COSTLY; None if the process had ended of itself before."""
        try:
            self._pipe.send((work, work_s, replace(answer, body=b"", room=None), *more))
            self._pipe.send_bytes(answer.body)  # without a copy
            if self._pipe.poll(_WAIT_S):
                return self._pipe.recv()
        except (EOFError, OSError):
            if self._process.wait() == 0:
                return None
        self.end()
        get_logger().warning("a document was given up", feed=answer.final_url)
        return _COSTLY

    @property
    def is_there(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()


def _end_all(processes: list[_Process]) -> None:
    for process in processes:
        process.end()


class Reader:
    """Reads documents, big ones in a few processes; used by many threads."""

    def __init__(self, processes: int = 2, work_s: float = _WORK_S) -> None:
        self._work_s = work_s
        self._turn = threading.BoundedSemaphore(processes)
        self._free: list[_Process] = []
        weakref.finalize(self, _end_all, self._free)

    def read(
        self, answer: FetchedBody, known: str | None, now: float, items: Collection[bytes] = ()
    ) -> Document:
        """Read an answer's document as `documents.read` does."""
        if len(answer.body) <= SMALL_BYTES:
            return documents.read(answer, known, now, items)
        more_s = _WORK_S_PER_MB * max(0.0, len(answer.body) / 1e6 - _PLAIN_MB)
        found: Document | FetchFailure = self._apart(
            documents.read, self._work_s + more_s, answer, known, now, frozenset(items)
        )
        return Document("", found) if isinstance(found, FetchFailure) else found

    def article(self, answer: FetchedBody) -> str | FetchFailure:
        """Return the text of an article's page; always in a process, whatever its size."""
        from alerts.feeds import articles

        found: str | FetchFailure = self._apart(articles.text_in, self._work_s, answer)
        return found

    def _apart(self, work: Callable[..., Any], work_s: float, *args: Any) -> Any:
        with self._turn:
            while True:
                process = self._one()
                found = process.do(work, work_s, *args)
                if process.is_there:
                    self._free.append(process)
                else:
                    process.end()
                if found is not None:
                    return found

    def _one(self) -> _Process:
        try:
            return self._free.pop()
        except IndexError:
            return _Process()


def _serve(pipe: Connection) -> None:
    """Do what comes through the pipe until nothing does."""
    while pipe.poll(_IDLE_S):
        work, work_s, head, *more = pipe.recv()
        answer = replace(head, body=pipe.recv_bytes())
        # Without a handler the signal ends the process, in the middle of a C call too.
        signal.setitimer(signal.ITIMER_PROF, work_s)
        found = work(answer, *more)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send(found)
        if len(answer.body) > _LAST_BYTES:
            return


def _main() -> None:
    os.nice(5)  # the service goes first
    with contextlib.suppress(OSError, ValueError):  # not every system knows this limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    with contextlib.suppress(EOFError, OSError):  # the service has ended
        _serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    _main()
