"""Texts for eyes: one safe line for a title, an excerpt around the words that matched.

Also whether a field's capitals mean anything. Markup is read by `plain`, words by `tokens`; both
are offered here again, so that the rest of the program needs one name for "text".
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence

from alerts.model import Piece
from alerts.plain import GAP, Plain, plain, plain_list, plain_once
from alerts.spelling import fold, is_acronym, singulars
from alerts.tokens import Token, tokens

__all__ = [
    "GAP", "Piece", "Plain", "Token", "excerpt", "fold", "is_acronym", "is_caps", "line", "plain",
    "plain_list", "plain_once", "shown", "singulars", "tokens",
]  # fmt: skip

_JOINING = "\u0600-\u08ff\u0900-\u0dff\u0e80-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc"
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
# Controls, bidi, invisible and tag characters; a joiner that shapes a word or an emoji stays.
_UNSAFE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
    f"|(?<![{_JOINING}])\u200c|\u200c(?![{_JOINING}])"
    f"|(?<![{_JOINING}{_EMOJI}\ufe0f])\u200d|\u200d(?![{_JOINING}{_EMOJI}])"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")
_MAX_MARKS = 2  # accents on one letter; more is no language but a stack that hides its neighbours
# Combining classes: strokes through a letter; from 200 on, accents above and below.
_OVERLAY, _HIGH_MARK = 1, 200


def shown(raw: str, max_chars: int | None = None) -> str:
    """Return `raw` as one line that is safe to show: a title or a name, verbatim otherwise.

    Tags are removed and entities decoded; text that only looks like a tag stays. With `max_chars`
    a longer line is cut at a word and ends in "…".
    """
    return line(plain_once(raw).text, max_chars)


def line(words: str, max_chars: int | None = None) -> str:
    """Return plain text as one line of safe characters, verbatim otherwise; cut as `shown` does."""
    told = _safe(words).replace(GAP, " ").strip()
    if max_chars is None or len(told) <= max_chars:
        return told
    cut = told[: max(0, max_chars - 1)]
    blank = cut.rfind(" ")
    return (cut[:blank] if blank > max_chars // 2 else cut).rstrip() + "…"


def _safe(text: str) -> str:
    """Return NFC without unsafe characters; blanks collapse to one, or to one gap."""
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
        text = unicodedata.normalize("NFC", _without_stacks(text))
    text = _UNSAFE.sub("", text)
    return _BLANKS.sub(lambda run: GAP if GAP in run[0] else " ", text)


def _without_stacks(text: str) -> str:
    """Drop the third and further accents on one letter."""
    if not any(map(_is_stacking, text)):
        return text
    kept: list[str] = []
    stacked = 0
    for letter in text:
        stacked = stacked + 1 if _is_stacking(letter) else 0
        if stacked <= _MAX_MARKS:
            kept.append(letter)
    return "".join(kept)


def _is_stacking(letter: str) -> bool:
    rank = unicodedata.combining(letter)
    return rank >= _HIGH_MARK or rank == _OVERLAY


# --- capitals --------------------------------------------------------------------------------

_MIN_CAPS_WORDS = 4
_MIN_CAPS_SHARE = 0.7
_HAS_LETTER = re.compile(r"\S*?[^\W\d_]\S*")
_CAPITAL, _SMALL = re.compile("[A-Z]+"), re.compile("[a-z]+")
_FOREIGN = re.compile("[^\x00-\x7f]+")


def is_caps(text: str) -> bool:
    """Whether plain `text` says nothing about case: ≥ 4 words, ≥ 70 % of its letters capitals."""
    capitals = sum(map(len, _CAPITAL.findall(text)))
    small = sum(map(len, _SMALL.findall(text)))
    for letter in "".join(_FOREIGN.findall(text)):
        capitals += letter.isupper()
        small += letter.islower()
    if not capitals or capitals < _MIN_CAPS_SHARE * (capitals + small):
        return False
    return sum(1 for piece in text.split() if _HAS_LETTER.match(piece)) >= _MIN_CAPS_WORDS


# --- excerpts --------------------------------------------------------------------------------

_CUT = "..."
_ABBREVIATIONS = (
    r"(?<!\b[A-Za-z])(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bSen)(?<!\bRep)(?<!\bGov)"
    r"(?<!\bGen)(?<!\bLt)(?<!\bSgt)(?<!\bWis)(?<!\bJr)(?<!\bSr)(?<!\bNo)(?<!\bvs)(?<!\bSra)"
)
_SENTENCE_START = re.compile(
    rf"(?:{_ABBREVIATIONS}\.|[!?…])[\"'”’)\]»]*[ ](?=[^a-z\s])|\n|[。！？]", re.VERBOSE
)


def excerpt(
    raw: str,
    spans: Iterable[tuple[int, int]],
    limit: int = 300,
    around: Collection[tuple[int, int]] = (),
) -> tuple[Piece, ...]:
    """Return about `limit` characters of plain text around `spans`, the words in them marked.

    `spans` are [start, end) in `raw`; `around` are those of them that must be seen, else any may
    be. The text is cut at ends of sentences, else between words, and "..." stands where it was
    cut. Without spans: the beginning of the text.
    """
    text, marks, wanted = _marked(plain(raw), sorted(spans), around)
    room = max(20, limit - 2 * len(_CUT) - 2)
    start, end = (0, len(text)) if len(text) <= limit else _window(text, wanted or marks, room)
    pieces = _pieces(text, [m for m in marks if m[0] < end and m[1] > start], start, end)
    if start > 0:
        pieces.insert(0, Piece(_CUT + " "))
    if end < len(text):
        pieces.append(Piece(" " + _CUT))
    return _merged(pieces)


def _marked(
    source: Plain, spans: Sequence[tuple[int, int]], around: Collection[tuple[int, int]]
) -> tuple[str, list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the safe text, where the spans are in it, and those of them that meet `around`."""
    out: list[str] = []
    marks: list[tuple[int, int]] = []
    wanted: list[tuple[int, int]] = []
    done = length = 0

    def add(start: int, end: int) -> tuple[int, int]:
        nonlocal length
        clean = _safe(source.text[start:end])
        if not out or out[-1][-1:] in (" ", GAP):
            clean = clean.lstrip()
        if clean:
            out.append(clean)
        length += len(clean)
        return length - len(clean), length

    for raw_start, raw_end in spans:
        start, end = source.find(raw_start, raw_end)
        start = max(start, done)
        if start >= end:
            continue
        add(done, start)
        marks.append(add(start, end))
        if any(first < raw_end and last > raw_start for first, last in around):
            wanted.append(marks[-1])
        done = end
    add(done, len(source.text))
    text = "".join(out).rstrip()
    return text, _within(marks, len(text)), _within(wanted, len(text))


