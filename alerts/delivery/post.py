"""One POST to a webhook through the guard: bounded in time and size, never redirected.

The URL of a webhook opens its channel: whatever leaves this module in words has been searched for
it. What an answer means is said by `slack` and `webhook`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from alerts import __version__
from alerts.delivery import classify
from alerts.masks import mask
from alerts.model import Post
from alerts.netguard import NetError, Session, exchange

if TYPE_CHECKING:
    from alerts.clock import Clock
    from alerts.delivery.classify import Kind
    from alerts.model import Destination, Rendered, SendOutcome, SendResult
    from alerts.netguard import Answer, Guard

_DEADLINE_S = 20.0  # Standard Webhooks 1.0.0: 15 to 30 seconds
_MAX_ANSWER_BYTES = 65_536
_MAX_RETRY_AFTER_S = 86_400.0
_SHORTEST_SECRET = 6  # parts of a URL's path that are worth hiding

_KINDS: dict[str, Kind] = {"timeout": "timeout", "tls": "tls", "blocked": "blocked"}


def as_json(document: Mapping[str, Any]) -> bytes:
    """Return compact JSON in UTF-8; lone surrogates, which UTF-8 cannot hold, become "?"."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def prepare_post(rendered: Rendered) -> bytes:
    """Return a post's bytes; TypeError if what was rendered is no post."""
    if not isinstance(rendered, Post):
        raise TypeError("a webhook transport carries posts only")
    return as_json(rendered.document)


class Poster:
    """Posts JSON to destinations; connections are pooled and shared by threads."""

    def __init__(self, guard: Guard, clock: Clock, *, deadline_s: float = _DEADLINE_S) -> None:
        self._clock = clock
        self._deadline_s = deadline_s
        self._session = Session(guard, purpose="webhook")

    def post(
        self, destination: Destination, body: bytes, headers: Mapping[str, str]
    ) -> Answer | SendResult:
        """Return the complete answer, whatever its status, or the result of having none."""
        if destination.url is None:
            return classify.result("our_fault", "unsigned", "destination", text="it has no URL")
        try:
            return exchange(
                self._session,
                "POST",
                destination.url.reveal(),
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": f"alerts/{__version__}",
                    "Accept": "*/*",
                    **headers,
                },
                body=body,
                deadline_s=self._deadline_s,
                max_wire_bytes=_MAX_ANSWER_BYTES,
                max_decoded_bytes=_MAX_ANSWER_BYTES,
                clock=self._clock,
            )
        except NetError as error:
            return without_answer(error, destination)

    def close(self) -> None:
        """Let go of idle connections."""
        self._session.close()


def without_answer(error: NetError, destination: Destination) -> SendResult:
    """Return what it means that no complete answer came.

    Once the request may have left, nobody knows whether it was taken: an answer that never ends
    is no acceptance either.
    """
    text, host = scrubbed(error.message, destination), host_of(destination)
    if error.was_sent:
        return classify.result("ambiguous", "ambiguous", "destination", text=text, server=host)
    kind = _KINDS.get(error.kind, "network")
    outcome: SendOutcome = "our_fault" if kind == "blocked" else "retry"
    return classify.result(outcome, kind, "destination", text=text, server=host)


def by_status(answer: Answer, destination: Destination, clock: Clock) -> SendResult:
    """Return what a status means where the body has said nothing better."""
    status = answer.status
    if 200 <= status < 300:
        return said(answer, destination, "delivered", "ok")
    if 300 <= status < 400:
        return said(answer, destination, "retry", "redirect")
    if status == 410:
        return said(answer, destination, "suppress", "gone")
    if status == 413:
        return said(answer, destination, "refused", "too_big")
    wait_s = retry_after_s(answer.headers.get("retry-after", ""), clock.now())
    kind: Kind = "rate_limited" if status == 429 else troubled(wait_s)
    return said(answer, destination, "retry", kind, wait_s)


def troubled(wait_s: float | None) -> Kind:
    """Return what an error of the server's own is: one that says how long it takes, or not."""
    return "http" if wait_s is None else "server_busy"


def said(
    answer: Answer,
    destination: Destination,
    outcome: SendOutcome,
    kind: Kind,
    wait_s: float | None = None,
) -> SendResult:
    """Return a result with the words of `answer`, searched for the destination's secrets."""
    return classify.result(
        outcome,
        kind,
        "delivery" if kind in ("bad_payload", "too_big") else "destination",
        code=str(answer.status),
        text=scrubbed(answer.body.decode("utf-8", "replace"), destination),
        server=host_of(destination),
        retry_after_s=wait_s,
    )


def retry_after_s(value: str, now: float) -> float | None:
    """Return the seconds that a Retry-After asks for, at most a day; None if it says nothing.

    RFC 9110 §10.2.3: whole seconds, or a date.
    """
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,12}", value):
        return min(float(value), _MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)  # "-0000" is UTC too
    return min(max(0.0, at.timestamp() - now), _MAX_RETRY_AFTER_S)


def host_of(destination: Destination) -> str:
    """Return the host without the number that tells two webhooks on it apart."""
    return destination.place.partition("#")[0]


def scrubbed(text: str, destination: Destination) -> str:
    """Return `text` without any part of the destination's URL or signing secret."""
    for secret in _secrets(destination):
        text = text.replace(secret, "***")
    return mask(text)


def _secrets(destination: Destination) -> list[str]:
    """Return every piece that must not be shown, longest first."""
    found = set(destination.secret.reveal().split()) if destination.secret else set()
    if destination.url is not None:
        url = destination.url.reveal()
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        pieces = re.split(r"[/?&=]", target)
        found |= {url, target, unquote(target), *pieces, *map(unquote, pieces)}
    return sorted((s for s in found if len(s) >= _SHORTEST_SECRET), key=len, reverse=True)
