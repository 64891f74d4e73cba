"""The demo's servers: they answer as told, record what they are asked, and stop at once."""

from __future__ import annotations

import smtplib
import threading

import pytest
import requests

from alerts.demo.servers import Answer, FeedServer, MailSink, WebhookReceiver


def _send(sink: MailSink, text: str = "Subject: Hello\r\n\r\nText\r\n") -> None:
    with smtplib.SMTP(sink.address, sink.port, timeout=60) as client:
        client.sendmail("alerts@example.org", ["ana@example.org"], text)


def test_a_document_known_by_etag_or_date_is_answered_with_304(feed_server: FeedServer) -> None:
    url = feed_server.put("/feed.xml", "<rss/>")
    first = requests.get(url, timeout=60)
    assert (first.status_code, first.text) == (200, "<rss/>")
    for name, value in (
        ("If-None-Match", first.headers["ETag"]),
        ("If-Modified-Since", first.headers["Last-Modified"]),
    ):
        again = requests.get(url, headers={name: value}, timeout=60)
        assert (again.status_code, again.content) == (304, b"")
    assert [request.status for request in feed_server.requests] == [200, 304, 304]


def test_a_changed_document_gets_a_new_etag_and_an_equal_one_keeps_it(
    feed_server: FeedServer,
) -> None:
    url = feed_server.put("/feed.xml", "one")
    etag = requests.get(url, timeout=60).headers["ETag"]
    feed_server.put("/feed.xml", "one")
    assert requests.get(url, timeout=60).headers["ETag"] == etag
    feed_server.put("/feed.xml", "two")
    assert requests.get(url, headers={"If-None-Match": etag}, timeout=60).text == "two"


def test_a_date_nobody_can_read_is_no_validator(feed_server: FeedServer) -> None:
    url = feed_server.put("/feed.xml", "one")
    answer = requests.get(url, headers={"If-Modified-Since": "yesterday"}, timeout=60)
    assert answer.status_code == 200


def test_scripted_answers_come_first_and_once(feed_server: FeedServer) -> None:
    url = feed_server.put("/feed.xml", "fine")
    feed_server.script("/feed.xml", Answer(503, headers={"Retry-After": "7"}), Answer(410))
    answers = [requests.get(url, timeout=60) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 410, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_a_removed_path_is_not_found(feed_server: FeedServer) -> None:
    url = feed_server.put("/feed.xml", "fine")
    feed_server.remove("/feed.xml")
    assert requests.get(url, timeout=60).status_code == 404


def test_a_dropped_connection_says_nothing_and_is_recorded(feed_server: FeedServer) -> None:
    feed_server.answer("/gone", Answer(drop=True))
    with pytest.raises(requests.ConnectionError):
        requests.get(feed_server.url("/gone"), timeout=60)
    assert feed_server.requests[0].status == 0


def test_a_gate_holds_an_answer_back_and_a_stop_opens_it(feed_server: FeedServer) -> None:
    feed_server.script("/slow", Answer(200, b"late", gate=threading.Event()))
    got: list[object] = []

    def ask() -> None:
        try:
            got.append(requests.get(feed_server.url("/slow"), timeout=60).text)
        except requests.RequestException as error:
            got.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    assert feed_server.wait_for(lambda requests: len(requests) == 1, 60)
    assert not got
    feed_server.stop()
    asking.join(60)
    assert got


def test_a_stopped_server_starts_again_on_its_port() -> None:
    server = FeedServer()
    with server:
        url = server.put("/feed.xml", "fine")
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=60)
    with server:
        assert requests.get(url, timeout=60).text == "fine"


def test_the_receiver_speaks_like_slack_and_like_a_plain_webhook(
    receiver: WebhookReceiver,
) -> None:
    slack = requests.post(receiver.url("/services/T/B/x"), json={"text": "hi"}, timeout=60)
    plain = requests.post(receiver.url("/hook"), data=b"raw", timeout=60)
    assert (slack.text, plain.status_code) == ("ok", 204)
    receiver.script("/hook", Answer(500))
    requests.post(receiver.url("/hook"), data=b"again", timeout=60)
    assert receiver.accepted("/services/T/B/x")[0].json() == {"text": "hi"}
    assert [request.body for request in receiver.accepted("/hook")] == [b"raw"]
    receiver.forget()
    assert receiver.requests == []


def test_a_mail_is_kept_with_its_envelope(mail_sink: MailSink) -> None:
    _send(mail_sink)
    [mail] = mail_sink.to("ana@example.org")
    assert mail.sender == "alerts@example.org"
    assert mail.message["Subject"] == "Hello"
    assert mail.part("plain").strip() == "Text"
    assert mail.part("html") == ""


@pytest.mark.parametrize("command", ["mail", "rcpt", "data"])
def test_a_refused_mail_is_not_kept(mail_sink: MailSink, command: str) -> None:
    mail_sink.script(command, "451 4.3.0 busy")
    with pytest.raises(smtplib.SMTPException):
        _send(mail_sink)
    assert mail_sink.mails == []
    _send(mail_sink)
    assert len(mail_sink.mails) == 1


def test_a_stopped_mail_server_refuses_and_comes_back() -> None:
    sink = MailSink()
    sink.start()
    sink.stop()
    sink.stop()
    with pytest.raises(OSError, match="refused"):
        _send(sink)
    with sink:
        _send(sink)
        assert len(sink.mails) == 1
