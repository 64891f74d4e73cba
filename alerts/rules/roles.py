"""What the parts of a tree are to the whole: what makes it hold, what it needs, what it drops.

All of it is read off the tree; no article is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from alerts.rules import shapes
from alerts.tree import And, Except, Near, Node, Not, Or, Scope, Term


def alternatives(tree: Node) -> Iterator[Node]:
    """Yield what makes the whole rule hold by itself."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case Or():
                waiting.extend(reversed(node.parts))
            case Except():
                waiting.append(node.term)
            case Scope():
                waiting.append(node.node)
            case Not() if node.keep is not None:
                waiting.append(node.keep)
            case _:
                yield node


def outside_near(tree: Node) -> Iterator[Term]:
    """Yield the positive terms that no NEAR ties to a context."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case Term():
                yield node
            case Near():
                continue
            case Except():
                waiting.append(node.term)
            case Not():
                waiting.extend(() if node.keep is None else (node.keep,))
            case _:
                waiting.extend(reversed(shapes.subnodes(node)))


def needed(node: Node, fields: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Yield every leaf, with the fields it is limited to, without which `node` cannot hold."""
    match node:
        case And():
            for part in node.parts:
                yield from needed(part, fields)
        case Near():
            yield from needed(node.left, fields)
            yield from needed(node.right, fields)
        case Not() if node.keep is not None:
            yield from needed(node.keep, fields)
        case Except():
            yield from needed(node.term, fields)
        case Scope():
            yield from needed(node.node, node.fields)
        case Or() | Not():
            return
        case _:
            yield fields, node


def dropped(node: Node) -> Iterator[Node]:
    """Yield every leaf that alone makes `node` fail."""
    for part in node.parts if isinstance(node, And) else (node,):
        if isinstance(part, Not):
            yield from part.drop.parts if isinstance(part.drop, Or) else (part.drop,)
