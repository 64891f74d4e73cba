"""What `alerts demo` prints: lines made of what the service did. It runs and reads nothing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import click

from alerts.demo.decisions import Decision
from alerts.demo.news import SampleStory
from alerts.demo.servers import ReceivedMail, Request

#: Wider is harder to read; narrower than this, lines break in odd places.
_WIDEST, _NARROWEST = 100, 60
_BULLET = "  · "
_LEAST_TITLE = 40  # letters of a headline that must stand beside its reason


@dataclass(frozen=True, slots=True)
class Screen:
    """The parts of the page, for a terminal of so many `columns`."""

    columns: int

    @property
    def width(self) -> int:
        """How long a line may be."""
        return max(_NARROWEST, min(self.columns - 1, _WIDEST))

    def outcome(self, decided: Sequence[Decision], done: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return what came of it; `done` holds the passes' counts."""
        sent = sum(1 for one in decided if not one.why_not)
        delivered = sum(count["delivered"] for count in done)
        took = sum(count["seconds"] for count in done)
        return self._wrapped(
            f"The real service read some days of sample news: {sent} of {len(decided)} stories were"
            f" told, each once; {len(decided) - sent} only look like it."
            f" {_count(delivered, 'message')} in {took:.1f} s without network: mail server, Slack"
            " and webhook are this machine's.",
            lead="",
        )

    def polled(self, feeds: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return which sources were read and which were not; `feeds` as `alerts feeds --json`."""
        read = ", ".join(f"{feed['name']} {feed['entries']}" for feed in feeds if not feed["error"])
        failing = [f"{feed['name']}: {feed['error_text']}" for feed in feeds if feed["error"]]
        return [
            *(self._wrapped(f"Read, with their articles: {read}.") if read else ()),
            *(line for one in failing for line in self._coloured("red", f"Not read: {one}")),
        ]

    def told(self, decided: Iterable[Decision]) -> list[str]:
        """Return the stories that were sent, each with the topics and the words that say why."""
        return [
            line
            for one in decided
            if not one.why_not
            for line in self._story(one.story, f"[{_because(one.topics)}]")
        ]

    def not_told(self, decided: Iterable[Decision]) -> list[str]:
        """Return the stories that were not sent, below what the rules say of them."""
        groups: dict[str, list[SampleStory]] = {}
        for one in decided:
            if one.why_not:
                groups.setdefault(one.why_not, []).append(one.story)
        lines: list[str] = []
        for why_not, stories in groups.items():
            lines += self._coloured("cyan", why_not)
            for story in stories:
                lines += self._story(story, f"({story.decoy})" if story.decoy else "")
        return lines

    def _story(self, story: SampleStory, note: str) -> list[str]:
        """Return a headline with a note, on one line where most of the headline has room there."""
        room = self.width - len(_BULLET) - len(note) - 1
        if room < min(len(story.title), _LEAST_TITLE):
            return self._wrapped(f"{story.title} {note}", _BULLET)
        title = textwrap.shorten(story.title, room, placeholder=" …")
        return [f"{_BULLET}{title} {note}".rstrip()]

    def slack(self, post: Request) -> list[str]:
        """Return a Slack message as a channel shows it, links as their labels, from its top."""
        rows = [row for block in post.json()["blocks"] for row in _rows(block)]
        bullets = [at for at, row in enumerate(rows) if row.startswith("•")]
        if bullets:
            more = f"… {_count(len(bullets), 'more headline')}, each with its link"
            rows = [*rows[: bullets[0] - 1], more, *rows[bullets[-1] + 1 :]]
        return [f"  │ {line}".rstrip() for row in rows for line in self._row(row)]

    def _row(self, row: str) -> list[str]:
        is_bold = re.fullmatch(r"\*[^*]+\*", row) is not None
        hanging = {"•": "  ", ">": "> "}.get(row[:1], "")
        text = row.strip("*") if is_bold else row
        lines = textwrap.wrap(text, self.width - len("  │ "), subsequent_indent=hanging) or [""]
        return [click.style(line, bold=True) for line in lines] if is_bold else lines

    def moved_on(self, second: Mapping[str, Any], subjects: Iterable[str]) -> list[str]:
        """Return what a second pass told: only what is new, the heart of the promise."""
        return [
            *self._wrapped("A headline was edited, a story was reprinted elsewhere with a tracked"
                           f" link, and one came anew. Second pass: {_counts(second)}:"),
            *(line for text in dict.fromkeys(subjects) for line in self._wrapped(text, _BULLET)),
        ]  # fmt: skip

    def _coloured(self, colour: str, text: str) -> list[str]:
        return [click.style(line, fg=colour) for line in self._wrapped(text)]

    def _wrapped(self, text: str, lead: str = "  ") -> list[str]:
        return textwrap.wrap(
            text, self.width, initial_indent=lead, subsequent_indent=" " * len(lead),
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip


def files(folder: Path, digests: Iterable[Path], command: str) -> list[str]:
    """Return where things lie and what can be asked there; `command` is how to call us."""
    first, *others = digests
    return [
        f"  {first}",
        f"      beside it {', '.join(page.name for page in others)}, the mails (.eml), Slack's and"
        " the webhook's JSON",
        f"  cd {folder}",
        f"  {command} explain courthouse ana-flores",
        "      the whole way of one story; try donkeys, or plow",
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


def _because(topics: Mapping[str, tuple[str, ...]]) -> str:
    return "; ".join(
        f"{topic}: {', '.join(f'“{word}”' for word in words[:3])}" if words else topic
        for topic, words in topics.items()
    )


def _rows(block: Mapping[str, Any]) -> list[str]:
    """Return what stands in a block, line by line."""
    if block["type"] == "divider":
        return ["-" * 40]
    elements = block.get("elements", [])
    texts = [block["text"], *block.get("fields", [])] if "text" in block else elements
    shown = [_mrkdwn(part["text"]) for part in texts if isinstance(part.get("text"), str)]
    return [line for text in shown for line in text.splitlines()]


def _mrkdwn(text: str) -> str:
    """Return the text with labels for links and a sign for Slack's names of signs."""
    plain = re.sub(r"<[^|>]*\|([^>]*)>", r"\1", text).replace(":warning:", "⚠")
    return unescape(plain.replace(":lock:", "(subscribers only)"))


def _counts(done: Mapping[str, Any]) -> str:
    return (
        f"{_count(done['polled'], 'source')} asked, {done['unchanged']} unchanged,"
        f" {_count(done['new'], 'new article')}, {_count(done['delivered'], 'message')}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
