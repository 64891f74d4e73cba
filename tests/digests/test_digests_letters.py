"""Messages to readers that are no digests: their words in both languages, and how they look."""

from __future__ import annotations

import re
import string
from dataclasses import replace

import pytest
from digest_cases import ANA, CHICAGO, alert, at, morning
from test_digests_look import Painted, contrast, dark_sheet

from alerts.delivery.late import with_line
from alerts.digests import letters
from alerts.digests.dates import Dates
from alerts.digests.lateness import late_line
from alerts.digests.mail import MailContext
from alerts.digests.notes import Note, rendered
from alerts.model import Digest, FeedHealth, LateCause, Lateness, Mail, Post

PLACE = ANA.destinations[0]
ROOM = replace(PLACE, kind="slack", place="hooks.slack.com")
CONTEXTS = [
    MailContext("ana@example.org", "admin@example.org", stop_link="https://a.example/u/T"),
    MailContext("ana@example.org", "admin@example.org"),
    MailContext("ana@example.org", "admin@example.org", reply_stop=False),
]
_ENGLISH = """
    the of and or to in was could not read next mail mails also since today story stories you your
    sources at news come comes first last is are late our from until nothing if this that these
    week note add contacts land articles been looked server did answer summary begins what here
    for time by there none
"""
ENGLISH = frozenset(re.findall(r"\w+", _ENGLISH))
CAUSES: tuple[LateCause, ...] = ("no answer", "no mail", "no post", "stood still")
WEEK = letters.Week(at("17 7:30"), 1318, (letters.Gap("Zz", at("20 9:00")),), at("30 7:30"))


def digest(language: str = "es", **person: object) -> Digest:
    """Return one whose stories and sources have words of no language."""
    mine = replace(ANA, language=language, **person)  # type: ignore[arg-type]
    made = morning([alert(1, "Xx yy", "24 6:12", paywall=True)], subscriber=mine)
    bad = FeedHealth("Zz", since=at("22 15:10"), reason="Refused", kind="http")
    return replace(made, sources=2, missing=(bad,), next_at=at("25 7:30"))


def notes(language: str) -> list[Note]:
    found = []
    for context in CONTEXTS:
        for weekly in ("silent", "weekly note"):
            one = digest(language, nothing_new=weekly)
            for place in (PLACE, ROOM):
                who = {"added_by": "Rosa", "sender": "n@example.org"}
                found.append(letters.welcome(one, place, context, **who))
                found.append(letters.quiet_week(one, place, context, WEEK))
    return found


def plain(note: Note) -> str:
    mail = rendered(note, "email", "k", 0.0)
    assert isinstance(mail, Mail)
    return mail.text


def html(note: Note) -> str:
    mail = rendered(note, "email", "k", 0.0)
    assert isinstance(mail, Mail)
    return mail.html


def late_lines(language: str) -> list[str]:
    dates = Dates(CHICAGO, at("24 7:32"), language)
    return [
        late_line(Lateness(cause, at("23 18:10"), at(until), count), total, dates)
        for cause in CAUSES
        for until in ("24 7:02", "23 20:00")
        for count, total in ((1, 1), (9, 9), (1, 9), (2, 9))
    ]


def test_no_english_word_of_ours_stands_in_a_spanish_message():
    told = [f"{note.subject} {plain(note)}" for note in notes("es")] + late_lines("es")
    for text in told:
        seen = re.sub(r"https?://\S+|\S+@\S+", " ", text)
        words = {word.strip(string.punctuation + "¿«»…–").lower() for word in seen.split()}
        assert not words & ENGLISH, text


def test_the_models_sentences_are_said():
    assert late_lines("en")[1] == (
        "These 9 stories are late: our mail server did not answer from Mon 6:10 pm to today"
        " 7:02 am. Nothing is missing."
    )
    week = letters.quiet_week(digest("en"), PLACE, CONTEXTS[0], WEEK)
    assert week.subject == "Nothing new this week; still watching"
    text = " ".join(plain(week).split())
    assert "No story matched ICE, Sanctuary or Madison since November 17, 7:30 am." in text
    assert "2 sources, all read but one: Zz (refused since Sunday 3:10 pm)." in text
    assert "1,318 articles were looked at. For a time could not be read: Zz until Fri" in text


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_sentence_ends_twice_and_no_line_is_too_long(language: str):
    for text in [*(plain(note) for note in notes(language)), *late_lines(language)]:
        assert ".." not in text
        assert "  " not in text
    for note in notes(language):
        lines = plain(note).splitlines()
        assert all(len(line) <= 76 for line in lines if "://" not in line)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_text_of_a_message_can_be_read_in_light_and_dark(mode: str):
    for note in notes("en")[:4]:
        page = html(note)
        assert "<img" not in page
        seen = Painted(page, dark_sheet(page) if mode == "dark" else "").seen
        assert len(seen) > 2
        for text, look in seen:
            assert contrast(look.colour, look.ground) >= 4.5, (text, look)
            assert look.size >= 14


@pytest.mark.parametrize("hostile", ["<b>&", "<!channel>", "@everyone\r\nBcc: x", "\u202eabc"])
def test_a_hostile_title_stays_a_title(hostile: str):
    made = morning([alert(1, hostile, "24 6:12")])
    note = letters.welcome(made, PLACE, CONTEXTS[0], added_by=hostile, sender="n@example.org")
    assert html(note).count("<a ") == 2
    assert "<b>" not in html(note)
    assert "\u202e" not in plain(note).replace(hostile, "", 1)
    post = rendered(note, "slack", "k", 0.0)
    assert isinstance(post, Post)
    assert "<!channel>" not in str(post.document)


@pytest.mark.parametrize("kind", ["email", "slack", "webhook"])
def test_a_payload_without_a_place_for_the_line_stays_as_it_is(kind: str):
    payload = b"{}" if kind != "email" else b"Subject: x\r\n\r\nhello"
    assert with_line(kind, payload, "f" * 32, "late") == payload  # type: ignore[arg-type]
