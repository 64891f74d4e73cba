"""Quoted-printable (RFC 2045 §6.7): a mail's body as lines of ASCII, of at most 76 characters."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache, partial

from alerts.kept import Kept

#: Where HTML is cut: a story's row is the same for many readers, and so is what stands in the head.
_ROW, _BODY = "\n<tr>", "\n<body"

#: `b2a_qp` does not count what it makes of a blank at the end of a line: 77 or 78 characters.
_TOO_LONG = re.compile(rb"^([^\n]{74,75})(=(?:20|09))$", re.MULTILINE)

_kept: Kept[bytes] = Kept(4_000_000)


@lru_cache(maxsize=16)  # a body is encoded to weigh it, and once more to send it
def quoted_printable(text: str) -> bytes:
    """Return the body encoded with CRLF line ends.

    Whatever ended a line in `text` (CR, LF, CRLF) is one CRLF. Lone surrogates become "?".
    """
    unix = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    top, *rows = unix.split(_ROW)
    if not rows:
        return _encoded(unix)
    head, begin, body = top.partition(_BODY)
    encoded = [_encoded_once(head), *([_encoded(f"{begin}{body}"[1:])] if begin else [])]
    return b"\r\n".join([*encoded, *map(_encoded_row, rows)])


def _encoded(lines: str) -> bytes:
    """Return whole lines encoded: none depends on the others."""
    encoded = binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)
    return _TOO_LONG.sub(rb"\1=\n\2", encoded).replace(b"\n", b"\r\n")


def _encoded_once(lines: str) -> bytes:
    return _kept.get(lines, partial(_encoded, lines))


def _encoded_row(rest: str) -> bytes:
    return _kept.get((_ROW, rest), lambda: _encoded(f"{_ROW}{rest}"[1:]))
