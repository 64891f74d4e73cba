"""The mail as bytes, judged by the standard library's parser and by the RFCs."""

from __future__ import annotations

import email
import email.policy
import quopri
import re
import time
from collections import Counter
from email.header import decode_header, make_header
from email.headerregistry import UniqueAddressHeader
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from making import ANA, ENVELOPE, MAIL, delivery_id

from alerts.delivery.compose import clean, compose, message_id
from alerts.delivery.transport import DeliveryHead, Envelope
from alerts.model import Destination, Mail
from alerts.quoted import quoted_printable

HEAD = DeliveryHead(delivery_id(), ANA, 1_795_503_600.0)
LINK = "https://alerts.example.org/u/" + "T" * 90
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
HOSTILE = ["\r\nBcc: eve@evil.example", "\x00", "\x0b", "\x85", "\u2028", "\ud800", "=?utf-8?q?=0d=0aX:y?=", *BIDI]  # fmt: skip


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    for part in message.walk():
        assert part.defects == []
    for value in message.values():
        assert value.defects == ()
    return message


def made(
    content: Mail = MAIL, envelope: Envelope = ENVELOPE, head: DeliveryHead = HEAD
) -> EmailMessage:
    return parsed(compose(content, head, envelope))


def test_a_mail_is_plain_text_then_html_in_quoted_printable() -> None:
    message = made()
    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    for part in parts:
        assert part.get_content_charset() == "utf-8"
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
    assert parts[0].get_content().replace("\r\n", "\n").rstrip("\n") == MAIL.text.rstrip("\n")
    assert parts[1].get_content() == MAIL.html


def test_each_header_stands_once_and_there_is_one_recipient() -> None:
    message = made(envelope=Envelope("news@example.org", admin="desk@example.org", stop_link=LINK))
    assert set(Counter(name.lower() for name in message.keys()).values()) == {1}  # noqa: SIM118 - keys repeat
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version"):
        assert message[name]
    assert message["To"].addresses[0].addr_spec == "ana@example.org"
    assert len(message["To"].addresses) == 1
    assert message["Bcc"] is None
    assert message["Cc"] is None


def test_the_headers_are_those_that_filters_and_mail_programs_look_for() -> None:
    message = made(
        envelope=Envelope("News <news@example.org>", admin="desk@example.org", stop_link=LINK)
    )
    assert str(message["From"]) == "News <news@example.org>"
    assert message["Reply-To"] == "desk@example.org"
    assert message["List-Id"] == "News for Ana <ana-flores.alerts.example.org>"
    assert message["Content-Language"] == "en"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply, DR, RN, NRN"
    assert message["Precedence"] == "bulk"
    assert message["X-Alert-Delivery"] == HEAD.id
    assert str(message["Date"]) == "Tue, 24 Nov 2026 07:00:00 -0000"


def test_the_feedback_id_names_the_sender_and_nobody_else() -> None:
    fields = str(made()["Feedback-ID"]).split(":")
    other = made(
        head=DeliveryHead(delivery_id(2), Destination("ben", "email", "ben@example.org"), 0.0)
    )
    assert len(fields) == len(set(fields)) == 4
    assert 5 <= len(fields[3]) <= 15
    assert str(other["Feedback-ID"]).split(":") == fields


def test_with_an_https_link_one_click_unsubscribes() -> None:
    raw = compose(MAIL, HEAD, Envelope("news@example.org", stop_link=LINK))
    assert f"List-Unsubscribe:\r\n <{LINK}>\r\n".encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


@pytest.mark.parametrize(
    ("admin", "reader"), [("desk@example.org", "desk@example.org"), (None, "news@example.org")]
)
def test_without_pages_stopping_is_a_mail_to_the_admin_or_the_sender(
    admin: str | None, reader: str
) -> None:
    message = made(envelope=Envelope("news@example.org", admin=admin))
    assert message["List-Unsubscribe"] == f"<mailto:{reader}?subject=STOP%20ana%40example.org>"
    assert message["List-Unsubscribe-Post"] is None


def test_a_plain_http_link_is_offered_without_one_click() -> None:
    message = made(envelope=Envelope("news@example.org", stop_link="http://127.0.0.1:8000/u/T"))
    assert str(message["List-Unsubscribe"]).startswith("<http://127.0.0.1:8000/u/T>, <mailto:")
    assert message["List-Unsubscribe-Post"] is None


def test_a_message_id_is_a_function_of_the_delivery_alone() -> None:
    first, again = compose(MAIL, HEAD, ENVELOPE), compose(MAIL, HEAD, ENVELOPE)
    assert first == again
    assert str(parsed(first)["Message-ID"]) == f"<{HEAD.id}@example.org>"
    assert message_id("ab", "News <n@münchen.example>") == "<ab@xn--mnchen-3ya.example>"


