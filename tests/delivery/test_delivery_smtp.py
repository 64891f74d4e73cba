"""Mail over SMTP against a real server and against one that misbehaves as it is told."""

from __future__ import annotations

import base64
import email.policy
import hmac
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest
from certificates import Authority, authority
from making import ANA, ENVELOPE, MAIL, POST, delivery_id, mail
from scripted_smtp import DRIBBLE, DRIBBLE_LINES, DROP, HOLD, ScriptedSmtp

from alerts.clock import Clock, SystemClock
from alerts.delivery.email import EmailTransport
from alerts.delivery.pool import Pool
from alerts.delivery.server import MailServer, read_smtp_url
from alerts.delivery.smtp import Connection, Outgoing
from alerts.delivery.transport import DeliveryHead
from alerts.delivery.wire import Broken, Deadline, encode
from alerts.demo.servers import MailSink
from alerts.errors import UsageError
from alerts.model import Delivery, Destination, Mail, Secret, SendResult

PASSWORD = "canary-pass-wörd"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def trusting(ca: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca.ca_file)


@contextmanager
def sender(
    server: MailServer,
    *,
    send_s: float = 10.0,
    context: ssl.SSLContext | None = None,
    bounces_to: str | None = None,
    clock: Clock | None = None,
) -> Iterator[EmailTransport]:
    made = EmailTransport(
        server,
        clock or SystemClock(),
        sender="News <news@example.org>",
        bounces_to=bounces_to,
        context=context,
        send_s=send_s,
    )
    try:
        yield made
    finally:
        made.close()


def plain(server: ScriptedSmtp, user: str = "") -> MailServer:
    return MailServer("127.0.0.1", server.port, "none", user, Secret(PASSWORD) if user else None)


def tried(server: ScriptedSmtp, delivery: Delivery | None = None, **options: float) -> SendResult:
    with sender(plain(server), **options) as transport:  # type: ignore[arg-type]
        return transport.send(delivery or mail())


# --- accepted --------------------------------------------------------------------------------


def test_an_accepted_mail_arrives_byte_for_byte_and_its_queue_id_is_kept(
    mail_sink: MailSink,
) -> None:
    content = Mail("Dots", ".\n..\n.leading\nFrom here\n", "<p>.</p>")
    with sender(read_smtp_url(mail_sink.url)) as transport:
        result = transport.send(mail(content=content))
    assert (result.outcome, result.kind, result.code) == ("delivered", "ok", "250 2.0.0")
    assert "queued as" in result.server_text
    assert result.server == "127.0.0.1"
    (received,) = mail_sink.mails
    assert received.raw == mail(content=content).payload
    assert received.recipients == ("ana@example.org",)
    assert received.sender == "news@example.org"


@pytest.mark.parametrize("features", [("PIPELINING",), ()])
def test_leading_dots_are_doubled_on_the_wire_and_nowhere_else(features: tuple[str, ...]) -> None:
    content = Mail("Dots", ".\n..a\n", "<p>\n.b\n</p>")
    with ScriptedSmtp(features=features) as server:
        assert tried(server, mail(content=content)).outcome == "delivered"
        assert server.mails == [mail(content=content).payload]


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\r\n.\n", b"\n.\r\n", b"\r.\r\n"])
def test_no_other_line_end_can_look_like_the_end_of_the_mail(end: bytes) -> None:
    smuggled = b"A: b\r\n\r\n.x" + end + b"MAIL FROM:<eve@evil.example>"
    with ScriptedSmtp() as server:
        assert tried(server, Delivery(delivery_id(), ANA, smuggled)).outcome == "delivered"
        assert server.mails == [b"A: b\r\n\r\n.x\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n"]
        assert server.verbs().count("MAIL") == 1


def test_a_bounce_address_carries_the_id_of_the_delivery() -> None:
    with ScriptedSmtp() as server, sender(plain(server), bounces_to="b@bounces.example.org") as out:
        out.send(mail())
        assert server.commands[1].startswith(f"MAIL FROM:<b+{delivery_id()}@bounces.example.org>")


