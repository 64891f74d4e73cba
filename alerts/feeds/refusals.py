"""Answers that are no feed, as sentences an admin can act on; it decides nothing but words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

from alerts.model import FetchClass, FetchFailure
from alerts.netguard import NetError

Found = TypeVar("Found")

CHALLENGE = re.compile(
    rb"(?i)cf-chl|challenge-platform|just a moment\.\.\.|attention required! \| cloudflare"
    rb"|captcha|are you (?:a )?human|verify you are human|_incapsula_|perimeterx|datadome"
)
CHALLENGE_TEXT = "Its site asks visitors to prove that they are human."
CHALLENGE_HINT = (
    "Ask the site to let feed readers in, or look for another address of the same news."
)
_KINDS: dict[int, FetchClass] = {401: "auth", 407: "auth", 410: "gone", 429: "rate_limited"}
_HINTS = {
    403: "Often: the site blocks robots. Ask it to let this one in, or find another address.",
    404: "The feed may have moved: `alerts discover` on the site's front page finds its feeds.",
    410: "The site closed this feed for good; remove it, or find its successor.",
    429: "It is asked less often from now on; nothing has to be done.",
    451: "It is withheld for legal reasons, perhaps only in this country.",
}
_BY_ITSELF = "It is tried again by itself; tell the site if this goes on."
_INVALID = "Tell the site: a feed validator shows what is wrong."
#: What to do about a failure that says no better.
_HINTS_OF_KINDS: dict[FetchClass, str] = {
    "timeout": "The server is slow or overloaded; it is tried again by itself.",
    "dns": "See whether its address is spelled right and the site still exists.",
    "connect": "The server may be down; it is tried again by itself.",
    "tls": "Its owner has to mend it; for an own authority set `verify` to its CA file.",
    "blocked": "Find the feed's public address on its site.",
    "redirect": "Find the feed's present address on its site.",
    "http": "Open the address in a browser; it is tried again by itself.",
    "auth": "Set `auth` of the feed, or mend it: user and password were not accepted.",
    "too_big": "Look for a feed with fewer articles in it.",
    "empty": _BY_ITSELF,
    "truncated": _BY_ITSELF,
    "encoding": _BY_ITSELF,
    "malformed": _INVALID,
    "protocol": _BY_ITSELF,
}
_OWN_TROUBLE = "The site has trouble of its own; it is tried again by itself."


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def by_status(
    status: int, headers: Mapping[str, str], body: bytes, wait_s: float | None
) -> FetchFailure:
    """Return the failure that an answer with another status than 200, 203 or 304 means."""
    kind = _KINDS.get(status, "http")
    text = f"Its server answers {_phrase(status)} to us."
    hint = _HINTS.get(status, "")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        hint = _OWN_TROUBLE
    elif status < HTTPStatus.BAD_REQUEST:
        text = f"Its server answers {_phrase(status)}, which is no feed."
    is_challenge = headers.get("cf-mitigated") == "challenge" or CHALLENGE.search(body[:65_536])
    if status in (403, 429, 503) and is_challenge:
        text, hint = f"{CHALLENGE_TEXT} ({_phrase(status)})", CHALLENGE_HINT
    return FetchFailure(kind, text, hint, status, wait_s)


def by_network(error: NetError) -> FetchFailure:
    """Return the failure that a broken exchange means."""
    return FetchFailure(error.kind, error.message, error.hint)


def with_hint(found: Found) -> Found:
    """Return a failure that says what to do; whatever else was found, as it is."""
    if not isinstance(found, FetchFailure) or found.hint:
        return found
    return replace(found, hint=_HINTS_OF_KINDS.get(found.kind, ""))
