"""Structured log lines on standard error, with secrets masked.

One line per event: an event name in plain words and key=value pairs; `poll`, `digest` and
`delivery` ids tie the lines of one article's way together.

No structlog: it loads rich, pygments and attrs, 4 MB in every process, to print one line.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from alerts.clock import SystemClock
from alerts.masks import mask

#: Empties the line that a terminal's cursor stands on.
CLEAR_LINE = "\r\x1b[2K"

_LEVELS = ("info", "warning", "error")
_COLOURS = {"info": 32, "warning": 33, "error": 31}  # of ANSI


class Logger:
    """Writes one line an event; its values may be anything that has a `repr`."""

    def __init__(self) -> None:
        self.render: Callable[[Mapping[str, Any]], str] = _pairs
        self.quietest = "warning"  # what is less than this is not written

    def info(self, event: str, **values: Any) -> None:
        """Write what went as it should."""
        self._write("info", event, values)

    def warning(self, event: str, **values: Any) -> None:
        """Write what somebody should look at."""
        self._write("warning", event, values)

    def error(self, event: str, *, exc_info: bool = False, **values: Any) -> None:
        """Write what went wrong; `exc_info`: with the exception that is being handled."""
        if exc_info:
            values["exception"] = traceback.format_exc().rstrip()
        self._write("error", event, values)

    def _write(self, level: str, event: str, values: Mapping[str, Any]) -> None:
        if _LEVELS.index(level) < _LEVELS.index(self.quietest):
            return
        now = dt.datetime.fromtimestamp(SystemClock().now(), dt.UTC)
        stamp = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        line = {"timestamp": stamp, "level": level, "event": event, **values}
        masked = {key: mask(v) if isinstance(v, str) else v for key, v in line.items()}
        sys.stderr.write(self.render(masked) + "\n")  # in one piece: threads share it
        sys.stderr.flush()


def _pairs(line: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={value!r}" for key, value in line.items())


def _json(line: Mapping[str, Any]) -> str:
    return json.dumps(line, default=repr)


def _coloured(line: Mapping[str, Any]) -> str:
    """Return the line for a terminal; it takes the place of the live line, written anew below."""
    rest = dict(line)
    stamp, level, event = (rest.pop(key) for key in ("timestamp", "level", "event"))
    raised = rest.pop("exception", None)
    pairs = " ".join(f"\x1b[36m{key}\x1b[0m={_bare(value)}" for key, value in rest.items())
    return (
        f"{CLEAR_LINE}\x1b[2m{stamp}\x1b[0m [\x1b[{_COLOURS[level]}m{level:<7}\x1b[0m]"
        f" \x1b[1m{event:<24}\x1b[0m {pairs}".rstrip()
        + (f"\n{raised}" if raised else "")
    )


def _bare(value: Any) -> str:
    """Return a word as it is, anything else so that its ends and control characters show."""
    return (
        value
        if isinstance(value, str) and value.isprintable() and " " not in value
        else repr(value)
    )


_logger = Logger()


def configure(*, as_json: bool = False, quiet: bool = False) -> None:
    """Send log lines to standard error: readable on a terminal, key=value or JSON elsewhere.

    `quiet`: warnings and errors only.
    """
    _logger.render = _json if as_json else _coloured if sys.stderr.isatty() else _pairs
    _logger.quietest = "warning" if quiet else "info"


def get_logger() -> Logger:
    """Return the logger of this process."""
    return _logger
