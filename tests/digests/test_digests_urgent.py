"""Claims about an urgent alert: as a Slack message, and as what may be passed on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from digest_cases import alert, morning

from alerts.digests.mail import MailContext
from alerts.digests.render import Renderer
from alerts.digests.sample import SAMPLE_URGENCY


@pytest.mark.parametrize(("length", "words"), [(0, 6), (1_900, 6), (1_900, 80)])
def test_however_long_link_and_headline_are_the_message_in_slack_says_all_of_it(
    length: int, words: int
):
    """Slack refuses a section of more than 3,000 characters, whatever of it is markup."""
    link = f"https://n.example/{'x' * length}"
    summary = "Agents of ICE & others were seen. " * 9
    title = " ".join(["AT&T agents"] * words)
    one = alert(1, title, "24 7:00", summary=summary, link=link)
    urgency = replace(SAMPLE_URGENCY, note="Call 555-0142, " + "day or night, " * 60 + "always.")
    post = Renderer().urgent_post(morning([one]), urgency, "slack")
    sections = [b["text"]["text"] for b in post.document["blocks"] if b["type"] == "section"]
    told = "\n".join(sections)
    assert title.replace("&", "&amp;") in told
    assert f"<{link}|" in told
    assert told.endswith("always.")
    assert max(map(len, sections)) <= 3_000


def test_what_may_be_passed_on_says_that_a_headline_is_in_another_language():
    title = "ICE agents detain two men outside a market, three witnesses said on Monday"
    digest = morning([alert(1, title, "24 7:00", summary=title)])
    digest = replace(digest, subscriber=replace(digest.subscriber, language="es"))
    mail = Renderer().urgent_mail(digest, SAMPLE_URGENCY, MailContext("luz@example.org"))
    copied = mail.text.partition("copie desde aquí")[2].partition("hasta aquí")[0]
    assert f'"{title}" (en inglés)' in " ".join(copied.split())
    assert "(en inglés)" in mail.html.partition("Para compartir")[2]