def _within(marks: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    return [(start, min(end, length)) for start, end in marks if start < min(end, length)]


def _window(text: str, marks: Sequence[tuple[int, int]], room: int) -> tuple[int, int]:
    starts = [0, *(found.end() for found in _SENTENCE_START.finditer(text))]
    first, last = _densest(marks, room // 2)
    start = starts[bisect_right(starts, first) - 1]
    if first - start > 2 * room // 3 or last - start > room:  # its sentence begins too far off
        start = _word_start(text, first - room // 4, first)
    end = min(len(text), start + room)
    last = min(last, end)  # a mark that is longer than the room is cut
    if end == len(text):
        return _earlier(text, starts, start, room), end
    sentence = starts[bisect_right(starts, end + 1) - 1]
    if sentence > max(last, start + room // 2):
        return start, len(text[:sentence].rstrip())
    return start, _word_end(text, end, max(last, start + 1))


def _densest(marks: Sequence[tuple[int, int]], room: int) -> tuple[int, int]:
    """Return where the first stretch of `room` characters with the most marks begins and ends."""
    if not marks:
        return 0, 0
    ends = [end for _, end in marks]
    best = (0, marks[0][0], marks[0][1])
    for at, (start, end) in enumerate(marks):
        inside = max(at + 1, bisect_right(ends, start + room))
        if inside - at > best[0]:
            best = (inside - at, start, max(end, ends[inside - 1]))
    return best[1], best[2]


def _earlier(text: str, starts: Sequence[int], start: int, room: int) -> int:
    """Return the earliest sentence, else word, from which the rest of the text still has room."""
    at = bisect_left(starts, len(text) - room)
    if at < len(starts) and starts[at] <= start:
        return starts[at]
    return min(start, _word_start(text, len(text) - room, start))


def _word_start(text: str, at: int, latest: int) -> int:
    blank = max(text.find(" ", max(0, at), latest), -1)
    return blank + 1 if blank >= 0 else latest


def _word_end(text: str, at: int, earliest: int) -> int:
    blank = text.rfind(" ", earliest, at + 1)
    return blank if blank > 0 else at


def _pieces(text: str, marks: Sequence[tuple[int, int]], start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    at = start
    for mark_start, mark_end in marks:
        left, right = max(mark_start, start), min(mark_end, end)
        pieces += (Piece(text[at:left]), Piece(text[left:right], marked=True))
        at = right
    return [*pieces, Piece(text[at:end])]


def _merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        clean = piece.text.replace(GAP, " ")
        if merged and merged[-1].marked == piece.marked:
            merged[-1] = Piece(merged[-1].text + clean, piece.marked)
        else:
            merged.append(Piece(clean, piece.marked))
    return tuple(merged)
