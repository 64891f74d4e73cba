"""feedparser with bounds: the same reading, but no document can make it work for minutes.

Its parsers are driven here directly, because the bounds have to sit inside them: some of its steps
cost the square of what a hostile document holds (attributes, categories, an author's length).
"""

from __future__ import annotations

import io
import xml.sax
import xml.sax.expatreader
import xml.sax.handler
from dataclasses import dataclass
from typing import Any

from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.sanitizer import replace_doctype

from alerts.feeds.ampersands import escape_bare_ampersands
from alerts.feeds.texts import MAX_TAGS

MAX_ELEMENTS = 100_000  # a real feed of 9,000 articles has 90,000; one costs 10 to 40 microseconds
MAX_ATTRIBUTES = 100
_MAX_AUTHOR_CHARS = 500
_PIECE_BYTES = 65_536


class TooCostly(Exception):
    """The document holds more elements or attributes than any feed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What feedparser made of a document; `error` is set if it is not well-formed."""

    version: str
    channel: dict[str, Any]
    entries: list[dict[str, Any]]
    error: xml.sax.SAXException | None


class _Params(dict[str, Any]):
    """What is known of a text that is read: feedparser asks it several times an element."""

    def __deepcopy__(self, _: object) -> _Params:
        return _Params(self)


class _Bounds:
    """What both parsers are given: a count of elements, and shorter ways past slow steps."""

    elements = 0
    contentparams: Any

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS or len(attrs) > MAX_ATTRIBUTES:
            raise TooCostly
        super().unknown_starttag(tag, attrs)  # type: ignore[misc]

    def _sync_author_detail(self, key: str = "author") -> None:
        """Look for a mail address in an author's name unless it is too long to be one."""
        context: Any = self._get_context()  # type: ignore[attr-defined]
        if len(context.get(key) or "") <= _MAX_AUTHOR_CHARS:
            super()._sync_author_detail(key)  # type: ignore[misc]

    def _add_tag(self, term: Any, scheme: Any, label: Any) -> None:
        context: Any = self._get_context()  # type: ignore[attr-defined]
        if len(context.get("tags") or ()) < MAX_TAGS:
            super()._add_tag(term, scheme, label)  # type: ignore[misc]

    def push_content(self, tag: str, attrs_d: Any, default_content_type: str, text: int) -> None:
        """Begin a text, with parameters that cost nothing to ask and to copy."""
        super().push_content(tag, attrs_d, default_content_type, text)  # type: ignore[misc]
        self.contentparams = _Params(self.contentparams)


class _Strict(_Bounds, StrictFeedParser):  # type: ignore[misc]
    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: N802 - SAX's name
        if len(attrs) > MAX_ATTRIBUTES:  # before they are looked up one by one
            raise TooCostly
        super().startElementNS(name, qname, attrs)


class _Loose(_Bounds, LooseFeedParser):  # type: ignore[misc]
    pass


class _Expat(xml.sax.expatreader.ExpatParser):
    """Gives a text in one piece: markup that is escaped comes in one for each `&lt;` otherwise."""

    def reset(self) -> None:
        super().reset()
        self._parser: Any
        self._parser.buffer_text = True
        self._parser.buffer_size = _PIECE_BYTES


def read(text: str) -> Reading:
    """Return what a feed's text holds; TooCostly, or whatever feedparser raises.

    Neither markup in texts is sanitised nor links in it resolved: that is done where texts are
    shown. A document that is not well-formed is read again with its bare ampersands escaped, and if
    that was not all that is wrong, by feedparser's loose parser.
    """
    version, data, entities = replace_doctype(text.encode("utf-8", "replace"))
    parser = _prepared(_Strict("", None, "utf-8"))
    error = still_wrong = _sax(parser, data)
    if error is not None:
        mended = escape_bare_ampersands(data.decode("utf-8", "replace")).encode()
        if mended != data:
            data, parser = mended, _prepared(_Strict("", None, "utf-8"))
            still_wrong = _sax(parser, data)
    if still_wrong is not None:
        parser = _prepared(_Loose("", None, "utf-8", entities))
        parser.feed(data.decode("utf-8", "replace"))
    return Reading(version or parser.version, parser.feeddata, parser.entries, error)


def _prepared(parser: Any) -> Any:
    parser.resolve_relative_uris = False
    parser.sanitize_html = False
    parser.contentparams = _Params()
    return parser


def _sax(parser: Any, data: bytes) -> xml.sax.SAXException | None:
    reader = _Expat()  # the caller has refused every entity of its own
    reader.setFeature(xml.sax.handler.feature_namespaces, 1)
    reader.setFeature(xml.sax.handler.feature_external_ges, 0)
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(data))
    try:
        reader.parse(source)
    except xml.sax.SAXException as error:
        return error
    return None
