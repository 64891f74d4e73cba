"""The environment as one frozen value; the only reader of `os.environ`.

A `.env` beside the configuration is read too, the environment wins. Paths given in the environment
are relative to the working folder.
"""

from __future__ import annotations

import io
import ipaddress
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from alerts.errors import UsageError
from alerts.masks import mask
from alerts.model import Mistake

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)", re.IGNORECASE)
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def duration_s(text: str) -> float:
    """Return the seconds of "90s", "5m", "24h", "30d", "2w" or "0"; ValueError if it is none."""
    found = _DURATION.fullmatch(text.strip())
    if not found or (not found[2] and float(found[1]) != 0):
        raise ValueError(f"{text!r} is no duration; write for example 90s, 5m, 24h, 30d, 2w or 0")
    return float(found[1]) * _UNIT_S[found[2].lower()]


def _networks(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    parts = (part.strip() for part in value.split(","))
    try:
        return tuple(ipaddress.ip_network(part, strict=False) for part in parts if part)
    except ValueError as error:
        raise ValueError(f"{error}; write for example 127.0.0.0/8,10.1.0.0/16") from None


def _long_enough(value: SecretStr | None) -> SecretStr | None:
    if value is not None and len(value.get_secret_value()) < 32:
        raise ValueError("it must have at least 32 characters; make one with: openssl rand -hex 32")
    return value


def _without_slash(value: str | None) -> str | None:
    if value is None or not value.strip():
        return None
    if not re.match(r"https?://[^/\s]+", value):
        raise ValueError("it must begin with https:// (or http:// on this machine)")
    return value.strip().rstrip("/")


def _some(value: Any) -> Any:
    """Read a variable that is set to nothing as unset."""
    return None if isinstance(value, str) and not value.strip() else value


Duration = Annotated[float, BeforeValidator(lambda v: duration_s(v) if isinstance(v, str) else v)]
OptionalText = Annotated[str | None, BeforeValidator(_some)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_some)]


class Settings(BaseModel):
    """What the environment says; see docs/configuration.md for the words.

    No BaseSettings: it would read the environment a second time, and its import takes 0.05 s.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    config: Path = Field(Path("subscribers.yaml"), alias="ALERTS_CONFIG")
    database_url: SecretStr = Field(SecretStr("sqlite:///alerts.db"), alias="DATABASE_URL")
    smtp_url: OptionalSecret = Field(None, alias="SMTP_URL")
    spool: Path = Field(Path("outbox"), alias="ALERTS_SPOOL")
    mail_from: str = Field("alerts@localhost", alias="MAIL_FROM")
    bounce_address: OptionalText = Field(None, alias="BOUNCE_ADDRESS")
    base_url: Annotated[OptionalText, AfterValidator(_without_slash)] = Field(
        None, alias="BASE_URL"
    )
    secret_key: Annotated[OptionalSecret, AfterValidator(_long_enough)] = Field(
        None, alias="SECRET_KEY"
    )
    admin_token: OptionalSecret = Field(None, alias="ADMIN_TOKEN")
    allow_nets: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = Field(
        (), alias="ALERTS_ALLOW_NETS"
    )
    min_poll_s: Duration = Field(300.0, alias="ALERTS_MIN_POLL", le=604_800)
    host_gap_s: Duration = Field(1.0, alias="ALERTS_HOST_GAP", le=3600)
    lease_s: Duration = Field(60.0, alias="ALERTS_LEASE", le=86_400)
    ping_url: OptionalSecret = Field(None, alias="ALERTS_PING_URL")
    port: int = Field(8000, alias="PORT", ge=0, le=65_535)

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
    values = _environment(path) | {"ALERTS_CONFIG": str(path)}
    known = {f.alias for f in Settings.model_fields.values()}
    try:
        return Settings.model_validate({k: v for k, v in values.items() if k in known})
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, e['loc']))}: {mask(e['msg'].removeprefix('Value error, '))}"
            for e in error.errors(include_input=False)
        ]
        raise UsageError("\n".join(lines), hint="Mend the environment or .env.") from None
