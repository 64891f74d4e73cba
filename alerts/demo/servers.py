"""Local servers that play the world: feeds, webhooks, a mailbox.

They listen on loopback addresses only. What the feeds say is written in `news` and `world`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime

from alerts.demo.loopback import Answer, LoopbackServer, Request
from alerts.demo.mailbox import MailSink, ReceivedMail, free_port

__all__ = [
    "Answer", "FeedServer", "LoopbackServer", "MailSink", "ReceivedMail", "Request",
    "WebhookReceiver", "free_port",
]  # fmt: skip

FEED_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
    "html": "text/html; charset=utf-8",
}


class FeedServer(LoopbackServer):
    """Serves documents with ETag and Last-Modified, and 304 to who has them already."""

    def put(self, path: str, document: str | bytes, kind: str = "rss") -> str:
        """Serve a document from now on; `kind` is a key of FEED_TYPES or a media type.

        Returns its URL. Last-Modified moves only when the bytes do.
        """
        body = document.encode() if isinstance(document, str) else document
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        standing = self.standing(path)
        if standing is None or standing.headers.get("ETag") != etag:
            headers = {"ETag": etag, "Last-Modified": formatdate(self.clock.now(), usegmt=True)}
            self.answer(path, Answer(200, body, FEED_TYPES.get(kind, kind), headers))
        return self.url(path)

    def judge(self, answer: Answer, headers: Mapping[str, str]) -> Answer:
        """Return 304 if the request's validators hold (RFC 9110, 13.2.2)."""
        if answer.status != 200 or not _is_unchanged(answer.headers, headers):
            return answer
        return Answer(304, headers=answer.headers, gate=answer.gate)


def _is_unchanged(ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    if "if-none-match" in theirs:
        asked = {tag.strip().removeprefix("W/") for tag in theirs["if-none-match"].split(",")}
        return ours.get("ETag", "").removeprefix("W/") in asked
    if "if-modified-since" not in theirs or "Last-Modified" not in ours:
        return False
    try:
        since = parsedate_to_datetime(theirs["if-modified-since"])
    except ValueError:
        return False
    return parsedate_to_datetime(ours["Last-Modified"]) <= since


class WebhookReceiver(LoopbackServer):
    """Takes posts at every path: Slack's word `ok` under /services/, 204 elsewhere."""

    def unknown(self, path: str) -> Answer:
        """Accept."""
        return Answer(200, b"ok") if path.startswith("/services/") else Answer(204)

    def accepted(self, path: str | None = None) -> list[Request]:
        """Return the posts that were answered with 2xx, to one path or to all."""
        taken = [request for request in self.requests if 200 <= request.status < 300]
        return [r for r in taken if r.method == "POST" and path in (None, r.path)]
