"""From characters to tokens, and from a written word to the words of the tree.

One regular expression cuts a query; every alternative of it is possessive or ends at a single
character, so that time is linear. What tokens mean together is decided in `query`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from re import Match

from alerts.rules.mistakes import QueryError
from alerts.tokens import APOSTROPHES
from alerts.tree import Word

#: Kinds of tokens: the groups of TOKEN in order; END stands after the last token.
END, OPEN, CLOSE, OR, AND, NOT, EXCEPT, NEAR, QUOTED, REGEX, VALUE, FIELD, WORD, UNCLOSED = range(
    14
)
OPERATORS = frozenset((OR, AND, NOT, EXCEPT, NEAR))

QUOTES = "\"“”„«»"  # fmt: skip
CLOSING = {'"': '"', "“": "”", "”": "”", "„": "“", "«": "»", "»": "»"}
_QUOTE_BLANKS = str.maketrans(dict.fromkeys(QUOTES, " "))
_STOP = r"\s()|" + QUOTES  # a word ends here
_APART = f"(?![^{_STOP}])"  # nothing of a word follows

TOKEN = re.compile(
    rf"""\s*+(?:
    (\() | (\))
  | (\| | OR{_APART}) | (AND{_APART}) | (NOT{_APART}) | (EXCEPT{_APART})
  | (NEAR(?:/[0-9]++)?+{_APART})
  | ((?:i:|[=~])?+(?:"[^"]*+"|“[^”]*+”|„[^“”]*+[“”]|«[^»]*+»|”[^”]*+”))
  | (/(?:[^/\\]|\\.)++/c?+{_APART})
  | ((?:feed|place|lang|link|rule):(?![{_STOP}]|(?:i:|[=~])[{QUOTES}])[^{_STOP}]++)
  | ((?!i:)[A-Za-z][A-Za-z,_-]*+:)
  | ((?![/{QUOTES}])[^{_STOP}]++(?:\([^{_STOP}]*+\)[^{_STOP}]*+)*+)
  | ((?s:\S.*+))
    )""",
    re.VERBOSE,
)

IN_QUOTES = '"'  # the mark of words that have none of their own and cannot be operators

ACRONYM_LENGTHS = range(2, 6)  # letters
SHORTEST_PREFIX = 3  # letters before a *: shorter ones match half the dictionary
CACHED_LENGTH = 40  # characters of a written word; longer ones are rare and would fill memory

_JOINTS = re.compile(r"[-‐‑‒–—―−_﹣－/]+")
_DOTTED = re.compile(r"[^\W\d_](?:\.[^\W\d_])+\.?")
_POSSESSIVE = re.compile(f"[{APOSTROPHES}][sS]$")
_WITHOUT_SIGNS = str.maketrans(dict.fromkeys(f".{APOSTROPHES}"))
_MISTYPED_NEAR = re.compile(r"(?i:near[/:~(]?\d.*|W/\d+)|NEAR[/:~(].*")
_LEADING, _TRAILING = "#@$€£", "+#"  # signs that belong to a word: #ICE, @ICEgov, $5, C++, C#
_WAYS_OF_OTHERS = {
    "||": "OR",
    "!": "NOT",
    "-": "NOT",
    "+": "AND",
}


def tokens(text: str) -> list[Match[str]]:
    """Cut `text` into tokens; `lastindex` of each is its kind."""
    return list(TOKEN.finditer(text.rstrip()))  # blanks at the end would be tried one by one


def quoted(token: str) -> tuple[str, str]:
    """Return the mark before a quoted phrase ("", "=", "~" or "i:") and what the quotes hold."""
    mark = token[0] if token[0] in "=~" else "i:" if token[0] == "i" else ""
    return mark, token[len(mark) + 1 : -1]


def phrase(content: str, mark: str, start: int, end: int) -> tuple[Word, ...]:
    """Return the words inside quotes; a quotation mark in there is a blank."""
    inside = content.translate(_QUOTE_BLANKS)
    return placed(inside.split() or [""], mark or IN_QUOTES, start, end)


def placed(written: list[str], mark: str, start: int, end: int) -> tuple[Word, ...]:
    """Return the words of a phrase; QueryError for [start, end) if there is none or a bad one."""
    try:
        found = words(written[0], mark)
        for raw in written[1:]:
            found += words(raw, mark)
    except QueryError as wrong:
        raise QueryError(wrong.message, start=start, end=end, hint=wrong.hint) from None
    if found:
        return found
    shown = " ".join(written)
    what = f"`{shown}` holds no letter and no digit" if shown else "Nothing stands in these quotes"
    raise QueryError(
        f"{what}, so it can never be found.",
        start=start,
        end=end,
        hint=_others_way(written) or "Write the word to look for.",
    )


def _others_way(written: list[str]) -> str:
    sign = next((s for s in written if s in _WAYS_OF_OTHERS), None)
    return f"If an operator is meant, write {_WAYS_OF_OTHERS[sign]}." if sign else ""


def words(raw: str, mark: str = "") -> tuple[Word, ...]:
    """Return the words that `raw`, a stretch without blanks, stands for; QueryError if it is bad.

    `mark` is that of the quotes around it; IN_QUOTES if they have none, "" if there are no quotes.

    Mostly one. None if it holds no letter and no digit: articles have no such words either.
    Several if it joins an acronym to something ("anti-ICE", "ICE/CBP"): a phrase, so that the
    acronym stays case-sensitive.
    """
    return _cached(raw, mark) if len(raw) <= CACHED_LENGTH else _words(raw, mark)


def _words(raw: str, mark: str) -> tuple[Word, ...]:
    if raw.isascii() and raw.isalpha() and mark in ("", IN_QUOTES):  # nearly all: at once
        if raw.isupper() and len(raw) in ACRONYM_LENGTHS:
            return (Word(raw, "acronym"),)
        return (Word(raw),)
    is_quoted = bool(mark)
    mark, body = _unmarked(raw, mark.strip(IN_QUOTES))
    if not is_quoted:
        _refuse_loose_marks(mark, body)
    if "*" in body:
        return _prefix(body, mark)
    text = trimmed(body)
    if not any(map(str.isalnum, text)):
        return ()
    if mark == "~":
        return (_stem(text),)
    if mark:
        return (Word(text, "exact" if mark == "=" else "fold"),)
    return _unmarked_words(text)


_cached = lru_cache(maxsize=32_768)(_words)


def _refuse_loose_marks(mark: str, body: str) -> None:
    """Outside quotes, a mark needs its word right after it, and other engines' signs mislead."""
    if mark and not body:
        raise QueryError(f"`{mark}` has no word right after it.", hint=f"Write {mark}ice.")
    if mark and body.startswith("("):
        raise QueryError(
            f"`{mark}` stands before one word or one quoted phrase, not before a group.",
            hint=f"Write it before each word of the group: {mark}ice.",
        )
    if mark:
        return
    if body == "&&":
        raise QueryError("`&&` is no operator.", hint="Write AND: raid AND jail.")
    if _MISTYPED_NEAR.fullmatch(body):
        raise QueryError(
            f"`{body}` is no operator.",
            hint="Write NEAR/8, in capitals, with a number of words from 1 to 100.",
        )
    if body[:1] in {"-", "!"} and body[1:2].isalnum():
        raise QueryError(
            f"`{body}`: a {body[0]} before a word excludes nothing here.",
            hint=f"To leave out articles write NOT {body[1:]}.",
        )


def _unmarked(raw: str, mark: str) -> tuple[str, str]:
    own = raw[:1] if raw[:1] in {"=", "~"} else "i:" if raw.startswith("i:") else ""
    return own or mark, raw[len(own) :]


def _unmarked_words(text: str) -> tuple[Word, ...]:
    whole = acronym(text)
    if whole:
        return (Word(whole, "acronym"),)
    parts = [part for part in _JOINTS.split(text) if part]
    if len(parts) > 1 and all(_is_lettered(p) for p in parts) and any(map(acronym, parts)):
        return tuple(word for part in parts for word in _unmarked_words(part))
    return (Word(text),)


def _is_lettered(part: str) -> bool:
    return part.translate(_WITHOUT_SIGNS).isalpha()


def _prefix(body: str, mark: str) -> tuple[Word, ...]:
    stem = body[:-1]
    shown = trimmed(stem)
    if "*" in stem or not body.endswith("*"):
        raise QueryError(
            f"`{body}`: a * can stand only at the end of a word.",
            hint="Write the beginning of the word and one *, as in deport*.",
        )
    if mark:
        raise QueryError(
            f"`{mark}{body}`: a word has either {mark} or *, not both.",
            hint=f"Write {shown}* or {mark}{shown}.",
        )
    *before, last = map(trimmed, _JOINTS.split(shown))
    if sum(map(str.isalnum, last)) < SHORTEST_PREFIX:
        raise QueryError(
            f"`{body}` is too short: a * needs at least {SHORTEST_PREFIX} letters before it.",
            hint="Write more of the word, or list the words you mean with OR.",
        )
    if not any(map(acronym, before)):
        return (Word(shown, "prefix"),)
    lettered = [part for part in before if any(map(str.isalnum, part))]
    return *(word for part in lettered for word in _unmarked_words(part)), Word(last, "prefix")


def _stem(text: str) -> Word:
    if text[0].isupper():
        raise QueryError(
            f"`~{text}`: names and acronyms have no other forms to look for.",
            hint=f"Write {text}; for an ordinary word, ~{text.lower()}.",
        )
    return Word(text, "stem")


def trimmed(text: str) -> str:
    """Return `text` without the punctuation around it; signs that belong to a word stay."""
    start, end = 0, len(text)
    while start < end and _is_loose(text[start], _LEADING):
        start += 1
    while end > start and _is_loose(text[end - 1], _TRAILING):
        end -= 1
    # "287(g)": the closing parenthesis belongs to a word that has the opening one.
    if "(" in text[start:end] and text[end : end + 1] == ")":
        end += 1
    return text[start:end]


def _is_loose(char: str, belonging: str) -> bool:
    return unicodedata.category(char)[0] in "PSZC" and char not in belonging


def acronym(text: str) -> str | None:
    """Return `text` as an acronym of 2 to 5 capitals, dots and possessive off; None if it is none.

    I.C.E. and ICE's are ICE, #ICE is #ICE. With a digit in it (MI5, H2B) it is an ordinary word.
    """
    plain = unicodedata.normalize("NFKC", _POSSESSIVE.sub("", text))
    plain = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    if _DOTTED.fullmatch(plain):
        plain = plain.replace(".", "")
    letters = plain.lstrip("#@")
    return (
        plain
        if len(letters) in ACRONYM_LENGTHS and letters.isalpha() and letters.isupper()
        else None
    )
