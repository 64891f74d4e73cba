"""A morning's digest for the renderers' tests: invented outlets, stories and a failing source."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from alerts.digests.assemble import assemble
from alerts.digests.when import parse_when
from alerts.model import (
    Alert,
    Destination,
    Digest,
    Entry,
    FeedHealth,
    Match,
    Outlet,
    Rule,
    Span,
    Subscriber,
    Subscription,
)
from alerts.tree import Term, Word

CHICAGO = ZoneInfo("America/Chicago")


def at(text: str) -> float:
    """Return the epoch seconds of a Chicago time of November 2026: "24 7:30"."""
    day, clock = text.split()
    hour, minute = map(int, clock.split(":"))
    return dt.datetime(2026, 11, int(day), hour, minute, tzinfo=CHICAGO).timestamp()


NOW = at("24 7:32")

ANA = Subscriber(
    id="ana-flores",
    name="Ana Flores",
    subscriptions=(Subscription("ice"), Subscription("sanctuary"), Subscription("madison")),
    destinations=(Destination("ana-flores", "email", "ana@example.org"),),
    when=parse_when("weekdays at 7:30 am"),
    timezone="America/Chicago",
)


def rule(name: str, title: str) -> Rule:
    return Rule(name, name, Term((Word(name),)), titles={"en": title})


RULES = (rule("madison", "Madison"), rule("ice", "ICE"), rule("sanctuary", "Sanctuary"))

COURIER = "Dane County Courier"
RADIO = "Capitol Square Radio"
WIRE = "Badger Wire"


def alert(
    number: int,
    title: str,
    when: str,
    *,
    rules: Sequence[str] = ("ice",),
    summary: str = "",
    marks: Sequence[str] = (),
    outlet: str = COURIER,
    paywall: bool = False,
    also: Sequence[tuple[str, str]] = (),
    link: str | None = "",
    **more: Any,
) -> Alert:
    """Return an alert; `marks` are the words of the summary that its rules found."""
    if link == "":
        link = f"https://{outlet.split()[0].lower()}.example/2026/11/{number}"
    spans = tuple(
        Span("summary", summary.index(words), summary.index(words) + len(words)) for words in marks
    )
    return Alert(
        entry_id=number,
        entry=Entry(title=title, link=link, summary=summary, published_at=at(when)),
        seen_at=at(when) + 300,
        outlets=(
            Outlet(outlet, link, at(when), paywall),
            *(
                Outlet(name, f"https://{name.split()[0].lower()}.example/{number}", at(w))
                for name, w in also
            ),
        ),
        matches=tuple(Match(name, spans) for name in rules),
        **more,
    )


MORNING = (
    alert(
        1,
        "ICE agents detain two men outside Park Street market, witnesses say",
        "24 6:12",
        rules=("ice", "madison"),
        summary="<p>Shortly before dawn, people in ICE vests detained two men outside the market"
        " shortly before 6 a.m., three witnesses said. The sheriff&#8217;s office said it had not"
        " been told.</p>",
        marks=("ICE", "detained"),
        paywall=True,
        also=((RADIO, "24 6:31"), (WIRE, "24 7:02")),
    ),
    alert(
        2,
        "ICE plans to lease offices on the Beltline, county records show",
        "23 11:20",
        rules=("ice", "madison"),
        summary="A ten-year lease for Immigration and Customs Enforcement was filed with Dane County"
        " on Friday, according to records that the register of deeds published.",
        marks=("Immigration and Customs Enforcement",),
        outlet=RADIO,
    ),
    alert(
        3,
        "Schools tell families what staff will do if ICE comes to a building",
        "23 16:45",
        rules=("ice", "madison"),
        summary="Staff will ask ICE agents for a warrant signed by a judge, the district writes.",
        marks=("ICE",),
        paywall=True,
    ),
    alert(
        4,
        "Council panel backs limits on sharing license-plate data",
        "23 21:40",
        rules=("sanctuary", "madison"),
        summary="One member called it the next step for a sanctuary city; the full Council votes on"
        " December 8.",
        marks=("sanctuary city",),
        outlet=RADIO,
    ),
    alert(
        5,
        'Bill would cut road aid to "sanctuary" counties',
        "23 14:05",
        rules=("sanctuary",),
        summary="Under the bill, counties with sanctuary policies would lose a tenth of their aid.",
        marks=("sanctuary policies",),
        outlet=WIRE,
        also=(("Two Rivers Post", "23 14:40"), ("Lake Wire", "23 15:05")),
    ),
    alert(
        6,
        "Law clinic adds evening hours for immigration questions",
        "23 13:15",
        rules=("madison",),
        summary="Students of UW-Madison will see walk-in visitors on Tuesdays.",
        marks=("UW-Madison",),
    ),
    alert(
        7,
        "Common Council to vote on interpreters at city counters",
        "23 10:00",
        rules=("madison",),
        summary="Madison would add Hmong and Spanish interpreters at the clerk's counter.",
        marks=("Madison",),
        outlet="City press releases",
    ),
)

SOURCES = 42
MISSING = (FeedHealth("Lake Mendota Ledger", at("22 15:10"), "Its server refuses us."),)


def morning(
    alerts: Sequence[Alert] = MORNING, *, subscriber: Subscriber = ANA, **changes: Any
) -> Digest:
    """Return the digest of Tuesday morning, or of other alerts at that hour."""
    values: dict[str, Any] = {
        "digest_id": "0" * 31 + "1",
        "subscriber": subscriber,
        "slot": "2026-11-24T07:30",
        "alerts": alerts,
        "rules": RULES,
        "sources": SOURCES,
        "missing": MISSING,
        "explanations": {
            "ICE": 'ICE in capitals, or Immigration and Customs Enforcement, but not in "ICE Arena"'
        },
        "created_at": NOW,
        "since_at": at("23 7:30"),
        "next_at": at("25 7:30"),
    }
    return assemble(**(values | changes))


def brief(person: Subscriber = ANA) -> Subscriber:
    return replace(person, style="brief")


BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")


def is_harmless(line: str) -> bool:
    """Whether a line has no control, no lone surrogate and nothing that turns text around."""
    return not any(c in BIDI or unicodedata.category(c) in ("Cc", "Cs") for c in line)


#: Titles and texts that were made to hurt.
HOSTILE = (
    "<!channel> <!here> <@U123> <#C1> @here &amp;lt;!channel&amp;gt;",
    "&lt;!channel&gt; look",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</a></td></table><h1>Owned</h1>",
    '"><svg onload=alert(1)>',
    "Subject: x\r\nBcc: everyone@example.org\r\n\r\nbody",
    "abc\u202edcba\u2066x\u200f\u061c",
    "{{ 7 * 7 }} {% for x in range(10) %} {{ ''.__class__ }}",
    "|pipe|*bold*_it_~s~`c` > quote",
    "%(number)s %s %n {0}",
    "&" * 2000,
    "<" * 3000,
    "x" * 5000,
    "\U0001f600" * 2000,
    "W\u0301\u0302\u0303\u0304\u0305\u0306\u0307" * 30,
    "\ud800 lone",
    "\0\x1b[31mred",
    "漢字" * 800,
    "-- ",
    "From here on",
    "\\" * 1500,
    '"' * 1500,
)
