"""Mail addresses: what is one, and how it is written in an envelope.

Syntax only, no name is looked up. Whatever could end a line of SMTP is refused, never cut off.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import idna

from alerts.errors import GrammarError

_NAMED = re.compile(r'\s*"?(?P<name>[^"<>]*?)"?\s*<(?P<address>[^<>]*)>\s*')
#: What no address or URL may hold: it could end a line of SMTP or HTTP, or hide what is read.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_UNSAFE_HINT = "Delete the invisible character; it often comes along when text is pasted."
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.IGNORECASE)
#: What nine of ten addresses look like; the validator takes each as it is, and starts slowly.
_PLAIN = re.compile(
    r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*@[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*\."
    r"(?:com|org|net|edu|gov|us|info|mx|es|uk|de)"
)
_PLAIN_CHARS = 63  # on either side: so long may each label be that a domain consists of
#: Names that only exist inside a network.
_INSIDE = ("localhost", "local", "lan", "internal", "home.arpa")


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address: name to show, local part as written, domain in ASCII and lower case."""

    name: str
    local: str
    domain: str

    @property
    def spec(self) -> str:
        """Return local@domain, as it goes into an envelope."""
        return f"{self.local}@{self.domain}"


@functools.lru_cache(maxsize=4096)  # the same few addresses are read for every mail
def read_address(value: str) -> Address:
    """Return the address in "ana@example.org" or "Ana <ana@example.org>", or raise GrammarError.

    Local parts may be in any script (such mail needs a server with SMTPUTF8).
    """
    text = value.strip(" ")
    refuse_unsafe(text, "An address")
    named = _NAMED.fullmatch(text)
    name, spec = (named["name"], named["address"].strip()) if named else ("", text)
    _refuse_near_misses(spec, len(value))
    local, _, domain = spec.rpartition("@")
    return Address(name, _checked_local(local, domain, len(value)), _checked_domain(domain))


def refuse_unsafe(text: str, what: str) -> None:
    """Raise GrammarError if `text` holds a control or direction character; `what` begins it."""
    found = _UNSAFE.search(text)
    if found:
        code = f"U+{ord(found[0]):04X}"
        raise GrammarError(
            f"{what} cannot hold the character {code}.",
            start=found.start(),
            end=found.end(),
            hint=_UNSAFE_HINT,
        )


def _refuse_near_misses(spec: str, end: int) -> None:
    """Say in our words what the validator would say in a parser's."""
    hint = ""
    if not spec:
        message = "Here a mail address is missing."
        hint = "Write for example ana@example.org."
    elif spec.lower().startswith("mailto:"):
        message = "This is a link, not an address."
        hint = f"Write {spec[7:]}."
    elif len(re.findall(r"[,;]", spec)) and spec.count("@") > 1:
        message = "These are several addresses in one text."
        hint = "Write a list, one address an item: [ana@example.org, ben@example.org]."
    elif "@" not in spec:
        message = f"“{spec}” is no mail address: it has no @."
        hint = "Write for example ana@example.org."
    else:
        return
    raise GrammarError(message, end=end, hint=hint)


def _checked_local(local: str, domain: str, end: int) -> str:
    # The validator refuses the names of inside networks, where a small office's mail may live;
    # for those it judges the part before the @ alone.
    judged = "example.org" if is_inside(domain.lower()) else domain
    if is_plain(f"{local}@{judged}"):
        return local
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(
            f"{local}@{judged}",
            check_deliverability=False,
            test_environment=True,
            allow_smtputf8=True,
            strict=True,  # at most 64 bytes before the @ (RFC 5321 §4.5.3.1.1)
        ).local_part
    except EmailNotValidError as error:
        raise GrammarError(
            f"“{local}@{domain}” is no mail address. {error}",
            end=end,
            hint="Write for example ana@example.org.",
        ) from None


def is_plain(spec: str) -> bool:
    """Whether an address needs no validator: letters, digits, a few signs, a known ending."""
    is_short = all(len(part) <= _PLAIN_CHARS for part in spec.split("@"))
    return is_short and _PLAIN.fullmatch(spec) is not None


def _checked_domain(domain: str) -> str:
    try:
        return ascii_host(domain)
    except ValueError:
        raise GrammarError(
            f"“{domain}” cannot be the name of a mail domain.",
            hint="Write for example ana@example.org.",
        ) from None


def ascii_host(host: str) -> str:
    """Return a host name in lower-case ASCII (IDNA 2008); ValueError if it is none."""
    host = host.lower().rstrip(".")
    if not host.isascii():
        return idna.encode(host, uts46=True).decode()  # IDNAError is a ValueError
    if not host or len(host) > 253 or not all(map(_LABEL.fullmatch, host.split("."))):
        raise ValueError("not a host name")
    return host


def is_inside(host: str) -> bool:
    """Whether a host name can only exist inside a network, where certificates are rare."""
    return any(host == name or host.endswith(f".{name}") for name in _INSIDE)
