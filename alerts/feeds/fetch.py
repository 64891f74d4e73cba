"""Asks for one feed, politely: validators byte for byte, few headers, few redirects, one deadline.

Everything that can go wrong comes back as a FetchFailure. It parses nothing and stores nothing.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import unquote, urljoin, urlsplit

from alerts import links
from alerts.clock import Clock, SystemClock
from alerts.feeds import freshness, refusals
from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, Secret, Validators
from alerts.netguard import ACCEPT_ENCODING, Answer, Guard, NetError, Session, exchange, wire_url

MAX_WIRE_BYTES = 5_000_000
MAX_DECODED_BYTES = 20_000_000
MAX_REDIRECTS = 5
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WITH_FEED = frozenset({200, 203})
_NOT_MODIFIED = 304

Fetched = FetchedBody | NotModified | FetchFailure


@dataclass(frozen=True, slots=True)
class _Hop:
    """Where the next request goes, and whether only permanent redirects led there."""

    url: str
    is_permanent: bool = True


class Fetcher:
    """Fetches feeds through a guard; safe to share between threads, keeps connections alive.

    `user_agent` says who asks and how to reach them; it may be replaced at any time.
    `clock.monotonic` must be one that moves while sockets wait. `heard` is told every answer, those
    of redirects too.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        user_agent: str,
        deadline_s: float = 30.0,
        max_wire_bytes: int = MAX_WIRE_BYTES,
        max_decoded_bytes: int = MAX_DECODED_BYTES,
        clock: Clock | None = None,
        heard: Callable[[Answer], None] | None = None,
    ) -> None:
        self.user_agent = user_agent
        self._guard = guard
        self._deadline_s = deadline_s
        self._max_wire_bytes = max_wire_bytes
        self._max_decoded_bytes = max_decoded_bytes
        self._clock = clock or SystemClock()
        self._heard = heard
        self._sessions: dict[str | None, Session] = {}
        self._lock = threading.Lock()

    def fetch(
        self,
        feed: Feed,
        validators: Validators,
        accept: str = ACCEPT,
        deadline_s: float | None = None,
    ) -> Fetched:
        """Return the feed's document, that it is unchanged, or why there is none.

        `deadline_s`: for this once, in place of the fetcher's own.
        """
        try:
            found = self._follow(feed, validators, accept, deadline_s or self._deadline_s)
        except NetError as error:
            found = refusals.by_network(error)
        return refusals.with_hint(found)

    def close(self) -> None:
        """Close every connection that is kept alive."""
        with self._lock:
            sessions, self._sessions = self._sessions, {}
        for one in sessions.values():
            one.close()

    def _follow(
        self, feed: Feed, validators: Validators, accept: str, deadline_s: float
    ) -> Fetched:
        hop = _Hop(wire_url(feed.url))
        ends_at = self._clock.monotonic() + deadline_s
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._ask(feed, hop.url, validators, accept, ends_at)
            if answer.status not in _REDIRECTS:
                return self._judge(answer, hop, feed, validators)
            following = _next_hop(answer, hop)
            if isinstance(following, FetchFailure):
                return following
            hop = following
        return FetchFailure("redirect", f"Its address leads on more than {MAX_REDIRECTS} times.")

    def _ask(
        self, feed: Feed, url: str, validators: Validators, accept: str, ends_at: float
    ) -> Answer:
        left_s = ends_at - self._clock.monotonic()
        if left_s <= 0:
            raise NetError("timeout", "No complete answer in time: it led on and on.")
        headers = {
            "User-Agent": self.user_agent.encode("latin-1", "replace").decode("latin-1"),
            "Accept": accept,
            "Accept-Encoding": ACCEPT_ENCODING,
            **_conditions(url, feed, validators),
            **_credentials(url, feed),
        }
        answer = exchange(
            self._session(feed.ca_file),
            "GET",
            url,
            headers=headers,
            deadline_s=left_s,
            max_wire_bytes=self._max_wire_bytes,
            max_decoded_bytes=self._max_decoded_bytes,
        )
        if self._heard is not None:
            self._heard(answer)
        return answer

    def _session(self, ca_file: str | None) -> Session:
        with self._lock:
            if ca_file not in self._sessions:
                self._sessions[ca_file] = Session(self._guard, purpose="feed", verify=ca_file)
            return self._sessions[ca_file]

    def _judge(self, answer: Answer, hop: _Hop, feed: Feed, validators: Validators) -> Fetched:
        now = self._clock.now()
        if answer.status == _NOT_MODIFIED:
            return _unchanged(answer, hop, feed, validators, now)
        if answer.status not in _WITH_FEED:
            wait_s = freshness.retry_after_s(answer.headers, now)
            refused = refusals.by_status(answer.status, answer.headers, answer.body, wait_s)
            return replace(refused, host=links.host(hop.url))
        if not answer.body.strip():
            return FetchFailure("empty", "Its server sends an empty document.", "", answer.status)
        return FetchedBody(
            status=answer.status,
            body=answer.body,
            content_type=answer.headers.get("content-type", ""),
            validators=_validators(answer, hop.url),
            final_url=hop.url,
            permanent_url=_permanent_url(hop, feed),
            max_age_s=freshness.max_age_s(answer.headers, now),
            room=answer.room,
        )


