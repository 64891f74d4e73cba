"""What a word is: pieces of text, the words in them and their positions.

Everything here looks at one piece between blanks at a time, so its reading can be remembered.
It knows no rules and no markup; `plain` comes before it, `rules` after it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple


class Form(NamedTuple):
    """One word in one spelling; positions and characters count from the start of its piece.

    `text` has compatibility forms, zero-width characters and dots of acronyms resolved, its case
    and accents kept and a possessive ending dropped, which `written` still has.
    """

    text: str
    written: str
    first: int
    last: int
    start: int
    end: int


class Reading(NamedTuple):
    """The words of one piece and how many positions it takes."""

    width: int
    forms: tuple[Form, ...]


class Token(NamedTuple):
    """One word of a text: positions first..last of its block, characters [start, end)."""

    text: str
    written: str
    block: int
    first: int
    last: int
    start: int
    end: int


_NOTHING = Reading(0, ())

APOSTROPHES = "'’‘ʼ‛′´`ʹ＇"
_DASHES = "-‐‑‒–—―−﹘﹣－"
# Signs that have an ASCII twin: a piece that has no others is read like plain ASCII.
_TWINS = str.maketrans(
    dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(_DASHES, "-") | dict.fromkeys("“”„‟«»", '"')
)
# A footnote or trademark sign ends a word; NFKC would make letters and digits of it.
_SIGNS = "™℠℡®©¹²³⁰⁴⁵⁶⁷⁸⁹"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e01ef"
)
_IS_INVISIBLE = re.compile(f"[{_INVISIBLE}]")
# Scripts written without blanks: one word per character, so that words match as phrases.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_MAX_MARKS = 8  # combining marks on one letter; sorting them takes quadratic time

# The patterns run over a text's shape: ASCII stands for itself, other letters are "a" or "A",
# digits "0", marks "~" (no ASCII "~" is left), unspaced letters "^", and the rest a blank.
_W = "[A-Za-z0-9~]"
_S = f"(?:'[sS](?!{_W}))?"
_ADDRESS = (
    r"(?i:(?:https?|ftp)://|www\.)[^\s<>\"^]+|[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
)
_WORDS = rf"""
      [\#@](?P<tag>{_W}[A-Za-z0-9~_]*){_S}
    | (?P<dotted>(?:[A-Za-z]\.)+[A-Za-z](?!{_W})\.?{_S})
    | (?P<number>[0-9]{{1,3}}(?:,[0-9]{{3}})+(?![0-9])(?:\.[0-9]+)?{_W}*
        | (?<![0-9]\.)[0-9]++\.[0-9]+(?!\.?[0-9]){_W}*)
    | (?P<plural>{_W}++\((?:s|es)\)(?!{_W}))
    | (?P<section>(?:[0-9]++[A-Za-z]?|[A-Za-z][A-Za-z0-9]?)(?:\({_W}+\))+{_W}*)
    | (?P<joint>{_W}++(?:(?:&{_W}+)+{_S}|(?:\({_W}+\))+{_W}*)|\({_W}+\){_W}+)
    | (?P<signed>{_W}++(?:\+\+|\#)(?!{_W}))
    | (?P<word>{_W}++(?:'{_W}+)*)
    | (?P<unspaced>\^~*)
"""
_IN_TEXT = re.compile(f"(?P<address>{_ADDRESS})|{_WORDS}", re.VERBOSE)
_IN_LINK = re.compile(_WORDS, re.VERBOSE)
# A word of plain letters and digits with marks around it. Beside ASCII it may have letters of the
# Latin, Greek and Cyrillic blocks; which of them are letters indeed is asked afterwards.
_SIMPLE = re.compile(
    "[\"'(\\[$]*+([A-Za-z0-9\u00c0-\u02af\u0370-\u052f]++)(?:'s)?[\"'),;:!?.%\\]]*+"
)
# Such words with hyphens between them, the commonest of what is not one word.
_HYPHENED = re.compile("[\"'(\\[$]*+([A-Za-z0-9]++(?:-[A-Za-z0-9]++)++)(?:'s)?[\"'),;:!?.%\\]]*+")
_PARTS = re.compile(f"{_W}+")
# "ICEgov" is ICE + gov, "HTMLPage" is HTML + Page: nobody can tell, so both readings are offered.
_CAMEL = (
    re.compile("[A-Z]+(?![a-z~])|[A-Z]?[a-z~]+|[0-9]+"),
    re.compile("[A-Z]{2,}|[A-Z]?[a-z~]+|[A-Z]|[0-9]+"),
)
_POSSESSIVE = re.compile("'[sS]$")


def tokens(text: str, *, is_link: bool = False) -> Iterator[Token]:
    """Yield every word of plain `text` (see `plain`) in order; blocks are parted by line feeds."""
    at = 0
    for number, block in enumerate(text.split("\n")):
        position = 0
        for piece in re.finditer(r"\S+", block):
            reading, offset = read(piece[0], is_link=is_link), at + piece.start()
            for form in reading.forms:
                yield Token(
                    form.text,
                    form.written,
                    number,
                    position + form.first,
                    position + form.last,
                    offset + form.start,
                    offset + form.end,
                )
            position += reading.width
        at += len(block) + 1


def read(piece: str, *, is_link: bool = False) -> Reading:
    """Return the words of `piece`, a stretch without blanks; an address is none unless `is_link`.

    Forms that lie over one another are other readings of the same characters: the whole of a
    hashtag and its parts, AT&T and AT and T.
    """
    simple = _simple(piece)
    if simple is None and ("`" in piece or not piece.isascii()):
        piece = piece.translate(_TWINS)
        simple = _simple(piece)
    if simple:
        text, (start, end) = simple[1], simple.span(1)
        written = f"{text}'s" if piece.startswith("'s", end) else text
        return Reading(1, (Form(text, written, 0, 0, start, end),))
    if hyphened := _HYPHENED.fullmatch(piece):
        return _hyphened(piece, *hyphened.span(1))
    if piece.isascii():
        return _read(piece, piece.translate(_ASCII_SHAPE), is_link)
    text, origins = _resolved(piece)
    width, forms = _read(text, "".join(map(_shape, text)), is_link)
    return Reading(width, tuple(_moved(form, origins) for form in forms))


def _hyphened(piece: str, start: int, end: int) -> Reading:
    forms: list[Form] = []
    for at, text in enumerate(piece[start:end].split("-")):
        forms.append(Form(text, text, at, at, start, start + len(text)))
        start += len(text) + 1
    if piece.startswith("'s", end):
        forms[-1] = forms[-1]._replace(written=f"{forms[-1].text}'s")
    return Reading(len(forms), tuple(forms))


def only_word(piece: str) -> str:
    """Return the text of the one form of `piece`, "" if that takes a full reading to tell.

    Nine in ten pieces of news are such: telling it takes 0.6 µs, a reading 2 to 20.
    """
    found = _SIMPLE.fullmatch(piece)
    if piece.isascii():
        return found[1] if found else ""
    if found is None:
        found = _SIMPLE.fullmatch(piece.translate(_TWINS))
    return found[1] if found and _is_plain(found[1]) else ""


def _simple(piece: str) -> re.Match[str] | None:
    """Return a match whose first group is all there is to read in `piece`, if there is one."""
    found = _SIMPLE.fullmatch(piece)
    if found is None or piece.isascii():
        return found
    return found if _is_plain(found[1]) else None


def _is_plain(word: str) -> bool:
    return word.isalnum() and unicodedata.is_normalized("NFKC", word)


def bare(word: str) -> str:
    """Return a rule's word without its possessive ending."""
    return _POSSESSIVE.sub("", word)


def readings(word: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways to read a rule's word: each a sequence of words next to each other.

    A hyphenated one has its joined form as another way; one without letters and digits has none.
    Possessive endings stay: an exact word demands them.
    """
    if word.isascii() and word.isalnum():
        return ((word,),)
    sequence = tuple(text for piece in word.split() for text in _longest(piece))
    if not sequence:
        return ()
    joined = "".join(c for c in word if c not in _DASHES)
    if len(joined) == len(word) or len(sequence) == 1 or len(whole := _longest(joined)) != 1:
        return (sequence,)
    return (sequence, whole)


def _longest(piece: str) -> tuple[str, ...]:
    found: list[str] = []
    position = 0
    width, forms = read(piece, is_link=True)
    while position < width:
        here = [form for form in forms if form.first == position]
        longest = max(here, key=lambda form: form.last)
        found.append(longest.written)
        position = longest.last + 1
    return tuple(found)


# --- one piece -------------------------------------------------------------------------------

_ASCII_SHAPE = {ord("~"): " ", ord("^"): " "}


def _read(text: str, shape: str, is_link: bool) -> Reading:
    forms: list[Form] = []
    width = 0
    for found in (_IN_LINK if is_link else _IN_TEXT).finditer(shape):
        kind = found.lastgroup
        if kind is None or kind == "address":
            continue
        added = _FORMS[kind](text, shape, found.start(kind), found.end(kind))
        taken = 1 + max((form.last for form in added), default=-1)
        if width:
            added = [f._replace(first=f.first + width, last=f.last + width) for f in added]
        forms += added
        width += taken
    return Reading(width, tuple(forms)) if forms else _NOTHING


def _form(text: str, start: int, end: int, first: int = 0, last: int | None = None) -> Form:
    written = unicodedata.normalize("NFKC", text[start:end])
    bare = _POSSESSIVE.sub("", written)
    end -= len(written) - len(bare)
    return Form(bare, written, first, first if last is None else last, start, end)


def _one(text: str, shape: str, start: int, end: int) -> list[Form]:
    """One word; marks that stand alone are none."""
    return [_form(text, start, end)] if shape[start:end].strip("~'") else []


def _tag(text: str, shape: str, start: int, end: int) -> list[Form]:
    """The whole tag without its sign and underscores, over its camel-case parts."""
    forms: dict[Form, None] = {}
    for camel in _CAMEL:
        parts = camel.finditer(shape, start, end)
        forms |= {_form(text, *p.span(), at): None for at, p in enumerate(parts)}
    last = max(form.last for form in forms)
    whole = text[start:end].replace("_", "")
    return [Form(whole, whole, 0, last, start, end), *(forms if last else ())]


def _dotted(text: str, _shape: str, start: int, end: int) -> list[Form]:
    form = _form(text, start, end)
    letters = form.text.replace(".", "")
    return [form._replace(text=letters, written=form.written.replace(".", ""))]


def _number(text: str, _shape: str, start: int, end: int) -> list[Form]:
    digits = text[start:end].replace(",", "")
    return [Form(digits, digits, 0, 0, start, end)]


def _maybe_plural(text: str, _shape: str, start: int, end: int) -> list[Form]:
    """Read "agent(s)" as agent and as agents."""
    bracket = text.index("(", start, end)
    one, ending = text[start:bracket], text[bracket + 1 : end - 1]
    return [Form(w, w, 0, 0, start, end) for w in (one, one + ending)]


def _joint(text: str, shape: str, start: int, end: int) -> list[Form]:
    """The whole, "AT&T", over its parts; of "(un)documented" the whole has no brackets."""
    whole = _form(text, start, end)
    spans = (part.span() for part in _PARTS.finditer(shape, start, whole.end))
    parts = [_form(text, *span, at) for at, span in enumerate(spans)]
    if text[start] == "(":
        bare = whole.text.replace("(", "").replace(")", "")
        whole = whole._replace(text=bare, written=bare)
    return [whole._replace(last=parts[-1].last), *parts]


def _signed(text: str, _shape: str, start: int, end: int) -> list[Form]:
    """C++ and C# as such and as C."""
    bare = text[start:end].rstrip("+#")
    return [_form(text, start, end), _form(text, start, start + len(bare))]


_FORMS = {
    "tag": _tag,
    "dotted": _dotted,
    "number": _number,
    "plural": _maybe_plural,
    "section": _one,
    "joint": _joint,
    "signed": _signed,
    "word": _one,
    "unspaced": _one,
}


# --- characters ------------------------------------------------------------------------------


def _resolved(piece: str) -> tuple[str, list[tuple[int, int]]]:
    """Return `piece` in NFKC without what nobody sees, and where each character came from."""
    out: list[str] = []
    origins: list[tuple[int, int]] = []
    at = 0
    while at < len(piece):
        end = at + 1
        while end < len(piece) and unicodedata.combining(piece[end]):
            end += 1
        text = _cluster(piece[at : min(end, at + 1 + _MAX_MARKS)])
        out.append(text)
        origins += [(at, end)] * len(text)
        at = end
    return "".join(out), origins


def _cluster(text: str) -> str:
    letter = text[0]
    if _IS_INVISIBLE.match(letter):
        return "" if len(text) == 1 else text[1:]
    return " " if letter in _SIGNS else unicodedata.normalize("NFKC", text)


def _shape(letter: str) -> str:
    if letter.isascii():
        return _ASCII_SHAPE.get(ord(letter), letter)
    category = unicodedata.category(letter)
    if category[0] == "M":
        return "~"
    if category[0] == "N":
        return "^" if _UNSPACED.match(letter) else "0"
    if category[0] == "L":
        return "^" if _UNSPACED.match(letter) else "A" if letter.isupper() else "a"
    return "a" if letter.isalpha() else " "


def _moved(form: Form, origins: list[tuple[int, int]]) -> Form:
    """Return `form` with its characters counted in the piece as it was."""
    return form._replace(start=origins[form.start][0], end=origins[form.end - 1][1])
