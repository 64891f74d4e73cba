"""A Slack message drawn as a web page, for pictures: what Block Kit makes of our blocks."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

_LOCK = (
    '<svg width="13" height="15" viewBox="0 0 13 15"><path d="M3.5 7V4.5a3 3 0 0 1 6 0V7"'
    ' fill="none" stroke="#b8860b" stroke-width="1.6"/>'
    '<rect x="1.5" y="6.5" width="10" height="8" rx="1.5" fill="#e0a526"/></svg>'
)
_WARNING = (
    '<svg width="16" height="15" viewBox="0 0 16 15"><path d="M8 1 15 14H1Z" fill="#f2b632"/>'
    '<path d="M8 5.5v4.5M8 11.4v1.4" stroke="#3b2f0b" stroke-width="1.6"/></svg>'
)
_EMOJI = {":lock:": _LOCK, ":warning:": _WARNING}

_SHEET = """
:root { color-scheme: light dark }
body { margin: 0; padding: 16px; font: 15px/22px Lato, 'Helvetica Neue', Arial, sans-serif;
       color: #1d1c1d; background: #fff }
.message { display: grid; grid-template-columns: 36px 1fr; gap: 0 10px }
.face { width: 36px; height: 36px; border-radius: 6px; background: #3d5a73; color: #fff;
        font: 600 18px/36px Georgia, serif; text-align: center }
.who { font-weight: 700 } .app { font-size: 10px; background: #e4e4e4; color: #616061;
       border-radius: 2px; padding: 1px 3px; margin: 0 4px }
.when { font-size: 12px; color: #616061 }
h1 { font: inherit; font-size: 18px; font-weight: 800; margin: 6px 0 4px }
.context { font-size: 13px; line-height: 18px; color: #616061; margin: 4px 0 }
.section { margin: 8px 0 } a { color: #1264a3; text-decoration: none }
blockquote { margin: 2px 0; padding: 0 0 0 12px; border-left: 4px solid #ddd }
svg { vertical-align: -2px }
@media (prefers-color-scheme: dark) {
  body { background: #1a1d21; color: #d1d2d3 } a { color: #1d9bd1 }
  blockquote { border-color: #4a4d52 }
  .context, .when { color: #ababad } .app { background: #3a3d42; color: #ababad }
}
"""


def page(message: Mapping[str, Any], sender: str) -> str:
    """Return a whole page with the message."""
    when = message["blocks"][0]["text"]["text"].rpartition(", ")[2]
    blocks = "\n".join(_block(block) for block in message["blocks"])
    head = (
        f'<span class="who">{html.escape(sender)}</span><span class="app">APP</span>'
        f'<span class="when">{html.escape(when)}</span>'
    )
    return (
        f'<!doctype html><meta charset="utf-8"><title>Slack</title><style>{_SHEET}</style>'
        f'<div class="message"><div class="face">M</div><div>{head}\n{blocks}</div></div>'
    )


def _block(block: Mapping[str, Any]) -> str:
    if block["type"] == "header":
        return f"<h1>{html.escape(block['text']['text'])}</h1>"
    if block["type"] == "context":
        return (
            f'<div class="context">{" ".join(_marked(e["text"]) for e in block["elements"])}</div>'
        )
    return f'<div class="section">{_marked(block["text"]["text"])}</div>'


def _marked(text: str) -> str:
    """Return mrkdwn as HTML: Slack's own escapes are HTML's, too."""
    lines = []
    for line in text.split("\n"):
        told = re.sub(r"<(https?://[^|>]+)\|([^>]*)>", r'<a href="\1">\2</a>', line)
        told = re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"<b>\1</b>", told)
        for name, drawn in _EMOJI.items():
            told = told.replace(name, drawn)
        is_quote = line.startswith(">")
        lines.append(f"<blockquote>{told[1:]}</blockquote>" if is_quote else f"{told}<br>")
    return "".join(lines).replace("<br><blockquote>", "<blockquote>").removesuffix("<br>")
