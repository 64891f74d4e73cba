"""Readers of lists, translations and queries; and the table of all readers.

A single value stands for a list of one. What a comma, a dash or curly quotes did to a list that
was meant otherwise is told here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from alerts.config import scalars
from alerts.config.findings import quoted
from alerts.config.keys import BY_NAME, Key
from alerts.config.nodes import MappingNode, Node, ScalarNode, SequenceNode, is_plain
from alerts.config.reading import Read, Reading
from alerts.config.scalars import (
    LANGUAGES,
    choice,
    eaten_hashtag,
    language,
    scalar,
    what,
    word,
)
from alerts.errors import GrammarError
from alerts.rules import query
from alerts.tree import Node as Tree

_WRITTEN = BY_NAME["subscriber"]["language"].choices
_ABBREVIATION = re.compile(r"[A-Z][A-Za-z]{0,4}\.(?:[A-Z]\.)*|Inc|Jr|Sr|LLC|Ltd")

# --- lists -----------------------------------------------------------------------------------


def items(reading: Reading, node: Node, row: Key, *, commas: bool = False) -> list[Node] | None:
    """Return the items of a list; one value stands for a list of one.

    `commas`: "ice, sanctuary" without brackets is taken apart, with a warning.
    """
    if isinstance(node, SequenceNode):
        return _whole_items(reading, node)
    if isinstance(node, MappingNode):
        return [node]
    found = scalar(reading, node, what(row))
    if found is None or _dashes(reading, found):
        return None
    if commas and is_plain(found) and "," in found.value:
        return _split(reading, found, row)
    return [found]


def _dashes(reading: Reading, node: ScalarNode) -> bool:
    """Tell of "-ICE -raid": list items without the blank after the dash."""
    if node.style or not re.match(r"-[^\s\d-]", node.value):
        return False
    told = 'A list item needs a blank after "-"; without it this is one text.'
    lines = " ".join(f"- {part}" for part in re.split(r"(?:^|\s+)-", node.value) if part)
    reading.findings.error(node, told, f"Write, each on its own line: {lines[:80]}")
    return True


def _split(reading: Reading, node: ScalarNode, row: Key) -> list[Node]:
    parts = [part.strip() for part in node.value.split(",") if part.strip()]
    told = f"{what(row)} is a list; it is read as {', '.join(map(quoted, parts))}."
    reading.findings.warn(node, told, f"Write: {row.name}: [{', '.join(parts)}]")
    made: list[Node] = [
        ScalarNode(node.tag, part, node.start_mark, node.end_mark, style="") for part in parts
    ]
    return made


def _whole_items(reading: Reading, node: SequenceNode) -> list[Node]:
    """Return the items; those of a quoted text that a comma tore apart are told, and left out."""
    found: list[Node] = []
    torn: list[ScalarNode] = []
    for item in node.value:
        value = item.value.strip() if isinstance(item, ScalarNode) and not item.style else ""
        if torn:
            torn.append(item)
            if value.endswith(("”", "“", "»", "’")):
                _say_torn(reading, torn)
                torn = []
        elif node.flow_style and value[:1] in "“„«" and value and value[-1] not in "”“»":
            torn = [item]
        else:
            found.append(item)
    if torn:
        found += torn
    _say_abbreviation(reading, node)
    return found


def _say_torn(reading: Reading, torn: list[ScalarNode]) -> None:
    whole = ", ".join(str(part.value).strip() for part in torn)
    told = "These are curly quotes, as word processors make them; the comma tears them apart."
    inner = whole.strip("“”„«»")
    reading.findings.error(torn[0], told, f'Use straight ones: "{inner}"', start=0, end=1)


def _say_abbreviation(reading: Reading, node: SequenceNode) -> None:
    """Warn of [Madison, Wis., Dane County]: the comma belonged to the name."""
    if not node.flow_style:
        return
    for before, item in zip(node.value, node.value[1:], strict=False):
        if not (is_plain(before) and is_plain(item) and _ABBREVIATION.fullmatch(item.value)):
            continue
        terms = [quoted(str(part.value), 30) for part in node.value if isinstance(part, ScalarNode)]
        counts = f"{len(terms)} terms, {', '.join(terms[:-1])} and {terms[-1]}"
        told = f"The comma splits this into {counts}."
        reading.findings.warn(item, told, f'For one term write "{before.value}, {item.value}"')


def texts(reading: Reading, node: Node, row: Key) -> tuple[tuple[ScalarNode, str], ...] | None:
    """Read texts with their nodes; one text stands for a list of one."""
    found = items(reading, node, row, commas=row.name in ("tags", "feeds"))
    if found is None:
        return None
    read = [word(reading, item, f"An item of {what(row)}") for item in found]
    return tuple((item, item.value.strip()) for item in read if item is not None)


def _some(reading: Reading, node: Node, row: Key) -> list[Node] | None:
    """Return at least one item."""
    found = items(reading, node, row, commas=True)
    if isinstance(node, SequenceNode) and not node.value:
        told, hint = (
            f"{what(row)} is an empty list.",
            f"Write for example {row.name}: {row.example}",
        )
        reading.findings.error(node, told, hint)
        return None
    return found


def words(reading: Reading, node: Node, row: Key) -> tuple[str, ...] | None:
    """Read one or several of the row's choices."""
    found = _some(reading, node, row)
    if found is None:
        return None
    one = Key(row.name, "choice", row.meaning, choices=row.choices)
    read = [choice(reading, item, one) for item in found]
    return tuple(dict.fromkeys(item for item in read if item is not None))


