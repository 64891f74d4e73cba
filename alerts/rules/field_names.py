"""The fields a query can name, what each may hold, and what people call them instead."""

from __future__ import annotations

import re
from typing import NoReturn, cast

from alerts.rules.mistakes import QueryError, nearest
from alerts.rules.shapes import walk
from alerts.tree import FACT_FIELDS, TEXT_FIELDS, Fact, FactField, Node, RuleRef, Scope, TextField

FIELDS = (*TEXT_FIELDS, *FACT_FIELDS, "rule")
EXAMPLE = {"feed": '"Dane County Courier"', "place": "madison", "lang": "es", "rule": "ice"}
RULE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_-]*)?")

#: What other search engines and other people call the same thing.
_OTHER_NAMES = {
    "headline": "title", "intitle": "title", "titulo": "title", "titre": "title",
    "description": "summary", "teaser": "summary", "body": "content", "text": "content",
    "intext": "content", "by": "author", "writer": "author", "category": "tag", "url": "link",
    "inurl": "link", "host": "link", "domain": "link", "source": "feed", "site": "feed",
    "from": "feed", "outlet": "feed", "city": "place", "location": "place", "language": "lang",
    "topic": "rule",
}  # fmt: skip

_LANGUAGES = {
    "english": "en", "spanish": "es", "espanol": "es", "español": "es", "french": "fr",
    "german": "de", "chinese": "zh", "hmong": "hmn", "arabic": "ar", "portuguese": "pt",
    "vietnamese": "vi", "korean": "ko", "tagalog": "tl", "russian": "ru", "somali": "so",
}  # fmt: skip


def is_like(name: str) -> bool:
    """Whether `name`, small letters or not, names fields: one, or several with commas."""
    return all(part in FIELDS for part in name.lower().split(","))


def read(name: str, start: int, end: int) -> tuple[str, ...]:
    """Return the fields that "title" or "title,summary" names; QueryError at [start, end)."""
    parts = tuple(name.split(","))
    for part in parts:
        if part not in FIELDS:
            _unknown(part, start, end)
    if len(parts) > 1 and not all(part in TEXT_FIELDS for part in parts):
        raise QueryError(
            f"`{name}:` joins fields of different kinds.",
            start=start,
            end=end,
            hint="Join them with OR: title:raid OR place:madison.",
        )
    return tuple(dict.fromkeys(parts))


def _unknown(name: str, start: int, end: int) -> NoReturn:
    likely = _OTHER_NAMES.get(name.lower()) or nearest(name, FIELDS)
    quoted = 'If the colon belongs to the text, put it in quotes: "Re: visas".'
    if name.lower() in ("http", "https"):
        hint = "To look in an article's address write link: and a part of it: link:example.org."
    elif likely:
        hint = f"Did you mean {likely}: ? {quoted}"
    else:
        hint = f"The fields are {', '.join(FIELDS)}. {quoted}"
    raise QueryError(f"There is no field `{name}`.", start=start, end=end, hint=hint)


def text_scope(names: tuple[str, ...], node: Node, start: int, end: int) -> Scope:
    """Return `node` looked for in these text fields; QueryError if it names others itself."""
    inner = next((n for n in walk(node) if isinstance(n, Scope | Fact | RuleRef)), None)
    if inner is None:
        return Scope(cast("tuple[TextField, ...]", names), node)
    raise QueryError(
        f"Another field stands inside the group of `{','.join(names)}:`.",
        start=start,
        end=end,
        hint="Write each field on its own and join them with AND: title:raid AND place:madison.",
    )


def fact(name: str, value: str, start: int, end: int) -> Fact | RuleRef:
    """Return the fact or the rule that "place:madison" or "rule:ice" names; QueryError if none."""
    if name == "rule":
        _check_rule_name(value, start, end)
        return RuleRef(value, start, end)
    if name == "lang":
        value = _language(value, start, end)
    if not any(map(str.isalnum, value)):
        raise QueryError(
            f"`{name}:` has no value after it.",
            start=start,
            end=end,
            hint=f"Write {name}:{EXAMPLE[name]}.",
        )
    return Fact(cast("FactField", name), value, start, end)


def _check_rule_name(value: str, start: int, end: int) -> None:
    if RULE_NAME.fullmatch(value):
        return
    plain = re.sub(r"[^a-z0-9_-]+", "-", value.lower()).strip("-_")
    raise QueryError(
        f"`{value}` cannot be the name of a rule: small letters, digits, - and _ can stand in one.",
        start=start,
        end=end,
        hint=f"Write rule:{plain or 'ice'}.",
    )


def _language(value: str, start: int, end: int) -> str:
    code = value.lower()
    if re.fullmatch(r"[a-z]{2,3}", code):
        return code
    likely = _LANGUAGES.get(code) or _LANGUAGES.get(nearest(code, _LANGUAGES) or "")
    primary = re.match(r"([a-z]{2,3})[-_]", code)
    if primary:
        likely = primary[1]
    raise QueryError(
        f"`{value}` is no code of a language; a code has two or three letters and no region.",
        start=start,
        end=end,
        hint=f"Write lang:{likely or 'es'}.",
    )
