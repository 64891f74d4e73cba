"""What every transport promises, asked of each: memory, spool, SMTP, Slack, webhook.

SMTP talks to a real server and the posts to a real receiver, both on loopback.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from making import ANA, ENVELOPE, MAIL, POST, SECRET, delivery_id, prepared, slack, webhook

from alerts.clock import SystemClock
from alerts.delivery.classify import HINTS, result
from alerts.delivery.email import EmailTransport
from alerts.delivery.memory import MemoryTransport
from alerts.delivery.server import read_smtp_url
from alerts.delivery.slack import SlackTransport
from alerts.delivery.spool import SpoolTransport
from alerts.delivery.transport import DeliveryHead, Transport, transports
from alerts.delivery.webhook import WebhookTransport
from alerts.demo.loopback import Answer
from alerts.demo.servers import MailSink, WebhookReceiver
from alerts.model import Destination, Rendered
from alerts.netguard import Guard
from alerts.settings import Settings

LOCAL = Guard(["127.0.0.0/8"])


@dataclass
class Case:
    transport: Transport
    rendered: Rendered
    place: Destination
    success: str
    arrived: Callable[[], list[bytes]]
    break_it: Callable[[], None] = lambda: None


@pytest.fixture(params=["memory", "spool", "smtp", "slack", "webhook"])
def case(
    request: pytest.FixtureRequest, tmp_path: Path, mail_sink: MailSink, receiver: WebhookReceiver
) -> Iterator[Case]:
    made = _cases(tmp_path, mail_sink, receiver)[request.param]()
    yield made
    made.transport.close()


def _cases(
    folder: Path, sink: MailSink, receiver: WebhookReceiver
) -> dict[str, Callable[[], Case]]:
    clock = SystemClock()

    def memory() -> Case:
        kept = MemoryTransport()
        return Case(kept, MAIL, ANA, "delivered", lambda: [d.payload for d in kept.tries])

    def spool() -> Case:
        files = SpoolTransport(folder / "outbox")
        found = lambda: [f.read_bytes() for f in (folder / "outbox").glob("*.eml")]  # noqa: E731
        return Case(files, MAIL, ANA, "written", found)

    def smtp() -> Case:
        server = read_smtp_url(sink.url)
        mails = EmailTransport(server, clock, sender="news@example.org", send_s=5.0)
        return Case(mails, MAIL, ANA, "delivered", lambda: [m.raw for m in sink.mails], sink.stop)

    def posts(transport: Transport, place: Destination) -> Case:
        bodies = lambda: [r.body for r in receiver.accepted()]  # noqa: E731
        return Case(transport, POST, place, "delivered", bodies, receiver.stop)

    return {
        "memory": memory,
        "spool": spool,
        "smtp": smtp,
        "slack": lambda: posts(
            SlackTransport(LOCAL, clock), slack(receiver.url("/services/T/B/canary"))
        ),
        "webhook": lambda: posts(
            WebhookTransport(LOCAL, clock), webhook(receiver.url("/hook/canary"))
        ),
    }


def test_what_is_prepared_is_a_function_of_its_arguments(case: Case) -> None:
    first = prepared(case.transport, case.rendered, case.place)
    again = prepared(case.transport, case.rendered, case.place)
    assert first == again
    assert first.payload


def test_exactly_the_prepared_bytes_arrive(case: Case) -> None:
    delivery = prepared(case.transport, case.rendered, case.place)
    result = case.transport.send(delivery)
    assert result.outcome == case.success
    assert case.arrived() == [delivery.payload]


def test_sending_again_sends_the_same_bytes(case: Case) -> None:
    delivery = prepared(case.transport, case.rendered, case.place)
    assert [case.transport.send(delivery).outcome for _ in range(2)] == [case.success] * 2
    assert set(case.arrived()) == {delivery.payload}


def test_a_result_is_told_in_the_closed_words_with_a_server(case: Case) -> None:
    found = case.transport.send(prepared(case.transport, case.rendered, case.place))
    assert found.kind in HINTS
    assert found.server
    assert "canary" not in repr(found)


def test_a_transport_can_be_used_after_it_was_closed(case: Case) -> None:
    case.transport.close()
    result = case.transport.send(prepared(case.transport, case.rendered, case.place))
    assert result.outcome == case.success
    case.transport.close()
    case.transport.close()


@pytest.mark.parametrize("case", ["smtp", "slack", "webhook"], indirect=True)
def test_a_dead_server_is_a_result_and_nothing_is_lost(case: Case) -> None:
    case.break_it()
    result = case.transport.send(prepared(case.transport, case.rendered, case.place))
    assert (result.outcome, result.kind) == ("retry", "network")
    assert result.hint
    assert "canary" not in repr(result)


def test_memory_answers_as_told_and_accepts_an_id_once() -> None:
    kept = MemoryTransport([result("retry", "temporary")])
    delivery = prepared(kept, POST, slack("https://hooks.slack.com/services/x"))
    assert [kept.send(delivery).outcome for _ in range(3)] == ["retry", "delivered", "delivered"]
    assert list(kept.accepted) == [delivery_id()]
    assert len(kept.tries) == 3


def test_the_table_sends_mail_to_the_spool_until_a_server_is_set(
    tmp_path: Path, mail_sink: MailSink, receiver: WebhookReceiver
) -> None:
    head = DeliveryHead(delivery_id(), ANA, 0.0)
    for url, outcome in ((None, "written"), (mail_sink.url, "delivered")):
        environment = {"ALERTS_SPOOL": str(tmp_path), "MAIL_FROM": "News <news@example.org>"}
        settings = Settings.of(environment | ({"SMTP_URL": url} if url else {}))
        table = transports(settings, LOCAL, SystemClock())
        assert set(table) == {"email", "slack", "webhook"}
        assert table["email"].prepare(MAIL, head, ENVELOPE)
        assert table["email"].send(prepared(table["email"], MAIL, ANA)).outcome == outcome
        hook = prepared(table["webhook"], POST, webhook(receiver.url("/x"), SECRET))
        assert table["webhook"].send(hook).outcome == "delivered"
        room = prepared(table["slack"], POST, slack(receiver.url("/services/x")))
        assert table["slack"].send(room).outcome == "delivered"
        for transport in table.values():
            transport.close()


def test_one_hanging_webhook_keeps_no_other_waiting(receiver: WebhookReceiver) -> None:
    transport = WebhookTransport(LOCAL, SystemClock(), deadline_s=60.0)
    gate = threading.Event()
    receiver.answer("/slow", Answer(204, gate=gate))
    slow = prepared(transport, POST, webhook(receiver.url("/slow")), 1)
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(transport.send(slow).outcome))
    thread.start()
    for number in range(2, 12):
        quick = prepared(transport, POST, webhook(receiver.url("/quick")), number)
        assert transport.send(quick).outcome == "delivered"
    assert results == []
    gate.set()
    thread.join()
    assert results == ["delivered"]
    transport.close()
