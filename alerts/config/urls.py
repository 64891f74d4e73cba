"""The grammar of a feed's address: syntax only, nothing is contacted."""

from __future__ import annotations

import re

from alerts.config.findings import quoted
from alerts.errors import GrammarError


def feed_url(value: str) -> str:
    """Return an http(s) address, or raise GrammarError that says what to write."""
    address = value.strip()
    wrong = _wrong_url(address)
    if wrong:
        raise GrammarError(wrong[0], end=len(value), hint=wrong[1])
    return address


def _wrong_url(address: str) -> tuple[str, str] | None:
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):(?=//)", address)
    if re.search(r"[\s\x00-\x20\x7f]", address):
        return "An address holds no blanks.", "Write each address as an item of its own."
    if not found:
        host = address.partition("/")[0]
        write = f"Write: https://{address}" if "." in host else "It begins with https://"
        return f"{quoted(address)} is no web address.", write
    scheme, rest = found[1].lower(), address[found.end() + 2 :]
    if scheme == "feed":
        return "feed:// is a browser's word for https://.", f"Write: https://{rest}"
    if scheme not in ("http", "https"):
        return (
            f"Feeds are read by https, not {scheme}.",
            "Write an address that begins with https://",
        )
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return "User and password do not belong into the address.", "Write them under auth:"
    port = re.search(r"[^:\[]:([^:\]]*)$", authority)
    if port and not (re.fullmatch(r"\d{1,5}", port[1]) and 0 < int(port[1]) < 65_536):
        told = f"{quoted(port[1])} is no port."
        return told, "Write a number from 1 to 65535, or leave the colon and it out."
    if not re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:\[\]@]+)(?::\d{1,5})?", authority):
        return "This address names no host.", "Write for example https://example.org/feed.xml"
    return None
