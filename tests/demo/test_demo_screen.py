"""The demo's screen: each decision with its reason, links as their labels, nothing escaped."""

from __future__ import annotations

import json

from alerts.demo import screen
from alerts.demo.news import SampleStory
from alerts.demo.screen import Verdict
from alerts.demo.servers import ReceivedMail, Request

STORY = SampleStory("courier", "arrests", 2.0, "ICE agents wait outside the courthouse", "Text.")
TRAIN = SampleStory("weekend", "train", 3.0, "A slow ICE train", "Text.", decoy="a train")


def test_a_told_story_says_which_words_made_it_told() -> None:
    verdict = Verdict(STORY, {"ICE": ("ICE", "I.C.E.")}, is_told=True)
    assert screen.told([verdict, Verdict(TRAIN, {}, is_told=True)]) == [
        "  ICE agents wait outside the courthouse (Dane County Courier)",
        "      ICE, because it says ICE … I.C.E.",
    ]


def test_a_story_that_was_not_told_says_what_it_is_instead() -> None:
    old = Verdict(STORY, {"ICE": ("ICE",)}, is_told=False)
    plain = Verdict(SampleStory("wire", "dull", 1.0, "A dull day", ""), {}, is_told=True)
    lines = screen.not_told([Verdict(TRAIN, {}, is_told=True), old, plain])
    assert lines[1] == "      a train"
    assert "old news" in lines[3]
    assert lines[5] == "      no rule holds"


def test_a_failing_source_is_shown_with_its_reason_and_others_with_their_count() -> None:
    rows = [
        {"name": "Courier", "error": None, "error_text": None, "entries": 4},
        {"name": "Two Rivers", "error": "http", "error_text": "It answers 503.", "entries": 0},
    ]
    assert screen.polled(rows) == [
        "  Courier     4 articles",
        "  Two Rivers  FAILING: It answers 503.",
    ]
    assert screen.polled([]) == []


def test_a_slack_message_is_shown_with_labels_for_links_and_its_marks_unescaped() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "1 story"}},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "ICE 1"}]},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*<https://x.example/a|Cats &amp; <dogs>*\nCourier"},
        },
    ]
    post = Request("POST", "/", {}, json.dumps({"blocks": blocks}).encode(), 200, 0.0)
    assert screen.slack(post) == [
        "  | 1 story", "  |", "  | " + "-" * 40, "  | ICE 1", "  |",
        "  | *Cats & <dogs*", "  | Courier", "  |",
    ]  # fmt: skip


def test_a_mail_is_shown_with_its_subject_and_text() -> None:
    raw = b"From: a@x.example\r\nTo: b@x.example\r\nSubject: Hello\r\n\r\nOne\r\n\r\nTwo\r\n"
    assert screen.mail(ReceivedMail("a@x.example", ("b@x.example",), raw)) == [
        "  | From: a@x.example", "  | To: b@x.example", "  | Subject: Hello", "  |",
        "  | One", "  |", "  | Two",
    ]  # fmt: skip


def test_a_pass_is_told_in_one_sentence() -> None:
    done = dict.fromkeys(
        ("polled", "unchanged", "failed", "new", "alerts", "digests", "delivered"), 2
    )
    assert screen.counters(done | {"new": 1, "seconds": 1.25}) == (
        "2 sources polled (2 unchanged, 2 failing), 1 new article, 2 alerts, 2 digests, "
        "2 delivered, in 1.2 s"
    )
