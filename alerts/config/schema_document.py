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
_FLAG = {"enum": [True, False, "yes", "no", "on", "off"]}
_LANGUAGE = {"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"}
_RULE_NAME = "^[a-z0-9][a-z0-9_-]*$"


def _one_or_more(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _ref(where: Where) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{where}"}


_RULE = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}, _ref("rule")]}

#: Kind of a value -> what the schema allows.
KINDS: Mapping[str, dict[str, Any]] = {
    "text": _SCALAR,
    "texts": _one_or_more(_SCALAR),
    "translations": {
        "anyOf": [_TEXT, {"type": "object", "additionalProperties": _TEXT, "minProperties": 1}]
    },
    "flag": _FLAG,
    "number": {"type": "number", "exclusiveMinimum": 0},
    "duration": _DURATION,
    "distance": {"type": "integer", "minimum": 1, "maximum": 100},
    "url": {"type": "string", "pattern": r"^(https?://|\$)"},
    "file": {"type": ["string", "boolean"]},
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
    "quiet": _TEXT,
    "urgent_window": _TEXT,
    "moment": _SCALAR,
    "id": {"type": "string", "pattern": _RULE_NAME},
    "version": {"const": 1},
    "query": _SCALAR,
    "queries": _one_or_more(_SCALAR),
    "destinations": _one_or_more(_TEXT),
}

#: Values that are put together of other places of the table.
_SPECIAL: Mapping[tuple[Where, str], dict[str, Any]] = {
    ("top", "admins"): {"type": ["array", "null"], "items": {"anyOf": [_TEXT, _ref("admin")]}},
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
    ("rule", "near"): {"anyOf": [_ref("near"), {"type": "array", "items": _TEXT, "minItems": 2}]},
    ("rule", "urgent"): {"anyOf": [_TEXT, _ref("urgent")]},
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
        return {"enum": list(key.choices)}
    if key.kind == "words":
        return _one_or_more({"enum": list(key.choices)})
    return KINDS[key.kind]


_SAME: Mapping[Where, tuple[Where, ...]] = {"subscription": ("rule",), "admin": ("subscriber",)}
