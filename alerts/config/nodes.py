"""The bytes of one YAML file -> nodes with positions, every scalar as it was written.

PyYAML's C parser composes; nothing is resolved (22:30, yes and 1_000 stay text) and nothing is
constructed. What a node means is the readers' matter; wording of syntax errors: `syntax`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

__all__ = [
    "MappingNode",
    "Node",
    "Refused",
    "ScalarNode",
    "SequenceNode",
    "documents",
    "is_plain",
    "refusal",
    "split_lines",
]

MAX_BYTES = 5_000_000
MAX_DEPTH = 60  # a sensible file nests 8 deep; the C composer recurses and would overrun its stack
MAX_EXPANDED = 1_000_000  # nodes after every alias is followed: a bomb has billions

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what YAML 1.1 calls the end of a line
_BRACKET = re.compile(r"[\[\]{}]")
_INDICATORS = re.compile(rf"^(?:[ \t]*[-?:\[{{]){{{MAX_DEPTH // 2},}}|^[ \t]{{{MAX_DEPTH},}}", re.M)


class Refused(Exception):
    """The document is well-formed YAML but not one this program reads; `node` may be None."""

    def __init__(self, message: str, suggestion: str = "", node: Node | None = None) -> None:
        super().__init__(message)
        self.message, self.suggestion, self.node = message, suggestion, node


class _Named:
    """A text with the file's name, which the parser writes into every mark."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._rest = text

    def read(self, _size: int = -1) -> str:
        rest, self._rest = self._rest, ""
        return rest


class _Parser(yaml.CSafeLoader):
    """The C parser with the resolver left out: what was written is what is read."""

    def resolve(self, kind: type[Node], _value: object, _implicit: object) -> str:
        return kind.__name__

    def descend_resolver(self, _parent: object, _index: object) -> None:
        """Nothing is resolved by path."""

    def ascend_resolver(self) -> None:
        """Nothing is resolved by path."""


def documents(name: str, text: str) -> list[Node]:
    """Return the root node of each document that holds something; [] if there is none.

    Raises yaml.YAMLError for wrong syntax, Refused for nesting and alias bombs.
    """
    if _may_nest_deeply(text):
        _check_depth(name, text)
    parser = _Parser(_Named(name, text))
    roots: list[Node] = []
    while parser.check_node():
        root = cast("Node", parser.get_node())
        if not roots or not (is_plain(root) and not root.value):
            roots.append(root)
    for root in roots if "*" in text else ():
        _check_size(root)
    return roots


def _may_nest_deeply(text: str) -> bool:
    """Return False where counting brackets and indentation already rules it out."""
    depth = 0
    for found in _BRACKET.finditer(text):
        depth += 1 if found[0] in "[{" else -1 if depth else 0
        if depth > MAX_DEPTH // 2:
            return True
    return _INDICATORS.search(text) is not None


def _check_depth(name: str, text: str) -> None:
    parser, depth = _Parser(_Named(name, text)), 0
    while parser.check_event():
        event: Any = parser.get_event()
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise Refused(
                f"Lists and keys are nested more than {MAX_DEPTH} deep here.",
                "This file needs about eight levels; look for brackets that are never closed.",
                ScalarNode("", "", event.start_mark, event.end_mark),
            )


def _check_size(root: Node) -> None:
    """Refuse anchors that hold themselves, and aliases that multiply without end."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, is_done = stack.pop()
        if is_done:
            open_nodes.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children(node))
            if sizes[id(node)] > MAX_EXPANDED:
                raise Refused(
                    "The aliases (*) below this point multiply into more than a million values.",
                    "Write the values out, or use fewer aliases.",
                    node,
                )
        elif id(node) in open_nodes:
            raise Refused(
                "This anchor (&) contains itself.", "Take the alias (*) out of its own value.", node
            )
        elif id(node) not in sizes:
            open_nodes.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in children(node))


def children(node: Node) -> Iterable[Node]:
    """Return the nodes right below: items, or keys and values."""
    if isinstance(node, SequenceNode):
        return list(node.value)
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return ()


def split_lines(text: str) -> list[str]:
    """Return the lines as the parser counts them, without their ends."""
    return _BREAK.split(text)


def is_plain(node: Node) -> bool:
    """Return whether a scalar was written without quotes."""
    return isinstance(node, ScalarNode) and not node.style


def refusal(data: bytes) -> tuple[str, str] | None:
    """Return why these bytes are no text of ours (sentence, what to do); None if they are.

    Of a file that is too big MAX_BYTES + 1 are enough.
    """
    if len(data) > MAX_BYTES:
        told = f"The file is too big: at most {MAX_BYTES:,} bytes are read."
        return told, "Split it, and name the parts under include:."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "The file is saved as UTF-16.", "Save it as UTF-8 in your editor."
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        told = f"Line {line} has a byte (0x{data[error.start]:02x}) that is no UTF-8."
        return told, "Save the file as UTF-8 in your editor."
    return None
