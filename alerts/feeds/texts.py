"""Small rules that every feed format shares: how long a text may be, what is a link."""

from __future__ import annotations

import re

MAX_CHARS = 1_000_000  # what rules judge; the store keeps less
MAX_TAGS = 200
_BREAKS = re.compile(r"[\t\r\n]+")
_WEB = re.compile(r"(?i)https?://[^\s/?#]")


def cut(text: str) -> str:
    """Return at most a million characters."""
    return text[:MAX_CHARS]


def link_of(text: str) -> str | None:
    """Return a web address without line breaks and with its spaces escaped, None if it is none."""
    link = _BREAKS.sub("", text.strip()).replace(" ", "%20")
    return link if _WEB.match(link) else None
