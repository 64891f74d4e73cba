"""Digest mails: what readers see, that all of it arrives, and that hostile news cannot harm."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from digest_cases import (
    ANA,
    HOSTILE,
    MISSING,
    MORNING,
    RADIO,
    SOURCES,
    WIRE,
    alert,
    at,
    brief,
    is_harmless,
    morning,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.delivery.compose import compose
from alerts.delivery.transport import DeliveryHead, Envelope
from alerts.digests.mail import MAX_HTML_BYTES
from alerts.digests.render import MailContext, Renderer
from alerts.model import FeedHealth, Mail, Outlet, Subscription

RENDERER = Renderer()
TO_ANA = MailContext(
    "ana@example.org", admin="webdesk@newsroom.example", sender_name="Madison Immigration Alerts"
)


class Document(HTMLParser):
    """What stands in an HTML part: elements, links, visible text, and whether tags are balanced."""

    VOID = frozenset({"meta", "br", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.links: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.is_balanced = True
        self.feed(html)
        self.close()
        self.is_balanced = self.is_balanced and not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.is_balanced = self.is_balanced and bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def mails(*args, **kwargs) -> tuple[Mail, ...]:
    return RENDERER.mails(morning(*args, **kwargs), TO_ANA)


def one_mail(*args, **kwargs) -> Mail:
    (mail,) = mails(*args, **kwargs)
    return mail


# --- before it is opened -------------------------------------------------------------------------


def test_the_subject_is_the_first_headline_and_the_number_of_others():
    assert one_mail().subject == (
        "ICE agents detain two men outside Park Street market, witnesses say (+6)"
    )


def test_one_story_alone_has_no_number_in_the_subject():
    assert one_mail(MORNING[:1]).subject == MORNING[0].entry.title


def test_a_headline_of_120_characters_is_a_whole_subject_without_the_number():
    title = "A" * 59 + " " + "b" * 60
    assert one_mail([alert(1, title, "24 7:00"), MORNING[1]]).subject == title


def test_a_longer_headline_is_cut_at_a_word():
    title = "word " * 40
    subject = one_mail([alert(1, title, "24 7:00")]).subject
    assert len(subject) <= 120
    assert subject.endswith("word…")


def test_a_discreet_subject_names_no_topic():
    mail = one_mail(subscriber=replace(ANA, subject="discreet"))
    assert mail.subject == "News summary for Tuesday: 7 stories"
    assert Document(mail.html).text.count("Open to read.") == 1


def test_what_an_inbox_shows_of_a_discreet_mail_names_no_topic():
    person = replace(ANA, subject="discreet")
    (mail,) = RENDERER.mails(morning(subscriber=person), replace(TO_ANA, sender_name="ICE Watch"))
    head = DeliveryHead("ab" * 16, ANA.destinations[0], 1_795_527_000.0)
    data = compose(mail, head, Envelope("ICE Watch <alerts@example.org>"))
    shown = message_from_bytes(data, policy=policy.SMTP)
    assert shown["From"] == "News summary <alerts@example.org>"
    assert "ICE" not in data.partition(b"\r\n\r\n")[0].decode()
    plain = compose(one_mail(), head, Envelope("ICE Watch <alerts@example.org>"))
    assert message_from_bytes(plain, policy=policy.SMTP)["From"] == "ICE Watch <alerts@example.org>"


def test_no_digest_breaks_the_subject_line():
    for title in HOSTILE:
        subject = one_mail([alert(1, title, "24 7:00")]).subject
        assert subject
        assert is_harmless(subject)


@pytest.mark.parametrize("count", range(1, 8))
def test_the_preheader_has_40_to_120_characters_and_is_hidden(count):
    html = one_mail(MORNING[:count]).html
    hidden = re.search(r'<div style="display:none[^>]*>(.*?)(?:&#847;|</div>)', html, re.DOTALL)
    assert 40 <= len(hidden[1]) <= 120
    assert "sources read" in hidden[1]


# --- the text part -------------------------------------------------------------------------------


def test_the_text_part_reads_like_the_model():
    assert one_mail().text == (Path(__file__).parent / "morning.txt").read_text(encoding="utf-8")


def test_text_lines_have_at_most_76_columns_but_addresses_stay_whole():
    long = "https://courier.example/" + "x" * 150
    text = one_mail([alert(1, "Word " * 60, "24 7:00", link=long, summary="text " * 90)]).text
    lines = text.splitlines()
    assert f"   {long}" in lines
    assert all(len(line) <= 76 for line in lines if "https://" not in line)


def test_everything_about_the_reader_stands_below_the_signature_line():
    text = RENDERER.mails(morning(), replace(TO_ANA, stop_link="https://alerts.example/u/T"))[
        0
    ].text
    news, _, foot = text.partition("\n-- \n")
    assert "Ana" not in news
    assert "ana@example.org" in foot
    assert "alerts.example" not in news


def test_without_pages_the_mail_says_how_to_stop_by_a_reply():
    mail = one_mail()
    told = "To stop these mails to ana@example.org, reply STOP."
    assert told in mail.text
    assert told in Document(mail.html).text


def test_the_stop_link_names_the_address():
    context = replace(TO_ANA, stop_link="https://alerts.example/u/T")
    mail = RENDERER.mails(morning(), context)[0]
    assert "Stop mails to ana@example.org:\nhttps://alerts.example/u/T\n" in mail.text
    assert "https://alerts.example/u/T" in Document(mail.html).links
    assert "reply STOP" not in mail.text + mail.html


def test_if_nobody_reads_replies_the_admin_is_named():
    text = RENDERER.mails(morning(), replace(TO_ANA, reply_stop=False))[0].text
    assert "To stop these mails to ana@example.org, write to webdesk@newsroom.example." in (
        " ".join(text.split())
    )


def test_a_first_digest_has_no_since():
    mail = one_mail(since_at=None)
    assert mail.text.startswith("7 stories, Tuesday, November 24, 7:30 am\n")
    assert "<h1" in mail.html
    assert "since" not in re.search(r"<h1.*?</h1>", mail.html)[0]


def test_a_digest_that_is_late_is_told_by_its_own_time():
    assert "Tuesday, November 24, 9:05 am" in one_mail(created_at=at("24 9:05")).text


def test_a_digest_of_the_same_day_tells_both_times_and_one_date():
    mail = one_mail(since_at=at("24 6:00"))
    assert mail.text.startswith("7 stories, Tuesday, November 24, 6:00 am to 7:30 am\n")
    assert "7 stories since today 6:00 am" in mail.html


# --- completeness --------------------------------------------------------------------------------


def completeness(sources: int, *missing: FeedHealth) -> tuple[str, str]:
    text = one_mail(sources=sources, missing=missing).text
    head, _, foot = text.partition("\n-- \n")
    return head, " ".join(foot.split())


def test_a_complete_digest_says_so_in_its_foot_only():
    head, foot = completeness(3)
    assert "!" not in head
    assert "All 3 sources were read." in foot


def test_an_incomplete_digest_says_so_on_top_and_why_in_its_foot():
    head, foot = completeness(SOURCES, *MISSING)
    assert "! Lake Mendota Ledger could not be read since Sunday 3:10 pm:" in head
    assert "42 sources, all read but one: Lake Mendota Ledger (its server refuses us since" in foot


def test_several_failing_sources_are_named():
    head, foot = completeness(3, FeedHealth("A", since=at("20 8:00")), FeedHealth("B"))
    assert "2 sources could not be read" in head
    assert "A (since Friday 8:00 am) and B" in " ".join(head.split())
    assert "The other one of your 3 sources was read." in " ".join(head.split())
    assert "3 sources, all read but 2: A (since Friday 8:00 am) and B." in foot


def test_when_nothing_was_read_the_digest_says_so():
    head, foot = completeness(2, FeedHealth("A"), FeedHealth("B"))
    assert "None of your sources was read." in " ".join(head.split())
    assert "None of 2 sources was read: A and B." in foot
    head, foot = completeness(1, FeedHealth("A"))
    assert "A could not be read: its stories may be missing here." in head
    assert "Your one source was not read: A." in foot


def test_without_sources_nothing_is_claimed():
    _, foot = completeness(0)
    assert "source" not in foot


# --- the HTML part -------------------------------------------------------------------------------


def test_the_html_part_has_language_title_one_h1_and_flagged_tables():
    html = one_mail().html
    document = Document(html)
    assert html.lstrip().startswith("<!doctype html>")
    assert ("html", "lang", "en") in document.attributes
    assert document.elements["title"] == document.elements["h1"] == 1
    assert document.elements["h2"] == 3
    assert document.elements["h3"] == 7
    roles = [v for tag, name, v in document.attributes if tag == "table" and name == "role"]
    assert roles == ["presentation"] * document.elements["table"]
    assert document.is_balanced


def test_nothing_in_a_mail_is_loaded_from_elsewhere():
    document = Document(one_mail().html)
    for element in ("img", "script", "form", "link", "iframe", "input", "object", "video"):
        assert document.elements[element] == 0
    assert "url(" not in one_mail().html
    assert "@import" not in one_mail().html


def test_links_are_the_articles_own():
    document = Document(one_mail().html)
    owed = {o.link for a in MORNING for o in a.outlets}
    assert {link for link in document.links if not link.startswith("#")} == owed


def test_a_story_behind_a_paywall_leads_to_a_free_outlet():
    mail = one_mail()
    assert (
        "Free to read: Capitol Square Radio, 6:31 am\n   https://capitol.example/1\n" in mail.text
    )
    assert "Also at Badger Wire, 7:02 am" in mail.text
    assert "Free to read:" in Document(mail.html).text


def test_every_time_is_the_readers():
    tokyo = one_mail(subscriber=replace(ANA, timezone="Asia/Tokyo"), slot="now")
    assert "Tuesday, November 24, 10:32 pm" in tokyo.text
    assert "today 9:12 pm" in tokyo.text


# --- many stories --------------------------------------------------------------------------------


def many(count: int, **more):
    return [
        alert(n, f"Story {n} of a busy day at the county courthouse", "24 7:00", **more)
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize(("person", "full"), [(ANA, 25), (brief(), 12)])
def test_the_first_stories_are_told_in_full_and_further_ones_in_a_line(person, full):
    text = one_mail(many(30, summary="Some words."), subscriber=person).text
    assert text.count("Some words.") == full


def test_a_blank_line_parts_the_first_short_story_from_those_in_full():
    text = one_mail(many(27)).text
    assert re.search(r"\n\n26\. .*\n.*\n.*\n27\. ", text)


@pytest.mark.parametrize("count", [26, 500])
def test_every_title_and_link_is_sent_in_parts_that_no_mailbox_clips(count):
    stories = many(count, summary="Words of it. " * 20)
    found = mails(stories)
    assert (len(found) > 1) == (count == 500)
    documents = [Document(mail.html) for mail in found]
    links = [link for d in documents for link in d.links if not link.startswith("#")]
    assert sorted(links) == sorted(a.entry.link for a in stories)
    for one in stories:
        assert sum(one.entry.title in mail.text for mail in found) >= 1
        assert sum(f"{one.entry.link}\n" in mail.text for mail in found) == 1
    assert all(len(mail.html.encode()) <= MAX_HTML_BYTES for mail in found)
    if count == 500:
        assert found[1].subject.endswith(f"(part 2 of {len(found)})")
        assert f"(part 2 of {len(found)})" in found[1].text


def test_a_story_with_hundreds_of_outlets_names_and_links_them_all():
    outlets = [(f"Outlet {n}", "24 7:00") for n in range(300)]
    one = alert(1, "Told everywhere", "24 7:00", also=outlets)
    wide = tuple(
        replace(o, link=f"https://o{n}.example/{'x' * 900}") for n, o in enumerate(one.outlets)
    )
    found = mails([replace(one, outlets=wide)])
    links = {link for mail in found for link in Document(mail.html).links}
    assert {o.link for o in wide[1:]} <= links
    assert all(len(mail.html.encode()) <= MAX_HTML_BYTES for mail in found)
    assert all(
        f"Outlet {n}" in " ".join(" ".join(m.text.split()) for m in found) for n in range(300)
    )


def test_a_story_without_outlets_or_rules_stands_alone():
    person = replace(ANA, subscriptions=())
    bare = replace(alert(1, "A title", "24 7:00"), outlets=(), matches=())
    text = one_mail([bare], subscriber=person).text
    assert "OTHER (1)\n\n1. A title\n   https://dane.example/2026/11/1\n" in text
    assert "follows" not in text


def test_an_empty_digest_is_a_mail_all_the_same():
    mail = one_mail([])
    assert mail.subject == "0 stories"
    assert Document(mail.html).is_balanced


def test_a_subscriber_with_hundreds_of_rules_has_a_footer_that_fits():
    names = [f"rule-{n}" for n in range(500)]
    person = replace(ANA, subscriptions=tuple(map(Subscription, names)))
    one = alert(1, "A title", "24 7:00", rules=names)
    mail = one_mail([one], subscriber=person, explanations=dict.fromkeys(names, "words " * 900))
    assert len(mail.html.encode()) < 25_000


# --- other outlets, and any title --------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(st.text(max_size=300) | st.sampled_from(HOSTILE), min_size=1, max_size=5))
def test_whatever_the_titles_say_every_story_has_its_headline_and_lines_stay_short(titles):
    stories = [alert(n, t, "24 7:00", summary=t) for n, t in enumerate(titles, 1)]
    found = mails(stories)
    for mail in found:
        news = mail.text.partition("\n-- \n")[0]
        assert max(map(len, (ln for ln in news.split("\n") if "://" not in ln))) <= 76
    assert sum(Document(mail.html).elements["h3"] for mail in found) == len(titles)


def test_times_of_other_outlets_name_their_day_only_if_it_is_another():
    also = ((RADIO, "23 20:15"), (WIRE, "24 6:10"))
    mail = one_mail([alert(1, "A title", "23 19:00", also=also)])
    told = "Also at Capitol Square Radio, 8:15 pm; Badger Wire, today 6:10 am"
    assert told in " ".join(mail.text.split())
    shown = " ".join(Document(mail.html).text.replace("\xa0", " ").split())
    assert "Capitol Square Radio 8:15 pm · Badger Wire today 6:10 am" in shown


def test_a_wide_outlet_list_keeps_its_times():
    one = alert(1, "A title", "24 7:00", also=((RADIO, "24 6:31"), (WIRE, "23 7:02")))
    assert "Also at Capitol Square Radio, 6:31 am; Badger Wire, Mon 7:02 am" in one_mail([one]).text
    assert Outlet("A", None, 0.0) not in one.outlets
