"""The JSON Schema of subscribers.yaml (draft 2020-12), made from the key table.

It describes the file as an editor sees it: YAML 1.2 scalars. What needs more than one place (names
of rules, examples) only `check` can judge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from alerts.config.keys import TABLE, TITLES, Key, Where

_ID = "https://json-schema.org/draft/2020-12/schema"
_SCALAR: dict[str, Any] = {"type": ["string", "number"]}
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_DURATION = {
    "anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?\s*[smhdwSMHDW]$"}, {"const": 0}]
}
_FLAG = {
    "anyOf": [
        {"enum": [True, False, "yes", "no", "on", "off"]},
        {
            "type": "string",
            "pattern": "^([Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff]"
            "|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$",
        },
    ]
}
_LANGUAGE = {"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"}
_RULE_NAME = "^[a-z0-9][a-z0-9_-]*$"


def _one_or_more(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _ref(where: Where) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{where}"}


def _either_case(choices: tuple[str, ...]) -> dict[str, Any]:
    """Allow one of the choices in any case; editors propose them as they are written here."""
    words = ("".join(_letter(c) for c in choice) for choice in choices)
    pattern = f"^({'|'.join(words)})$"
    return {"anyOf": [{"enum": list(choices)}, {"type": "string", "pattern": pattern}]}


def _letter(char: str) -> str:
    if char == " ":
        return "[ _]+"
    return f"[{char.upper()}{char.lower()}]" if char.isalpha() else char


_QUERY = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "number"}]}
_QUERIES = {"anyOf": [_QUERY, {"type": "array", "items": _QUERY, "minItems": 1}]}
_RULE = {"anyOf": [_QUERY, {"type": "array", "items": _QUERY, "minItems": 1}, _ref("rule")]}
_TRANSLATIONS = {
    "anyOf": [
        _QUERY,
        {
            "type": "object",
            "propertyNames": {"pattern": "^([Ee][Nn]|[Ee][Ss])$"},
            "additionalProperties": _QUERY,
            "minProperties": 1,
        },
    ]
}
_ADMIN = {"anyOf": [_TEXT, _ref("admin")]}
#: A rule says what to look for; what stands at a subscriber may name one instead.
_POSITIVE = [{"required": [name]} for name in ("query", "any", "all", "near")]
_NAMED = {
    "required": ["rule"],
    "propertyNames": {"enum": ["rule", "when", "title"]},
}

#: Kind of a value -> what the schema allows.
KINDS: Mapping[str, dict[str, Any]] = {
    "text": _SCALAR,
    "texts": _one_or_more(_SCALAR),
    "translations": _TRANSLATIONS,
    "flag": _FLAG,
    "number": {
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "string", "pattern": r"^(?=.*[1-9])\d{1,6}(\.\d{1,6})?$"},
        ]
    },
    "duration": _DURATION,
    "distance": {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 100},
            {"type": "string", "pattern": "^(?!0+$)0*([1-9]?[0-9]|100)$", "maxLength": 3},
        ]
    },
    "url": {"type": "string", "pattern": r"^(https?://|\$)"},
    "file": {
        "anyOf": [
            {
                "type": "string",
                "not": {"pattern": "^([Nn][Oo]|[Oo][Ff][Ff]|[Ff][Aa][Ll][Ss][Ee])$"},
            },
            {"const": True},
        ]
    },
    "secret": _TEXT,
    "language": _LANGUAGE,
    "languages": _one_or_more(_LANGUAGE),
    "when": {
        "anyOf": [
            _TEXT,
            {
                "type": "object",
                "properties": {"cron": _TEXT},
                "required": ["cron"],
                "additionalProperties": False,
            },
        ]
    },
    "zone": _TEXT,
    "quiet": {"anyOf": [_TEXT, {"const": False}]},
    "urgent_window": _TEXT,
    "moment": _SCALAR,
    "id": {"anyOf": [{"type": "string", "pattern": _RULE_NAME}, {"type": "integer", "minimum": 0}]},
    "version": {"enum": [1, "1", "1.0"]},
    "query": _QUERY,
    "queries": _QUERIES,
    "destinations": _one_or_more(_TEXT),
}

#: Values that are put together of other places of the table.
_SPECIAL: Mapping[tuple[Where, str], dict[str, Any]] = {
    ("top", "admins"): {"anyOf": [{"type": ["array", "null"], "items": _ADMIN}, *_ADMIN["anyOf"]]},
    ("top", "defaults"): {"anyOf": [{"$ref": "#/$defs/defaults"}, {"type": "null"}]},
    ("top", "feeds"): {
        "type": ["array", "null"],
        "items": {"anyOf": [KINDS["url"], _ref("feed")]},
    },
    ("top", "rules"): {
        "type": ["object", "null"],
        "propertyNames": {"pattern": _RULE_NAME},
        "additionalProperties": _RULE,
    },
    ("top", "subscribers"): {"type": ["array", "null"], "items": _ref("subscriber")},
    ("rule", "near"): {"anyOf": [_ref("near"), {"type": "array", "items": _QUERY, "minItems": 2}]},
    ("rule", "urgent"): {"anyOf": [_QUERY, _ref("urgent")]},
    ("rule", "examples"): _ref("examples"),
    ("subscriber", "rules"): _one_or_more({"anyOf": [_TEXT, _ref("subscription")]}),
    ("subscriber", "webhook"): _one_or_more(_ref("webhook")),
}


def document() -> dict[str, Any]:
    """Return the whole schema."""
    wheres = [where for where in TABLE if where != "top"]
    subscriber = _object("subscriber")
    settings = {k: v for k, v in subscriber["properties"].items() if k not in ("name", "id")}
    defaults = {**subscriber, "properties": settings, "description": "defaults: any of these."}
    return {
        "$schema": _ID,
        "title": "subscribers.yaml",
        **_object("top"),
        "$defs": {**{where: _object(where) for where in wheres}, "defaults": defaults},
    }


def text() -> str:
    """Return the schema as it is published: one document, sorted as the table is."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _object(where: Where) -> dict[str, Any]:
    keys = TABLE[where]
    made: dict[str, Any] = {
        "description": f"{TITLES[where].capitalize()}.",
        "type": "object",
        "properties": {key.name: _property(where, key) for key in keys},
        "additionalProperties": False,
    }
    if where == "rule":
        made["anyOf"] = _POSITIVE
    elif where == "subscription":
        made["anyOf"] = [_NAMED, {"allOf": [{"not": {"required": ["rule"]}}, {"anyOf": _POSITIVE}]}]
    required = [key.name for key in keys if key.required and where != "top"]
    return {**made, "required": required} if required else made


def _property(where: Where, key: Key) -> dict[str, Any]:
    told = key.meaning
    if key.default:
        told += f" Default: {key.default}."
    if key.most:
        told += f" At most {key.most}."
    if not key.in_effect:
        told += " Not yet in effect."
    return {"description": told, **_value(where, key)}


def _value(where: Where, key: Key) -> dict[str, Any]:
    for place in (where, *_SAME.get(where, ())):
        if (place, key.name) in _SPECIAL:
            return _SPECIAL[place, key.name]
    if key.kind == "choice":
        return _either_case(key.choices)
    if key.kind == "words":
        item = _either_case(key.choices)
        return {"anyOf": [*item["anyOf"], {"type": "array", "items": item, "minItems": 1}]}
    return KINDS[key.kind]


_SAME: Mapping[Where, tuple[Where, ...]] = {"subscription": ("rule",), "admin": ("subscriber",)}
