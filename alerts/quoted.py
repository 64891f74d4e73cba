"""Quoted-printable (RFC 2045 §6.7): a mail's body as lines of ASCII, of at most 76 characters."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache

from alerts.kept import Kept

#: Where HTML and text are cut: a story is the same for many readers, and so is a head.
_ROW, _PARAGRAPH, _BODY = b"\n<tr>", b"\n\n", b"\n<body"

#: What a blank at the end of a line becomes.
_LAST_BLANK = re.compile(rb"=(?:20|09)(?![^\n])")
_MAX_CHARS = 76

_kept: Kept[bytes] = Kept(4_000_000)


@lru_cache(maxsize=8)  # a body is encoded to weigh it, and once more to send it
def quoted_printable(text: str) -> bytes:
    """Return the body encoded with CRLF line ends.

    Whatever ended a line in `text` (CR, LF, CRLF) is one CRLF. Lone surrogates become "?".
    """
    unix = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    raw = unix.encode("utf-8", "replace")
    mark = _ROW if _ROW in raw else _PARAGRAPH
    top, *stories = raw.split(mark)
    head, begin, body = top.partition(_BODY)
    encoded = [_encoded_once(b"", head), *([_encoded(begin[1:] + body)] if begin else [])]
    return b"\r\n".join([*encoded, *(_encoded_once(mark[1:], story) for story in stories)])


def _encoded_once(begin: bytes, rest: bytes) -> bytes:
    return _kept.get((begin, rest), lambda: _encoded(begin + rest))


def _encoded(lines: bytes) -> bytes:
    """Return whole lines encoded: none depends on the others."""
    encoded = binascii.b2a_qp(lines, istext=True)
    return _LAST_BLANK.sub(_within_76, encoded).replace(b"\n", b"\r\n")


def _within_76(blank: re.Match[bytes]) -> bytes:
    """Return the blank on a line of its own if it outgrows its line: `b2a_qp` does not count it."""
    begin = blank.string.rfind(b"\n", 0, blank.start()) + 1
    return blank[0] if blank.end() - begin <= _MAX_CHARS else b"=\n" + blank[0]
