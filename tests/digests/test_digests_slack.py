"""Slack digests: within Slack's limits, without pings, with every title and link."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from digest_cases import ANA, HOSTILE, MORNING, alert, at, brief, morning
from hypothesis import given, settings
from hypothesis import strategies as st
from slackblocks import ContextBlock, HeaderBlock, SectionBlock, Text, TextType, WebhookMessage

from alerts.digests.render import Renderer
from alerts.digests.slack import escaped, link, marked
from alerts.model import FeedHealth, Piece, Post

RENDERER = Renderer()
ROOM = replace(brief(), timezone="America/Chicago")


def posts(*args: Any, subscriber: Any = ROOM, **kwargs: Any) -> tuple[Post, ...]:
    return RENDERER.slack(morning(*args, subscriber=subscriber, **kwargs))


def texts(post: Post) -> list[str]:
    """Every text of a message that Slack reads as markup."""
    found = []
    for block in post.document["blocks"]:
        parts = block.get("elements") or [block["text"]]
        found += [part["text"] for part in parts if part["type"] == "mrkdwn"]
    return found


def links(post: Post) -> list[str]:
    return [target for text in texts(post) for target in re.findall(r"<(https?://[^|>]*)\|", text)]


def check_limits(post: Post) -> None:
    """Judge a message by slackblocks and by the limits that it does not know."""
    document = json.loads(json.dumps(post.document))
    blocks = [_rebuilt(block) for block in document["blocks"]]
    WebhookMessage(text=document["text"], blocks=blocks, unfurl_links=False, unfurl_media=False)
    assert len(document["blocks"]) <= 45
    assert len(json.dumps(document, ensure_ascii=False)) <= 10_000
    assert document["text"]
    assert document["unfurl_links"] is document["unfurl_media"] is False
    for block in document["blocks"]:
        if block["type"] == "section":
            assert 1 <= len(block["text"]["text"]) <= 3000
            assert block["text"]["verbatim"] is True
        if block["type"] == "header":
            assert 1 <= len(block["text"]["text"]) <= 150


def _rebuilt(block: dict[str, Any]) -> Any:
    """The block as slackblocks makes it; it refuses what Slack would."""
    if block["type"] == "header":
        return HeaderBlock(Text(block["text"]["text"], TextType.PLAINTEXT))
    if block["type"] == "context":
        return ContextBlock([Text(e["text"], verbatim=e["verbatim"]) for e in block["elements"]])
    assert block["type"] == "section"
    return SectionBlock(Text(block["text"]["text"], verbatim=block["text"]["verbatim"]))


def markup(text: str) -> Iterator[str]:
    """What stands between angle brackets: only links of ours may."""
    return (found[1] for found in re.finditer(r"<([^>]*)>", text))


def test_a_brief_digest_fits_one_screen_as_in_the_model():
    (post,) = posts()
    blocks = post.document["blocks"]
    assert post.document["text"] == (
        "7 stories: ICE agents detain two men outside Park Street market, witnesses say; 6 more"
    )
    assert blocks[0]["text"]["text"] == "7 stories · Tue Nov 24, 7:30 am"
    assert texts(post)[0] == "ICE 3 · Sanctuary 2 · Madison 2 · since Mon 7:30 am"
    assert texts(post)[1] == (
        ":warning: Lake Mendota Ledger could not be read since Sunday 3:10 pm: its stories may be"
        " missing here."
    )
    assert texts(post)[2] == (
        "*<https://dane.example/2026/11/1|ICE agents detain two men outside Park Street market,"
        " witnesses say>*\n"
        "Dane County Courier :lock:, 6:12 am · ICE, Madison"
        " · also <https://capitol.example/1|Capitol Square Radio>,"
        " <https://badger.example/1|Badger Wire>\n"
        ">Shortly before dawn, people in *ICE* vests *detained* two men outside the market shortly"
        " before 6 a.m., three witnesses said. The sheriff’s office said it had not been told."
    )
    assert texts(post)[3].startswith(
        "*ICE*\n• <https://dane.example/2026/11/3|Schools tell families what staff will do if ICE"
        " comes to a building>  Dane County Courier :lock:, Mon 4:45 pm · Madison\n• <"
    )
    assert texts(post)[-1] == "41 of 42 sources read · next Wed 7:30 am"
    assert len(blocks) == 8
    check_limits(post)


def test_a_full_digest_quotes_every_story():
    (post,) = posts(subscriber=ANA)
    assert sum("\n>" in text for text in texts(post)) == 7
    check_limits(post)


def test_a_complete_digest_has_no_warning():
    (post,) = posts(sources=1, missing=[])
    assert ":warning:" not in json.dumps(post.document)
    assert texts(post)[-1].startswith("1 of 1 source read")


@pytest.mark.parametrize("person", [ANA, ROOM])
@pytest.mark.parametrize("count", [1, 30, 400])
def test_every_title_and_link_is_sent(person, count):
    stories = [alert(n, f"Story {n} of a busy day", "24 7:00") for n in range(1, count + 1)]
    found = posts(stories, subscriber=person)
    for post in found:
        check_limits(post)
    assert sorted(t for post in found for t in links(post)) == sorted(a.entry.link for a in stories)
    told = "\n".join(text for post in found for text in texts(post))
    assert all(f"|{a.entry.title}>" in told for a in stories)
    if count == 400:
        assert f"part 2 of {len(found)}" in found[1].document["blocks"][0]["text"]["text"]


@pytest.mark.parametrize(("count", "shares"), [(6, [5]), (7, [3, 3]), (12, [4, 4, 3])])
def test_the_stories_of_a_topic_are_shared_out_so_that_none_stands_alone(count, shares):
    (post,) = posts([alert(n, f"Story {n}", "24 7:00") for n in range(1, count + 1)])
    found = [text.count("\n• ") + text.startswith("• ") for text in texts(post)]
    assert [bullets for bullets in found if bullets] == shares


def test_a_story_at_hundreds_of_outlets_links_them_all():
    one = alert(1, "Told everywhere", "24 7:00", also=[(f"O{n} x", "24 7:00") for n in range(300)])
    wide = [replace(o, link=f"https://o{n}.example/{'x' * 900}") for n, o in enumerate(one.outlets)]
    found = posts([replace(one, outlets=tuple(wide))])
    for post in found:
        check_limits(post)
    assert {o.link for o in wide[1:]} <= {t for post in found for t in links(post)}


def test_a_long_title_and_a_long_link_are_told_one_after_the_other():
    title, target = "Word " * 200, "https://courier.example/" + "x" * 1900
    (post,) = posts([alert(1, title, "24 7:00", link=target)])
    assert links(post) == [target]
    assert title.strip() in "\n".join(texts(post))
    check_limits(post)


@pytest.mark.parametrize("title", HOSTILE)
@pytest.mark.parametrize("person", [ANA, ROOM])
def test_hostile_news_neither_pings_nor_breaks_out(title, person):
    stories = [
        alert(
            n,
            title,
            "24 7:00",
            summary=f"ICE {title}",
            outlet=title[:200],
            link=f"https://x.example/{n}",
        )
        for n in (1, 2)
    ]
    for post in posts(stories, subscriber=person, missing=[FeedHealth(title[:300])]):
        check_limits(post)
        assert all(re.match(r"https?://[^|]+\|[^|]+$", m) for t in texts(post) for m in markup(t))
        raw = json.dumps(post.document)
        assert not re.search(r"<[!@#]", raw.replace("\\u003c", "<").split('"header"')[0])
        assert all("<" not in re.sub(r"<https?://[^>]*>", "", text) for text in texts(post))


@settings(max_examples=50)
@given(
    stories=st.lists(
        st.tuples(
            st.text(max_size=400) | st.sampled_from(HOSTILE),
            st.text(max_size=400) | st.sampled_from(HOSTILE),
            st.sampled_from(
                ["https://a.example/x?a=1&b=<2>|3", "javascript:1", "http://a.example/\u202e"]
            )
            | st.text(max_size=30),
        ),
        min_size=1,
        max_size=8,
    ),
    person=st.sampled_from([ANA, ROOM]),
)
def test_any_news_gives_messages_within_every_limit(stories, person):
    alerts = [
        alert(
            n,
            title,
            "24 7:00",
            summary=summary,
            link=target,
            also=((summary[:150] + "x", "24 7:00"),),
        )
        for n, (title, summary, target) in enumerate(stories, 1)
    ]
    for post in posts(alerts, subscriber=person):
        check_limits(post)
        for text in texts(post):
            assert all(re.match(r"https?://", inside) for inside in markup(text))
            assert "<" not in re.sub(r"<https?://[^>]*>", "", text)
            assert all(
                re.match(r"&(amp|lt|gt);", text[m.start() :]) for m in re.finditer("&", text)
            )


def test_escaping_leaves_nothing_that_slack_obeys():
    assert escaped("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert link("https://a.example/?a=1&b=2|<>", "a|b\nc") == (
        "<https://a.example/?a=1&amp;b=2%7C%3C%3E|a¦b c>"
    )
    assert link("javascript:alert(1)", "label") == "label"
    assert link(None, "label") == "label"


def test_words_are_bold_only_where_slack_can_show_it():
    told = marked((Piece("anti-"), Piece("ICE", True), Piece("'s and Mc"), Piece("ICE", True)))
    assert told == "anti-*ICE*'s and McICE"
    assert marked((Piece("a*b", True),)) == "a*b"
    assert marked((Piece("in "), Piece("ICE ", True), Piece("vests"))) == "in *ICE* vests"


def test_an_excerpt_that_goes_on_ends_in_an_ellipsis():
    (whole,) = posts([alert(1, "A", "24 7:00", summary="One sentence of it. " * 30)])
    (cut,) = posts([alert(1, "A", "24 7:00", summary="word " * 100)])
    assert ". …\n" in texts(whole)[2] + "\n"
    assert "word…" in texts(cut)[2]


def test_times_are_told_in_the_rooms_zone():
    (post,) = posts(MORNING[:1], subscriber=replace(ROOM, timezone="Europe/Madrid"), slot="x")
    assert "Tue Nov 24, 2:32 pm" in post.document["blocks"][0]["text"]["text"]
    assert at("24 7:32") == morning().created_at
