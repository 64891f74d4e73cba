"""Signatures of webhooks as Standard Webhooks 1.0.0 has them: secrets, keys, headers.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from alerts.errors import GrammarError
from alerts.model import Secret

_MIN_SECRET_CHARS = 24
_SECRET_BYTES = range(24, 65)  # "Signature scheme": between 24 and 64 bytes


def read_signing_secret(value: str) -> Secret:
    """Return the secret of a webhook, or raise GrammarError that says how to make one.

    One secret, or two separated by a space while they are exchanged. Each is "whsec_" and 24 to
    64 bytes in base64 (Standard Webhooks 1.0.0), or plain text of at least 24 characters.
    """
    secrets = value.split()
    if not secrets:
        raise _secret_error("Here the signing secret is missing.", value)
    for secret in secrets:
        signing_key(secret)
    return Secret(" ".join(secrets))


def signing_key(secret: str) -> bytes:
    """Return the key bytes of one secret; GrammarError if it is too short or no base64."""
    if not secret.startswith("whsec_"):
        if len(secret) < _MIN_SECRET_CHARS:
            raise _secret_error(
                f"A signing secret has at least {_MIN_SECRET_CHARS} characters.", secret
            )
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise _secret_error("What follows whsec_ is no base64.", secret) from None
    if len(key) not in _SECRET_BYTES:
        raise _secret_error(f"This signing secret holds {len(key)} bytes, not 24 to 64.", secret)
    return key


def _secret_error(message: str, value: str) -> GrammarError:
    return GrammarError(
        message,
        end=len(value),
        hint="Make one with: echo whsec_$(openssl rand -base64 32)",
    )


def signature_headers(secret: Secret, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the three headers that sign exactly these bytes; one signature for each secret.

    `at` is the moment of this try in epoch seconds: receivers refuse one older than 5 minutes.
    """
    signed = f"{message_id}.{at}.".encode() + body
    digests = (
        hmac.digest(signing_key(one), signed, hashlib.sha256) for one in secret.reveal().split()
    )
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join("v1," + base64.b64encode(d).decode() for d in digests),
    }
