"""Claims about what stands below the stories: what was sent already, what was corrected since."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from digest_cases import alert, at, morning

from alerts.digests.below import Before, already_sent, corrected
from alerts.digests.render import MailContext, Renderer
from alerts.model import Digest

RENDERER = Renderer()
TO_ANA = MailContext("ana@example.org", "admin@example.org")
TOLD = alert(90, "Council <b>votes</b> on ICE", "24 6:12")
CHANGED = alert(91, "Two people held near East Towne", "23 6:12")
WAS = "Five people held near East Towne, neighbors say"


def digest(language: str = "en") -> Digest:
    made = morning()
    person = replace(made.subscriber, language=language)
    before = Before(TOLD, at("24 6:18"))
    changed = Before(CHANGED, at("23 7:30"), WAS)
    below = (*already_sent([before], language), *corrected([changed], language))
    return replace(made, subscriber=person, below=below)


def test_below_the_stories_stands_what_was_told_before_and_the_count_is_without_it():
    text = " ".join(RENDERER.mails(digest(), TO_ANA)[0].text.split())
    assert text.startswith("7 stories,")
    assert (
        "ALREADY SENT (1) Council votes on ICE Dane County Courier, sent to you today 6:18 am "
        "https://dane.example/2026/11/90 "
        "CORRECTED SINCE WE TOLD YOU (1) Two people held near East Towne "
        "Dane County Courier, changed the headline that you got Mon 7:30 am "
        f"Was: {WAS} https://dane.example/2026/11/91 -- "
    ) in text


def test_in_html_each_is_a_headline_that_leads_to_the_article():
    html = RENDERER.mails(digest(), TO_ANA)[0].html
    assert ">Already sent <" in html
    assert 'href="https://dane.example/2026/11/90"' in html
    assert f"Was: {WAS}" in html


def test_in_slack_each_is_one_bullet_under_its_heading():
    document = json.dumps(RENDERER.slack(digest())[0].document, ensure_ascii=False)
    assert "*Already sent*\\n• <https://dane.example/2026/11/90|Council votes on ICE>" in document
    assert f"Was: {WAS}" in document


def test_a_program_is_told_when_it_was_told_before():
    articles = RENDERER.webhook(digest())[-1].document["data"]["articles"]
    sent, changed = articles[-2:]
    assert (sent["told_before"], sent["title_before"]) == ("2026-11-24T12:18:00Z", None)
    assert changed["title_before"] == WAS
    assert articles[0]["told_before"] is None


@pytest.mark.parametrize("form", ["html", "text", "slack"])
def test_a_spanish_reader_reads_it_in_spanish(form: str):
    mail = RENDERER.mails(digest("es"), TO_ANA)[0]
    slack = json.dumps(RENDERER.slack(digest("es"))[0].document, ensure_ascii=False)
    told = " ".join({"html": mail.html, "text": mail.text, "slack": slack}[form].lower().split())
    assert "ya enviadas" in told
    assert "corregidas después de nuestro aviso" in told
    assert "se le envió:" in told
    assert "already sent" not in told
