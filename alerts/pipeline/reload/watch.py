"""Whether the files of a configuration were edited, from their stat alone, and are at rest again.

It follows `include` by itself, so that a file that comes into an included folder counts. What the
files mean is `config`'s matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from alerts.clock import Clock
from alerts.config.nodes import (
    MappingNode,
    Refused,
    ScalarNode,
    SequenceNode,
    documents,
    refusal,
)

#: An editor that writes in steps is done when nothing changed for this long.
REST_S = 1.0

_MAX_FILES = 1000

_Stat = tuple[int, int, int, int]  # modified, changed, inode, size


class Watch:
    """Looks at the main file, what it includes, and the .env beside it."""

    def __init__(self, main: Path, clock: Clock) -> None:
        self._main = main
        self._clock = clock
        self._taken: Mapping[Path, _Stat | None] | None = None  # None: never taken
        self._seen: Mapping[Path, _Stat | None] = {}
        self._seen_at = clock.monotonic()
        self._patterns: dict[Path, tuple[_Stat, tuple[str, ...]]] = {}

    def edited(self) -> bool:
        """Whether the files are others than those last done, and rest; at first they are.

        Call it every second, and `done` when they were read and taken. What is written meanwhile
        is the next edit.
        """
        now, found = self._clock.monotonic(), self._look()
        if found != self._seen:
            self._seen, self._seen_at = found, now
        return found != self._taken and now - self._seen_at >= REST_S

    def done(self) -> None:
        """Note that what the last look saw was taken."""
        self._taken = self._seen

    def _look(self) -> dict[Path, _Stat | None]:
        found: dict[Path, _Stat | None] = {}
        waiting = [self._main]
        while waiting and len(found) < _MAX_FILES:
            path = waiting.pop()
            if path in found:
                continue
            found[path] = stat = _stat(path)
            if stat is not None:
                waiting += self._included(path, stat)
        env = self._main.parent / ".env"
        return found | {env: _stat(env)}

    def _included(self, path: Path, stat: _Stat) -> Iterator[Path]:
        known = self._patterns.get(path)
        if known is None or known[0] != stat:
            known = self._patterns[path] = (stat, _patterns(path))
        for pattern in known[1]:
            yield from _matching(path.parent, pattern)


def _stat(path: Path) -> _Stat | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size)


def _patterns(path: Path) -> tuple[str, ...]:
    """Return what a file includes; of one that cannot be read nothing: an edit will mend it."""
    try:
        data = path.read_bytes() if path.is_file() else b""
        roots = [] if refusal(data) else documents(path.name, data.decode("utf-8-sig"))
    except (OSError, UnicodeError, yaml.YAMLError, Refused):
        return ()
    return tuple(
        item.value
        for root in roots
        if isinstance(root, MappingNode)
        for key, node in root.value
        if key.value == "include"
        for item in (node.value if isinstance(node, SequenceNode) else [node])
        if isinstance(item, ScalarNode)
    )


def _matching(folder: Path, pattern: str) -> list[Path]:
    if not any(sign in pattern for sign in "*?["):
        return [folder / pattern]
    path = Path(pattern)
    if path.is_absolute():
        folder, pattern = Path(path.anchor), str(path.relative_to(path.anchor))
    try:
        return sorted(folder.glob(pattern))
    except (OSError, ValueError, NotImplementedError, IndexError):
        return []
