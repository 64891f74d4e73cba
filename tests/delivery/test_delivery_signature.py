"""Signatures against the reference implementation, and what may be a signing secret."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st
from making import SECRET

from alerts.clock import SystemClock
from alerts.delivery.signature import read_signing_secret, signature_headers
from alerts.errors import GrammarError
from alerts.model import Secret


def now() -> int:
    """Return the seconds of the machine's clock, which the reference implementation reads."""
    return int(SystemClock().now())


@given(st.binary(min_size=24, max_size=64), st.binary(max_size=300))
def test_the_reference_implementation_accepts_every_signature(key: bytes, body: bytes) -> None:
    secret, at = "whsec_" + base64.b64encode(key).decode(), now()
    headers = signature_headers(
        read_signing_secret(secret), "a" * 32, at, b'"' + body.hex().encode() + b'"'
    )
    signed = b'"' + body.hex().encode() + b'"'
    assert standardwebhooks.Webhook(secret).verify(signed, headers) == body.hex()
    moment = datetime.fromtimestamp(at, tz=UTC)
    reference = standardwebhooks.Webhook(secret).sign("a" * 32, moment, signed.decode())
    assert headers["webhook-signature"] == reference


def test_a_changed_body_id_or_secret_is_not_accepted() -> None:
    headers = signature_headers(Secret(SECRET), "id1", now(), b'{"a":1}')
    verifier = standardwebhooks.Webhook(SECRET)
    for body, changed in (
        (b'{"a":2}', headers),
        (b'{"a":1}', {**headers, "webhook-id": "id2"}),
        (b'{"a":1}', {**headers, "webhook-timestamp": str(now() + 1)}),
    ):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            verifier.verify(body, changed)


def test_while_secrets_are_exchanged_both_verify() -> None:
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    headers = signature_headers(read_signing_secret(f"{new}  {SECRET}"), "id1", now(), b"{}")
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (new, SECRET):
        assert standardwebhooks.Webhook(secret).verify(b"{}", headers) == {}


def test_plain_text_of_24_characters_is_a_key_as_it_stands() -> None:
    plain = "correct horse battery staple".replace(" ", "-")
    headers = signature_headers(read_signing_secret(plain), "id1", now(), b"{}")
    same = "whsec_" + base64.b64encode(plain.encode()).decode()
    assert standardwebhooks.Webhook(same).verify(b"{}", headers) == {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("canary-short", "24 characters"),
        ("whsec_canary!!", "base64"),
        ("whsec_Y2FuYXJ5", "6 bytes"),
        ("whsec_" + base64.b64encode(b"c" * 65).decode(), "65 bytes"),
        (f"{SECRET} canary", "24 characters"),
        ("whsec_canaryé", "base64"),
    ],
)
def test_a_weak_secret_is_refused_without_repeating_it(value: str, words: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read_signing_secret(value)
    said = f"{caught.value.message} {caught.value.hint}"
    assert words in said
    assert "openssl rand" in said
    assert "canary" not in said
