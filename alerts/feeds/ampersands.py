"""Ampersands that begin no reference, as in "AT&T": XML forbids them, publishers write them.

A parser that guesses makes "AT&T;" of it, and of a link's `&copy=` a sign of copyright.
"""

from __future__ import annotations

import re
from html.entities import html5

#: Comments and CDATA hold their text as it is; one that never ends reaches to the end.
_BARE = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|&(?!#(?:[0-9]+|[xX][0-9A-Fa-f]+);)(?:([A-Za-z_][\w.-]{0,60});)?",
    re.DOTALL,
)
_DECLARED = re.compile(r"<!ENTITY\s+([A-Za-z_][\w.-]*)")


def escape_bare_ampersands(text: str) -> str:
    """Return XML or what was meant to be XML, each `&` that begins no reference as `&amp;`.

    "Q&A; more" refers to nothing either: only names that the document declares or HTML knows do.
    What is a reference stays as it stands, so nothing is escaped twice.
    """
    declared = frozenset(_DECLARED.findall(text)) if "<!ENTITY" in text else frozenset()

    def mended(found: re.Match[str]) -> str:
        name = found[1]
        if found[0][0] == "<" or (name and (f"{name};" in html5 or name in declared)):
            return found[0]
        return f"&amp;{found[0][1:]}"

    return _BARE.sub(mended, text) if "&" in text else text
