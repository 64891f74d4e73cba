"""What the readers share while one configuration is read: findings, variables, names seen so far.

Mappings are opened here: duplicate keys, merge keys, unknown keys and wrong kinds of value are
the same for every noun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.config import keys
from alerts.config.findings import Findings, listed, quoted
from alerts.config.hiding import SECRET_KEYS
from alerts.config.keys import Key, Where
from alerts.config.nodes import MappingNode, Node, ScalarNode, SequenceNode
from alerts.config.variables import Variables
from alerts.rules.mistakes import nearest

#: Reads a value; None after an error was recorded (or an allowed variable is unset).
Read = Callable[["Reading", Node, Key], Any]

Entry = tuple[ScalarNode, Node]


@dataclass
class Fields:
    """The keys of one mapping: nodes of all, values of those that could be read."""

    at: Node
    nodes: Mapping[str, Entry]
    values: dict[str, Any] = field(default_factory=dict)
    meant: set[str] = field(default_factory=set)  # keys that misspelt ones probably are

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def is_meant(self, *names: str) -> bool:
        """Whether one of these keys is there, or was probably meant by a misspelt one."""
        return any(name in self.nodes or name in self.meant for name in names)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value that was read, else `default`."""
        return self.values.get(name, default)

    def key(self, name: str) -> ScalarNode:
        """Return the node of a key that is there."""
        return self.nodes[name][0]

    def value(self, name: str) -> Node:
        """Return the node of the value of a key that is there."""
        return self.nodes[name][1]


