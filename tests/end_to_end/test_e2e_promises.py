"""Promises seen from outside: every title is sent, nothing hostile gets through, no inside network."""

from __future__ import annotations

import re

from slackblocks import Block, WebhookMessage

from tests.end_to_end.service import ANA, HOOK, ROOM, Service, item

EVERYTHING = "rules:\n  ice: ICE\n  sanctuary: sanctuary\n  madison: Madison\n"


def test_every_title_and_link_of_a_flood_is_sent_by_every_way(service: Service) -> None:
    service.configure(ANA, ROOM, HOOK, rules=EVERYTHING)
    flood = [
        item(f"ICE story number {n} of a long day", f"flood-{n:03}", "Text on ICE. " * 40, n / 10)
        for n in range(1, 91)
    ]
    service.publish(*flood)
    done = service.once()
    assert done["digests"] == 3
    posts = [post.json() for post in service.rooms.accepted("/services/T0/B0/room")]
    for post in posts:
        WebhookMessage(text=post["text"], blocks=[Block.from_dict(b) for b in post["blocks"]])
    by_hook = [p.json()["data"]["articles"] for p in service.rooms.accepted("/hook")]
    assert max(map(len, by_hook)) <= 20
    mails = service.mails()
    texts = "\n".join(mail.part("plain") for mail in mails)
    pages = "\n".join(mail.part("html") for mail in mails)
    rooms = "\n".join(map(str, posts))
    hooks = [article["link"] for articles in by_hook for article in articles]
    for story in flood:
        assert len(re.findall(rf"{story.link}\b", texts)) == 1
        assert story.title in " ".join(texts.split())
        assert f'"{story.link}"' in pages
        assert story.link in rooms
        assert hooks.count(story.link) == 1
    assert all(len(mail.part("html").encode()) <= 80_000 for mail in mails)
    assert len({mail.message["Message-ID"] for mail in mails}) == len(mails)


def test_a_hostile_article_changes_no_header_no_recipient_and_pings_nobody(
    service: Service,
) -> None:
    service.configure(ANA, ROOM, HOOK, rules=EVERYTHING)
    hostile = item(
        "ICE\r\nBcc: all@example.org\r\n\r\n<!channel> <script>alert(1)</script> \u202egnp.exe @everyone",
        "javascript:alert(document.domain)",
        "</td></table><img src=https://tracker.example/p.gif><form action=//evil.example>ICE <!here>",
    )
    service.publish(hostile)
    assert service.once()["delivered"] == 3
    [mail] = service.mail.mails
    assert mail.recipients == ("ana@example.org",)
    assert mail.message["Bcc"] is None
    assert not re.search(r"[\r\n\u202e]", mail.message["Subject"])
    page = mail.part("html")
    assert not re.search(r"<(script|img|form)|javascript:|tracker\.example/p", page, re.IGNORECASE)
    [post] = service.rooms.accepted("/services/T0/B0/room")
    assert not re.search(r"<!(channel|here|everyone)", post.body.decode())
    assert "javascript:" not in re.sub(r"\s", "", post.body.decode())
    [document] = service.rooms.accepted("/hook")
    assert document.json()["data"]["articles"][0]["link"] is None


def test_feeds_and_webhooks_reach_no_inside_network_unless_it_was_opened(service: Service) -> None:
    service.configure(ANA)
    service.publish(item("ICE agents wait outside", "wait"))
    done = service.once(ALERTS_ALLOW_NETS=None)
    assert (done["failed"], done["alerts"]) == (1, 0)
    assert service.feeds.requests == []
    row = service.feed("Courier")
    assert row["error"] == "blocked"
    assert "ALERTS_ALLOW_NETS" in row["hint"] + row["error_text"]


def test_variables_of_a_env_file_are_read_and_the_environment_wins(service: Service) -> None:
    service.configure(ROOM)
    service.publish(item("ICE agents wait outside", "wait"))
    slack = service.environment["SLACK_URL"]
    lines = (f"SLACK_URL={slack}", "ALERTS_ALLOW_NETS=10.0.0.0/8")
    (service.folder / ".env").write_text("\n".join(lines), encoding="utf-8")
    assert service.once(SLACK_URL=None)["delivered"] == 1
    assert len(service.rooms.accepted()) == 1
