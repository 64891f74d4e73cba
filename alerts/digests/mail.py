"""A digest as mails: HTML and text of the same stories, in parts that no mailbox clips.

The headers of a message are the delivery stage's matter.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.digests import layout
from alerts.digests.layout import Row
from alerts.digests.phrases import Phrases
from alerts.model import Digest, Mail

#: Gmail hides what follows about 102 KB of HTML, the stop link among it.
MAX_HTML_BYTES = 80_000
#: Of both parts as they travel, quoted-printable; headers take the rest of 100 KB.
MAX_WIRE_BYTES = 95_000
#: A row takes more than this in HTML even with a title of one letter.
_MIN_ROW_BYTES = 150

#: What quoted-printable leaves as it is, and the least it puts on a line that it breaks.
_LITERAL = bytes([*range(0x20, ord("=")), *range(ord("=") + 1, 0x7F), ord("\n")])
_MIN_LINE_BYTES = 72

Render = Callable[[str, Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class MailContext:
    """What a mail says about itself and its one reader; a link is given only if its page exists."""

    address: str
    admin: str | None = None  # the address that replies reach
    sender_name: str = "News alerts"
    stop_link: str | None = None
    reply_stop: bool = True  # whether replies are read, so that STOP can be asked for


def mails(digest: Digest, context: MailContext, html: Render, text: Render) -> tuple[Mail, ...]:
    """Return the mails that together hold every title and link of the digest."""
    say = Phrases(digest)

    def made(some: Sequence[Row], part: int, parts: int) -> Mail:
        return _mail(say, context, layout.page(some, part, parts), html, text)

    return layout.parts(layout.rows(digest), made, _load, most=MAX_HTML_BYTES // _MIN_ROW_BYTES)


def _mail(
    say: Phrases, context: MailContext, page: layout.Page, html: Render, text: Render
) -> Mail:
    values = {"digest": say.digest, "page": page, "say": say, "mail": context}
    return Mail(
        subject=" ".join(text("subject.txt.j2", values).split()),
        text=text("digest.txt.j2", values).strip("\n") + "\n",
        html=html("digest.html.j2", values),
        language=say.language,
        list_id=say.digest.subscriber.id,
        list_name=say.sender or context.sender_name,
        sender=say.sender,
        latency=_latency(page, say.digest.created_at),
    )


def _latency(page: layout.Page, made_at: float) -> str:
    """Return the longest waits of the stories: published to seen, seen to made; in seconds."""
    found = {row.story.entry_id: row for group in page.groups for row in group.rows if row.number}
    seen = [
        row.story.seen_at - row.own.at for row in found.values() if row.own and row.story.seen_at
    ]
    made = [made_at - row.story.seen_at for row in found.values() if row.story.seen_at]
    waits = {"seen": max(seen, default=None), "made": max(made, default=None)}
    return "; ".join(f"{k}={max(0, round(s))}" for k, s in waits.items() if s is not None)


def _load(mail: Mail) -> float:
    """Return how full the mail is; 1 is the most that arrives whole."""
    html, text = mail.html.encode(), mail.text.encode()
    most = _most_on_wire(html) + _most_on_wire(text)
    if most > MAX_WIRE_BYTES:  # it is encoded to know
        most = len(binascii.b2a_qp(html)) + len(binascii.b2a_qp(text))
    return max(len(html) / MAX_HTML_BYTES, most / MAX_WIRE_BYTES)


def _most_on_wire(body: bytes) -> int:
    """Return at least what a body takes as quoted-printable: cheap, and enough for most mails.

    Beside what is not plain, a blank at the end of a line or a dot alone on one takes three.
    """
    marked = len(body.translate(None, _LITERAL)) + body.count(b"\n") + 1
    encoded = len(body) + 2 * marked
    return encoded + 2 * (encoded // _MIN_LINE_BYTES)  # "=" and a line feed end a long line
