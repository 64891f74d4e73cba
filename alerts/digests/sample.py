"""A small digest with one of everything, to try templates on before readers get them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from alerts.digests.assemble import assemble
from alerts.digests.below import Before, already_sent, corrected
from alerts.model import (
    Alert,
    Cadence,
    Destination,
    Digest,
    Entry,
    FeedHealth,
    Match,
    Outlet,
    Span,
    Subscriber,
    Subscription,
    Urgency,
)

_NOW = 1_795_527_000.0  # Tuesday, November 24, 2026, 7:30 am in Chicago
_HOUR_S = 3600.0


SAMPLE_URGENCY = Urgency(
    because='ICE within 8 words of "raid"',
    newer_than_s=6 * _HOUR_S,
    seen_at=_NOW - _HOUR_S,
    published_at=_NOW - 2 * _HOUR_S,
    note="Call 555-0142.",
)


def sample_digest(language: Literal["en", "es"] = "en") -> Digest:
    """Return a digest with sections, marks, a paywall, other outlets and a source that failed."""
    person = Subscriber(
        id="sample",
        name="Sample Reader",
        subscriptions=(Subscription("ice"), Subscription("madison")),
        destinations=(Destination("sample", "email", "reader@example.org"),),
        when=Cadence("daily at 7:30 am", "calendar", ("30 7 * * *",)),
        timezone="America/Chicago",
        language=language,
    )
    made = assemble(
        digest_id="0" * 32,
        subscriber=person,
        slot="2026-11-24T07:30",
        alerts=(_detention(), _bare()),
        rules=(),
        sources=2,
        missing=(FeedHealth("Lake Mendota Ledger", _NOW - 40 * _HOUR_S, "no answer"),),
        explanations={"ice": "ICE in capitals"},
        created_at=_NOW,
        since_at=_NOW - 24 * _HOUR_S,
        next_at=_NOW + 24 * _HOUR_S,
    )
    told = Before(_detention(), _NOW - 8 * _HOUR_S, "ICE said to be on Park Street")
    return replace(
        made, below=(*already_sent([replace(told, was="")], language), *corrected([told], language))
    )


def _detention() -> Alert:
    at = _NOW - _HOUR_S
    link = "https://courier.example/park-street"
    summary = "People in ICE vests were seen outside the market, two witnesses said."
    return Alert(
        entry_id=1,
        entry=Entry(title="ICE seen on Park Street, witnesses say", link=link, summary=summary),
        seen_at=at,
        outlets=(
            Outlet("Dane County Courier", link, at, paywall=True),
            Outlet("Capitol Square Radio", "https://radio.example/1", at + 60),
            Outlet("Badger Wire", "https://wire.example/1", at + 120),
        ),
        matches=(Match("ice", (Span("summary", 10, 13),)), Match("madison")),
    )


def _bare() -> Alert:
    """Return an alert with as little as feeds may give."""
    return Alert(
        entry_id=2,
        entry=Entry(title="COUNCIL MEETS"),
        seen_at=_NOW,
        outlets=(),
        matches=(Match("madison", (), caps_only=True),),
        late=True,
    )
