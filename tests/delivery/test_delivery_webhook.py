"""Signed webhooks over a real socket: signature, bounds, and what each answer means."""

from __future__ import annotations

import gzip
import itertools
import json
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st
from making import MAIL, POST, SECRET, delivery_id, prepared, webhook
from scripted import Raw, ScriptedServer, reply, serve

from alerts.clock import FakeClock, SystemClock
from alerts.delivery.post import as_json, retry_after_s, scrubbed
from alerts.delivery.webhook import WebhookTransport
from alerts.model import Delivery, Destination, Post, Secret, SendResult
from alerts.netguard import Guard

LOCAL = Guard(["127.0.0.0/8"])


@pytest.fixture
def transport() -> Iterator[WebhookTransport]:
    made = WebhookTransport(LOCAL, SystemClock(), deadline_s=60.0)
    yield made
    made.close()


def sent(transport: WebhookTransport, server: ScriptedServer) -> SendResult:
    return transport.send(prepared(transport, POST, webhook(server.url("/hook/canary"))))


def test_the_reference_implementation_verifies_what_was_sent(transport: WebhookTransport) -> None:
    with serve(reply(204)) as server:
        assert sent(transport, server).outcome == "delivered"
    (seen,) = server.seen
    document = standardwebhooks.Webhook(SECRET).verify(seen.body, dict(seen.headers))
    assert document == POST.document
    assert seen.header("webhook-id") == delivery_id()
    assert json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() == seen.body


def test_the_id_stays_and_the_time_is_each_trys_own() -> None:
    class Later(SystemClock):
        shift = 0.0

        def now(self) -> float:
            return super().now() + self.shift

    clock = Later()
    transport = WebhookTransport(LOCAL, clock)
    with serve(reply(500), reply(204)) as server:
        assert sent(transport, server).outcome == "retry"
        clock.shift = 60.0
        assert sent(transport, server).outcome == "delivered"
    transport.close()
    first, second = server.seen
    assert first.header("webhook-id") == second.header("webhook-id")
    gap = int(second.header("webhook-timestamp") or 0) - int(first.header("webhook-timestamp") or 0)
    assert gap in (60, 61)
    assert first.body == second.body


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, "delivered ok"),
        (202, "delivered ok"),
        (299, "delivered ok"),
        (301, "retry redirect"),
        (302, "retry redirect"),
        (304, "retry redirect"),
        (308, "retry redirect"),
        (400, "retry http"),
        (401, "retry http"),
        (404, "retry http"),
        (410, "suppress gone"),
        (413, "refused too_big"),
        (429, "retry rate_limited"),
        (500, "retry http"),
        (503, "retry http"),
    ],
)
@pytest.mark.fault("72")
def test_only_2xx_is_success_and_nothing_is_followed(
    transport: WebhookTransport, status: int, expected: str
) -> None:
    with (
        serve(reply(204)) as other,
        serve(reply(status, b"", {"Location": other.url("/")})) as server,
    ):
        result = sent(transport, server)
        assert f"{result.outcome} {result.kind}" == expected
        assert result.code == str(status)
        assert other.connections == 0


