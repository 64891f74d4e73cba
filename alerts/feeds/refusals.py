"""Answers that are no feed, as sentences an admin can act on; it decides nothing but words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from alerts.model import FetchClass, FetchFailure
from alerts.netguard import NetError

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
    401: "Set `auth` of the feed, or mend it: user and password were not accepted.",
    403: "Often: the site blocks robots. Ask it to let this one in, or find another address.",
    404: "The feed may have moved: `alerts discover` on the site's front page finds its feeds.",
    410: "The site closed this feed for good; remove it, or find its successor.",
    429: "It is asked less often from now on; nothing has to be done.",
    451: "It is withheld for legal reasons, perhaps only in this country.",
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


def redirect(text: str, hint: str = "") -> FetchFailure:
    """Return the failure of a redirect that is not followed."""
    return FetchFailure("redirect", text, hint or "Find the feed's present address on its site.")
