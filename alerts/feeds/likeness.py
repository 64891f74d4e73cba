"""When two versions of an entry count as alike: words compared, not markup, case or spacing."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

from alerts.model import Entry

_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"\w+")
_DAY_S = 86_400


def plain_words(text: str) -> str:
    """Return the words of a text, folded and joined by single spaces."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if not unicodedata.is_normalized("NFKC", text):  # a quick look tells of nearly every text
        text = unicodedata.normalize("NFKC", text)
    return " ".join(_WORD.findall(text.casefold()))


def day_of(moment: float | None) -> str:
    """Return the UTC day of epoch seconds as a number, "" without a date."""
    return "" if moment is None else str(int(moment // _DAY_S))


def names_a_page(canonical_link: str) -> bool:
    """Whether a canonical link leads to a page of its own, not to a site's front door."""
    parts = urlsplit(canonical_link) if canonical_link.startswith("https://") else None
    return parts is not None and bool(parts.path.strip("/") or parts.query or parts.fragment)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Hashes (32 hexadecimal digits) of an entry's canonical link, title and whole text."""

    link_key: str | None
    title_key: str
    text_key: str


def compare(entry: Entry, link: str, title: str) -> Comparison:
    """Return an entry's hashes; `link` is its canonical link or "", `title` its plain words."""
    text = plain_words(f"{entry.summary}\n{entry.content}")
    return Comparison(_hash(link) if link else None, _hash(title), _hash(text))
