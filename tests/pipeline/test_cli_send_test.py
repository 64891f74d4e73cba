"""Claims about `alerts send-test`: real sockets on loopback, no database needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_service import Folder
from click.testing import CliRunner, Result

from alerts.cli import cli
from alerts.demo.servers import Answer, MailSink, WebhookReceiver
from alerts.errors import UsageError
from alerts.store import stops

SECRET = "whsec_bWFkaXNvbi13aXNjb25zaW4tbmV3cy1hbGVydHM="
YAML = """\
version: 1
defaults: {timezone: UTC}
admins:
  - email: boss@example.org
rules:
  ice: ICE
subscribers:
  - name: Ana Flores
    email: [ana@example.org, luz@example.org]
    rules: [ice]
  - name: Room
    webhook: {url: "${HOOK_URL}", secret: "${HOOK_SECRET}"}
    rules: [ice]
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("subscribers.yaml").write_text(YAML)


def run(*arguments: str, **variables: str) -> Result:
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    return CliRunner().invoke(cli, ["send-test", *arguments])


def rows(result: Result) -> list[dict[str, Any]]:
    assert isinstance(result.exception, SystemExit | None), result.exception
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_each_address_gets_a_test_and_the_servers_reply_is_shown(mail_sink: MailSink):
    result = run("ana-flores", "--json", SMTP_URL=mail_sink.url)
    found = rows(result)
    assert result.exit_code == 0
    assert [row["outcome"] for row in found] == ["delivered", "delivered"]
    assert found[0]["code"].startswith("250")
    assert found[0]["server_text"]
    (mail,) = mail_sink.to("luz@example.org")
    assert mail.message["Subject"] == "Test of news alerts"


def test_a_refused_test_is_told_in_the_servers_words_and_the_exit_code(mail_sink: MailSink):
    mail_sink.script("rcpt", "550 5.1.1 no such mailbox here")
    result = run("Ana Flores", SMTP_URL=mail_sink.url)
    assert result.exit_code == 1
    assert "not accepted" in result.stdout
    assert "no such mailbox here" in result.stdout


def test_without_a_mail_server_it_says_that_nobody_got_the_mail():
    result = run("ana-flores")
    assert result.exit_code == 0
    assert "nobody has got it" in result.stdout
    assert len(list(Path("outbox").glob("*.eml"))) == 2


def test_a_webhook_gets_a_signed_test(receiver: WebhookReceiver):
    variables = {"HOOK_URL": receiver.url("/hook"), "HOOK_SECRET": SECRET}
    result = run("room", **variables, ALERTS_ALLOW_NETS="127.0.0.0/8")
    assert result.exit_code == 0, result.output
    (request,) = receiver.requests_to("/hook")
    assert "webhook-signature" in {name.lower() for name in request.headers}
    assert request.json()["data"]["subject"] == "Test of news alerts"


def test_a_webhook_that_refuses_is_told(receiver: WebhookReceiver):
    receiver.answer("/hook", Answer(410, b"no more"))
    variables = {"HOOK_URL": receiver.url("/hook"), "HOOK_SECRET": SECRET}
    result = run("room", "--json", **variables, ALERTS_ALLOW_NETS="127.0.0.0/8")
    assert result.exit_code == 1
    assert rows(result)[0]["code"] == "410"


def test_an_unset_variable_is_said_and_nothing_is_sent():
    result = run("room", "--json")
    assert result.exit_code == 1
    assert rows(result)[0]["outcome"] == "unset"


def test_an_unknown_subscriber_names_the_nearest():
    error = run("ana-flors").exception
    assert isinstance(error, UsageError)
    assert "ana-flores" in error.hint


def test_admin_means_the_admins(mail_sink: MailSink):
    assert run("admin", SMTP_URL=mail_sink.url).exit_code == 0
    assert mail_sink.to("boss@example.org")


def test_who_stopped_their_mails_gets_no_test(tmp_path: Path):
    folder = Folder(tmp_path)
    with folder.world.database.write() as connection:
        stops.stop(connection, "email/ana@example.org", stops.STOPPED, "with the link", 1.0)
    result = run("ana", "--json")
    folder.close()
    assert result.exit_code == 1
    assert rows(result)[0]["outcome"] == "stopped"


def test_an_admin_who_stopped_their_digest_gets_a_test_as_an_admin(
    tmp_path: Path, mail_sink: MailSink
):
    folder = Folder(tmp_path)
    with folder.world.database.write() as connection:
        stops.stop(connection, "email/boss@example.org", stops.STOPPED, "with the link", 1.0)
    folder.close()
    assert run("admin", SMTP_URL=mail_sink.url).exit_code == 0
    assert len(mail_sink.to("boss@example.org")) == 1
    assert not Path("outbox").exists()
