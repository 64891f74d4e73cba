"""SMTP_URL: which mail server takes our mails, and how it is spoken to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from alerts.delivery.addresses import ascii_host
from alerts.errors import UsageError
from alerts.model import Secret

Encryption = Literal["starttls", "tls", "none"]

_PORTS: dict[Encryption, int] = {"starttls": 587, "tls": 465, "none": 25}
_FORMS = "Write smtp://user:password@host:587, smtps://host:465 or smtp://127.0.0.1:25?tls=none."


@dataclass(frozen=True, slots=True)
class MailServer:
    """One server; `encryption` starttls means required, never "if it can"."""

    host: str
    port: int
    encryption: Encryption = "starttls"
    user: str = ""
    password: Secret | None = None


def read_smtp_url(url: str) -> MailServer:
    """Return the server; UsageError (without the URL, it may hold a password) says what is wrong.

    User and password are percent-decoded. Default ports: 587, 465 for smtps, 25 without
    encryption. A password is never sent in the clear but to this machine itself.
    """
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, _host(parts.hostname or "")
    except ValueError:
        raise UsageError("SMTP_URL names no mail server.", hint=_FORMS) from None
    encryption = _encryption(parts)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and encryption == "none" and not _is_this_machine(host):
        raise UsageError(
            "SMTP_URL would send the password unencrypted.",
            hint="Leave out tls=none, or leave out user and password.",
        )
    if user and not password:
        raise UsageError(
            "SMTP_URL has a user but no password.",
            hint="Write % as %25, @ as %40, : as %3A, / as %2F and # as %23 in a password.",
        )
    return MailServer(
        host, port or _PORTS[encryption], encryption, user, Secret(password) if user else None
    )


def _encryption(parts: SplitResult) -> Encryption:
    query = parse_qs(parts.query, keep_blank_values=True)
    if parts.path not in ("", "/") or parts.fragment or set(query) - {"tls"}:
        raise UsageError(
            "SMTP_URL has something after the server's name that is not understood.",
            hint=f"{_FORMS} Write # as %23 and / as %2F in a password.",
        )
    wish = query.get("tls", [""])[-1].lower()
    if parts.scheme == "smtps" and not wish:
        return "tls"
    if parts.scheme == "smtp" and wish in ("", "none"):
        return "none" if wish else "starttls"
    raise UsageError("SMTP_URL is not of a known form.", hint=_FORMS)


def _host(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        checked = ascii_host(host.replace("_", "-"))
        return host if "_" in host else checked  # names of containers may hold "_"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