def test_a_bounce_address_too_long_for_an_id_is_used_as_it_is() -> None:
    address = "b" * 40 + "@bounces.example.org"
    with ScriptedSmtp() as server, sender(plain(server), bounces_to=address) as out:
        out.send(mail())
        assert server.commands[1].startswith(f"MAIL FROM:<{address}>")


def test_a_server_with_dsn_is_told_the_id_and_asked_for_headers_only() -> None:
    with ScriptedSmtp(features=("DSN", "SIZE 99999")) as server:
        tried(server, mail(to=Destination("a", "email", "ana+ice@example.org")))
        assert server.commands[1].endswith(f"RET=HDRS ENVID={delivery_id()}")
        assert server.commands[2].endswith("ORCPT=rfc822;ana+2Bice@example.org")


def test_three_commands_go_at_once_when_the_server_can_take_them() -> None:
    with ScriptedSmtp() as server:
        assert tried(server).outcome == "delivered"
        assert server.verbs() == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


# --- one connection, many mails --------------------------------------------------------------


def test_fifty_mails_go_over_one_connection() -> None:
    with ScriptedSmtp() as server, sender(plain(server)) as transport:
        assert {transport.send(mail(n)).outcome for n in range(50)} == {"delivered"}
        assert server.connections == 1
        assert "NOOP" not in server.verbs()


def test_a_connection_is_let_go_after_a_hundred_mails() -> None:
    with ScriptedSmtp() as server, sender(plain(server)) as transport:
        for n in range(201):
            transport.send(mail(n))
        assert server.connections == 3
        assert server.verbs().count("QUIT") == 2


