"""Tags (!) and anchors (&) that YAML would take out of a value without a word.

An anchor that an alias uses is left alone, and so is one at a list or mapping, where no text can be
lost. Of a value that is told here the rest is read as if the sigil were not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from alerts.config.findings import Findings, quoted
from alerts.config.nodes import MappingNode, Node, ScalarNode, children

_POSSIBLE = re.compile(r"(?:^|[\s\[{,:?-])[!&]", re.M)
_PROPERTIES = re.compile(r"(?:([&!])(\S*)\s*)(?:[&!]\S*\s*)?")
_KINDS = {  # what these tags say is so already
    "tag:yaml.org,2002:str": ScalarNode,
    "tag:yaml.org,2002:map": MappingNode,
}


def say_sigils(findings: Findings, text: str, roots: Sequence[Node]) -> None:
    """Record an error at every tag, and at every anchor of a value that nothing refers to."""
    if not _POSSIBLE.search(text):
        return
    for node, is_used in _nodes(roots):
        line = findings.line(node.start_mark.name, node.start_mark.line + 1)
        found = _PROPERTIES.match(line, node.start_mark.column)
        if isinstance(node, MappingNode) and not node.flow_style and node.value:
            first = node.value[0][0].start_mark  # what stands before the first key is its own
            found = None if first.index == node.start_mark.index else found
        if found is None or isinstance(node, _KINDS.get(node.tag, ())):
            continue
        is_tag = "!" in found[0]
        if is_tag or not (is_used or not isinstance(node, ScalarNode)):
            _say(findings, node, line, found)


def _nodes(roots: Sequence[Node]) -> Iterator[tuple[Node, bool]]:
    """Yield every node once, and whether an alias refers to it."""
    seen: dict[int, Node] = {}
    used: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) in seen:
            used.add(id(node))
            continue
        seen[id(node)] = node
        stack.extend(children(node))
    for key, node in seen.items():
        yield node, key in used


def _say(findings: Findings, node: Node, line: str, found: re.Match[str]) -> None:
    sigil = found[0].strip()
    told = f"A value that begins with {found[1]} is a tag to YAML, which takes {quoted(sigil)} out."
    if found[1] == "&" and "!" not in sigil:
        told = f"{quoted(sigil)} is an anchor to YAML: a name for this value, and nothing uses it."
    hint = "Take it away."
    if isinstance(node, ScalarNode):
        start, end = node.start_mark, node.end_mark
        written = line[start.column : end.column if end.line == start.line else None].strip()
        node.value = node.value or found[2] or sigil
        hint = f"If it belongs to the text, put all of it in quotes: {quoted(written)}"
        hint += "; if not, take it away."
    if found[1] == "!":
        hint += " To leave articles out, write NOT or none:."
    findings.error(node, told, hint)
