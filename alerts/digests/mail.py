"""A digest as mails: HTML and text of the same stories, in parts that no mailbox clips.

The headers of a message are the delivery stage's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.digests import layout
from alerts.digests.layout import Row
from alerts.digests.phrases import Phrases
from alerts.model import Digest, Mail
from alerts.quoted import quoted_printable

#: Gmail hides what follows about 102 KB of HTML, the stop link among it.
MAX_HTML_BYTES = 80_000
#: Of both parts as they travel, quoted-printable; headers take the rest of 100 KB.
MAX_WIRE_BYTES = 95_000
#: A row takes more than this in HTML even with a title of one letter.
_MIN_ROW_BYTES = 150

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
        latency=latency([row for group in page.groups for row in group.rows], say.digest),
    )


def latency(rows: Sequence[Row], digest: Digest) -> str:
    """Return the longest waits of the stories: published to seen, seen to made; in seconds."""
    told = [row for row in rows if row.number]
    seen = [row.story.seen_at - row.own.at for row in told if row.own and row.story.seen_at]
    made = [digest.created_at - row.story.seen_at for row in told if row.story.seen_at]
    waits = {"seen": max(seen, default=None), "made": max(made, default=None)}
    return "; ".join(f"{k}={max(0, round(s))}" for k, s in waits.items() if s is not None)


def _load(mail: Mail) -> float:
    """Return how full the mail is; 1 is the most that arrives whole."""
    wire = len(quoted_printable(mail.html)) + len(quoted_printable(mail.text))
    return max(len(mail.html.encode()) / MAX_HTML_BYTES, wire / MAX_WIRE_BYTES)
