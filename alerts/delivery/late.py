"""A stored payload that waited for hours, with a line on top that says why it comes late.

The payload was made when the digest was; what is late about it is known only when it is sent. Ids,
headers and everything else stay as they are.
"""

from __future__ import annotations

import html
import json
import quopri
from collections.abc import Callable

from alerts.model import DestinationKind
from alerts.quoted import quoted_printable

_BLANK = b"\r\n\r\n"
_BOX = (
    '<p class="box ink" style="font-family:-apple-system,\'Segoe UI\',Roboto,sans-serif;'
    "font-size:16px;line-height:24px;margin:8px 0 0;padding:10px 14px;background-color:#fbf4e2;"
    'border-left:4px solid #b7791f;color:#1d1d1b">{}</p>'
)


def with_line(kind: DestinationKind, payload: bytes, delivery_id: str, line: str) -> bytes:
    """Return the payload with the line on top; as it is where it has no place for one."""
    if kind == "email":
        return _mail(payload, delivery_id, line)
    document = json.loads(payload)
    data = document.get("data")
    if kind == "webhook" and isinstance(data, dict):
        data["late"] = line
    elif kind == "slack" and isinstance(document.get("blocks"), list):
        text = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        elements = [{"type": "mrkdwn", "text": f":hourglass: {text}"}]
        document["blocks"].insert(1, {"type": "context", "elements": elements})
    else:
        return payload
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _mail(message: bytes, delivery_id: str, line: str) -> bytes:
    """Put the line first into both parts of a mail of `compose`."""
    begin = f"--=_{delivery_id}".encode()
    head, *parts = message.split(begin)
    if len(parts) != 3:  # plain, html, what ends the last
        return message
    plain = _changed(parts[0], lambda text: f"{line}\r\n\r\n{text}")
    rich = _changed(parts[1], lambda text: _in_html(text, line))
    return begin.join((head, plain, rich, parts[2]))


def _changed(part: bytes, change: Callable[[str], str]) -> bytes:
    head, blank, body = part.partition(_BLANK)
    text = quopri.decodestring(body).decode("utf-8", "replace").removesuffix("\r\n")
    return b"".join((head, blank, quoted_printable(change(text)), b"\r\n"))


def _in_html(text: str, line: str) -> str:
    """Put the line below the heading, or where the page begins."""
    for mark in ("</h1>", "<body>"):
        before, found, after = text.partition(mark)
        if found:
            return before + found + _BOX.format(html.escape(line)) + after
    return text
