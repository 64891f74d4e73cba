"""The grammar of destinations: which kind takes which text.

Syntax only: no name is looked up and nothing is contacted. A message never repeats a URL or a
secret, because the path of a webhook URL is what opens the channel.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping
from typing import cast, get_args
from urllib.parse import SplitResult, urlsplit

from alerts.delivery.addresses import ascii_host, is_inside, read_address, refuse_unsafe
from alerts.delivery.signature import read_signing_secret
from alerts.errors import GrammarError
from alerts.model import Destination, DestinationKind, Secret


def read_destination(
    kind: str,
    value: str,
    subscriber: str,
    taken: Collection[str] = (),
    secret: str | None = None,
) -> Destination:
    """Return the destination that `value` names, or raise GrammarError with what to write.

    `kind` is a key of subscribers.yaml ("people" means email); `taken` holds the places that the
    subscriber already has of this kind: a second webhook on the same host gets "host#2". `secret`
    is the signing secret of kind webhook.
    """
    kind = "email" if kind == "people" else kind
    if kind not in get_args(DestinationKind):
        raise GrammarError(f"There is no kind of destination called {kind}.", end=len(value))
    known = cast("DestinationKind", kind)
    if known == "email":
        address = read_address(value)
        return Destination(subscriber, "email", address.spec, address.name)
    url, host = _READERS.get(known, _read_url)(value)
    signing = read_signing_secret(secret) if secret is not None else None
    return Destination(
        subscriber, known, _free(host, taken), url=Secret(url) if url else None, secret=signing
    )


def _free(host: str, taken: Collection[str]) -> str:
    place, count = host, 1
    while place in taken:
        count += 1
        place = f"{host}#{count}"
    return place


# --- URLs ------------------------------------------------------------------------------------


def _read_url(value: str) -> tuple[str, str]:
    """Return the URL and its host in ASCII, or raise GrammarError."""
    text = value.strip()
    refuse_unsafe(text, "A webhook URL")
    parts = _split(text, len(value))
    host = _host(parts, len(value))
    if parts.username is not None or parts.password is not None:
        raise GrammarError(
            "A webhook URL cannot hold a user name or password.",
            end=len(value),
            hint="Delete what stands between // and @; deliveries are signed instead.",
        )
    if parts.scheme == "http" and not _may_be_plain(host):
        raise GrammarError(
            "A webhook outside your own network must be encrypted.",
            end=len(value),
            hint="Write https:// instead of http://.",
        )
    return text, host


def _split(text: str, end: int) -> SplitResult:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 — reading it is the check: ValueError if it is no number
    except ValueError:
        raise GrammarError(
            "This is no valid web address.", end=end, hint="Copy the whole webhook URL."
        ) from None
    if parts.scheme not in ("http", "https"):
        raise GrammarError(
            "A webhook is a web address that begins with https://.",
            end=end,
            hint="Copy the whole webhook URL from the service that gives it.",
        )
    if re.search(r"\s", text):
        raise GrammarError(
            "A web address holds no space.",
            start=len(text.split()[0]),
            end=end,
            hint="Copy the whole webhook URL, on one line.",
        )
    return parts


def _host(parts: SplitResult, end: int) -> str:
    host = parts.hostname or ""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return ascii_host(host)
    except ValueError:
        raise GrammarError(
            "This web address names no host.",
            end=end,
            hint="Write for example https://example.org/hook.",
        ) from None


def _may_be_plain(host: str) -> bool:
    """Whether http is plausible; whether the address may be contacted is checked at the dial."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or is_inside(host)
    return True


def _read_slack(value: str) -> tuple[str, str]:
    text = value.strip()
    if re.fullmatch(r"[#@]?[\w.-]+", text) and not text.startswith("http"):
        raise GrammarError(
            "Slack needs the URL of an incoming webhook, not the name of a channel.",
            end=len(value),
            hint="Make one for the channel at https://api.slack.com/messaging/webhooks.",
        )
    url, host = _read_url(value)
    if host == "slack.com" or (host.endswith(".slack.com") and host != "hooks.slack.com"):
        raise GrammarError(
            "This is the address of a Slack page, not of an incoming webhook.",
            end=len(value),
            hint="An incoming webhook begins with https://hooks.slack.com/services/.",
        )
    return url, host


def _read_ntfy(value: str) -> tuple[str, str]:
    if re.fullmatch(r"[\w-]{1,64}", value.strip()):  # a bare topic lives on the public server
        return f"https://ntfy.sh/{value.strip()}", "ntfy.sh"
    return _read_url(value)


def _read_telegram(value: str) -> tuple[str, str]:
    if re.fullmatch(r"\d+:[\w-]{20,}/(-?\d+|@\w+)", value.strip()):
        return value.strip(), "api.telegram.org"
    raise GrammarError(
        "Telegram needs the bot's token and the chat.",
        end=len(value),
        hint="Write TOKEN/CHAT, for example 123456:ABC…/-1001234 or 123456:ABC…/@channel.",
    )


def _read_notify(value: str) -> tuple[str, str]:
    text = value.strip()
    refuse_unsafe(text, "A notify URL")
    found = re.match(r"([a-z][a-z0-9+]*)://\S+$", text, re.IGNORECASE)
    if not found:
        raise GrammarError(
            "This is no Apprise URL.",
            end=len(value),
            hint="It begins with the name of a service, for example gotify://host/token.",
        )
    return text, found[1].lower()


_READERS: Mapping[DestinationKind, Callable[[str], tuple[str, str]]] = {
    "slack": _read_slack,
    "ntfy": _read_ntfy,
    "telegram": _read_telegram,
    "notify": _read_notify,
}
