"""The demo's screen: each decision with its reason, links as their labels, nothing escaped."""

from __future__ import annotations

import json
from pathlib import Path

import click

from alerts.demo import screen
from alerts.demo.decisions import Decision
from alerts.demo.news import SampleStory
from alerts.demo.screen import Screen
from alerts.demo.servers import ReceivedMail, Request

STORY = SampleStory("courier", "arrests", 2.0, "ICE agents wait outside the courthouse", "Text.")
TRAIN = SampleStory("weekend", "train", 3.0, "A slow ICE train", "Text.", decoy="a train")
DULL = SampleStory("wire", "dull", 1.0, "A dull day", "")
TOLD = Decision(STORY, {"ICE": ("ICE", "I.C.E."), "Local": ()})


WIDE, NARROW = Screen(120), Screen(80)


def slack_post(*blocks: object) -> Request:
    return Request("POST", "/", {}, json.dumps({"blocks": blocks}).encode(), 200, 0.0)


def section(text: str) -> object:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_a_told_story_says_which_words_made_it_told() -> None:
    assert WIDE.told([TOLD, Decision(TRAIN, {}, "no")]) == [
        "  · ICE agents wait outside the courthouse [ICE: “ICE”, “I.C.E.”; Local]"
    ]


def test_stories_that_were_not_told_stand_below_what_the_rules_say_of_them() -> None:
    lines = WIDE.not_told(
        [Decision(TRAIN, {}, "excepted"), TOLD, Decision(DULL, {}, "not there"),
         Decision(STORY, {}, "excepted")]
    )  # fmt: skip
    assert [click.unstyle(line) for line in lines] == [
        "  excepted", "  · A slow ICE train (a train)",
        "  · ICE agents wait outside the courthouse", "  not there", "  · A dull day",
    ]  # fmt: skip


def test_a_headline_is_cut_to_one_line_only_if_most_of_it_stays() -> None:
    story = SampleStory("wire", "long", 1.0, "A headline of many words " * 4, "")
    (line,) = NARROW.told([Decision(story, {"ICE": ("ICE",)})])
    assert line.endswith(" … [ICE: “ICE”]")
    assert len(line) < 80
    lines = NARROW.told([Decision(story, {"ICE": ("Immigration and Customs Enforcement",)})])
    assert "…" not in "".join(lines)
    assert len(lines) > 1


def test_a_failing_source_is_shown_with_its_reason_and_others_with_their_count() -> None:
    rows = [
        {"name": "Courier", "error": None, "error_text": None, "entries": 4},
        {"name": "Two Rivers", "error": "http", "error_text": "It answers 503.", "entries": 0},
    ]
    assert [click.unstyle(line) for line in WIDE.polled(rows)] == [
        "  Read, with their articles: Courier 4.",
        "  Not read: Two Rivers: It answers 503.",
    ]
    assert WIDE.polled([]) == []


def test_a_slack_message_is_shown_with_labels_for_links_and_its_marks_unescaped() -> None:
    post = slack_post(
        {"type": "header", "text": {"type": "plain_text", "text": "1 story"}},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": ":warning: ICE 1"}]},
        section("*<https://x.example/a|Cats &amp; &lt;dogs>*\nCourier"),
    )
    assert [click.unstyle(line) for line in WIDE.slack(post)] == [
        "  │ 1 story", "  │ " + "-" * 40, "  │ ⚠ ICE 1", "  │ Cats & <dogs", "  │ Courier",
    ]  # fmt: skip


def test_headlines_below_the_first_of_a_slack_message_are_counted_as_all_stand_above_it() -> None:
    post = slack_post(
        section("*First*"), section("*ICE*\n• One\n• Two"), section("*Madison*\n• Three"),
        section("End"),
    )  # fmt: skip
    assert [click.unstyle(line) for line in WIDE.slack(post)] == [
        "  │ First", "  │ … 3 more headlines, each with its link", "  │ End",
    ]  # fmt: skip


def test_the_outcome_comes_in_one_breath_and_fits_a_terminal() -> None:
    done = {"delivered": 1, "seconds": 0.62}
    lines = NARROW.outcome([TOLD, Decision(TRAIN, {}, "no")], [done, done])
    words = " ".join(lines)
    assert "1 of 2 stories were told, each once; 1 only look like it. 2 messages" in words
    assert "in 1.2 s" in words
    assert max(map(len, lines)) < 80


def test_a_line_is_no_longer_than_eyes_like_nor_so_short_that_it_breaks() -> None:
    assert [Screen(columns).width for columns in (300, 90, 20)] == [100, 89, 60]


def test_a_second_pass_says_what_alone_was_new() -> None:
    second = {"polled": 7, "unchanged": 4, "new": 1, "delivered": 1}
    lines = WIDE.moved_on(second, ["One is home", "One is home"])
    assert "7 sources asked, 4 unchanged, 1 new article, 1 message:" in " ".join(lines)
    assert lines[-1] == "  · One is home"


def test_a_mail_that_comes_later_is_told_with_its_subject_and_its_page() -> None:
    mail = ReceivedMail("a@x.example", ("b@x.example",), b"Subject: Hello\r\n\r\nOne\r\n")
    line = screen.came(mail, Path("/tmp/mail-1-b.html"))
    assert line == "  Mail to b@x.example: Hello (/tmp/mail-1-b.html)"