@given(st.lists(st.integers(0, 2**128 - 1), unique=True, max_size=200))
@settings(max_examples=30)
def test_two_deliveries_never_share_a_message_id(numbers: list[int]) -> None:
    ids = {message_id(f"{number:032x}", "news@example.org") for number in numbers}
    assert len(ids) == len(numbers)


def test_a_later_part_names_the_parts_before_it() -> None:
    before = tuple(delivery_id(n) for n in range(14))
    message = made(envelope=Envelope("news@example.org", thread=before))
    references = str(message["References"]).split()
    assert message["In-Reply-To"] == f"<{before[-1]}@example.org>"
    assert len(references) == 10
    assert references[0] == f"<{before[0]}@example.org>"
    assert references[-1] == f"<{before[-1]}@example.org>"


def test_the_same_list_keeps_its_id_and_odd_names_are_safe_in_it() -> None:
    odd = Mail("s", "t", "<p>h</p>", list_id="Ana Flores!", list_name='Flores, "Ana" \\ ñ')
    found = str(made(odd)["List-Id"])
    assert found.endswith("<ana-flores.alerts.example.org>")
    quoted = Mail("s", "t", "<p>h</p>", list_id="", list_name='Flores, "Ana"')
    assert made(quoted)["List-Id"] == '"Flores, \\"Ana\\"" <digest.alerts.example.org>'


@pytest.mark.parametrize(
    "subject",
    [
        "ICE agents detain two people in Madison",
        "“Sanctuary” policy: Madison’s county board votes 24–11 after six hours "
        + "é" * 60
        + " (+6)",
        "x" * 150,
        "日本語の見出し" * 17,
        "=?utf-8?q?=0D=0ABcc:_eve@evil.example?=",
        "👩‍👩‍👧‍👦 ICE " * 8,
        "a b  c\td",
    ],
)
def test_a_subject_survives_encoding_and_folding(subject: str) -> None:
    message = made(Mail(subject, "t", "<p>h</p>"))
    assert re.sub(r"\s", "", str(message["Subject"])) == re.sub(r"\s", "", subject)
    raw = compose(Mail(subject, "t", "<p>h</p>"), HEAD, ENVELOPE)
    assert all(len(line) <= 78 for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))


def test_a_subject_of_nothing_visible_still_has_words() -> None:
    assert made(Mail(f"\r\n{BIDI}\x00", "t", "<p>h</p>"))["Subject"] == "(no subject)"


_NAMES = {name.lower() for name in made().keys()}  # noqa: SIM118
_TITLES = st.lists(st.one_of(st.text(max_size=30), st.sampled_from(HOSTILE)), max_size=6).map(
    "".join
)


@given(_TITLES, _TITLES, _TITLES)
@settings(max_examples=400)
@example("\r\nBcc: eve@evil.example", "\nX: y", "\r")
def test_no_title_changes_the_set_of_headers(subject: str, name: str, language: str) -> None:
    content = Mail(subject, "t", "<p>h</p>", language=language, list_id=name, list_name=name)
    raw = compose(
        content, HEAD, Envelope("news@example.org", sender_name=name, admin="desk@example.org")
    )
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert {key.lower() for key in message.keys()} == _NAMES  # noqa: SIM118
    head = raw.partition(b"\r\n\r\n")[0]
    assert re.fullmatch(rb"[\x20-\x7e\r\n]+", head)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", head)
    shown = str(message["Subject"])
    assert not any(char in shown for char in f"\x00\x0b\x85\u2028{BIDI}")


_BODIES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=400)


@given(_BODIES, _BODIES)
@settings(max_examples=300)
@example(".\n..\n.x\nFrom me\n", "x" * 1379)
@example("--=_" + "0" * 31 + "1", "=_\n--")
def test_any_body_comes_back_as_it_was(text: str, html: str) -> None:
    raw = compose(Mail("s", text, html), HEAD, ENVELOPE)
    assert raw.isascii()
    body = raw.partition(b"\r\n\r\n")[2]
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    found = [part.get_payload(decode=True) for part in parsed(raw).iter_parts()]
    assert [f.decode().replace("\r\n", "\n") for f in found] == [text, html]  # type: ignore[union-attr]


@given(_BODIES)
@settings(max_examples=100)
def test_the_bodies_equal_those_of_the_standard_library(text: str) -> None:
    theirs = EmailMessage(policy=email.policy.SMTP)
    theirs.set_content(text or "\n", cte="quoted-printable")
    ours = made(Mail("s", text, "<p>h</p>")).get_body(("plain",))
    assert ours is not None
    expected = theirs.get_payload(decode=True)
    found = ours.get_payload(decode=True)
    assert isinstance(found, bytes)
    assert isinstance(expected, bytes)
    assert b"\n".join(found.splitlines()) == b"\n".join(expected.splitlines()) or not text.strip(
        "\n"
    )