def test_many_threads_share_at_most_four_connections() -> None:
    with ScriptedSmtp() as server, sender(plain(server)) as transport:
        results: list[SendResult] = []

        def work(first: int) -> None:
            results.extend(transport.send(mail(first + n)) for n in range(10))

        threads = [threading.Thread(target=work, args=(n * 10,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {result.outcome for result in results} == {"delivered"}
        assert len(server.mails) == 80
        assert server.connections <= 4


class Shifted(SystemClock):
    """The machine's clock, moved on by hand."""

    shift = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.shift


def test_a_connection_is_asked_before_use_once_it_lay_idle() -> None:
    clock = Shifted()
    with ScriptedSmtp() as server, sender(plain(server), clock=clock) as transport:
        transport.send(mail(1))
        clock.shift = 21.0
        assert transport.send(mail(2)).outcome == "delivered"
        assert server.verbs().count("NOOP") == 1
        assert server.connections == 1
        clock.shift = 301.0
        assert transport.send(mail(3)).outcome == "delivered"
        assert server.connections == 2


@pytest.mark.parametrize("idle_s", [0.0, 60.0])
def test_a_connection_that_the_server_closed_meanwhile_costs_nothing(idle_s: float) -> None:
    clock = Shifted()
    with ScriptedSmtp() as server, sender(plain(server), clock=clock) as transport:
        transport.send(mail(1))
        server.hang_up()
        clock.shift = idle_s
        assert transport.send(mail(2)).outcome == "delivered"
        assert server.connections == 2
        assert len(server.mails) == 2


@pytest.mark.parametrize("reply", ["421 4.4.2 idle too long", "503 5.5.1 nested MAIL command"])
def test_a_used_connection_that_lost_step_is_replaced_once(reply: str) -> None:
    with ScriptedSmtp() as server, sender(plain(server)) as transport:
        transport.send(mail(1))
        server.script("MAIL", reply)
        assert transport.send(mail(2)).outcome == "delivered"
        assert server.connections == 2


# --- refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("features", [("PIPELINING",), ()])
@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("MAIL", "451 4.3.0 later"),
        ("MAIL", "550 5.7.1 not from you"),
        ("RCPT", "450 4.2.0 greylisted"),
        ("RCPT", "550 5.1.1 no such user"),
        ("DATA", "451 4.3.0 later"),
        ("DATA", "554 5.5.0 no"),
        ("END", "451 4.3.0 later"),
        ("END", "554 5.6.0 no"),
    ],
)
def test_after_any_refusal_the_session_can_be_used_again(
    features: tuple[str, ...], verb: str, reply: str
) -> None:
    with ScriptedSmtp(features=features, **{verb: [reply]}) as server:
        with sender(plain(server)) as transport:
            first = transport.send(mail(1))
            second = transport.send(mail(2))
        assert first.outcome != "delivered"
        assert first.server_text == reply[4:]
        assert second.outcome == "delivered"
        assert server.connections == 1
        assert "RSET" in server.verbs()
        assert server.mails == [mail(2).payload]


@pytest.mark.parametrize(("verb", "connections"), [("RCPT", 1), ("MAIL", 2)])
def test_a_server_that_wants_data_for_nobody_gets_none(verb: str, connections: int) -> None:
    odd = {"RCPT": ["250 ok"], "DATA": ["354 go ahead"], verb: ["550 5.1.1 no"]}
    with ScriptedSmtp(**odd) as server:
        with sender(plain(server)) as transport:
            assert transport.send(mail(1)).outcome != "delivered"
            assert transport.send(mail(2)).outcome == "delivered"
        assert server.mails == [mail(2).payload]
        assert server.connections == connections


def test_a_server_that_does_not_answer_rset_is_left() -> None:
    with ScriptedSmtp(RCPT=["450 4.2.0 later"], RSET=[DROP]) as server:
        with sender(plain(server)) as transport:
            transport.send(mail(1))
            assert transport.send(mail(2)).outcome == "delivered"
        assert server.connections == 2


def test_a_temporary_refusal_of_a_recipient_is_temporary_and_his_alone() -> None:
    with ScriptedSmtp(RCPT=["450 4.7.1 greylisted"]) as server:
        result = tried(server)
    assert (result.outcome, result.scope, result.code) == ("retry", "delivery", "450 4.7.1")


def test_a_mail_bigger_than_the_server_takes_is_not_begun() -> None:
    with ScriptedSmtp(features=("SIZE 100",)) as server:
        result = tried(server)
        assert (result.outcome, result.kind) == ("refused", "too_big")
        assert "MAIL" not in server.verbs()
    with ScriptedSmtp(features=("SIZE 9999999",), MAIL=["552 5.3.4 too big"] * 2) as server:
        assert tried(server).kind == "too_big"
        assert f"SIZE={len(mail().payload)}" in server.commands[1]


@pytest.mark.parametrize("verb", ["MAIL", "END"])
def test_a_mail_that_is_too_big_is_sent_once_more_as_its_text(verb: str) -> None:
    with ScriptedSmtp(**{verb: ["552 5.3.4 too big"]}) as server:
        result = tried(server)
        whole, (smaller,) = mail().payload, server.mails[-1:]
    assert (result.outcome, result.kind) == ("delivered", "degraded")
    assert "ABC123" in result.server_text
    assert "too big" in result.server_text
    before, after = (
        message_from_bytes(data, policy=email.policy.default) for data in (whole, smaller)
    )
    assert before.items() == after.items()
    assert [part.get_content_type() for part in after.iter_parts()] == ["text/plain"]  # type: ignore[attr-defined]
    text = after.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert text == before.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert not after.defects


def test_a_text_that_is_too_big_as_well_is_refused_and_not_tried_a_third_time() -> None:
    with ScriptedSmtp(END=["552 5.3.4 too big"] * 2) as server:
        result = tried(server)
        assert server.verbs().count("DATA") == 2
    assert (result.outcome, result.kind) == ("refused", "too_big")


@pytest.mark.parametrize("features", [("SIZE 0",), ("SIZE",), ("SIZE many",)])
def test_a_size_that_limits_nothing_limits_nothing(features: tuple[str, ...]) -> None:
    with ScriptedSmtp(features=features) as server:
        assert tried(server).outcome == "delivered"


def test_utf8_is_asked_for_only_by_an_address_that_needs_it() -> None:
    jose = Destination("j", "email", "josé@example.org")
    with ScriptedSmtp(features=("SMTPUTF8", "8BITMIME")) as server, sender(plain(server)) as out:
        assert out.send(mail(1)).outcome == "delivered"
        assert out.send(mail(2, to=jose)).outcome == "delivered"
        wishes = [c.endswith("SMTPUTF8") for c in server.commands if c.startswith("MAIL")]
        assert wishes == [False, True]
        assert "RCPT TO:<josé@example.org>" in server.commands
    with ScriptedSmtp() as server:
        result = tried(server, mail(to=jose))
        assert (result.outcome, result.kind) == ("refused", "smtputf8")
        assert "ASCII" in result.hint
        assert "MAIL" not in server.verbs()


@pytest.mark.parametrize(
    "place", ["ana@example.org\r\nRSET", "a b@example.org", "x", "a\x00@b.org"]
)
def test_an_address_that_could_be_a_command_is_refused_again_at_the_send(place: str) -> None:
    with ScriptedSmtp() as server:
        bad = Delivery(delivery_id(), Destination("a", "email", place), b"x\r\n")
        result = tried(server, bad)
        assert (result.outcome, result.kind) == ("refused", "bad_address")
        assert server.connections == 0


# --- lost ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [DROP, "nonsense", "250 half\x00"])
def test_a_connection_lost_after_the_end_leaves_it_unknown(how: str) -> None:
    with ScriptedSmtp(END=[how]) as server:
        result = tried(server)
        if how.startswith("250"):
            assert result.outcome == "delivered"
            assert "\x00" not in result.server_text
            return
        assert (result.outcome, result.kind, result.scope) == ("ambiguous", "ambiguous", "delivery")


def test_a_second_try_after_an_unknown_one_sends_the_same_message_id() -> None:
    with ScriptedSmtp(END=[DROP]) as server:
        first, second = tried(server), tried(server)
        assert [first.outcome, second.outcome] == ["ambiguous", "delivered"]
        assert server.mails == [mail().payload]
        assert f"Message-ID: <{delivery_id()}@example.org>".encode() in mail().payload


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_connection_lost_is_the_servers_matter_until_it_took_the_sender(verb: str) -> None:
    with ScriptedSmtp(features=(), **{verb: [DROP, DROP]}) as server:
        result = tried(server)
    scope = "destination" if verb in ("RCPT", "DATA") else "server"
    assert (result.outcome, result.kind, result.scope) == ("retry", "network", scope)


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("how", [HOLD, DRIBBLE, DRIBBLE_LINES])
def test_a_whole_mail_has_one_deadline_whatever_the_server_does(verb: str, how: str) -> None:
    began = time.monotonic()  # noqa: TID251 - the real deadline is what is tested
    with ScriptedSmtp(features=(), **{verb: [how]}) as server:
        result = tried(server, send_s=1.5 if verb == "END" else 0.3)
        took = time.monotonic() - began  # noqa: TID251
    assert took < 15.0
    assert result.outcome == ("ambiguous" if verb == "END" else "retry")
    assert result.kind in ("ambiguous", "timeout", "protocol")


def test_a_deadline_covers_a_server_that_reads_no_data() -> None:
    big = Delivery(delivery_id(), ANA, b"x" * 70 + b"\r\n" * 3_000_000)
    with ScriptedSmtp(features=(), DATA=["354 go"]) as server:
        server._take = lambda sock, file: server._stop.wait(10.0)  # type: ignore[method-assign, assignment]
        result = tried(server, big, send_s=0.5)
    assert (result.outcome, result.kind) == ("retry", "timeout")


def test_nobody_listening_is_a_network_matter_of_the_server(mail_sink: MailSink) -> None:
    server = read_smtp_url(mail_sink.url)
    mail_sink.stop()
    with sender(server) as transport:
        result = transport.send(mail())
    assert (result.outcome, result.kind, result.scope) == ("retry", "network", "server")
    assert "refused" in result.server_text
    assert result.hint


def test_a_name_that_does_not_exist_is_a_network_matter() -> None:
    with sender(MailServer("no-such-host.invalid", 25, "none")) as transport:
        result = transport.send(mail())
    assert (result.outcome, result.kind, result.scope) == ("retry", "network", "server")


def test_an_endless_greeting_is_not_read_for_ever() -> None:
    with ScriptedSmtp(CONNECT=["220-" + "x" * 200_000]) as server:
        result = tried(server)
    assert (result.outcome, result.kind) == ("retry", "protocol")


@pytest.mark.parametrize("lines", [129, 100_000])
def test_a_reply_of_lines_without_end_is_no_reply(lines: int) -> None:
    with ScriptedSmtp(CONNECT=["220-and\n" * lines + "220 done"]) as server:
        result = tried(server)
    assert (result.outcome, result.kind) == ("retry", "protocol")


def test_a_line_without_end_is_no_reply() -> None:
    with ScriptedSmtp(MAIL=["250 " + "x" * 100_000], features=()) as server:
        result = tried(server)
    assert (result.outcome, result.kind) == ("retry", "protocol")


def test_speaking_tls_to_a_server_that_does_not_is_our_setting() -> None:
    with ScriptedSmtp() as server, sender(MailServer("127.0.0.1", server.port, "tls")) as out:
        result = out.send(mail())
    assert (result.outcome, result.kind, result.scope) == ("our_fault", "tls", "server")
    assert "smtps://" in result.hint


def test_a_mail_waits_for_a_free_connection_no_longer_than_its_time() -> None:
    gate, is_taken = threading.Event(), threading.Event()

    def connect(_: Deadline) -> Connection:
        is_taken.set()
        gate.wait(60.0)
        raise Broken("connect", "network", "gone")

    pool = Pool(connect, SystemClock(), size=1)
    out = Outgoing(delivery_id(), "news@example.org", "ana@example.org", b"x\r\n")
    first: list[str] = []

    def hold() -> None:
        try:
            pool.deliver(out, 60.0)
        except Broken as error:
            first.append(error.text)

    thread = threading.Thread(target=hold)
    thread.start()
    is_taken.wait(60.0)
    with pytest.raises(Broken, match="busy"):
        pool.deliver(out, 0.05)
    gate.set()
    thread.join()
    assert first == ["gone"]


@pytest.mark.parametrize("line", ["RCPT TO:<a>\r\nRSET", "a\nb", "a\x00b"])
def test_no_command_holds_a_second_one(line: str) -> None:
    with pytest.raises(ValueError, match="line end"):
        encode(line)


def test_a_refusal_on_a_used_connection_is_the_answer() -> None:
    with ScriptedSmtp() as server, sender(plain(server)) as transport:
        transport.send(mail(1))
        server.script("RCPT", "550 5.1.1 no such user")
        assert transport.send(mail(2)).outcome == "suppress"
        assert server.connections == 1


# --- encryption and login --------------------------------------------------------------------


def starttls(server: ScriptedSmtp, user: str = "", host: str = "127.0.0.1") -> MailServer:
    return MailServer(host, server.port, "starttls", user, Secret(PASSWORD) if user else None)


def test_starttls_encrypts_before_anything_else_is_said(ca: Authority) -> None:
    tls = ca.server("127.0.0.1")
    with ScriptedSmtp(features=("STARTTLS", "AUTH PLAIN LOGIN"), tls=tls) as server:
        with sender(starttls(server, "ana"), context=trusting(ca)) as transport:
            assert transport.send(mail()).outcome == "delivered"
        in_clear = [c for c, e in zip(server.commands, server.was_encrypted, strict=True) if not e]
        assert [c.split(" ")[0] for c in in_clear] == ["EHLO", "STARTTLS"]
        token = base64.b64encode(f"\0ana\0{PASSWORD}".encode()).decode()
        assert f"AUTH PLAIN {token}" in server.commands


def test_smtps_is_encrypted_from_the_first_byte(ca: Authority) -> None:
    with ScriptedSmtp(tls=ca.server("127.0.0.1"), from_the_start=True) as server:
        with sender(MailServer("127.0.0.1", server.port, "tls"), context=trusting(ca)) as out:
            assert out.send(mail()).outcome == "delivered"
        assert all(server.was_encrypted)


@pytest.mark.parametrize(
    ("features", "replies"),
    [
        ((), {}),
        (("STARTTLS",), {"EHLO": ["502 5.5.2 no EHLO here"]}),
        (("STARTTLS",), {"STARTTLS": ["454 4.7.0 not now"]}),
        (("STARTTLS",), {"STARTTLS": ["501 5.5.4 never"]}),
        (("STARTTLS",), {"STARTTLS": ["220 ready\n250 injected"]}),
    ],
)
def test_without_encryption_nothing_is_sent(
    features: tuple[str, ...], replies: dict[str, list[str]], ca: Authority
) -> None:
    tls = ca.server("127.0.0.1")
    with ScriptedSmtp(features=features, tls=tls, **replies) as server:
        with sender(starttls(server, "ana"), context=trusting(ca)) as transport:
            result = transport.send(mail())
        assert result.outcome in ("our_fault", "retry")
        assert result.scope == "server" or result.kind == "protocol"
        assert set(server.verbs()) <= {"EHLO", "STARTTLS"}
        assert not any("HELO" in command for command in server.commands)


def test_a_certificate_of_another_name_or_authority_is_not_taken(
    ca: Authority, tmp_path: Path
) -> None:
    for context, name in (
        (ssl.create_default_context(), "127.0.0.1"),  # an authority nobody trusts
        (trusting(ca), "mail.other.example"),
    ):
        with ScriptedSmtp(features=("STARTTLS",), tls=ca.server(name)) as server:
            with sender(starttls(server, "ana"), context=context) as transport:
                result = transport.send(mail())
            assert (result.outcome, result.kind, result.scope) == ("our_fault", "tls", "server")
            assert "certificate" in result.server_text
            assert "AUTH" not in server.verbs()


@pytest.mark.parametrize("offer", ["AUTH PLAIN LOGIN", "AUTH=PLAIN", "AUTH LOGIN", "AUTH CRAM-MD5"])
@pytest.mark.parametrize("password", [PASSWORD, "wrong-canary"])
def test_every_way_to_log_in_is_tried_once_and_never_shows_the_password(
    offer: str, password: str
) -> None:
    with ScriptedSmtp(features=(offer,)) as server:
        expect_login(
            server, offer, f"535 5.7.8 no: {password} {b64(PASSWORD)} {plain_token(password)}"
        )
        login = MailServer("127.0.0.1", server.port, "none", "ana", Secret(password))
        with sender(login) as transport:
            result = transport.send(mail())
        assert server.verbs().count("AUTH") == 1
        assert server.connections == 1
    if password == PASSWORD:
        assert result.outcome == "delivered"
        return
    assert (result.outcome, result.kind, result.scope) == ("our_fault", "auth", "server")
    assert "canary" not in repr(result)
    assert plain_token(password) not in repr(result)


def expect_login(server: ScriptedSmtp, offer: str, refusal: str) -> None:
    """Let `server` take ana with PASSWORD by the first mechanism it offers."""
    challenge = b"<1896.697170952@mail.example.org>"
    digest = hmac.new(PASSWORD.encode(), challenge, "md5").hexdigest()
    right = {
        "PLAIN": [f"AUTH PLAIN {plain_token(PASSWORD)}"],
        "LOGIN": ["AUTH LOGIN", b64("ana"), b64(PASSWORD)],
        "CRAM-MD5": ["AUTH CRAM-MD5", b64(f"ana {digest}")],
    }[offer.replace("=", " ").split()[1]]
    questions = ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"]
    if "CRAM" in offer:
        questions = [f"334 {base64.b64encode(challenge).decode()}"]
    for line, reply in zip(right, [*questions[: len(right) - 1], "235 2.7.0 welcome"], strict=True):
        server.answers[line] = reply
    server.otherwise = refusal


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def plain_token(password: str) -> str:
    return b64(f"\0ana\0{password}")


def test_a_server_without_a_known_way_to_log_in_gets_no_password() -> None:
    with ScriptedSmtp(features=("AUTH XOAUTH2",)) as server:
        with sender(plain(server, "ana")) as transport:
            result = transport.send(mail())
        assert result.kind == "protocol"
        assert "AUTH" not in server.verbs()


def test_a_login_that_is_refused_at_once_sends_no_password() -> None:
    with ScriptedSmtp(features=("AUTH LOGIN",), AUTH=["534 5.7.9 use an app password"]) as server:
        with sender(plain(server, "ana")) as transport:
            assert transport.send(mail()).kind == "auth"
        assert server.verbs() == ["EHLO", "AUTH"]


@pytest.mark.parametrize("challenge", ["535 5.7.8 not you", "334 no base64!"])
def test_a_challenge_that_is_none_ends_the_login(challenge: str) -> None:
    with ScriptedSmtp(features=("AUTH CRAM-MD5",), AUTH=[challenge]) as server:
        with sender(plain(server, "ana")) as transport:
            result = transport.send(mail())
        assert result.kind == ("auth" if challenge.startswith("535") else "protocol")


# --- SMTP_URL --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, "starttls")),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, "tls")),
        ("smtp://127.0.0.1?tls=none", MailServer("127.0.0.1", 25, "none")),
        ("smtp://postfix_1:2525/?tls=none", MailServer("postfix_1", 2525, "none")),
        ("smtp://[::1]:2525?tls=none", MailServer("::1", 2525, "none")),
        (
            "smtp://ana%40example.org:p%40ss%3A%2F%23%25@mail.example.org:2587",
            MailServer("mail.example.org", 2587, "starttls", "ana@example.org", Secret("p@ss:/#%")),
        ),
        (
            "smtp://u:p@localhost?tls=none",
            MailServer("localhost", 25, "none", "u", Secret("p")),
        ),
    ],
)
def test_smtp_url_says_server_encryption_and_login(url: str, server: MailServer) -> None:
    assert read_smtp_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org:587",
        "smtp://",
        "smtp://u:canary@",
        "http://u:canary@mail.example.org",
        "smtp://u:canary@mail.example.org?tls=none",
        "smtp://u:canary@mail.example.org?tls=maybe",
        "smtps://u:canary@mail.example.org?tls=none",
        "smtp://u:canary@mail.example.org?ssl=1",
        "smtp://u:can/ary@mail.example.org",
        "smtp://u:can#ary@mail.example.org",
        "smtp://u@mail.example.org",
        "smtp://mail.example.org:port",
        "smtp://[::1",
        "smtp://u:canary@mail.example.org/path",
    ],
)
def test_an_unusable_smtp_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_smtp_url(url)
    said = f"{caught.value.message} {caught.value.hint}"
    assert "SMTP_URL" in said
    assert "canary" not in said
    assert "ary@" not in said


@pytest.mark.parametrize("address", ["nobody", "a\r\nb@example.org", "josé@example.org"])
def test_a_sender_that_cannot_be_used_stops_the_start(address: str) -> None:
    with pytest.raises(UsageError, match="MAIL_FROM"):
        EmailTransport(MailServer("127.0.0.1", 25, "none"), SystemClock(), sender=address)


def test_a_transport_of_mails_takes_no_posts() -> None:
    with sender(MailServer("127.0.0.1", 25, "none")) as transport:
        head = DeliveryHead(delivery_id(), ANA, 0.0)
        assert transport.prepare(MAIL, head, ENVELOPE) == transport.prepare(MAIL, head, ENVELOPE)
        with pytest.raises(TypeError):
            transport.prepare(POST, head, ENVELOPE)
