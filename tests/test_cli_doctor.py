"""Claims about `alerts doctor`: what it finds, how long it takes, what it never says or does."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from certificates import authority
from click.testing import CliRunner
from delivery.scripted_smtp import HOLD, ScriptedSmtp
from postgres import emptied, postgres_server
from scripted import serve

from alerts import settings
from alerts.cli import checks_here, checks_outside, cli, doctor
from alerts.cli.checks_here import Patient
from alerts.cli.lines import Line
from alerts.clock import SystemClock
from alerts.demo.loopback import Answer
from alerts.demo.servers import FeedServer, MailSink, WebhookReceiver
from alerts.model import Config, Feed
from alerts.store.database import migrate, open_database

__all__ = ["postgres_server"]

CLOCK = SystemClock()
SECRET = "whsec_bWFkaXNvbi13aXNjb25zaW4tbmV3cy1hbGVydHM="


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def yaml(*, feeds: str = "[]", more: str = "") -> None:
    Path("subscribers.yaml").write_text(
        f"version: 1\nfeeds: {feeds}\nrules: {{ice: ICE}}\nsubscribers:\n"
        f"  - {{name: Ana, email: ana@example.org, rules: [ice], timezone: America/Chicago}}\n{more}"
    )


def env(**variables: str) -> settings.Settings:
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    return settings.load()


def examined(**variables: str) -> tuple[int, dict[str, Any], str]:
    env = {"ALERTS_ALLOW_NETS": "127.0.0.0/8"} | variables
    result = CliRunner().invoke(cli, ["doctor", "--json"], env=env)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result.exit_code, json.loads(result.stdout), result.output


def test_a_good_installation_is_all_green(
    feed_server: FeedServer, mail_sink: MailSink, receiver: WebhookReceiver
) -> None:
    url = feed_server.put("/feed", "<rss/>")
    feed_server.answer("/feed", Answer(headers={}))
    yaml(
        feeds=f"[{url}]",
        more=f"  - {{name: Room, rules: [ice], timezone: UTC, webhook: {{url: '{receiver.url('/hook')}', secret: '{SECRET}'}}}}\n",
    )
    code, found, _ = examined(
        SMTP_URL=f"smtp://127.0.0.1:{mail_sink.port}?tls=none", MAIL_FROM="news@example.org"
    )
    assert {
        topic: line["level"] for topic, line in found.items() if topic != "ok"
    } == dict.fromkeys(
        (
            "configuration",
            "database",
            "mail",
            "names",
            "webhooks",
            "clock",
            "disk",
            "settings",
            "time_zones",
        ),
        "ok",
    )
    assert (code, found["ok"]) == (0, True)
    assert found["clock"]["compared_with"] == "127.0.0.1"
    assert receiver.requests == []
    assert mail_sink.mails == []
    assert [request.method for request in feed_server.requests] == ["HEAD"]
    assert not Path("alerts.db").exists()


def test_no_mail_server_is_wrong_where_somebody_waits_for_mail() -> None:
    yaml()
    code, found, _ = examined()
    assert code == 1
    assert found["mail"]["level"] == "wrong"
    assert "only written to outbox/" in found["mail"]["text"]


def test_an_admin_waits_for_mail_too_whether_there_is_a_database_or_not() -> None:
    Path("subscribers.yaml").write_text("version: 1\nadmins: [{email: desk@example.org}]\n")
    levels = []
    for _ in range(2):
        asked = CliRunner().invoke(cli, ["status", "--json"])
        levels += [examined()[1]["mail"]["level"], json.loads(asked.stdout)["mail"]["level"]]
        assert CliRunner().invoke(cli, ["once"]).exit_code == 0
    assert levels == ["wrong"] * 4


def test_a_mail_server_at_another_port_is_found_and_told(mail_sink: MailSink) -> None:
    with ScriptedSmtp() as closed:
        port = closed.port
    patient = Patient(
        env(SMTP_URL=f"smtp://127.0.0.1:{port}?tls=none"),
        Config(),
        CLOCK,
    )
    line = checks_outside.mail(patient, ports=((port + 1, "tls"), (mail_sink.port, "none")))
    assert line.level == "wrong"
    assert line.hint == f"Set SMTP_URL to smtp://127.0.0.1:{mail_sink.port}"


def test_a_refused_login_is_tried_once_and_no_secret_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", made.ca_file)
    yaml()
    with ScriptedSmtp(features=("STARTTLS", "AUTH PLAIN"), tls=made.server("127.0.0.1"),
                      AUTH=["535 5.7.8 no", "535 5.7.8 no"]) as mail:  # fmt: skip
        code, found, output = examined(
            SMTP_URL=f"smtp://ana:canarypw@127.0.0.1:{mail.port}",
            SECRET_KEY="canary-key-" * 4,
            ADMIN_TOKEN="canary",
        )
    assert code == 1
    assert found["mail"]["class"] == "auth"
    assert mail.verbs().count("AUTH") == 1
    assert "canary" not in output
    assert "ADMIN_TOKEN is easy to guess" in output


def test_webhooks_that_cannot_be_reached_are_named_by_key_alone(receiver: WebhookReceiver) -> None:
    receiver.stop()
    yaml(
        more=f"  - {{name: Room, rules: [ice], timezone: UTC, webhook: {{url: '{receiver.url('/hook/canary')}', secret: '{SECRET}'}}}}\n  - {{name: Chat, rules: [ice], timezone: UTC, slack: '${{CHAT}}'}}\n"
    )
    code, found, output = examined(CHAT="")
    assert code == 1
    assert found["webhooks"]["unreachable"] == 2
    assert found["webhooks"]["more"][0].startswith("room/webhook/127.0.0.1: No connection")
    assert "not set" in found["webhooks"]["more"][1]
    assert "canary" not in output


def test_a_hundred_webhooks_of_one_host_are_one_connection() -> None:
    with serve(b"") as server:
        hooks = "".join(
            f"  - {{name: R{n}, rules: [ice], timezone: UTC, webhook: {{url: '{server.url(f'/h/{n}')}', secret: '{SECRET}'}}}}\n"
            for n in range(100)
        )
        yaml(more=hooks)
        _, found, _ = examined()
    assert found["webhooks"]["text"] == "100 webhooks answered (nothing was posted)"
    assert server.connections <= 1
    assert not server.seen


def test_a_clock_that_is_wrong_is_told_by_how_much(feed_server: FeedServer) -> None:
    class Behind(SystemClock):
        def now(self) -> float:
            return super().now() - 7_200.0

    url = feed_server.put("/feed", "<rss/>")
    found = env(ALERTS_ALLOW_NETS="127.0.0.0/8")
    line = checks_outside.clock(Patient(found, Config(feeds=(Feed(url),)), Behind()))
    assert (line.level, line.text) == ("wrong", "2 hours behind 127.0.0.1")


def test_a_mail_server_s_greeting_tells_the_time_too() -> None:
    stamp = formatdate(CLOCK.now() - 120)
    with ScriptedSmtp(CONNECT=[f"220 mail ESMTP Sendmail; {stamp}"]) as mail:
        found = env(SMTP_URL=f"smtp://127.0.0.1:{mail.port}?tls=none")
        line = checks_outside.clock(Patient(found, Config(), CLOCK))
    assert (line.level, line.text) == ("note", "2 minutes ahead of 127.0.0.1")


def test_names_are_looked_up_once_each_and_unknown_ones_told() -> None:
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        if host == "typo.example":
            raise OSError(-2, "Name or service not known")
        return ["198.51.100.7"]

    found = env(BASE_URL="https://alerts.example")
    feeds = tuple(
        Feed(f"https://{host}/{n}")
        for n, host in enumerate(("a.example", "a.example", "typo.example"))
    )
    line = checks_outside.names(Patient(found, Config(feeds=feeds), CLOCK), resolver)
    assert sorted(asked) == ["a.example", "alerts.example", "typo.example"]
    assert line.level == "wrong"
    assert line.facts["unknown"] == ["typo.example"]


def test_a_check_that_hangs_is_late_and_the_others_are_told() -> None:
    hangs = threading.Event()

    def hang(_: Patient) -> Line:
        hangs.wait(30)
        return Line("slow", "ok", "")

    patient = Patient(env(), Config(), CLOCK)
    checks = (("slow", hang), ("time_zones", checks_here.time_zones))
    lines = doctor.examine(patient, CLOCK, checks, deadline_s=0.2)
    hangs.set()
    assert [(line.topic, line.level) for line in lines] == [("slow", "wrong"), ("time_zones", "ok")]
    assert "no answer within 0.2 seconds" in lines[0].text


def test_what_hangs_does_not_hold_up_the_exit() -> None:
    program = (
        "import threading\n"
        "from alerts.cli.checks_outside import side_by_side\n"
        "hang = lambda _: threading.Event().wait()\n"
        "threading.Thread(target=side_by_side, args=(hang, [1, 2]), daemon=True).start()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=90)


def test_side_by_side_keeps_the_order_of_many() -> None:
    assert checks_outside.side_by_side(lambda n: n * n, range(500)) == [n * n for n in range(500)]


def test_a_silent_mail_server_ends_within_the_five_seconds() -> None:
    yaml()
    began = CLOCK.monotonic()
    with ScriptedSmtp(CONNECT=[HOLD] * 5) as mail:
        _, found, _ = examined(SMTP_URL=f"smtp://127.0.0.1:{mail.port}?tls=none")
    assert "did not answer in time" in found["mail"]["text"]
    assert CLOCK.monotonic() - began < 15  # a busy machine; alone it takes three


@pytest.mark.parametrize("spoil", ["locked", "newer", "no database"])
def test_a_database_that_cannot_be_worked_on_is_wrong(spoil: str) -> None:
    yaml()
    opened = open_database("sqlite:///alerts.db")
    migrate(opened)
    opened.close()
    holder = sqlite3.connect("alerts.db", isolation_level=None)
    if spoil == "locked":
        holder.execute("BEGIN IMMEDIATE")
    elif spoil == "newer":
        holder.execute("UPDATE alembic_version SET version_num = '9999'")
    else:
        holder.close()
        Path("alerts.db").write_bytes(b"no database at all" * 100)
    _, found, _ = examined()
    holder.close()
    assert found["database"]["level"] == "wrong"
    assert found["database"]["text"] != "no answer within 5 seconds"


def test_a_database_is_as_it_was_afterwards() -> None:
    yaml()
    opened = open_database("sqlite:///alerts.db")
    migrate(opened)
    opened.close()
    before = sqlite3.connect("alerts.db").execute("SELECT count(*) FROM meta").fetchone()
    _, found, _ = examined()
    assert found["database"]["level"] == "ok"
    assert sqlite3.connect("alerts.db").execute("SELECT count(*) FROM meta").fetchone() == before


def test_postgresql_is_examined_too_empty_in_use_and_out_of_reach(postgres_server: str) -> None:
    yaml()
    url = emptied(postgres_server)
    assert examined(DATABASE_URL=url)[1]["database"]["text"].startswith("PostgreSQL: empty")
    opened = open_database(url)
    migrate(opened)
    opened.close()
    assert examined(DATABASE_URL=url)[1]["database"]["text"] == "PostgreSQL: opens, can be written"
    with serve(b"") as nobody:
        port = nobody.port
    _, found, output = examined(DATABASE_URL=f"postgresql://alerts:canarypw@127.0.0.1:{port}/x")
    assert found["database"]["level"] == "wrong"
    assert "canarypw" not in output


def test_a_configuration_with_mistakes_does_not_stop_the_other_checks() -> None:
    Path("subscribers.yaml").write_text("version: 1\nfeeds: [nonsense]\n")
    code, found, _ = examined()
    assert code == 1
    assert found["configuration"]["text"].startswith("subscribers.yaml:2:")
    assert found["disk"]["level"] == "ok"


def test_without_any_file_it_says_how_to_begin() -> None:
    _, found, _ = examined()
    assert found["configuration"]["hint"] == "Make one: alerts init"


def test_odd_settings_are_told_and_env_that_others_can_read() -> None:
    yaml()
    Path(".env").write_text(
        "BASE_URL=http://alerts.example/?x=1\nSMTP_URL=smtp://127.0.0.1:1?tls=none\nnonsense\n"
    )
    Path(".env").chmod(0o644)
    _, found, _ = examined()
    said = " ".join(found["settings"]["more"])
    for words in ("chmod 600", "not encrypted", "without ?", "MAIL_FROM", ".env:3:"):
        assert words in said