@given(_TITLES, _BODIES, _BODIES)
@settings(max_examples=80, deadline=None)
def test_a_mail_says_what_the_same_mail_of_the_standard_library_says(subject, text, html) -> None:
    assume("=?" not in subject)  # it writes what looks encoded as it is, and reads another subject
    theirs = EmailMessage(policy=email.policy.SMTP)
    theirs["From"], theirs["To"] = "news@example.org", "ana@example.org"
    theirs["Subject"] = clean(subject) or "(no subject)"
    theirs.set_content(text)
    theirs.add_alternative(html, subtype="html")
    theirs = email.message_from_bytes(theirs.as_bytes(), policy=email.policy.default)
    assert _said(made(Mail(subject, text, html))) == _said(theirs)


def _said(message: EmailMessage) -> list[object]:
    """Return the addresses, the words of the subject, and each part's type and lines."""
    people = [address.addr_spec for name in ("From", "To") for address in message[name].addresses]
    parts = [(p.get_content_type(), p.get_content().split()) for p in message.iter_parts()]
    return [people, "".join(str(message["Subject"]).split()), *parts]


_NASTY = (
    *("\n<tr>", "\n<body", "\n", "\r\n", "\r", " ", ".", "=", "\t", "é", "日本", "\ud800", "From "),
    *("x" * 37, "x" * 73, "x" * 74, "x" * 75, "y" * 900),
)


@given(st.lists(st.sampled_from(_NASTY)))
@settings(max_examples=500, deadline=None)
@example(["x" * 74, " ", "\n"])
@example(["<p>", "x" * 72, "\t", "\n<tr>"])
def test_a_body_of_any_lines_is_encoded_in_lines_of_76_and_comes_back(pieces) -> None:
    text = "".join(pieces)
    encoded = quoted_printable(text)
    assert encoded == quoted_printable(text)
    assert all(len(line) <= 76 and line == line.rstrip() for line in encoded.split(b"\r\n"))
    assert b"\r" not in encoded.replace(b"\r\n", b"")
    unix = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    assert quopri.decodestring(encoded).replace(b"\r\n", b"\n") == unix


def test_lone_surrogates_and_old_line_ends_do_no_harm() -> None:
    assert quoted_printable("a\rb\r\nc\ud800") == b"a\r\nb\r\nc?"


def test_an_address_outside_ascii_makes_only_the_recipient_utf8() -> None:
    head = DeliveryHead(delivery_id(), Destination("j", "email", "josé@example.org"), 0.0)
    raw = compose(MAIL, head, ENVELOPE)
    assert "\r\nTo: josé@example.org\r\n".encode() in raw
    lines = [line for line in raw.split(b"\r\n") if not line.isascii()]
    assert len(lines) == 1


@pytest.mark.parametrize(
    "link",
    ["https://a.example/\r\nBcc: x", "https://a.example/<x>", "javascript:x", "https://a b/"],
)
def test_an_odd_stop_link_is_refused_rather_than_written(link: str) -> None:
    with pytest.raises(ValueError, match="stop link"):
        compose(MAIL, HEAD, Envelope("news@example.org", stop_link=link))


def test_an_id_that_could_leave_its_header_is_refused() -> None:
    with pytest.raises(ValueError, match="unsafe"):
        compose(MAIL, DeliveryHead("a\r\nBcc: x", ANA, 0.0), ENVELOPE)


def test_a_sender_name_with_a_comma_is_one_sender() -> None:
    for name in ("Desk, News", "Dané County " * 9, '"quoted"', "a" * 90, "Jo"):
        sender = made(envelope=Envelope("news@example.org", sender_name=name))["From"]
        assert isinstance(sender, UniqueAddressHeader)
        assert [a.addr_spec for a in sender.addresses] == ["news@example.org"]
        # The modern parser of 3.11 puts a space between encoded words of a phrase; RFC 2047 §6.2
        # (and every mail program) does not, as the older one knows.
        raw = compose(MAIL, HEAD, Envelope("news@example.org", sender_name=name))
        old = str(make_header(decode_header(email.message_from_bytes(raw)["From"])))
        assert parseaddr(old)[0].split() == name.split()


def test_cleaning_leaves_words_and_joins_lines() -> None:
    assert clean(f" a\r\n\tb{BIDI}c\x00 ") == "a b c"


def test_a_digest_of_usual_size_is_composed_in_a_few_milliseconds() -> None:
    big = Mail("s" * 90 + "é", "text é\n" * 1500, "<p>é html</p>\n" * 1800)
    began = time.process_time()
    for _ in range(20):
        compose(big, HEAD, ENVELOPE)
    assert (time.process_time() - began) / 20 < 0.5
