"""The environment as one frozen value; the only reader of `os.environ`.

A `.env` beside the configuration is read too, the environment wins. Paths given in the environment
are relative to the working folder.
"""

from __future__ import annotations

import io
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from dotenv.parser import parse_stream

from alerts.errors import UsageError
from alerts.masks import mask
from alerts.model import Mistake, Secret

T = TypeVar("T")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)", re.IGNORECASE)
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LAST_PORT = 65_535
_DATABASE = Secret("sqlite:///alerts.db")


def duration_s(text: str) -> float:
    """Return the seconds of "90s", "5m", "24h", "30d", "2w" or "0"; ValueError if it is none."""
    found = _DURATION.fullmatch(text.strip())
    if not found or (not found[2] and float(found[1]) != 0):
        raise ValueError(f"{text!r} is no duration; write for example 90s, 5m, 24h, 30d, 2w or 0")
    return float(found[1]) * _UNIT_S[found[2].lower()]


def _networks(text: str) -> tuple[Network, ...]:
    parts = (part.strip() for part in text.split(","))
    try:
        return tuple(ipaddress.ip_network(part, strict=False) for part in parts if part)
    except ValueError as error:
        raise ValueError(f"{error}; write for example 127.0.0.0/8,10.1.0.0/16") from None


def _key(text: str) -> Secret:
    if len(text) < 32:
        raise ValueError("it must have at least 32 characters; make one with: openssl rand -hex 32")
    return Secret(text)


def _address(text: str) -> str:
    if not re.match(r"https?://[^/\s]+", text):
        raise ValueError("it must begin with https:// (or http:// on this machine)")
    return text.strip().rstrip("/")


def _port(text: str) -> int:
    if not re.fullmatch(r"\s*[0-9]+\s*", text) or int(text) > _LAST_PORT:
        raise ValueError(f"it must be a whole number from 0 to {_LAST_PORT}")
    return int(text)


def _up_to(most_s: float) -> Callable[[str], float]:
    """Return the reader of a duration of at most `most_s`."""

    def read(text: str) -> float:
        seconds = duration_s(text)
        if seconds > most_s:
            raise ValueError(f"{text!r} is too long; {most_s:g}s is the most")
        return seconds

    return read


def _any(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return a reader that takes a variable which is set to nothing as unset."""
    return lambda text: read(text) if text.strip() else None


#: The variables: the field of `Settings` that keeps each, and what reads it (ValueError).
VARIABLES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "ALERTS_CONFIG": ("config", Path),
    "DATABASE_URL": ("database_url", Secret),
    "SMTP_URL": ("smtp_url", _any(Secret)),
    "ALERTS_SPOOL": ("spool", Path),
    "MAIL_FROM": ("mail_from", str),
    "BOUNCE_ADDRESS": ("bounce_address", _any(str)),
    "BASE_URL": ("base_url", _any(_address)),
    "SECRET_KEY": ("secret_key", _any(_key)),
    "ADMIN_TOKEN": ("admin_token", _any(Secret)),
    "ALERTS_ALLOW_NETS": ("allow_nets", _networks),
    "ALERTS_MIN_POLL": ("min_poll_s", _up_to(604_800)),
    "ALERTS_HOST_GAP": ("host_gap_s", _up_to(3600)),
    "ALERTS_LEASE": ("lease_s", _up_to(86_400)),
    "ALERTS_PING_URL": ("ping_url", _any(Secret)),
    "PORT": ("port", _port),
}


@dataclass(frozen=True)
class Settings:
    """What the environment says; see docs/configuration.md for the words.

    No pydantic: a tenth of the memory of a sending process would go to fifteen fields.
    """

    config: Path = Path("subscribers.yaml")
    database_url: Secret = _DATABASE
    smtp_url: Secret | None = None
    spool: Path = Path("outbox")
    mail_from: str = "alerts@localhost"
    bounce_address: str | None = None
    base_url: str | None = None
    secret_key: Secret | None = None
    admin_token: Secret | None = None
    allow_nets: tuple[Network, ...] = ()
    min_poll_s: float = 300.0
    host_gap_s: float = 1.0
    lease_s: float = 60.0
    ping_url: Secret | None = None
    port: int = 8000

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Settings:
        """Read `variables`, of which some may be ours; UsageError names all that cannot be used."""
        fields: dict[str, Any] = {}
        mistakes: list[str] = []
        for name, (field, read) in VARIABLES.items():
            try:
                if name in variables:
                    fields[field] = read(variables[name])
            except ValueError as error:
                mistakes.append(f"{name}: {mask(str(error))}")
        if mistakes:
            raise UsageError("\n".join(mistakes), hint="Mend the environment or .env.")
        return cls(**fields)

    @cached_property
    def env_mistakes(self) -> tuple[Mistake, ...]:
        """The lines of .env that set nothing, as warnings; what they hold is not in them."""
        return _env_file(self.config)[1]

    @cached_property
    def environment(self) -> dict[str, str]:
        """Every variable that ${NAME} may name: those of .env, then the environment's."""
        return _environment(self.config)


def _environment(config: Path) -> dict[str, str]:
    return _env_file(config)[0] | dict(os.environ)


def _env_file(config: Path) -> tuple[dict[str, str], tuple[Mistake, ...]]:
    """Return what `.env` beside the configuration sets, and its lines that set nothing."""
    path = config.parent / ".env"
    if not path.is_file():
        return {}, ()
    values: dict[str, str] = {}
    mistakes: list[Mistake] = []
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    for binding in parse_stream(io.StringIO(text)):
        written = binding.original.string
        if "\N{REPLACEMENT CHARACTER}" in written:
            told, hint = "This line is no UTF-8.", "Save the file as UTF-8 in your editor."
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value
            continue
        elif binding.key is None and not binding.error:
            continue  # a comment
        else:
            told, hint = _no_variable(written.strip())
        lead = written[: len(written) - len(written.lstrip())]
        line = binding.original.line + lead.count("\n")
        column = len(lead) - lead.rfind("\n")
        mistakes.append(Mistake(told, hint, path.as_posix(), line, column, severity="warning"))
    return values, tuple(mistakes)


def _no_variable(written: str) -> tuple[str, str]:
    """Return what is wrong with a statement and what to write; its value is never shown."""
    name = re.match(r"(?:export\s+)?([A-Za-z_]\w*)", written)
    if name and re.match(r"\s*=\s*[\"']", written[name.end() :]):
        told = f"The quote around the value of {name[1]} is wrong, so it is not set."
        return told, "Close it, and write nothing after it."
    write = f"{name[1]}=…" if name else "NAME=value"
    return "This line sets no variable.", f"Write {write} or begin it with #."


def load(config: Path | None = None) -> Settings:
    """Return the settings; UsageError names every variable that cannot be used, never its value.

    `config` is a path given on the command line, which beats ALERTS_CONFIG.
    """
    path = config or Path(os.environ.get("ALERTS_CONFIG") or "subscribers.yaml")
    return Settings.of(_environment(path) | {"ALERTS_CONFIG": str(path)})
