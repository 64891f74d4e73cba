"""OPML: lists of feeds as other programs write and read them (opml.org/spec2.opml); pure.

Folders become tags. A feed that stands in several folders is one feed with all their tags.
"""

from __future__ import annotations

import html
import re
import xml.parsers.expat
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from xml.sax.saxutils import escape, quoteattr

from alerts.errors import UsageError
from alerts.feeds.ampersands import escape_bare_ampersands
from alerts.feeds.decode_text import clean, text_of

MAX_BYTES = 20_000_000
MAX_DEPTH = 200  # folders in folders; real lists have two or three
MAX_TEXT_CHARS = 300

_PIECE = re.compile(r"<(?:(/outline)\b|outline\b((?:[^<]++|<(?!/?outline\b))*+))", re.IGNORECASE)
_GIVEN = re.compile(
    r"(?i)(?<=\s)(text|title|xmlUrl|htmlUrl|category)\s*+=\s*+(?:\"([^\"<]*+)\"|'([^'<]*+)')"
)


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list."""

    url: str
    name: str = ""
    tags: tuple[str, ...] = ()
    page: str = ""  # the site's own address


# --- reading -----------------------------------------------------------------------------------


def read(body: bytes) -> list[Outline]:
    """Return the feeds of a list in its order, each address once; UsageError if it is no OPML.

    Entities that the document declares are refused: they are how a small file becomes a huge one.
    """
    if len(body) > MAX_BYTES:
        raise UsageError("The list is too big.", hint=f"At most {MAX_BYTES // 1_000_000} MB.")
    text = text_of(body, "text/xml")
    for attempt in (text, escape_bare_ampersands(text)):
        try:
            return _parsed(attempt)
        except xml.parsers.expat.ExpatError as error:
            wrong = error
    found = _torn(text)
    if not found:
        raise UsageError(
            f"The list is not well-formed XML: {wrong}.",
            hint="Export it again from the program that wrote it.",
        )
    return found


def _torn(text: str) -> list[Outline]:
    """Return what can be read of a list with quotes or `<` inside its attributes.

    One in five of the lists that are passed around is such. Each outline is taken to reach to the
    next one.
    """
    reader = _Reader()
    if "<!ENTITY" in text:
        reader.entity()
    for piece in _PIECE.finditer(text):
        if piece[1]:
            reader.end("outline")
            continue
        given = {one[1]: html.unescape(one[2] or one[3] or "") for one in _GIVEN.finditer(piece[2])}
        reader.start("outline", given)
        if piece[2].rstrip().endswith("/>"):
            reader.end("outline")
    return reader.outlines()


def _parsed(text: str) -> list[Outline]:
    reader = _Reader()
    parser = xml.parsers.expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = reader.entity
    parser.Parse(text.encode("utf-8", "replace"), True)
    if not reader.is_opml:
        raise UsageError(
            "This is no OPML: it has no <opml> around it.",
            hint="Export the list of feeds as OPML from your feed reader.",
        )
    return reader.outlines()


@dataclass
class _Found:
    """A feed on its way: folders are added as it is met again."""

    name: str
    page: str
    tags: dict[str, None] = field(default_factory=dict)


class _Reader:
    """What expat calls."""

    def __init__(self) -> None:
        self.is_opml = False
        self._folders: list[str] = []  # of the open outlines; "" for a feed
        self._found: dict[str, _Found] = {}

    def start(self, tag: str, given: dict[str, str]) -> None:
        name = tag.lower()
        self.is_opml = self.is_opml or name == "opml"
        if name != "outline":
            return
        if len(self._folders) >= MAX_DEPTH:
            raise UsageError(f"The list nests folders more than {MAX_DEPTH} deep.")
        values = {key.lower(): _words(value) for key, value in given.items()}
        title = values.get("title") or values.get("text") or ""
        url = values.get("xmlurl") or ""
        self._folders.append("" if url else title)
        if url:
            self._take(url, title, values)

    def _take(self, url: str, title: str, values: dict[str, str]) -> None:
        found = self._found.setdefault(url, _Found(title, values.get("htmlurl", "")))
        for tag in (*self._folders, *_categories(values.get("category", ""))):
            if tag:
                found.tags.setdefault(tag)

    def end(self, tag: str) -> None:
        if tag.lower() == "outline" and self._folders:
            self._folders.pop()

    def entity(self, *_: object) -> None:
        raise UsageError("The list declares entities, as an attack would; it was not read.")

    def outlines(self) -> list[Outline]:
        return [Outline(url, f.name, tuple(f.tags), f.page) for url, f in self._found.items()]


def _words(text: str) -> str:
    """Return an attribute on one line, not endless; addresses keep all they have."""
    line = " ".join(clean(text).split())
    return line if re.match(r"(?i)[a-z][a-z0-9+.-]*:", line) else line[:MAX_TEXT_CHARS]


def _categories(text: str) -> list[str]:
    """Return "/news/local,wisconsin" as its words: a path of folders counts by its last."""
    return [part.strip().rstrip("/").rpartition("/")[2].strip() for part in text.split(",")]


# --- writing -----------------------------------------------------------------------------------


def write(outlines: Iterable[Outline], title: str, now: float) -> str:
    """Return the list as OPML 2.0; `now` (epoch seconds) is when it was made."""
    lines = "".join(f"    {_outline(one)}\n" for one in outlines)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n  <head>\n'
        f"    <title>{escape(clean(title))}</title>\n"
        f"    <dateCreated>{formatdate(now, usegmt=True)}</dateCreated>\n"
        f"  </head>\n  <body>\n{lines}  </body>\n</opml>\n"
    )


def _outline(one: Outline) -> str:
    values = {
        "type": "rss",
        "text": one.name or one.url,
        "title": one.name or one.url,
        "xmlUrl": one.url,
        "htmlUrl": one.page,
        "category": ",".join(one.tags),
    }
    return f"<outline {' '.join(f'{k}={quoteattr(clean(v))}' for k, v in values.items() if v)}/>"