def _conditions(url: str, feed: Feed, validators: Validators) -> dict[str, str]:
    """Return the conditional headers, only for the URL that gave the validators (RFC 9110 13.1)."""
    if url != (validators.url or wire_url(feed.url)):
        return {}
    wanted = {"If-None-Match": validators.etag, "If-Modified-Since": validators.last_modified}
    return {name: value for name, value in wanted.items() if value}


def _unchanged(
    answer: Answer, hop: _Hop, feed: Feed, validators: Validators, now: float
) -> NotModified | FetchFailure:
    if not _conditions(hop.url, feed, validators):
        text = "Its server answers 304 Not Modified though nothing was said of an earlier copy."
        return FetchFailure("protocol", text, "", _NOT_MODIFIED)
    return NotModified(
        _validators(answer, hop.url),
        freshness.max_age_s(answer.headers, now),
        _permanent_url(hop, feed),
    )


def _permanent_url(hop: _Hop, feed: Feed) -> str | None:
    return hop.url if hop.is_permanent and hop.url != wire_url(feed.url) else None


def _validators(answer: Answer, url: str) -> Validators:
    headers = answer.headers
    return Validators(headers.get("etag") or None, headers.get("last-modified") or None, url)


def at_address(feed: Feed, url: str) -> Feed:
    """Return the feed as it is asked for at its new address; credentials stay with their origin."""
    secret = _secret(feed) if _origin(url) == _origin(feed.url) else ""
    return replace(feed, url=url, auth=Secret(secret) if secret else None)


def _credentials(url: str, feed: Feed) -> dict[str, str]:
    """Return the Authorization header, for the origin it was given for and no other."""
    secret = _secret(feed)
    if not secret or _origin(url) != _origin(feed.url):
        return {}
    return {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


def _secret(feed: Feed) -> str:
    """Return `user:password` as configured, or as the address itself has it."""
    if feed.auth:
        return feed.auth.reveal()
    return unquote(urlsplit(feed.url).netloc.rpartition("@")[0])


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(wire_url(url))
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _next_hop(answer: Answer, hop: _Hop) -> _Hop | FetchFailure:
    location = answer.headers.get("location", "")
    if not location:
        return FetchFailure("redirect", "Its server redirects us without saying where to.")
    try:
        target = wire_url(urljoin(hop.url, _as_text(location)))
    except ValueError:
        return FetchFailure(
            "redirect", "Its server redirects us to an address that cannot be used."
        )
    if urlsplit(hop.url).scheme == "https" and urlsplit(target).scheme == "http":
        return FetchFailure(
            "redirect", "Its server redirects us from https to plain http: refused."
        )
    return _Hop(target, hop.is_permanent and answer.status in _PERMANENT)


def _as_text(value: str) -> str:
    """Return a header that was read as latin-1 as the UTF-8 that many servers put there."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
