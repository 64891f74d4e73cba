"""Slack's answers, over a real socket: each of its words, and what becomes of the message."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from making import MAIL, POST, delivery_id, prepared, slack
from scripted import Raw, ScriptedServer, reply, serve

from alerts.clock import SystemClock
from alerts.delivery import retry
from alerts.delivery.slack import SlackTransport, text_only
from alerts.model import Delivery, Post, SendResult
from alerts.netguard import Guard

BLOCKS = {
    "text": "2 new: ICE",
    "unfurl_links": False,
    "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "2 new <!channel>"}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*<https://a.example/1|One &amp; two>*"},
        },
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "<https://a.example/2|Three>"}]},
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": "42 of 42 feeds"}, {"type": "image"}],
        },
        {"type": "divider"},
    ],
}


@pytest.fixture
def transport() -> Iterator[SlackTransport]:
    made = SlackTransport(Guard(["127.0.0.0/8"]), SystemClock(), deadline_s=60.0)
    yield made
    made.close()


def sent(transport: SlackTransport, server: ScriptedServer, document: object = None) -> SendResult:
    post = Post(document) if isinstance(document, dict) else POST
    return transport.send(prepared(transport, post, slack(server.url("/services/T0/B0/canary"))))


def test_a_message_is_posted_as_it_was_prepared(transport: SlackTransport) -> None:
    with serve(reply(200, b"ok")) as server:
        result = sent(transport, server)
    assert (result.outcome, result.code, result.server) == ("delivered", "200", "127.0.0.1")
    assert json.loads(server.seen[0].body) == POST.document
    assert b", " not in server.seen[0].body[:30]
    assert server.seen[0].header("content-type") == "application/json"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, "no_text", "refused bad_payload delivery"),
        (400, "invalid_payload", "refused bad_payload delivery"),
        (400, "user_not_found", "refused bad_payload delivery"),
        (400, "something new", "refused bad_payload delivery"),
        (400, "invalid_token", "suppress gone destination"),
        (403, "action_prohibited", "suppress gone destination"),
        (403, "posting_to_general_channel_denied", "suppress gone destination"),
        (403, "", "suppress gone destination"),
        (403, "team_disabled", "suppress gone destination"),
        (404, "channel_not_found", "suppress gone destination"),
        (404, "no_service", "suppress gone destination"),
        (404, '{"ok":false,"error":"no_team"}', "suppress gone destination"),
        (404, "<html>not here</html>", "retry http destination"),
        (410, "channel_is_archived", "suppress gone destination"),
        (429, "rate_limited", "retry rate_limited destination"),
        (400, "ratelimited", "retry rate_limited destination"),
        (500, "rollup_error", "retry http destination"),
        (503, "service_unavailable", "retry http destination"),
        (502, "{broken", "retry http destination"),
        (500, '{"error": 5}', "retry http destination"),
        (302, "", "retry redirect destination"),
        (413, "", "refused too_big delivery"),
        (200, " ok\n", "delivered ok destination"),
        (200, "<html>captive</html>", "retry network destination"),
        (202, "queued", "delivered ok destination"),
        (200, '{"ok":false,"error":"no_team"}', "retry network destination"),
        (200, '{"error":"no_team"}', "retry network destination"),
        (200, "no_service", "retry network destination"),
        (200, "", "delivered ok destination"),
        (204, "", "delivered ok destination"),
        (200, '{"success":true}', "delivered ok destination"),
    ],
)
def test_a_word_or_a_status_of_slack_has_one_meaning(
    transport: SlackTransport, status: int, body: str, expected: str
) -> None:
    headers = {"Location": "http://127.0.0.1:1/x"} if status == 302 else {}
    with serve(reply(status, body.encode(), headers)) as server:
        result = sent(transport, server)
    assert f"{result.outcome} {result.kind} {result.scope}" == expected
    assert result.code == str(status)
    assert len(server.seen) == 1


def test_a_page_in_slacks_place_is_tried_again_and_says_what_may_be_wrong(
    transport: SlackTransport,
) -> None:
    with serve(reply(200, b"<html>captive</html>")) as server:
        result = sent(transport, server)
    assert "portal" in result.hint
    assert "URL" in result.hint
    assert "captive" in result.server_text
    assert retry.after(result, "slack", 0, 0.0, 0.0, 0.5).state == "delayed"


def test_a_limit_without_a_time_does_not_claim_one(transport: SlackTransport) -> None:
    with serve(reply(429, b"")) as server:
        result = sent(transport, server)
    assert (result.kind, result.retry_after_s) == ("rate_limited", None)
    assert "when to come back" not in result.hint


def test_a_limited_webhook_is_tried_again_exactly_when_slack_says(
    transport: SlackTransport,
) -> None:
    with serve(reply(429, b"rate_limited", {"Retry-After": "30"})) as server:
        result = sent(transport, server)
    assert result.retry_after_s == 30.0
    assert result.scope == "destination"
    step = retry.after(result, "slack", 2, 0.0, 1000.0, 0.7)
    assert step == retry.Next("delayed", 1030.0, counts=False)


def test_a_refused_layout_is_sent_once_more_as_text_with_every_title(
    transport: SlackTransport,
) -> None:
    with serve(reply(400, b"invalid_blocks"), reply(200, b"ok")) as server:
        result = sent(transport, server, BLOCKS)
    assert (result.outcome, result.kind) == ("delivered", "degraded")
    assert "plain text" in result.hint
    assert "invalid_blocks" in result.server_text
    plain = json.loads(server.seen[1].body)
    assert set(plain) == {"text", "unfurl_links"}
    for words in ("One &amp; two", "https://a.example/2|Three", "42 of 42 feeds"):
        assert words in plain["text"]
    assert "<!channel>" not in plain["text"]


def test_a_text_that_is_refused_too_is_not_tried_a_third_time(transport: SlackTransport) -> None:
    with serve(reply(400, b"invalid_blocks")) as server:
        result = sent(transport, server, BLOCKS)
    assert (result.outcome, result.kind) == ("refused", "bad_payload")
    assert len(server.seen) == 2


def test_a_message_without_layout_has_no_plainer_form() -> None:
    assert text_only(b'{"text":"a"}') is None
    assert text_only(b'{"text":"a","blocks":"odd"}') is None
    assert text_only(b'{"text":"a","blocks":[{"type":"divider"}]}') == b'{"text":"a"}'


@pytest.mark.parametrize(
    "answer", [Raw(b"", then="close"), Raw(b"HTTP/1.1 2", then="hold"), Raw(b"garbage\r\n\r\n")]
)
def test_an_answer_that_was_lost_leaves_it_unknown(answer: Raw) -> None:
    transport = SlackTransport(Guard(["127.0.0.0/8"]), SystemClock(), deadline_s=1.0)
    with serve(answer) as server:
        result = sent(transport, server)
    transport.close()
    assert (result.outcome, result.kind) == ("ambiguous", "ambiguous")
    assert len(server.seen) == 1


def test_a_word_of_slack_is_shown_though_the_path_holds_it_too(transport: SlackTransport) -> None:
    with serve(reply(404, b"no_service")) as server:
        place = slack(server.url("/hooks/no_service"))
        result = transport.send(prepared(transport, POST, place))
    assert result.server_text == "no_service"


def test_nothing_that_is_said_shows_the_url(transport: SlackTransport) -> None:
    echo = b"no such hook: /services/T0/B0/canary"
    with serve(reply(500, echo)) as server:
        result = sent(transport, server)
        url = server.url("/services/T0/B0/canary")
    assert "canary" not in repr(result)
    gone = transport.send(Delivery(delivery_id(), slack(url), b"{}"))
    assert (gone.outcome, gone.kind, gone.scope) == ("retry", "network", "destination")
    assert "canary" not in repr(gone)


def test_a_transport_of_posts_takes_no_mails(transport: SlackTransport) -> None:
    with pytest.raises(TypeError):
        prepared(transport, MAIL, slack("http://127.0.0.1/x"))
