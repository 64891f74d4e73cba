"""Quoted-printable (RFC 2045 §6.7): a mail's body as lines of ASCII, of at most 76 characters."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache

#: Where a body is cut into stories, which are the same for many readers.
_PIECE = re.compile(r"\n(?=<tr>|\n)")
_MAX_KEPT_CHARS = 4_000


@lru_cache(maxsize=16)  # a body is encoded to weigh it, and once more to send it
def quoted_printable(text: str) -> bytes:
    """Return the body encoded with CRLF line ends.

    Whatever ended a line in `text` (CR, LF, CRLF) is one CRLF. Lone surrogates become "?".
    """
    unix = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    pieces = _PIECE.split(unix)
    return b"\r\n".join(
        [_encoded_once(p) if len(p) <= _MAX_KEPT_CHARS else _encoded(p) for p in pieces]
    )


def _encoded(lines: str) -> bytes:
    """Return whole lines encoded: none depends on the others."""
    encoded = binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)
    return encoded.replace(b"\n", b"\r\n")


_encoded_once = lru_cache(maxsize=1_024)(_encoded)