def languages(reading: Reading, node: Node, row: Key) -> tuple[str, ...] | None:
    """Read one or several language codes."""
    found = _some(reading, node, row)
    if found is None:
        return None
    read = [language(reading, item, row) for item in found]
    return tuple(dict.fromkeys(item for item in read if item is not None))


def translations(reading: Reading, node: Node, row: Key) -> Mapping[str, str] | None:
    """Read a text, or one per language: {en: …, es: …}."""
    if not isinstance(node, MappingNode):
        found = word(reading, node, what(row))
        return None if found is None else {"en": found.value.strip()}
    read: dict[str, str] = {}
    for name, (key, value) in (reading.entries(node) or {}).items():
        if name.lower() not in _WRITTEN:
            meant = LANGUAGES.get(name.casefold())
            hint = f"Write {meant}:" if meant in _WRITTEN else "Write en: or es:"
            told = f"{quoted(name)} is no language that digests are written in."
            reading.findings.error(key, told, hint)
            continue
        text = word(reading, value, what(row))
        if text is not None:
            read[name.lower()] = text.value.strip()
    return read


# --- queries ---------------------------------------------------------------------------------


def tree(
    reading: Reading, node: Node, row: Key, *, under: str = "query"
) -> tuple[ScalarNode, Tree] | None:
    """Read one query; `under` is the key whose list it stands in."""
    found = word(reading, node, what(row))
    if found is None:
        return None
    try:
        made = query.parse(found.value, key=under)
    except GrammarError as error:
        if not eaten_hashtag(reading, found, as_error=True):
            reading.findings.grammar(found, error)
        return None
    eaten_hashtag(reading, found)
    return found, made


def trees(reading: Reading, node: Node, row: Key) -> tuple[tuple[ScalarNode, Tree], ...] | None:
    """Read a list of queries; None if one of them is wrong."""
    found = items(reading, node, row)
    if found is None:
        return None
    if not found:
        if isinstance(node, SequenceNode) and not node.value:
            told, hint = f"{what(row)} is an empty list.", "Write at least one query."
            reading.findings.error(node, told, hint)
        return None
    item_row = Key(f"an item of {row.name}", "query", row.meaning)
    read = [tree(reading, item, item_row, under=row.name) for item in found]
    whole = tuple(one for one in read if one is not None)
    return whole if len(whole) == len(read) else None


def as_node(_reading: Reading, node: Node, _row: Key) -> Node:
    """Leave the value to the noun's own reader."""
    return node


READERS: Mapping[str, Read] = {
    "text": scalars.text,
    "texts": texts,
    "words": words,
    "translations": translations,
    "flag": scalars.flag,
    "choice": scalars.choice,
    "number": scalars.number,
    "distance": scalars.distance,
    "duration": scalars.duration,
    "url": scalars.url,
    "file": scalars.file,
    "secret": scalars.secret,
    "language": scalars.language,
    "languages": languages,
    "when": scalars.when,
    "zone": scalars.zone,
    "quiet": scalars.quiet,
    "urgent_window": scalars.urgent_window,
    "moment": as_node,
    "id": scalars.identifier,
    "version": scalars.version,
    "query": tree,
    "queries": trees,
    "list": as_node,
    "mapping": as_node,
    "node": as_node,
    "destinations": as_node,
}
