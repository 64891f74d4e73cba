"""An outage of our own network: not one server answers, so no feed is at fault.

It counts no failure against any feed, is told to the admins once, and lets feeds be polled again
over a whole interval instead of all at once. One feed's silence is its own, and so is that of two
hosts.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from alerts.clock import iso
from alerts.feeds import interval
from alerts.log import get_logger
from alerts.model import Feed
from alerts.pipeline import notices
from alerts.pipeline.parts import Parts
from alerts.store import notices as notice_rows
from alerts.store import outage

#: Failures that mean: no server answered at all.
KINDS = frozenset({"dns", "connect", "timeout", "tls"})

#: Failures that say nothing of the network: the feed was not asked, or we failed.
NEITHER = frozenset({"blocked", "internal"})

#: So long nobody answered, while so many hosts began to be silent.
_SILENCE_S = 300.0
_HOSTS = 3

#: Polls that began together end within this time, the answered ones too.
_POLL_S = 60.0

#: An outage that comes again so soon is the same trouble to those who are told.
_SAME_S = 3600.0

_KEY = "outage"
HINT = "No feed could be read at that time: see to our own network. Nothing is held against it."


def is_ours(connection: Connection, parts: Parts, row: Row[Any], now: float) -> bool:
    """Whether a feed that got no answer just now is one of all; notes and tells an outage."""
    began_at = outage.lasts(connection)
    if began_at is None:
        silence = outage.silence(connection, row, now - _SILENCE_S, KINDS, NEITHER)
        began_at = _began_at(silence, now) if silence is not None else None
        if began_at is None:
            return False
        if outage.begin(connection, began_at, KINDS):
            get_logger().warning("no feed can be read", since=iso(began_at))
            _spread(connection, parts, began_at, now)
    if now - began_at >= _SILENCE_S:
        _tell(connection, parts, began_at, now)
    return True


def _began_at(silence: outage.Silence, now: float) -> float | None:
    """Return since when nobody answers; None if that may be the fault of the few who were asked.

    A host that is silent beside one that answers is dead itself, and no evidence.
    """
    hosts = {host for host, since in silence.rows if since > silence.heard_at + _POLL_S}
    began_at = min((since for _, since in silence.rows), default=now)
    return began_at if len(hosts) >= _HOSTS and now - began_at >= _POLL_S else None


def next_due(parts: Parts, feed: Feed, now: float) -> float:
    """Return when a feed is polled again: at some moment of the next interval."""
    jitter = parts.clock.random()
    return interval.spread_due(feed, now=now, min_poll_s=parts.settings.min_poll_s, jitter=jitter)


def answered(connection: Connection, parts: Parts, row: Row[Any]) -> None:
    """Take in that a server answered: an outage that lasted when it was asked is over."""
    if row.outage_since is None or not outage.end(connection):
        return
    get_logger().warning("feeds can be read again", since=iso(row.outage_since))
    since = notices.dates(parts).near(row.outage_since)
    notices.over(
        connection,
        parts,
        _KEY,
        "Over: feeds can be read again",
        f"None of our feeds could be read since {since}. They are read again from now on, one after"
        " the other; what they published meanwhile is not lost as long as they list it.",
    )


def _spread(connection: Connection, parts: Parts, began_at: float, now: float) -> None:
    """Let what is due be polled over the next interval: no burst when the network is back."""
    configured = parts.in_force.feeds
    moments = {
        row.id: next_due(parts, configured[row.url], now)
        for row in outage.crowd(connection, began_at, now)
        if row.url in configured
    }
    outage.put_off(connection, moments)


def _tell(connection: Connection, parts: Parts, began_at: float, now: float) -> None:
    if notice_rows.ended_since(connection, _KEY, now - _SAME_S):
        return
    count, since = outage.count_feeds(connection), notices.dates(parts).near(began_at)
    notices.tell(
        connection,
        parts,
        _KEY,
        "No feed can be read: it looks like our own network",
        f"None of our {count} feeds could be read since {since}: it looks like our own"
        " network.\n\nLook at this machine's connection and its name server (alerts doctor looks"
        " too). No feed is held to be broken for it, digests say that their sources could not be"
        " read, and we tell you once when it is over.",
    )
