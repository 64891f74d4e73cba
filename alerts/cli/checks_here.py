"""What `alerts doctor` looks at on this machine: database, disk, settings, time zones."""

from __future__ import annotations

import os
import stat
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from alerts import config
from alerts.cli import standing
from alerts.cli.lines import Line, counted
from alerts.cli.reading import file_of, is_missing
from alerts.clock import Clock
from alerts.config import diagnostics
from alerts.errors import StoreError
from alerts.model import Config
from alerts.settings import Settings
from alerts.store import configs
from alerts.store.database import REVISIONS, Database, open_database, schema_revision

_BUSY_MS = 3_000  # less than the deadline of a check, so that "locked" is said and not guessed
_SHORTEST_TOKEN = 20
_FEWEST_CHARACTERS = 8  # different ones in a key that is not easy to guess


@dataclass(frozen=True)
class Patient:
    """What is examined."""

    settings: Settings
    config: Config
    clock: Clock


def configuration(env: Settings) -> tuple[Config, Line]:
    """Return the configuration as the file has it (an empty one if it cannot be used)."""
    loaded = config.load(env.config, env.environment, with_examples=False)
    if loaded.config is not None:
        told = f"{env.config} can be used"
        return loaded.config, Line("configuration", "ok", told)
    first = diagnostics.headline(diagnostics.in_order(loaded.errors)[0])
    hint = "See all: alerts check" if env.config.exists() else "Make one: alerts init"
    tolerant = config.load(env.config, env.environment, allow_unset=True, with_examples=False)
    return tolerant.config or Config(), Line("configuration", "wrong", first, hint)


# --- database ----------------------------------------------------------------------------------


class _Undone(Exception):
    """Ends a transaction that was only to be tried."""


def database(patient: Patient) -> Line:
    """Open the database, look at its version, write a value and take it back."""
    url = patient.settings.database_url.reveal()
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    if is_missing(url):
        folder = standing.existing((file_of(url) or Path()).parent)
        if not os.access(folder, os.W_OK):
            return Line("database", "wrong", f"none yet, and {folder} cannot be written",
                        "Let the user that runs alerts own that folder.")  # fmt: skip
        return Line("database", "ok", f"{kind}: none yet; the first run makes it")
    try:
        opened = open_database(url, busy_timeout_ms=_BUSY_MS)
        try:
            return _examined(opened, kind)
        finally:
            opened.close()
    except StoreError as error:
        return Line("database", "wrong", error.message, error.hint)


def _examined(opened: Database, kind: str) -> Line:
    revision = schema_revision(opened)
    facts = {"kind": kind, "schema": revision}
    if revision is None:
        return Line("database", "ok", f"{kind}: empty; the first run makes the tables", facts=facts)
    if revision != REVISIONS[-1]:
        is_newer = revision not in REVISIONS
        hint = "Install the newer version of alerts." if is_newer else "alerts migrate"
        told = f"its schema is {revision}, this version needs {REVISIONS[-1]}"
        return Line("database", "wrong", told, hint, facts)
    try:
        with opened.write() as connection:
            configs.keep(connection, "doctor", "was here")
            raise _Undone
    except _Undone:
        return Line("database", "ok", f"{kind}: opens, can be written", facts=facts)


# --- settings ----------------------------------------------------------------------------------


def settings(patient: Patient) -> Line:
    """Judge BASE_URL, SECRET_KEY, ADMIN_TOKEN, MAIL_FROM and .env."""
    found = list(_odd_settings(patient.settings))
    if not found:
        return Line("settings", "ok", "nothing odd in the environment and .env")
    is_bad = any(is_wrong for is_wrong, _ in found)
    more = tuple(words for _, words in found)
    told = f"{counted(len(found), 'thing')} to look at"
    return Line("settings", "wrong" if is_bad else "note", told, more=more)


def _odd_settings(env: Settings) -> Iterator[tuple[bool, str]]:
    """Yield what is odd, and whether it is wrong; no value of a secret is ever in it."""
    for mistake in env.env_mistakes:
        yield True, diagnostics.headline(mistake)
    file = env.config.parent / ".env"
    if file.exists() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield False, f"{file} can be read by others on this machine: chmod 600 {file}"
    if env.smtp_url is not None and env.mail_from.rstrip(">").endswith("@localhost"):
        yield True, "MAIL_FROM is not set: mails would come from alerts@localhost"
    yield from _odd_addresses(env)
    key = env.secret_key.reveal() if env.secret_key is not None else ""
    if key and len(set(key)) < _FEWEST_CHARACTERS:
        yield True, "SECRET_KEY is easy to guess: make one with openssl rand -hex 32"
    token = env.admin_token.reveal() if env.admin_token is not None else ""
    if token and (len(token) < _SHORTEST_TOKEN or len(set(token)) < _FEWEST_CHARACTERS):
        yield True, "ADMIN_TOKEN is easy to guess: make one with openssl rand -hex 16"


def _odd_addresses(env: Settings) -> Iterator[tuple[bool, str]]:
    if env.base_url is None:
        return
    parts = urlsplit(env.base_url)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if is_here and env.smtp_url is not None:
        yield False, "BASE_URL leads to this machine: readers cannot open links in their mails"
    if parts.scheme == "http" and not is_here:
        yield False, "BASE_URL is not encrypted: write https:// once there is a certificate"
    if parts.query or parts.fragment or parts.username:
        yield True, "BASE_URL is an address alone, without ?, # and @"


# --- disk, time zones --------------------------------------------------------------------------


def disk(patient: Patient) -> Line:
    """Say how much room there is, and whether the spool folder can be written."""
    env = patient.settings
    lines = list(standing.disk(env, file_of(env.database_url.reveal())))
    folder = standing.existing(env.spool)
    if env.smtp_url is None and not os.access(folder, os.W_OK):
        told = f"{folder} cannot be written, and mails are to lie there"
        return Line("disk", "wrong", told, "Let the user that runs alerts own it.")
    return next((line for line in lines if line.level != "ok"), lines[0])


def time_zones(patient: Patient) -> Line:
    """See that the zones of all subscribers are known here."""
    zones = sorted({person.timezone for person in patient.config.subscribers} | {"UTC"})
    missing = []
    for zone in zones:
        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            missing.append(zone)
    if missing:
        told = f"{', '.join(missing)} cannot be found"
        return Line("time_zones", "wrong", told, "Install the time zone data: pip install tzdata")
    return Line("time_zones", "ok", f"{', '.join(zones)} known", facts={"zones": zones})
