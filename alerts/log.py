"""Structured log lines on standard error, with secrets masked.

One line per event: an event name in plain words and key=value pairs; `poll`, `digest` and
`delivery` ids tie the lines of one article's way together.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog

from alerts.masks import mask

if TYPE_CHECKING:
    from collections.abc import MutableMapping


def _mask_values(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = mask(value)
    return event


#: Empties the line that a terminal's cursor stands on.
CLEAR_LINE = "\r\x1b[2K"


def _over_the_live_line(render: Any) -> Any:
    """Let each log line take the place of the live line, which is written anew below it."""

    def rendered(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
        return f"{CLEAR_LINE}{render(logger, name, event)}"

    return rendered


def configure(*, as_json: bool = False, quiet: bool = False) -> None:
    """Send log lines to standard error: readable on a terminal, key=value or JSON elsewhere.

    `quiet`: warnings and errors only.
    """
    if as_json:
        renderer: Any = structlog.processors.JSONRenderer()
    elif sys.stderr.isatty():
        renderer = _over_the_live_line(structlog.dev.ConsoleRenderer())
    else:
        renderer = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask_values,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.WARNING if quiet else logging.INFO
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def get_logger() -> Any:
    """Return the logger; its lines carry whatever was bound to the context."""
    return structlog.get_logger()
