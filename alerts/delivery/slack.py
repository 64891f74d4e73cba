"""Slack's incoming webhooks: what their one-word answers mean.

Slack knows no ids: a message whose answer was lost may stand in the channel, and a second one
would stand there twice. A layout that it refuses is sent once more as plain text, with every title
and link, rather than not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alerts.delivery.classify import HINTS
from alerts.delivery.post import (
    Poster,
    as_json,
    by_status,
    prepare_post,
    retry_after_s,
    said,
    troubled,
)
from alerts.model import SendResult

if TYPE_CHECKING:
    from alerts.clock import Clock
    from alerts.delivery.classify import Kind
    from alerts.delivery.transport import DeliveryHead, Envelope, Transport
    from alerts.model import Delivery, Destination, Rendered
    from alerts.netguard import Answer, Guard
    from alerts.settings import Settings

_MAX_TEXT = 40_000  # characters; Slack cuts what is longer

#: Our message is at fault: not again as it is, and the channel is not to blame.
_BAD_PAYLOAD = frozenset(
    (
        "invalid_payload", "invalid_blocks", "invalid_blocks_format", "no_text",
        "missing_text_or_fallback_or_attachments", "msg_blocks_too_long", "too_many_attachments",
        "user_not_found",
    )
)  # fmt: skip
#: The webhook or its channel is no more, or was closed to us by a person.
_GONE = frozenset(
    (
        "action_prohibited", "posting_to_general_channel_denied", "invalid_token",
        "channel_not_found", "no_service", "no_service_id", "no_team", "no_active_hooks",
        "team_disabled", "channel_is_archived",
    )
)  # fmt: skip
_BUSY = frozenset(("rate_limited", "ratelimited"))
_TROUBLED = frozenset(("rollup_error", "service_unavailable"))
_REFUSALS = _BAD_PAYLOAD | _GONE | _BUSY | _TROUBLED
_NOT_SLACK = (
    "Something else than Slack answers: see that the URL is the incoming webhook's own, and that "
    "no portal or proxy stands in between."
)


class SlackTransport:
    """Posts Block Kit messages to incoming webhooks."""

    def __init__(self, guard: Guard, clock: Clock, *, deadline_s: float = 20.0) -> None:
        self._poster = Poster(guard, clock, deadline_s=deadline_s)
        self._clock = clock

    def prepare(self, rendered: Rendered, delivery: DeliveryHead, envelope: Envelope) -> bytes:
        """Return the message as JSON; TypeError if what was rendered is no post."""
        return prepare_post(rendered)

    def send(self, delivery: Delivery) -> SendResult:
        """Post the message; once more as text if Slack does not take its layout."""
        first = self._post(delivery.destination, delivery.payload)
        if first.kind != "bad_payload" or first.server_text == "no_text":
            return first
        plain = text_only(delivery.payload)
        if plain is None:
            return first
        second = self._post(delivery.destination, plain)
        if second.outcome != "delivered":
            return second
        note = f"Sent as plain text: Slack refused the layout ({first.server_text})."
        return replace(second, kind="degraded", server_text=note, hint=HINTS["degraded"])

    def _post(self, destination: Destination, body: bytes) -> SendResult:
        answer = self._poster.post(destination, body, {})
        if isinstance(answer, SendResult):
            return answer
        return judged(answer, destination, self._clock)

    def close(self) -> None:
        """Let go of idle connections."""
        self._poster.close()


def judged(answer: Answer, destination: Destination, clock: Clock) -> SendResult:
    """Return what an answer of Slack means. Its words are shown, though a URL has them too."""
    word = _word(answer.body)
    result = _judged(answer, word, destination, clock)
    return replace(result, server_text=word) if word in _REFUSALS else result


def _judged(answer: Answer, word: str, destination: Destination, clock: Clock) -> SendResult:
    """Return what an answer means: its word first, then its status.

    A 2xx is acceptance, whatever a relay or a Slack-like receiver says with it, but for a page (a
    portal's) and for an error: a message taken for lost would stand in the channel twice.
    """
    if 200 <= answer.status < 300:
        if word in _REFUSALS or _is_page(answer) or _names_an_error(answer.body):
            return replace(said(answer, destination, "retry", "network"), hint=_NOT_SLACK)
        return said(answer, destination, "delivered", "ok")
    if answer.status >= 400:
        if word in _BAD_PAYLOAD:
            return said(answer, destination, "refused", "bad_payload")
        if word in _GONE or answer.status == 403:
            return said(answer, destination, "suppress", "gone")
        if word in _BUSY or word in _TROUBLED:
            wait_s = retry_after_s(answer.headers.get("retry-after", ""), clock.now())
            kind: Kind = "rate_limited" if word in _BUSY else troubled(wait_s)
            return said(answer, destination, "retry", kind, wait_s)
        if answer.status == 400:
            return said(answer, destination, "refused", "bad_payload")
    return by_status(answer, destination, clock)


def _word(body: bytes) -> str:
    """Return the answer's one word: the whole body, or `error` of a JSON body."""
    value = _members(body).get("error", "")
    return value if isinstance(value, str) and value else body.decode("utf-8", "replace").strip()


def _names_an_error(body: bytes) -> bool:
    members = _members(body)
    return bool(members.get("error")) or members.get("ok") is False


def _members(body: bytes) -> dict[str, Any]:
    """Return the members of a body that is a JSON object; none for any other body."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_page(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "").lower()
    return "html" in kind or answer.body.lstrip()[:1] == b"<"


# --- the plain form --------------------------------------------------------------------------


def text_only(payload: bytes) -> bytes | None:
    """Return a message of `payload`'s words without its layout; None if it has no layout."""
    document = json.loads(payload)
    blocks = document.get("blocks")
    if not isinstance(blocks, list) or not blocks:
        return None
    text = "\n".join(words for block in blocks for words in _words(block))
    kept = {key: value for key, value in document.items() if key not in ("blocks", "text")}
    return as_json({**kept, "text": text[:_MAX_TEXT] or document.get("text", "")})


def _words(block: Mapping[str, Any]) -> Iterator[str]:
    objects = [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]
    for item in objects:
        if not isinstance(item, Mapping) or not isinstance(item.get("text"), str):
            continue
        # Plain text has no markup; among marked-up words its angle brackets would ping.
        words: str = item["text"]
        is_plain = item.get("type") == "plain_text"
        yield words.replace("<", "&lt;").replace(">", "&gt;") if is_plain else words


def transport(settings: Settings, guard: Guard, clock: Clock) -> Transport:
    """Return the transport of kind slack."""
    return SlackTransport(guard, clock)
