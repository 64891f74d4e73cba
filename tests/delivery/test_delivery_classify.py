"""What servers say and what it means: the table of SMTP replies."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery import classify
from alerts.delivery.classify import HINTS, accepted, interruption, refusal
from alerts.delivery.wire import Broken, Reply

STAGES = ["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "end"]


@pytest.mark.parametrize(
    ("stage", "reply", "expected"),
    [
        # temporary: the server's matter before a recipient is named, and 421 always
        ("connect", "450 busy", "retry server_busy server"),
        ("connect", "421 4.3.2 shutting down", "retry server_busy server"),
        ("auth", "454 4.7.0 temporary authentication failure", "retry server_busy server"),
        ("mail", "452 4.3.1 insufficient storage", "retry server_busy server"),
        ("rcpt", "421 4.7.0 too many connections", "retry server_busy server"),
        ("end", "421 4.3.0 closing", "retry server_busy server"),
        ("rcpt", "450 4.2.0 greylisted, come back in 300 s", "retry temporary delivery"),
        ("rcpt", "451 4.7.1 greylisting", "retry temporary delivery"),
        ("rcpt", "452 4.2.2 over quota", "retry mailbox_full destination"),
        ("end", "451 4.3.0 local error", "retry temporary delivery"),
        # permanent: the address
        ("rcpt", "550 5.1.1 no such user", "suppress bad_address destination"),
        ("rcpt", "550 5.1.2 no such domain", "suppress bad_address destination"),
        ("rcpt", "553 5.1.3 bad syntax", "suppress bad_address destination"),
        ("rcpt", "551 5.1.6 moved", "suppress bad_address destination"),
        ("rcpt", "556 5.1.10 null MX", "suppress bad_address destination"),
        ("end", "550 5.1.1 no such user", "suppress bad_address destination"),
        ("rcpt", "550 no such user here", "suppress bad_address destination"),
        ("rcpt", "553 mailbox name not valid", "suppress bad_address destination"),
        ("rcpt", "550 5.2.1 account disabled", "suppress mailbox_disabled destination"),
        ("rcpt", "552 5.2.2 mailbox full", "refused mailbox_full destination"),
        ("rcpt", "552 mailbox full", "refused mailbox_full destination"),
        ("rcpt", "550 5.0.0 user unknown", "suppress bad_address destination"),
        ("rcpt", "550 5.4.1 access denied", "refused refused delivery"),
        ("rcpt", "554 no", "refused refused delivery"),
        # permanent: the message
        ("mail", "552 5.3.4 too big", "refused too_big delivery"),
        ("mail", "552 size", "refused too_big delivery"),
        ("end", "552 5.3.4 too big", "refused too_big delivery"),
        ("end", "552 too much", "refused too_big delivery"),
        ("end", "550 5.2.3 too long for this mailbox", "refused too_big delivery"),
        ("end", "554 5.6.0 malformed", "refused refused delivery"),
        ("end", "554 no", "refused refused delivery"),
        # permanent: us
        ("connect", "554 5.7.1 listed", "our_fault policy server"),
        ("connect", "554 no service", "our_fault policy server"),
        ("ehlo", "550 who are you", "our_fault policy server"),
        ("starttls", "501 5.5.4 no", "our_fault tls server"),
        ("auth", "535 5.7.8 bad credentials", "our_fault auth server"),
        ("auth", "534 5.7.9 app password needed", "our_fault auth server"),
        ("mail", "530 5.7.0 authentication required", "our_fault auth server"),
        ("mail", "550 5.1.8 bad sender's domain", "our_fault sender server"),
        ("mail", "550 5.7.1 not your address", "our_fault sender server"),
        ("mail", "553 sender refused", "our_fault sender server"),
        ("mail", "555 5.5.4 unknown parameter", "our_fault protocol delivery"),
        ("rcpt", "550 5.1.8 bad sender's domain", "our_fault sender server"),
        ("rcpt", "550 5.7.1 relaying denied", "our_fault policy destination"),
        ("rcpt", "550 relaying denied", "our_fault policy destination"),
        ("rcpt", "530 authentication required", "our_fault auth server"),
        ("end", "550 5.7.26 unauthenticated", "our_fault policy destination"),
        ("end", "550 5.7.515 access denied, DMARC", "our_fault policy destination"),
        ("end", "554 message looks like spam", "our_fault policy destination"),
        ("data", "503 5.5.1 bad sequence", "our_fault protocol delivery"),
        ("rcpt", "501 syntax", "our_fault protocol delivery"),
        ("end", "500 5.5.2 line too long", "our_fault protocol delivery"),
    ],
)
def test_a_reply_means_what_its_place_and_codes_say(stage: str, reply: str, expected: str) -> None:
    code, _, text = reply.partition(" ")
    result = refusal(stage, Reply(int(code), text), "mail.example.org")  # type: ignore[arg-type]
    assert f"{result.outcome} {result.kind} {result.scope}" == expected
    assert result.server_text == text
    assert result.server == "mail.example.org"
    assert result.hint


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(550, "5.1.1 <x> unknown"), "550 5.1.1"),
        (Reply(550, "unknown 5.1.1"), "550"),
        (Reply(550, "5.1.1.1 odd"), "550 5.1.1"),
        (Reply(550, "5.1.1234 odd"), "550"),
        (Reply(550, "5.7.515 no"), "550 5.7.515"),
        (Reply(450, "2.1.1"), "450 2.1.1"),
        (Reply(550, ""), "550"),
    ],
)
def test_the_enhanced_code_is_read_at_the_beginning_only(reply: Reply, code: str) -> None:
    assert refusal("end", reply, "").code == code


def test_an_enhanced_code_of_another_class_does_not_decide() -> None:
    assert refusal("rcpt", Reply(550, "2.1.5 odd"), "").kind == "bad_address"


@given(st.sampled_from(STAGES), st.integers(200, 599), st.text(max_size=200))
def test_any_reply_has_one_meaning_and_never_raises(stage: str, code: int, text: str) -> None:
    result = refusal(stage, Reply(code, text), "h")  # type: ignore[arg-type]
    assert result.outcome in ("retry", "refused", "suppress", "our_fault")
    assert result.kind in HINTS
    assert code >= 500 or result.outcome == "retry"
    assert code < 500 or result.outcome != "retry"
    assert not any(ord(c) < 32 and c != "\n" for c in result.server_text)


@given(st.integers(3, 7), st.integers(0, 999), st.sampled_from(["rcpt", "data", "end"]))
def test_only_a_code_about_the_address_suppresses_it(subject: int, detail: int, stage: str) -> None:
    result = refusal(stage, Reply(550, f"5.{subject}.{detail} no"), "h")  # type: ignore[arg-type]
    assert result.outcome in ("refused", "our_fault")
    assert subject != 7 or (result.outcome, result.scope) == ("our_fault", "destination")


def test_a_long_answer_is_kept_up_to_four_kilobytes() -> None:
    assert len(accepted(Reply(250, "x" * 9000), "h").server_text) == 4096


@pytest.mark.parametrize(
    ("stage", "kind", "expected"),
    [
        ("connect", "network", "retry network server"),
        ("rcpt", "timeout", "retry timeout destination"),
        ("starttls", "tls", "our_fault tls server"),
        ("ehlo", "protocol", "retry protocol server"),
        ("end", "network", "ambiguous ambiguous delivery"),
        ("end", "timeout", "ambiguous ambiguous delivery"),
        ("end", "tls", "ambiguous ambiguous delivery"),
    ],
)
def test_silence_is_the_servers_matter_until_it_took_the_sender(
    stage: str, kind: str, expected: str
) -> None:
    result = interruption(Broken(stage, kind, "why"), "h")  # type: ignore[arg-type]
    assert f"{result.outcome} {result.kind} {result.scope}" == expected
    assert result.server_text == "why"


def test_every_kind_but_ok_says_what_a_person_can_do() -> None:
    assert [kind for kind, hint in HINTS.items() if not hint] == ["ok"]
    assert set(HINTS) == set(classify.Kind.__args__)  # type: ignore[attr-defined]


def test_no_hint_promises_a_try_that_a_given_up_delivery_does_not_get() -> None:
    for hint in HINTS.values():
        assert not re.search(r"again|by itself|nothing to do", hint, re.IGNORECASE), hint


def test_the_commands_of_a_hint_name_the_destination_and_variables_stay_as_they_are() -> None:
    assert classify.named(HINTS["gone"], key="room/slack/h", place="h").endswith(
        "alerts destinations resume room/slack/h"
    )
    assert classify.named(HINTS["bad_address"], key="a/email/a@b.c", place="a@b.c").endswith(
        "alerts people resume a@b.c"
    )
    assert classify.named(HINTS["sender"], key="k", place="p") == HINTS["sender"]
