"""Which feeds a web page names: `<link rel=alternate>` and the HTTP Link header; pure.

It looks at tags only and takes time in proportion to the page: the standard library's parser of
HTML needs minutes for 200 KB of `<link `. Nothing is asked for.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from alerts.links import safe_link

#: Media types of feeds. `application/xml` and `text/xml` may be anything.
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json",
              "application/rdf+xml")  # fmt: skip

SEARCHED_CHARS = 262_144  # a page's head is at its beginning
MAX_NAMED = 50
_MAX_TAG_CHARS = 4_096
_MAX_TAGS = 2_000
_MAX_HEADER_CHARS = 16_384

_OPENING = re.compile(
    r"<(?:(!--)|(link|base|script|style|textarea|title|template)(?=[\s/>]))", re.I
)
_TAG = re.compile(r"<\w+(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
_ATTRIBUTE = re.compile(
    r"([^\s\"'<>/=]{1,60})(?:\s{0,20}=\s{0,20}(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?"
)
_HEADER_LINK = re.compile(r"<([^<>]{1,2000})>((?:[^,\"<]|\"[^\"]*\")*)")
_HEADER_PARAMETER = re.compile(r";\s*([\w*-]{1,40})\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))")
_COMMENTS = re.compile(r"(?i)comments?\b|comentarios?\b")


@dataclass(frozen=True, slots=True)
class NamedFeed:
    """A feed that a page names: its absolute address, what the page calls it, its media type."""

    url: str
    title: str = ""
    kind: str = ""

    @property
    def is_comments(self) -> bool:
        """Whether it seems to hold readers' comments, not articles."""
        return bool(_COMMENTS.search(f"{self.title} {self.url}"))


def feeds_named(page: str, url: str, link_header: str = "") -> tuple[NamedFeed, ...]:
    """Return the feeds that a page names, each once, those of readers' comments last.

    `url` is where the page came from, the base of relative addresses unless it names another;
    `link_header` the value of its HTTP Link header (RFC 8288), which is heard first.
    """
    found: dict[str, NamedFeed] = {}
    for feed in (*_in_header(link_header, url), *_in_page(page[:SEARCHED_CHARS], url)):
        found.setdefault(feed.url, feed)
        if len(found) >= MAX_NAMED:
            break
    return tuple(sorted(found.values(), key=lambda feed: feed.is_comments))


def _in_header(header: str, url: str) -> Iterator[NamedFeed]:
    for link in _HEADER_LINK.finditer(header[:_MAX_HEADER_CHARS]):
        given = {p[1].lower(): p[2] or p[3] or "" for p in _HEADER_PARAMETER.finditer(link[2])}
        yield from _named(given | {"href": link[1]}, url)


def _in_page(page: str, url: str) -> Iterator[NamedFeed]:
    base = url
    for tag, given in _tags(page):
        if tag == "base" and base == url and given.get("href"):
            base = _joined(url, given["href"]) or url
        elif tag == "link":
            yield from _named(given, base)


def _tags(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the page's link and base tags; what stands in comments and scripts is no tag."""
    at = count = 0
    while (found := _OPENING.search(page, at)) and count < _MAX_TAGS:
        at, count = found.end(), count + 1
        if found[1]:
            at = _after(page, "-->", at)
            continue
        name = found[2].lower()
        if name in ("link", "base"):
            tag = _TAG.match(page, found.start(), found.start() + _MAX_TAG_CHARS)
            if tag is not None:
                at = tag.end()
                yield name, _attributes(tag[0][len(name) + 1 : -1])
        else:
            at = _after(page, f"</{name}", at)


def _after(page: str, end: str, at: int) -> int:
    """Return where `end` ends; the end of the page if it never comes, as in browsers."""
    found = re.compile(re.escape(end), re.I).search(page, at)
    return found.end() if found else len(page)


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(text):
        value = next((part for part in one.groups()[1:] if part is not None), "")
        found.setdefault(one[1].lower(), html.unescape(value).strip())
    return found


def _named(given: dict[str, str], base: str) -> Iterator[NamedFeed]:
    if "alternate" not in given.get("rel", "").lower().split():
        return
    kind = given.get("type", "").lower().partition(";")[0].strip()
    if kind not in FEED_TYPES:
        return
    target = _joined(base, given.get("href", ""))
    if target:
        yield NamedFeed(target, " ".join(given.get("title", "").split())[:200], kind)


def _joined(base: str, href: str) -> str | None:
    try:
        return safe_link(urljoin(base, href)) if href else None
    except ValueError:
        return None
