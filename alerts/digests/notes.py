"""A short message of ours as its destination takes it: a welcome, a quiet week, a notice, a stop.

Takes finished words and owns only how they stand: as a mail (HTML and text), as a Slack message, as
a document for programs. What feeds wrote must have become safe before (`stories`, `links`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.clock import iso
from alerts.digests.plaintext import wrapped
from alerts.digests.slack import escaped, link
from alerts.model import DestinationKind, Mail, Post, Rendered

if TYPE_CHECKING:
    import jinja2

_TEMPLATES = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere: something the reader may do, or a headline with its outlet."""

    text: str
    url: str | None
    facts: str = ""  # "Dane County Courier, Mon 4:45 pm"
    is_action: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """A short message; a string is a paragraph, whose line ends are kept."""

    subject: str
    blocks: tuple[str | Link, ...]
    foot: tuple[str | Link, ...] = ()  # about the reader: left out where a room reads it
    language: str = "en"
    list_id: str = ""
    list_name: str = ""
    sender: str = ""  # as of a mail


def rendered(note: Note, kind: DestinationKind, key: str, at: float) -> Rendered:
    """Return the note for a destination of this kind; `key` is its delivery's, made `at`."""
    if kind == "email":
        return Mail(
            subject=note.subject,
            text=_text(note),
            html=_template("note.html.j2").render(note=note),
            language=note.language,
            list_id=note.list_id,
            list_name=note.list_name,
            sender=note.sender,
        )
    if kind == "slack":
        told = "\n".join([f"*{escaped(note.subject)}*", *_slack_lines(note)])
        return Post({"text": told, "unfurl_links": False, "unfurl_media": False})
    data = {"id": key, "subject": note.subject, "text": "\n\n".join(map(_plain, note.blocks))}
    return Post({"type": "notice", "timestamp": iso(at), "data": data})


def _text(note: Note) -> str:
    return _template("note.txt.j2").render(note=note).strip("\n") + "\n"


def _plain(one: str | Link) -> str:
    """Return a block without lines of a set length."""
    return one if isinstance(one, str) else "\n".join(filter(None, (one.text, one.facts, one.url)))


def _slack_lines(note: Note) -> Iterator[str]:
    for one in note.blocks:
        if isinstance(one, str):
            yield from (escaped(line) for line in one.split("\n"))
        else:
            facts = f"  {escaped(one.facts)}" if one.facts else ""
            yield f"{'' if one.is_action else '• '}{link(one.url, one.text)}{facts}"


@cache
def _template(name: str) -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=name.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = wrapped
    return environment.get_template(name)
