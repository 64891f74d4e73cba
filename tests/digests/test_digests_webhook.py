"""Webhook documents: stable keys, under 20 kB whatever comes, every title and link."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from digest_cases import ANA, HOSTILE, alert, morning
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.digests.render import Renderer
from alerts.model import FeedHealth, Post, Subscription

RENDERER = Renderer()


def documents(*args: Any, **kwargs: Any) -> list[dict[str, Any]]:
    found = RENDERER.webhook(morning(*args, **kwargs))
    for post in found:
        check_size(post)
    return [dict(post.document) for post in found]


def check_size(post: Post) -> None:
    for ascii_only in (True, False):
        body = json.dumps(post.document, separators=(",", ":"), ensure_ascii=ascii_only)
        assert len(body.encode()) < 20_000
    assert len(post.document["data"]["articles"]) <= 20


def test_a_document_says_what_it_is_and_of_whom():
    (document,) = documents()
    assert (document["type"], document["timestamp"]) == ("digest", "2026-11-24T13:32:00Z")
    data = document["data"]
    assert data["subscriber"] == {"id": "ana-flores", "name": "Ana Flores"}
    assert (data["digest"], data["slot"]) == ("0" * 31 + "1", "2026-11-24T07:30")
    assert (data["since"], data["next"]) == ("2026-11-23T13:30:00Z", "2026-11-25T13:30:00Z")
    assert (data["stories"], data["part"], data["parts"]) == (7, 1, 1)
    assert data["completeness"] == {
        "sources": 42,
        "read": 41,
        "missing": [
            {
                "source": "Lake Mendota Ledger",
                "since": "2026-11-22T21:10:00Z",
                "reason": "Its server refuses us.",
            }
        ],
    }


def test_an_article_carries_its_outlets_rules_and_marks():
    article = documents()[0]["data"]["articles"][0]
    assert article["title"].startswith("ICE agents detain")
    assert article["link"] == "https://dane.example/2026/11/1"
    assert (article["outlet"], article["paywall"]) == ("Dane County Courier", True)
    assert article["published"] == "2026-11-24T12:12:00Z"
    assert article["rules"] == [
        {"name": "ice", "title": "ICE"},
        {"name": "madison", "title": "Madison"},
    ]
    words = [article["excerpt"][start:end] for start, end in article["marks"]]
    assert words == ["ICE", "detained"]
    assert [(a["outlet"], a["link"]) for a in article["also"]] == [
        ("Capitol Square Radio", "https://capitol.example/1"),
        ("Badger Wire", "https://badger.example/1"),
    ]


@pytest.mark.parametrize("count", [20, 21, 300])
def test_every_article_is_sent_at_most_twenty_a_part(count):
    stories = [alert(n, f"Story {n}", "24 7:00") for n in range(1, count + 1)]
    found = documents(stories)
    assert len(found) == -(-count // 20)
    assert [d["data"]["part"] for d in found] == list(range(1, len(found) + 1))
    assert {d["data"]["parts"] for d in found} == {len(found)}
    ids = [a["id"] for d in found for a in d["data"]["articles"]]
    assert sorted(ids) == list(range(1, count + 1))


def test_outlets_that_do_not_fit_follow_under_the_same_article():
    one = alert(1, "Told everywhere", "24 7:00", also=[(f"O{n} x", "24 7:00") for n in range(300)])
    wide = [replace(o, link=f"https://o{n}.example/{'x' * 900}") for n, o in enumerate(one.outlets)]
    articles = [
        a for d in documents([replace(one, outlets=tuple(wide))]) for a in d["data"]["articles"]
    ]
    assert {a["id"] for a in articles} == {1}
    assert [a["continued"] for a in articles] == [False] + [True] * (len(articles) - 1)
    assert [o["link"] for a in articles for o in a["also"]] == [o.link for o in wide[1:]]


def test_outlets_outgrow_an_article_also_within_one_row():
    one = alert(1, "Told", "24 7:00", also=[(f"O{n} x", "24 7:00") for n in range(11)])
    wide = [
        replace(o, link=f"https://o{n}.example/{'x' * 1900}") for n, o in enumerate(one.outlets)
    ]
    articles = [
        a for d in documents([replace(one, outlets=tuple(wide))]) for a in d["data"]["articles"]
    ]
    assert [o["link"] for a in articles for o in a["also"]] == [o.link for o in wide[1:]]
    assert articles[0]["excerpt"] == ""


def test_a_document_holds_for_hundreds_of_rules_and_failing_sources():
    names = [f"rule-{n}" for n in range(500)]
    person = replace(ANA, subscriptions=tuple(map(Subscription, names)), name="é" * 5000)
    missing = [FeedHealth("漢" * 400, reason="字" * 400) for _ in range(300)]
    one = alert(
        1, "\U0001f600" * 3000, "24 7:00", rules=names, link="https://x.example/" + "a" * 1900
    )
    (document,) = documents([one], subscriber=person, missing=missing, sources=300)
    assert document["data"]["completeness"]["read"] == 0
    assert document["data"]["articles"][0]["link"] == one.entry.link


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.text(max_size=1500) | st.sampled_from(HOSTILE),
            st.text(max_size=400) | st.sampled_from(HOSTILE),
        ),
        max_size=30,
    )
)
def test_any_news_gives_documents_under_their_cap(stories):
    alerts = [
        alert(n, title, "24 7:00", summary=text, also=((text[:100] + "x", "24 7:00"),) * 3)
        for n, (title, text) in enumerate(stories, 1)
    ]
    found = documents(alerts)
    ids = {a["id"] for d in found for a in d["data"]["articles"]}
    assert ids == {a.entry_id for a in alerts}
