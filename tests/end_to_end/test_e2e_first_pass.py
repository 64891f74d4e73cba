"""A first pass tells each subscriber what they asked for, by mail, in Slack and by webhook."""

from __future__ import annotations

import datetime as dt
import email.policy
import re
from email.parser import BytesParser

from slackblocks import Block, WebhookMessage
from standardwebhooks import Webhook

from tests.end_to_end.service import ANA, HOOK, ROOM, SECRET, Service, item

ARREST = item(
    "ICE agents take two men into custody, lawyers say",
    "arrest",
    "Two men were led away by people in ICE vests near Madison, Wisconsin.",
    2,
)
POLICY = item("Council weighs sanctuary city policy", "policy", "The vote is in May.", 3)
FISHING = item("Ice fishing opens on Lake Mendota", "fishing", "The ice is thick.", 1)
ARENA = item("ICE Arena gets new boards", "boards", "Hockey returns to the ICE Arena.", 1)
OLD = item("ICE leased offices, records show", "lease", "An old story.", 80)
COUNTERS = {
    "feeds", "polled", "unchanged", "failed", "new", "matched", "alerts", "digests", "delivered",
    "written", "delayed", "failed_deliveries", "suppressed", "seconds",
}  # fmt: skip


def test_a_first_pass_tells_what_was_asked_for_and_a_second_pass_nothing(service: Service) -> None:
    service.configure(ANA, ROOM, HOOK)
    service.publish(ARREST, POLICY, FISHING, ARENA, OLD)
    first = service.once()
    assert set(first) >= COUNTERS
    assert {k: first[k] for k in ("feeds", "polled", "unchanged", "failed")} == {
        "feeds": 1, "polled": 1, "unchanged": 0, "failed": 0,
    }  # fmt: skip
    assert (first["digests"], first["delivered"], first["alerts"]) == (3, 3, 5)
    _check_mail(service)
    _check_slack(service)
    _check_webhook(service)
    second = service.once()
    assert second["unchanged"] == 1
    assert (second["new"], second["alerts"], second["digests"], second["delivered"]) == (0, 0, 0, 0)
    assert len(service.mail.mails) == 1
    assert len(service.rooms.requests) == 2


def _check_mail(service: Service) -> None:
    [mail] = service.mail.mails
    assert mail.recipients == ("ana@example.org",)
    message = BytesParser(policy=email.policy.default).parsebytes(mail.raw)
    assert not [d for part in message.walk() for d in part.defects]
    assert all(not message.get_all(name) or len(message.get_all(name)) == 1 for name in message)
    assert message["To"].addresses[0].addr_spec == "ana@example.org"
    assert message["From"].addresses[0].addr_spec == "alerts@example.org"
    assert message["Subject"].startswith(ARREST.title)
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", message["Message-ID"].strip())
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "bulk"
    assert set(message["X-Auto-Response-Suppress"].split(", ")) == {
        "OOF",
        "AutoReply",
        "DR",
        "RN",
        "NRN",
    }
    assert "mailto:editor@example.org" in message["List-Unsubscribe"]
    assert message["List-Unsubscribe-Post"] is None  # one-click needs a page; there is none
    for name in ("Date", "MIME-Version", "Content-Language", "List-Id", "X-Alert-Delivery"):
        assert message[name], name
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert all(len(line) <= 998 for line in mail.raw.splitlines())
    text, html = mail.part("plain"), mail.part("html")
    for told in (ARREST, POLICY):
        assert told.title in " ".join(text.split())
        assert re.search(rf"^\s*{re.escape(told.link)}$", text, re.MULTILINE)
        assert told.link in html
    for not_told in (FISHING, ARENA, OLD):
        assert not_told.title not in text + html
    assert text.count(ARREST.link) == 1  # under ICE; Madison is named, not repeated
    assert "Courier" in text
    assert "ana@example.org" in text
    assert "<img" not in html
    assert all(len(line) <= 76 or "://" in line for line in text.splitlines())


def _check_slack(service: Service) -> None:
    [post] = service.rooms.accepted("/services/T0/B0/room")
    payload = post.json()
    # slackblocks refuses what Slack would refuse: sizes, counts, kinds.
    blocks = [Block.from_dict(block) for block in payload["blocks"]]
    assert WebhookMessage(text=payload["text"], blocks=blocks)
    assert len(payload["blocks"]) <= 50
    assert payload["unfurl_links"] is False
    assert payload["unfurl_media"] is False
    whole = str(payload)
    assert ARREST.title in whole
    assert POLICY.title not in whole
    assert ARREST.link in whole


def _check_webhook(service: Service) -> None:
    [post] = service.rooms.accepted("/hook")
    document = Webhook(SECRET).verify(post.body, dict(post.headers))
    assert document["type"] == "digest"
    assert dt.datetime.fromisoformat(document["timestamp"]).tzinfo is not None
    data = document["data"]
    articles = {article["link"]: article for article in data["articles"]}
    assert set(articles) == {ARREST.link, POLICY.link}
    assert articles[ARREST.link]["title"] == ARREST.title
    assert (data["part"], data["parts"]) == (1, 1)
    assert len(post.body) < 20_000


def test_without_send_now_a_digest_waits_for_its_slot_and_a_room_is_told_at_once(
    service: Service,
) -> None:
    service.configure(ANA.replace("rules:", "when: monthly on 28 at 3:00 am\n    rules:"), ROOM)
    service.publish(ARREST)
    done = service.run("once", "--json")
    assert done.code == 0, done.err
    assert (done.json["alerts"], done.json["digests"], done.json["delivered"]) == (2, 1, 1)
    assert service.mail.mails == []
    assert len(service.rooms.accepted()) == 1
    [ana] = [
        row for row in service.run("subscribers", "--json").json if row["name"] == "Ana Flores"
    ]
    assert ana["pending"] == 1
    assert service.once("--send-now")["digests"] == 1
    assert len(service.mail.mails) == 1


def test_without_a_mail_server_mails_are_written_to_the_spool_never_delivered(
    service: Service,
) -> None:
    service.configure(ANA)
    service.publish(ARREST)
    done = service.once(SMTP_URL=None)
    assert (done["written"], done["delivered"]) == (1, 0)
    [file] = (service.folder / "outbox").glob("*.eml")
    message = BytesParser(policy=email.policy.default).parsebytes(file.read_bytes())
    assert message["Subject"].startswith(ARREST.title)
    assert [row["state"] for row in service.deliveries()] == ["written"]
    assert service.once(SMTP_URL=None)["written"] == 0


def test_nothing_that_matches_is_a_quiet_pass_with_exit_0(service: Service) -> None:
    service.configure(ANA)
    service.publish(FISHING, ARENA)
    done = service.once()
    assert (done["new"], done["matched"], done["alerts"], done["digests"]) == (2, 0, 0, 0)
    assert service.mail.mails == []


def test_plain_words_of_a_pass_go_to_people_and_json_alone_to_programs(service: Service) -> None:
    service.configure(ANA)
    service.publish(ARREST)
    assert service.run("once", "--json", "--send-now").out.count("\n") == 1
    plain = service.run("once", "--force")
    assert plain.code == 0
    assert plain.out.strip()
    assert "\x1b" not in plain.out
