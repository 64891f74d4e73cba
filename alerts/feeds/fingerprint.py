"""A hash of a document that stays the same while only its date stamps change.

Nineteen of twenty "new" documents of real feeds differ in the channel's date alone. Only what
stands outside all entries is normalised: before the first and after the last.
"""

from __future__ import annotations

import hashlib
import re

_FIRST = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s/>]", re.IGNORECASE)
_STAMPS = re.compile(
    rb"<((?:[\w.-]+:)?(?:lastbuilddate|pubdate|updated|modified|date|updatebase))\b[^<>]*>"
    rb"[^<]{0,200}</\1\s*>|<!--(?:[^-<]|-(?!->)|<(?!!--)){0,2000}-->",
    re.IGNORECASE,
)


def fingerprint(body: bytes) -> str:
    """Return 64 hexadecimal digits; two documents that differ within an entry never share them.

    Documents without a recognisable entry (JSON, UTF-16, an empty channel) are hashed as they are.
    """
    first = _FIRST.search(body)
    if first is None:
        return hashlib.sha256(body).hexdigest()
    start = first.start()
    end = _end_of_last(body, first)
    digest = hashlib.sha256(without_stamps(body[:start]))
    digest.update(b"\0")  # so that head and entries cannot borrow bytes from one another
    digest.update(memoryview(body)[start:end])
    digest.update(b"\0")
    digest.update(without_stamps(body[end:]))
    return digest.hexdigest()


def without_stamps(envelope: bytes) -> bytes:
    """Return what stands around a document's entries, less its dates and comments."""
    return _STAMPS.sub(b"", envelope)


def _end_of_last(body: bytes, first: re.Match[bytes]) -> int:
    """Return where the last entry ends; the end of the body unless that is beyond doubt."""
    end = b"</item>" if b"item" in first[0].lower() else b"</entry>"
    found = body.rfind(end, first.end())
    if found < 0 or _FIRST.search(body, found) is not None:
        return len(body)
    return body.index(b">", found) + 1
