"""Bytes of a document to text that an XML parser takes: the right charset, no forbidden characters.

Labels are trusted less than the bytes: what is valid UTF-8 beyond ASCII is UTF-8.
"""

from __future__ import annotations

import re
from typing import Any

#: Encodings whose text looks like ASCII bytes but is not.
_SHIFTED = re.compile(rb"(?i)encoding\s*=\s*[\"'](?:iso-2022|utf-?7|hz|cp037|ebcdic)")
_SHIFTED_LABEL = re.compile(r"(?i)charset\s*=\s*[\"']?(?:iso-2022|utf-?7|hz)")
_BOM = b"\xef\xbb\xbf"
#: XML 1.0, 2.2: what no document may contain, and what no reader should see.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: The same as bytes of UTF-8, which are looked through ten times as fast.
_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
_NO_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
#: Those that publishers write all the time (" and ' and quotes) need no look.
_REFERENCE = re.compile(
    r"&#(?!(?:3[2-9]|[4-9][0-9]|1[0-9]{2}|8[0-9]{3});)(?:[xX]([0-9A-Fa-f]+)|([0-9]+));?"
)
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,200}\?>")
_WIDE = (b"\xfe\xff", b"\xff\xfe", b"\x00<", b"<\x00", b"\x00\x00\x00<", b"\x4c\x6f\xa7\x94")


def text_of(body: bytes, content_type: str) -> str:
    """Return the document's text without byte order marks, XML declaration or control characters.

    References to characters that XML forbids are removed, so that no parser fails over them.
    """
    return clean(
        _DECLARATION.sub("", _decoded(body, content_type).lstrip("\ufeff \t\r\n"), count=1)
    )


def clean(text: str) -> str:
    """Return `text` without control characters (tab and line ends stay) and bad references."""
    if not _has_only_characters(text):
        text = _FORBIDDEN.sub("", text)
    if "&#" not in text:
        return text
    return _REFERENCE.sub(_kept_reference, text)


def _has_only_characters(text: str) -> bool:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return False
    return len(data.translate(None, _CONTROLS)) == len(data) and not any(
        one in data for one in _NO_CHARACTERS
    )


def _kept_reference(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    if len(digits.lstrip("0")) > len("1114111"):
        return ""
    code = int(digits, 16 if found[1] else 10)
    if code < 0x20 and code not in (0x9, 0xA, 0xD):
        return ""
    if 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF) or code > 0x10FFFF:
        return ""
    return found[0]


def _decoded(body: bytes, content_type: str) -> str:
    while body.startswith(_BOM):  # some are put on twice by two programs in a row
        body = body[len(_BOM) :]
    if not body.lstrip()[:4].startswith(_WIDE) and not _is_shifted(body, content_type):
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return text
    return _by_label(body, content_type)


def _is_shifted(body: bytes, content_type: str) -> bool:
    head = body[:1_024]
    return bool(_SHIFTED.search(head) or _SHIFTED_LABEL.search(content_type))


def _by_label(body: bytes, content_type: str) -> str:
    """Decode as feedparser does: labels, byte order mark, a guess, windows-1252."""
    from feedparser.encodings import convert_to_utf8  # few documents need it

    found: dict[str, Any] = {}
    try:
        converted = convert_to_utf8({"content-type": content_type}, body, found)
    except (UnicodeError, LookupError, ValueError):
        return body.decode("windows-1252", "replace")
    if not isinstance(converted, bytes) or not found.get("encoding"):
        return body.decode("utf-8", "replace")
    return converted.decode("utf-8", "replace")
