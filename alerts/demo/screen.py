"""What `alerts demo` prints: lines made of what the service did. It runs and reads nothing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import click

from alerts.demo.decisions import Decision
from alerts.demo.news import OUTLETS, SampleStory
from alerts.demo.servers import ReceivedMail, Request

WIDTH = 79
_NAMES = {outlet.key: outlet.name for outlet in OUTLETS}
_BULLET = "  · "


def polled(feeds: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return which sources were read and which were not; `feeds` as `alerts feeds --json`."""
    read = ", ".join(f"{feed['name']} {feed['entries']}" for feed in feeds if not feed["error"])
    failing = [f"{feed['name']}: {feed['error_text']}" for feed in feeds if feed["error"]]
    return [
        *(_wrapped(f"Read, with their articles: {read}.") if read else ()),
        *(line for text in failing for line in _coloured("red", f"Could not be read: {text}")),
    ]


def told(decided: Iterable[Decision]) -> list[str]:
    """Return the stories that were sent, each with the topics and the words that say why."""
    return [
        line
        for one in decided
        if not one.why_not
        for line in _wrapped(f"{one.story.title} [{_because(one.topics)}]", _BULLET)
    ]


def _because(topics: Mapping[str, tuple[str, ...]]) -> str:
    return "; ".join(
        f"{topic}: {', '.join(f'“{word}”' for word in words[:3])}" if words else topic
        for topic, words in topics.items()
    )


def not_told(decided: Iterable[Decision]) -> list[str]:
    """Return the stories that were not sent, below what the rules say of them."""
    groups: dict[str, list[SampleStory]] = {}
    for one in decided:
        if one.why_not:
            groups.setdefault(one.why_not, []).append(one.story)
    lines: list[str] = []
    for why_not, stories in groups.items():
        lines += _coloured("cyan", why_not)
        for story in stories:
            instead = f" ({story.decoy})" if story.decoy else ""
            lines += _wrapped(story.title + instead, _BULLET)
    return lines


def slack(post: Request) -> list[str]:
    """Return a Slack message as a channel shows it, links as their labels."""
    lines = [line for block in post.json()["blocks"] for line in _block(block)]
    while lines and not lines[-1]:
        lines.pop()
    return [f"  │ {line}".rstrip() for line in lines]


def _block(block: Mapping[str, Any]) -> list[str]:
    """Return a block's lines; what belongs together in a channel stands without a gap."""
    elements = block.get("elements", [])
    texts = [block["text"], *block.get("fields", [])] if "text" in block else elements
    shown = [_mrkdwn(part["text"]) for part in texts if isinstance(part.get("text"), str)]
    if block["type"] == "divider":
        return ["-" * 40]
    rows = [row for text in shown for line in text.splitlines() for row in _row(line)]
    return rows if block["type"] == "header" else [*rows, ""]


def _row(line: str) -> list[str]:
    mark = line[:1] if line[:1] in ("•", ">") else ""
    hanging = {"•": "  ", ">": "> "}.get(mark, "")
    return textwrap.wrap(line, WIDTH - 6, subsequent_indent=hanging) or [""]


def _mrkdwn(text: str) -> str:
    """Return the text with labels for links and a sign for Slack's names of signs."""
    plain = re.sub(r"<[^|>]*\|([^>]*)>", r"\1", text).replace(":warning:", "⚠")
    return unescape(plain.replace(":lock:", "(subscribers only)"))


def outcome(decided: Sequence[Decision], done: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what came of it; `done` holds the passes' counts."""
    sent = sum(1 for one in decided if not one.why_not)
    delivered = sum(count["delivered"] for count in done)
    took = sum(count["seconds"] for count in done)
    return textwrap.wrap(
        f"The real service read some days of sample news: {sent} of {len(decided)} stories were"
        f" told, each once; {len(decided) - sent} only look like it. {_count(delivered, 'message')}"
        f" went to a mail server, a Slack channel and a webhook on this machine, in {took:.1f} s."
        " No network was used.",
        WIDTH,
    )


def moved_on(
    first: Mapping[str, Any], second: Mapping[str, Any], subjects: Iterable[str]
) -> list[str]:
    """Return how two passes differ: only what is new is told, the heart of the promise."""
    return [
        *_wrapped(f"First pass: {_counts(first)}."),
        *_wrapped("Then a headline was edited, a story was reprinted elsewhere with a tracked"
                  " link, and one story came anew."),
        *_wrapped(f"Second pass: {_counts(second)}. Only the new one was told:"),
        *(line for text in dict.fromkeys(subjects) for line in _wrapped(text, _BULLET)),
    ]  # fmt: skip


def _counts(done: Mapping[str, Any]) -> str:
    return (
        f"{_count(done['polled'], 'source')} asked, {done['unchanged']} unchanged,"
        f" {_count(done['new'], 'new article')}, {_count(done['delivered'], 'message')}"
    )


def files(folder: Path, digests: Iterable[Path], command: str) -> list[str]:
    """Return where things lie and what can be asked there; `command` is how to call us."""
    return [
        *(f"  {page}" for page in digests),
        "      and beside them the mails (.eml), Slack's and the webhook's JSON, the database",
        f"  cd {folder}",
        f"  {command} explain courthouse ana-flores",
        "      the whole way of one story; try donkeys, or plow",
        f"  {command} preview luz-mendoza --since 3d",
        "      what a Spanish reader is told",
        f"Your own begins with: {command} init",
    ]


def kept(folder: Path, pages: str, stop_link: str) -> list[str]:
    """Return the addresses of a service that was left running, and how to stop it."""
    return [
        f"  {stop_link}",
        "      the stop link of Ana's mails: press its button, and a mail confirms it",
        f"  {pages}/healthz and {pages}/metrics",
        f"  {folder / 'subscribers.yaml'}",
        "      edit it, and the service takes it within five seconds; service.log says so",
        "Ctrl-C stops it.",
    ]


def came(mail: ReceivedMail, page: Path) -> str:
    """Return one line about a mail that came while the service was left running."""
    return f"  Mail to {mail.recipients[0]}: {mail.message['Subject']} ({page})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _coloured(colour: str, text: str) -> list[str]:
    return [click.style(line, fg=colour) for line in _wrapped(text)]


def _wrapped(text: str, lead: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
