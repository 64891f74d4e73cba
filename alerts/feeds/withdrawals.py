"""What a feed says it takes back: tombstones, and headlines that begin with "RETRACTED:".

That an entry is no longer listed says nothing: documents are short, and articles move out of them.
"""

from __future__ import annotations

import html
import re

from alerts.feeds.items import named

#: Of RFC 6721, "The Atom deleted-entry Element".
_NAMESPACE = "http://purl.org/atompub/tombstones/1.0"
_TOMBSTONE = re.compile(r"<(?:[\w.-]+:)?deleted-entry\s([^>]*)>")
_REF = re.compile(r"""(?:^|\s)ref\s*=\s*(?:"([^"]*)"|'([^']*)')""")
#: What looks like a tombstone in there is somebody's text.
_NO_MARKUP = re.compile(r"<!\[CDATA\[.*?\]\]>|<!--.*?-->", re.DOTALL)

_TAG = re.compile(r"<[^<>]*>")

#: The word stands alone, or a mark follows it: "Withdrawn bill is back" takes nothing back.
_TAKEN_BACK = re.compile(
    r"""\W*
    (?: withdrawn | retracted | retraction | retirad[ao]s? | retractad[ao]s? | retractaci[oó]n )
    (?: \s*[:\])|] | \s+[-–—]\s | \s*$ )""",
    re.IGNORECASE | re.VERBOSE,
)

#: More than any document has entries that tell of news.
_MOST = 1_000


def tombstones(document: str) -> tuple[str, ...]:
    """Return the keys (K1) of the entries that a document says are deleted."""
    if _NAMESPACE not in document:
        return ()
    marks = _TOMBSTONE.finditer(_NO_MARKUP.sub("", document))
    found = (ref[1] or ref[2] or "" for mark in marks if (ref := _REF.search(mark[1])))
    names = (html.unescape(name).strip() for name in found)
    return tuple(dict.fromkeys(named("1", name) for name in names if name))[:_MOST]


def says_so(title: str) -> bool:
    """Whether a headline says that its article is withdrawn: "RETRACTED: …", "[Withdrawn] …"."""
    return _TAKEN_BACK.match(html.unescape(_TAG.sub("", title))) is not None