@dataclass
class Reading:
    """The state of one run of `load`."""

    findings: Findings
    variables: Variables
    not_in_effect: dict[str, None] = field(default_factory=dict)
    now: float | None = None  # epoch seconds; None: what depends on the day is not judged
    is_of_disk: bool = True  # False: what was stored before, and stays good with less installed
    unreadable: dict[str, Node] = field(default_factory=dict)  # rules whose text is broken YAML
    _known: dict[tuple[str, str, int], Any] = field(default_factory=dict)

    def entries(self, node: Node, what: str = "key") -> dict[str, Entry] | None:
        """Return the keys of a mapping with their values; None if the node is no mapping."""
        if not isinstance(node, MappingNode):
            return None
        found: dict[str, Entry] = {}
        merged: list[Node] = []
        for key, value in node.value:
            name = self._key_name(key)
            if name is None:
                continue
            if name == "<<" and not key.style:
                merged.append(value)
            elif name in found:
                self._duplicate(key, name, found[name][0], what)
            else:
                found[name] = (key, value)
        for value in merged:
            for name, entry in self._merged(value).items():
                found.setdefault(name, entry)
        return found

    def _key_name(self, key: Node) -> str | None:
        if isinstance(key, ScalarNode) and (key.value or key.style):
            return str(key.value).strip()
        told = "A key is one word here, not a list or mapping."
        if isinstance(key, ScalarNode):
            told = "A key is missing before this colon."
        elif isinstance(key, MappingNode):
            told = "{ } begins a mapping for YAML; a key is one word."
        self.findings.error(key, told, "Write: key: value. A value with { } needs quotes.")
        return None

    def _duplicate(self, key: Node, name: str, first: Node, what: str) -> None:
        where = self.findings.where(first, key)
        if what == "rule":
            told = f"The rule {quoted(name)} is already defined at {where}; "
            told += "only one of them could count."
            self.findings.error(key, told, "Rename one, or join their lists.")
            return
        told = f"{quoted(name)} already stands at {where}; only one of them could count."
        self.findings.error(key, told, "Delete one, or join their values.")

    def _merged(self, value: Node) -> dict[str, Entry]:
        parts = value.value if isinstance(value, SequenceNode) else [value]
        found: dict[str, Entry] = {}
        for part in parts:
            entries = self.entries(part)
            if entries is None:
                told = "<< takes over the keys of another mapping, and this is none."
                self.findings.error(part, told, "Write: <<: *name, with &name at a mapping above.")
                continue
            for name, entry in entries.items():
                found.setdefault(name, entry)
        return found

    def fields(self, node: Node, where: Where, read: Mapping[str, Read]) -> Fields | None:
        """Return the keys of a mapping, checked against the table; None after an error."""
        entries = self.entries(node)
        if entries is None:
            told = f"Here {keys.TITLES[where]} is due: keys and values."
            example = ", ".join(key.name + ": …" for key in keys.TABLE[where][:3])
            self.findings.error(node, told, f"Write for example {example}")
            return None
        return self.read(Fields(node, entries), where, read)

    def read(self, fields: Fields, where: Where, read: Mapping[str, Read]) -> Fields:
        """Read the value of every known key; unknown ones are errors."""
        table = keys.BY_NAME[where]
        for name, (key, value) in fields.nodes.items():
            row = table.get(name)
            if row is None:
                if self._comma(fields, key, value):
                    continue
                near = self.unknown_key(key, name, where)
                fields.meant.add(near or "")
                continue
            found = self.value(value, row, read[row.kind])
            if found is not None:
                fields.values[name] = found
        for row in keys.TABLE[where]:
            if row.required and not fields.is_meant(row.name):
                told = f"{keys.TITLES[where].capitalize()} needs the key {quoted(row.name)}."
                self.findings.error(fields.at, told, f"Write: {row.name}: {row.example}")
        return fields

    def _comma(self, fields: Fields, key: ScalarNode, value: Node) -> bool:
        """Tell of {name: Flores, Ana}: what follows the comma reads as a key without a value."""
        is_bare = isinstance(value, ScalarNode) and not value.value and not value.style
        if not (is_bare and isinstance(fields.at, MappingNode) and fields.at.flow_style):
            return False
        before = [v for k, v in fields.nodes.values() if k.start_mark.index < key.start_mark.index]
        last = before[-1] if before else None
        of_secret = {v for name, (_, v) in fields.nodes.items() if name in SECRET_KEYS}
        if last in of_secret:
            told = "The comma ends the value before it."
            self.findings.error(key, told, "If it is one value, put it in quotes.")
            return True
        if not isinstance(last, ScalarNode) or not last.value:
            return False
        told = f"The comma ends the value {quoted(last.value)}."
        self.findings.error(key, told, f'If it is one value, write "{last.value}, {key.value}"')
        return True

    def value(self, node: Node, row: Key, read: Read) -> Any:
        """Read one value; a node that many share (defaults, aliases) is read once."""
        known = (row.kind, row.name, id(node))
        if known not in self._known:
            self._known[known] = read(self, node, row)
        return self._known[known]

    def unknown_key(self, key: ScalarNode, name: str, where: Where) -> str | None:
        """Record an unknown key with the nearest known one, which is returned."""
        choices = list(keys.BY_NAME[where])
        meant = keys.MEANT.get(name.lower())
        near = meant if meant in choices else nearest(name, choices)
        if near:
            hint = f"Did you mean {quoted(near)}?"
        else:
            others = [w for w in keys.TABLE if name in keys.BY_NAME[w]]
            hint = f"Known here: {', '.join(choices)}."
            if others:
                hint = f"It belongs to {keys.TITLES[others[0]]}. {hint}"
        self.findings.error(key, f"There is no key {quoted(name)} in {keys.TITLES[where]}.", hint)
        return near

    def later(self, what: str) -> None:
        """Remember a key that is set and whose behaviour is still to come."""
        self.not_in_effect.setdefault(what)


def one_of(name: str, choices: Iterable[str]) -> str:
    """Return the suggestion for a value that must be one of a few."""
    choices = list(choices)
    near = nearest(name, choices)
    if near and near != name:
        return f"Did you mean {quoted(near)}?"
    return f"Write {listed(choices)}."
