"""Claims about `delivery.probe`: a mail server tried without a mail."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from certificates import Authority, authority
from scripted_smtp import HOLD, ScriptedSmtp

from alerts.clock import SystemClock
from alerts.delivery.probe import greeting, other_ways, probe
from alerts.delivery.server import MailServer, read_smtp_url
from alerts.demo.servers import MailSink
from alerts.model import Secret

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def server(port: int, encryption: str = "none", user: str = "") -> MailServer:
    password = Secret("canary-password") if user else None
    return MailServer("127.0.0.1", port, encryption, user, password)  # type: ignore[arg-type]


def test_a_server_that_works_is_greeted_and_left_without_a_mail(mail_sink: MailSink) -> None:
    assert probe(server(mail_sink.port), CLOCK, 5) is None
    assert mail_sink.mails == []


def test_no_command_of_a_mail_is_ever_sent(ca: Authority) -> None:
    context = ssl.create_default_context(cafile=ca.ca_file)
    with ScriptedSmtp(features=("STARTTLS", "AUTH PLAIN"), tls=ca.server("127.0.0.1")) as mail:
        assert probe(server(mail.port, "starttls", "ana"), CLOCK, 5, context) is None
    assert mail.verbs() == ["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]


def test_a_wrong_password_is_the_result_and_not_in_it(ca: Authority) -> None:
    context = ssl.create_default_context(cafile=ca.ca_file)
    refusal = ["535 5.7.8 canary-password is wrong"]
    with ScriptedSmtp(
        features=("AUTH PLAIN",), tls=ca.server("127.0.0.1"), from_the_start=True, AUTH=refusal
    ) as mail:
        found = probe(server(mail.port, "tls", "ana"), CLOCK, 5, context)
    assert found is not None
    assert (found.kind, found.code) == ("auth", "535 5.7.8")
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("encryption", "replies", "kind"),
    [
        ("none", {"CONNECT": ["554 5.7.1 not you"]}, "policy"),
        ("none", {"CONNECT": ["421 4.3.2 busy"]}, "server_busy"),
        ("none", {"CONNECT": [HOLD]}, "timeout"),
        ("starttls", {}, "tls"),
    ],
)
def test_what_goes_wrong_is_classified(
    encryption: str, replies: dict[str, list[str]], kind: str
) -> None:
    with ScriptedSmtp(features=(), **replies) as mail:
        found = probe(server(mail.port, encryption), CLOCK, 0.5)
    assert found is not None
    assert found.kind == kind


def test_other_ways_are_the_other_ports_of_the_host_without_its_password() -> None:
    found = list(other_ways(read_smtp_url("smtp://ana:secret@mail.example:587")))
    assert [(one.port, one.encryption) for one in found] == [(465, "tls"), (2525, "starttls")]
    assert {(one.host, one.user, one.password) for one in found} == {("mail.example", "", None)}


def test_a_greeting_is_heard_and_silence_is_none(tmp_path: Path) -> None:
    with ScriptedSmtp(CONNECT=["220 mail ESMTP; Tue, 24 Nov 2026 07:00:00 +0000"]) as mail:
        assert greeting(server(mail.port), CLOCK, 5).endswith("07:00:00 +0000")
        port = mail.port
    assert greeting(server(port), CLOCK, 0.5) == ""
