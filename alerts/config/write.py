"""Values as they are written into subscribers.yaml, so that reading gives them back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from alerts.model import Feed

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ._/@-]*[A-Za-z0-9._/-]")
_BARE = frozenset({"yes", "no", "on", "off", "true", "false", "null", "none"})
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?@!$&()*+;=%-]+")


def scalar(text: str) -> str:
    """Return a text as YAML: as it stands where that is safe, else in double quotes."""
    if _ADDRESS.fullmatch(text) and not text.endswith(":"):
        return text
    if _PLAIN.fullmatch(text) and text.casefold() not in _BARE:
        return text
    # YAML's double quotes take every escape of JSON; what is not printable needs one.
    return "".join(_escaped(char) for char in json.dumps(text, ensure_ascii=False))


def _escaped(char: str) -> str:
    if char.isprintable() and char != "\N{ZERO WIDTH NO-BREAK SPACE}":
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def feed_lines(feed: Feed, indent: str = "  ") -> Iterable[str]:
    """Yield the lines of one item of `feeds:`."""
    if not feed.name and not feed.tags:
        yield f"{indent}- {scalar(feed.url)}"
        return
    keys = [("name", scalar(feed.name))] if feed.name else []
    keys.append(("url", scalar(feed.url)))
    if feed.tags:
        keys.append(("tags", f"[{', '.join(map(scalar, feed.tags))}]"))
    for n, (key, value) in enumerate(keys):
        yield f"{indent}{'- ' if n == 0 else '  '}{key}: {value}"
