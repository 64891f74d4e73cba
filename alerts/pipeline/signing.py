"""Signed links in mails: who may stop mails, or start them again, without an account.

A link holds a reader's id (a random value of the database, no address) and a signature. The key is
SECRET_KEY, or one that is made once and kept in the database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import itsdangerous

from alerts.clock import Clock
from alerts.errors import UsageError
from alerts.settings import Settings
from alerts.store import configs, stops
from alerts.store.database import Database

#: What a link is for; each purpose has a salt of its own, so that no link opens another's door.
STOP, AGAIN = "stop", "again"

#: Purpose -> the first part of its path.
PATHS = {STOP: "u", AGAIN: "s"}

#: 64 random bits name a reader; the signature is what nobody can guess.
_ID_CHARS = 16

_MIN_KEY_CHARS = 32

#: Longer than any token of ours: not looked at.
MAX_TOKEN_CHARS = 200


@dataclass(frozen=True)
class Signing:
    """Signs and reads tokens; links are made with the first key, all are taken."""

    keys: tuple[str, ...]  # the newest first

    def sign(self, purpose: str, reader_id: str) -> str:
        """Return the token of a reader for one purpose: always the same."""
        return self._signer(purpose).sign(reader_id).decode()

    def read(self, purpose: str, token: str) -> str | None:
        """Return the reader's id; None if the token was not made for this purpose by us."""
        if len(token) > MAX_TOKEN_CHARS or not token.isascii():
            return None
        try:
            return self._signer(purpose).unsign(token).decode()
        except itsdangerous.BadSignature:
            return None

    def _signer(self, purpose: str) -> itsdangerous.Signer:
        oldest_first = list(reversed(self.keys))  # itsdangerous signs with the last
        return itsdangerous.Signer(
            oldest_first, salt=f"alerts {purpose}", digest_method=hashlib.sha256
        )


def signing(database: Database, settings: Settings, clock: Clock) -> Signing:
    """Return what signs the links of this service.

    SECRET_KEY may hold several keys separated by blanks, the newest first: links made with an old
    one go on working, and so do those made before there was a SECRET_KEY. UsageError if one is too
    short.
    """
    with database.read() as connection:
        kept = configs.value(connection, "secret_key")
    if settings.secret_key is not None:
        own = _several(settings.secret_key.reveal())
        return Signing((*own, kept) if kept is not None else own)
    if kept is None:
        with database.write() as connection:
            kept = configs.once_made(connection, "secret_key", clock.token() + clock.token())
    return Signing((kept,))


def _several(text: str) -> tuple[str, ...]:
    keys = tuple(text.split())
    if not keys or any(len(key) < _MIN_KEY_CHARS for key in keys):
        raise UsageError(
            f"SECRET_KEY must have at least {_MIN_KEY_CHARS} characters without blanks in them.",
            hint="Make one with: openssl rand -hex 32. Several keys, the newest first, stand"
            " with a blank between them.",
        )
    return keys


def link(
    database: Database, settings: Settings, clock: Clock, purpose: str, target: str
) -> str | None:
    """Return the link of a target for a purpose; None as long as BASE_URL is not set."""
    if settings.base_url is None:
        return None
    with database.read() as connection:
        key = stops.reader_id(connection, target)
    if key is None:
        with database.write() as connection:
            key = stops.add_reader(connection, target, clock.token()[:_ID_CHARS])
    token = signing(database, settings, clock).sign(purpose, key)
    return f"{settings.base_url}/{PATHS[purpose]}/{token}"


def target_of(
    database: Database, settings: Settings, clock: Clock, purpose: str, token: str
) -> str | None:
    """Return the target that a token is about; None if it is none of ours."""
    key = signing(database, settings, clock).read(purpose, token)
    if key is None:
        return None
    with database.read() as connection:
        return stops.reader_target(connection, key)
