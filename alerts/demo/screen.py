"""What `alerts demo` prints: lines made of what the service did. It runs and reads nothing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

from alerts.demo.news import OUTLETS, SampleStory
from alerts.demo.servers import ReceivedMail, Request

_WIDTH = 76
_NAMES = {outlet.key: outlet.name for outlet in OUTLETS}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules said of one sample story: rule titles and the words that made them hold."""

    story: SampleStory
    reasons: Mapping[str, tuple[str, ...]]
    is_told: bool  # False: it matched, but is older than look_back


def polled(feeds: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one line per source; `feeds` as `alerts feeds --json` gives them."""
    width = max((len(str(feed["name"])) for feed in feeds), default=0)
    return [f"  {str(feed['name']).ljust(width)}  {_state(feed)}" for feed in feeds]


def _state(feed: Mapping[str, Any]) -> str:
    if feed["error"]:
        return f"FAILING: {feed['error_text']}"
    return f"{feed['entries']} articles"


def told(verdicts: Iterable[Verdict]) -> list[str]:
    """Return the stories that were sent, each with the rules and words that say why."""
    lines: list[str] = []
    for verdict in verdicts:
        if verdict.is_told and verdict.reasons:
            lines += [*_headline(verdict.story), f"      {_why(verdict.reasons)}"]
    return lines


def _why(reasons: Mapping[str, tuple[str, ...]]) -> str:
    return "; ".join(
        f"{title}, because it says {' … '.join(words[:3])}" if words else title
        for title, words in reasons.items()
    )


def not_told(verdicts: Iterable[Verdict]) -> list[str]:
    """Return the stories that were not sent, each with what it is instead."""
    lines: list[str] = []
    for verdict in verdicts:
        if verdict.reasons and not verdict.is_told:
            lines += [
                *_headline(verdict.story),
                "      it matches, but is old news: older than `look_back`",
            ]
        elif not verdict.reasons:
            lines += [*_headline(verdict.story), f"      {verdict.story.decoy or 'no rule holds'}"]
    return lines


def _headline(story: SampleStory) -> list[str]:
    text = f"{story.title} ({_NAMES[story.outlet]})"
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def mail(received: ReceivedMail) -> list[str]:
    """Return a mail as a reader sees it: the headers that matter and the text part."""
    message = received.message
    heads = [f"{name}: {message[name]}" for name in ("From", "To", "Subject")]
    return [f"  | {line}".rstrip() for line in (*heads, "", *received.part("plain").splitlines())]


def slack(post: Request) -> list[str]:
    """Return a Slack message as a channel shows it, links as their labels."""
    lines = [line for block in post.json()["blocks"] for line in _block(block)]
    return [f"  | {line}".rstrip() for line in lines]


def _block(block: Mapping[str, Any]) -> list[str]:
    elements = block.get("elements", [])
    texts = [block["text"], *block.get("fields", [])] if "text" in block else elements
    shown = [_mrkdwn(part["text"]) for part in texts if isinstance(part.get("text"), str)]
    if block["type"] == "divider":
        return ["-" * 40]
    return [row for text in shown for line in text.splitlines() for row in _wrapped(line)] + [""]


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDTH, subsequent_indent="  ") or [""]


def _mrkdwn(text: str) -> str:
    return unescape(re.sub(r"<[^|>]*\|([^>]*)>", r"\1", text))


def counters(done: Mapping[str, Any]) -> str:
    """Return a pass's counters as a sentence."""
    return (
        f"{_count(done['polled'], 'source')} polled ({done['unchanged']} unchanged, "
        f"{done['failed']} failing), {_count(done['new'], 'new article')}, "
        f"{_count(done['alerts'], 'alert')}, {_count(done['digests'], 'digest')}, "
        f"{done['delivered']} delivered, in {done['seconds']:.1f} s"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