@pytest.mark.parametrize("status", [429, 503, 500])
def test_retry_after_is_honoured_with_any_failure(transport: WebhookTransport, status: int) -> None:
    with serve(reply(status, b"", {"Retry-After": "120"})) as server:
        assert sent(transport, server).retry_after_s == 120.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("999999999", 86_400.0),
        (formatdate(1_795_503_700.0, usegmt=True), 100.0),
        (formatdate(1_795_503_500.0, usegmt=True), 0.0),
        (formatdate(1_795_503_600.0 + 9e5, usegmt=True), 86_400.0),
        ("Tue, 24 Nov 2026 07:00:10 -0000", 10.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("9" * 30, None),
        ("Tue, 99 Nov 2026 07:00:10 GMT", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_and_at_most_a_day(
    value: str, seconds: float | None
) -> None:
    assert retry_after_s(value, FakeClock().now()) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_left(value: str) -> None:
    found = retry_after_s(value, 0.0)
    assert found is None or 0 <= found <= 86_400


_FOREVER = itertools.repeat(b"x")
_BLOCKS = itertools.repeat(b"y" * 65_536)


@pytest.mark.parametrize(
    "answer",
    [
        Raw(b"", pieces=_FOREVER, pause_s=0.02),
        Raw(b"HTTP/1.1 200 OK\r\nX-A: ", pieces=_FOREVER, pause_s=0.02),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", pieces=_FOREVER, pause_s=0.02),
        Raw(b"HTTP/1.1 200 OK\r\n\r\n", pieces=_BLOCKS),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", then="hold"),
        Raw(b"HTTP/1.1 100 Continue\r\n\r\n", then="hold"),
        Raw(b"", then="hold"),
        reply(200, gzip.compress(b"0" * 5_000_000), {"Content-Encoding": "gzip"}),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"),
    ],
    ids=["status", "header", "body", "endless", "big", "continue", "silence", "bomb", "half"],
)
@pytest.mark.fault("72")
def test_an_answer_without_an_end_is_bounded_and_no_success(answer: Raw | bytes) -> None:
    transport = WebhookTransport(LOCAL, SystemClock(), deadline_s=1.0)
    began = time.monotonic()  # noqa: TID251 - the real deadline is what is tested
    with serve(answer) as server:
        result = sent(transport, server)
        took = time.monotonic() - began  # noqa: TID251
    transport.close()
    assert took < 15.0
    assert result.outcome == "ambiguous"


@pytest.mark.fault("72")
def test_of_a_long_answer_four_kilobytes_are_kept(transport: WebhookTransport) -> None:
    with serve(reply(500, b"e" * 60_000)) as server:
        assert len(sent(transport, server).server_text) == 4096


@pytest.mark.fault("72")
def test_an_inside_address_is_our_matter_and_is_not_dialled() -> None:
    transport = WebhookTransport(Guard(), SystemClock())
    with serve(reply(204)) as server:
        result = sent(transport, server)
        assert server.connections == 0
    transport.close()
    assert (result.outcome, result.kind, result.scope) == ("our_fault", "blocked", "destination")
    assert "ALERTS_ALLOW_NETS" in result.hint


@pytest.mark.parametrize("secret", [None, Secret("short")])
def test_nothing_is_sent_without_a_signature(
    transport: WebhookTransport, secret: Secret | None
) -> None:
    with serve(reply(204)) as server:
        place = Destination("p", "webhook", "127.0.0.1", url=Secret(server.url("/")), secret=secret)
        result = transport.send(Delivery(delivery_id(), place, b"{}"))
        assert server.connections == 0
    assert (result.outcome, result.kind) == ("our_fault", "unsigned")


def test_a_destination_without_url_is_our_matter(transport: WebhookTransport) -> None:
    place = Destination("p", "webhook", "x", secret=Secret(SECRET))
    assert transport.send(Delivery(delivery_id(), place, b"{}")).kind == "unsigned"


def test_proxies_of_the_environment_are_not_used(
    transport: WebhookTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(reply(204)) as proxy, serve(reply(204)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url("/"))
        assert sent(transport, server).outcome == "delivered"
        assert proxy.connections == 0


def test_what_a_receiver_repeats_of_our_secrets_is_not_kept() -> None:
    place = webhook(
        "https://example.org/hook/canary-path?sig=canary-query%2Fx",
        f"{SECRET} canary-secret-canary-secret",
    )
    for echo in (
        "https://example.org/hook/canary-path?sig=canary-query%2Fx",
        "GET /hook/canary-path failed",
        "sig canary-query/x",
        f"expected {SECRET}",
        "canary-secret-canary-secret",
    ):
        said = scrubbed(echo, place)
        assert "canary" not in said
        assert SECRET not in said
    assert scrubbed("nothing to hide", Destination("a", "webhook", "x")) == "nothing to hide"


@pytest.mark.parametrize("how", ["echo", "dead"])
def test_no_result_of_a_webhook_shows_url_or_secret(transport: WebhookTransport, how: str) -> None:
    with serve(reply(500, f"at /hook/canary with {SECRET}".encode())) as server:
        delivery = prepared(transport, POST, webhook(server.url("/hook/canary")))
        result = transport.send(delivery)
    if how == "dead":
        result = transport.send(delivery)
    shown = f"{result!r} {delivery.destination!r} {delivery.destination.key}"
    assert "canary" not in shown
    assert SECRET not in shown


def test_odd_text_is_still_json() -> None:
    assert json.loads(as_json({"a": "\ud800é\u2028"})) == {"a": "?é\u2028"}


def test_a_webhook_takes_no_mails(transport: WebhookTransport) -> None:
    with pytest.raises(TypeError):
        prepared(transport, MAIL, webhook("https://example.org/x"))
    assert prepared(transport, Post({}), webhook("https://example.org/x")).payload == b"{}"
