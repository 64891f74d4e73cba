"""From a field as the feed gave it to readable text, with the way back to the original characters.

Tags go, entities are decoded, block tags become a gap. It judges no words (`tokens`) and cleans
nothing for display (`text`), and it never raises: what is no tag and no entity stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.entities import html5

#: Stands in `Plain.text` where a block tag was, and nowhere else: no phrase reaches across it.
GAP = "\n"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _names(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main "
    "menu nav ol optgroup option p pre search section summary table tbody td tfoot th thead title "
    "tr ul"
)
# They stand between words without ending the sentence.
_BLANKS = _names("audio br button canvas embed iframe img input object select svg textarea video")
_INLINE = _names(
    "a abbr acronym area b base basefont bdi bdo big caption cite code col colgroup data datalist "
    "del dfn em font frame frameset i ins kbd label link map mark math meta meter nobr noscript "
    "output param picture progress q rp rt ruby s samp script slot small source span strike strong "
    "style sub sup template time track tt u var wbr"
)
_ELEMENTS = _BLOCKS | _BLANKS | _INLINE
_BARE_ATTRIBUTES = _names(
    "allowfullscreen async autofocus autoplay checked compact controls default defer disabled "
    "download hidden inert ismap itemscope loop multiple muted nohref nomodule noshade novalidate "
    "nowrap open playsinline readonly required reversed selected"
)

# Lengths are bounded so that a soup of "<" and quotes stays linear.
_MARKUP = re.compile(
    r"""<!--
    | <!\[CDATA\[ | \]\]>
    | <(?:!(?i:doctype|element|attlist|entity|notation)\b|\?[A-Za-z])[^<>]{0,4000}>
    | <(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9:_-]{0,60}+)
      (?: (?P<attributes>(?:[^<>"']{1,4000}+|"[^"]{0,2000}"|'[^']{0,2000}'){0,60}+)>
        | (?P<loose>[^<>]{0,4000}+)> )
    | <(?P<cut>[A-Za-z]{1,10})\s[^<>]{0,4000}+\Z
    | &(?P<twice>(?:amp|\#38|\#x26);)?
      (?P<entity>\#[0-9]{1,8}|\#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});
    """,
    re.VERBOSE,
)
_LINE_BREAKS = re.compile("[\n\r]")


@dataclass(frozen=True, slots=True)
class Plain:
    """Readable text and its offset map.

    `text` holds a line feed at gaps only. The map is four columns, one row per stretch: where it
    begins in `text`, its [start, end) in the raw string, and whether it stands there letter by
    letter; no rows means that both are the same string.
    """

    text: str
    begins: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    verbatim: tuple[bool, ...] = ()
    inner: Plain | None = None  # the text that this one was read from, if it was read twice

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the raw [start, end) of the characters [start, end) of `text`."""
        first, last = self._raw(start)[0], self._raw(max(start, end - 1))[1]
        return self.inner.span(first, last) if self.inner else (first, last)

    def find(self, start: int, end: int) -> tuple[int, int]:
        """Return the [start, end) in `text` of the raw characters [start, end)."""
        if self.inner:
            start, end = self.inner.find(start, end)
        if not self.begins:
            return start, end
        first, last = self._place(start)[0], self._place(max(start, end - 1))[1]
        return first, max(first, last)

    def _place(self, raw: int) -> tuple[int, int]:
        """Return where a raw character is shown; nothing (n, n) if it was in a dropped tag."""
        row = bisect_right(self.starts, raw) - 1
        if row < 0:
            return 0, 0
        following = self.begins[row + 1] if row + 1 < len(self.begins) else len(self.text)
        if raw >= self.ends[row]:
            return following, following
        if not self.verbatim[row]:
            return self.begins[row], following
        at = self.begins[row] + raw - self.starts[row]
        return at, at + 1

    def _raw(self, at: int) -> tuple[int, int]:
        if not self.begins:
            return at, at + 1
        row = max(0, bisect_right(self.begins, at) - 1)
        if not self.verbatim[row]:
            return self.starts[row], self.ends[row]
        raw = self.starts[row] + at - self.begins[row]
        return raw, raw + 1


#: One stretch: its text, [start, end) in the raw string, whether it stands there letter by letter.
_Stretch = tuple[str, int, int, bool]


def plain(raw: str) -> Plain:
    """Return the readable text of `raw`; linear time, never raises.

    Markup that was escaped once too often is read as markup, too.
    """
    if "<" not in raw and "&" not in raw:
        return Plain(_one_line(raw))
    once = _build(_stretches(raw))
    if "<" not in once.text or not _is_escaped_markup(once.text):
        return once
    again = _build(_stretches(once.text, decode=False))
    return Plain(again.text, again.begins, again.starts, again.ends, again.verbatim, once)


def plain_text(raw: str) -> str:
    """Return `plain(raw).text` without the way back."""
    return plain(raw).text if "<" in raw or "&" in raw else _one_line(raw)


def plain_once(raw: str) -> Plain:
    """Return the readable text of `raw` where escaped tags are what the writer wants to show."""
    if "<" not in raw and "&" not in raw:
        return Plain(_one_line(raw))
    return _build(_stretches(raw))


def plain_list(raws: Iterable[str]) -> Plain:
    """Return the readable text of several texts joined by ", ", with a gap between each two."""
    stretches: list[_Stretch] = []
    at = 0
    for raw in raws:
        if at:
            stretches.append((GAP, at - 2, at, False))
        stretches += [(text, at + s, at + e, same) for text, s, e, same in _stretches(raw)]
        at += len(raw) + 2
    return _build(stretches)


def _build(stretches: Iterable[_Stretch]) -> Plain:
    texts, begins, starts, ends, verbatim = [], [], [], [], []
    at = 0
    for text, start, end, same in stretches:
        texts.append(text)
        begins.append(at)
        starts.append(start)
        ends.append(end)
        verbatim.append(same)
        at += len(text)
    if not texts:  # all of it was markup, which is not the same as no map
        return Plain("", (0,), (0,), (0,), (False,))
    return Plain("".join(texts), tuple(begins), tuple(starts), tuple(ends), tuple(verbatim))


def _one_line(text: str) -> str:
    """Return `text` with blanks for line breaks: a line feed would read as a gap."""
    return _LINE_BREAKS.sub(" ", text) if "\n" in text or "\r" in text else text


def _stretches(raw: str, *, decode: bool = True) -> Iterator[_Stretch]:
    at = 0
    reader = _Reader(raw, decode)
    while found := _MARKUP.search(raw, reader.at):
        seen = reader.read(found)
        if seen is None:
            continue
        if at < found.start():
            yield _one_line(raw[at : found.start()]), at, found.start(), True
        if seen:
            yield seen, found.start(), reader.at, False
        at = reader.at
    if at < len(raw):
        yield _one_line(raw[at:]), at, len(raw), True


class _Reader:
    """Decides what each piece of markup stands for and where reading goes on."""

    def __init__(self, raw: str, decode: bool) -> None:
        self.raw = raw
        self.at = 0
        self._decode = decode
        self._folded: str | None = None
        self._unclosed: set[str] = set()  # what was looked for in vain: never twice, or it is n²
        self._broke_at = -1

    def read(self, found: re.Match[str]) -> str | None:
        """Return what `found` is read as ("" for nothing), None if it is text that stays."""
        self.at = found.end()
        if found["entity"]:
            return self._entity(found)
        name = found["name"] or found["cut"]
        if name is None:
            return self._special(found)
        if not _is_tag(name.lower(), found):
            self.at = found.start() + 1
            return None
        return self._tag(name.lower(), found)

    def _entity(self, found: re.Match[str]) -> str | None:
        decoded = _decoded(found["entity"]) if self._decode else None
        if decoded is not None:
            return _one_line(decoded)
        if found["twice"] and self._decode:
            self.at = found.end("twice")
            return "&"
        self.at = found.start() + 1
        return None

    def _special(self, found: re.Match[str]) -> str:
        if found[0] == "<!--":
            self._skip_past("-->")
        return ""

    def _tag(self, name: str, found: re.Match[str]) -> str:
        if name in ("script", "style", "template") and not found["close"]:
            self._skip_element(name)
        if name in _BLOCKS:
            return GAP
        return self._break(found) if name == "br" else " " if name in _BLANKS else ""

    def _break(self, found: re.Match[str]) -> str:
        """Read a line break as a blank, the second of two as the end of a paragraph."""
        is_second = self._broke_at >= 0 and not self.raw[self._broke_at : found.start()].strip()
        self._broke_at = found.end()
        return GAP if is_second else " "

    def _skip_element(self, name: str) -> None:
        opened = self.at
        self._skip_past(f"</{name}")
        if self.at != opened:
            self._skip_past(">")

    def _skip_past(self, mark: str) -> None:
        """Go on after the next `mark`; if there is none, only the opening itself is dropped."""
        if mark in self._unclosed:
            return
        if self._folded is None:
            self._folded = _ascii_lower(self.raw)
        end = self._folded.find(mark, self.at)
        if end < 0:
            self._unclosed.add(mark)
            return
        self.at = end + len(mark)


_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _ascii_lower(text: str) -> str:
    """Return `text` in lower case without ever changing its length, as `str.lower` may."""
    return text.translate(_ASCII_LOWER)


def _is_tag(name: str, found: re.Match[str]) -> bool:
    """Tell a tag from a text such as "a<b and c>d"."""
    if found["cut"]:
        return name in _ELEMENTS and "=" in found[0]
    if name not in _ELEMENTS and ":" not in name and "-" not in name:
        return False
    attributes = found["attributes"] if found["attributes"] is not None else found["loose"]
    words = attributes.strip(" \t\r\n/")
    return not words or "=" in words or all(w in _BARE_ATTRIBUTES for w in words.lower().split())


def _is_escaped_markup(text: str) -> bool:
    """Whether tags in decoded text are markup escaped twice: one closes, breaks or has "="."""
    for found in _MARKUP.finditer(text):
        name = (found["name"] or "").lower()
        if name and _is_tag(name, found) and (found["close"] or "=" in found[0] or name == "br"):
            return True
    return False


def _decoded(entity: str) -> str | None:
    """Return the characters of "eacute", "#233" or "#xe9"; None if there are none."""
    if not entity.startswith("#"):
        return html5.get(entity + ";")
    digits = entity[1:]
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    if 0x80 <= code <= 0x9F:  # a browser reads these as Windows-1252
        return bytes([code]).decode("cp1252", "replace")
    if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return chr(code)
