"""The YAML form of a rule -> one tree, and what can be judged only when trees stand together.

Each item comes parsed by `query`, so that places stay those of its own text; leaves keep their
identity, so that a caller can find where one was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from alerts.rules import shapes
from alerts.rules.mistakes import QueryError, nearest
from alerts.tree import And, Except, Fact, Near, Node, Not, Or, RuleRef, Scope, TextField

MOST_ALTERNATIVES = 64  # of one alternative of the rule, once its groups are multiplied out


@dataclass(frozen=True, slots=True)
class ReferenceMistake:
    """A `rule:` that cannot be followed; `ref` is the very node, with its place."""

    rule: str
    ref: RuleRef
    message: str
    hint: str


def rule_tree(
    *,
    query: Node | None = None,
    any: Sequence[Node] = (),  # noqa: A002 - the YAML keys
    all: Sequence[Node] = (),  # noqa: A002
    none: Sequence[Node] = (),
    except_: Sequence[Node] = (),
    near: tuple[Sequence[Node], int] | None = None,
    in_: Sequence[TextField] = (),
) -> Node:
    """Return the tree of a rule's keys; QueryError if they make no sense together.

    query, any, all and near hold all of them. near says that each of its words stands at most so
    many words from each other one. An `except` takes away occurrences of all positive words; `in`
    limits both to these fields. `none` drops the article wherever it says so.
    """
    positive = _positive(query, any, all, near)
    if except_:
        phrases = [p for item in except_ for p in shapes.except_phrases(item)]
        positive = shapes.excepted(positive, phrases)
    if in_:
        positive = limited(positive, tuple(in_))
    tree = shapes.without(positive, shapes.any_of(none)) if none else positive
    shapes.require_positive(tree)
    _check_size(tree)
    return tree


def _positive(
    query: Node | None,
    any: Sequence[Node],  # noqa: A002
    all: Sequence[Node],  # noqa: A002
    near: tuple[Sequence[Node], int] | None,
) -> Node:
    parts = [query] if query is not None else []
    if any:
        parts.append(shapes.any_of(any))
    parts.extend(all)
    if near:
        parts.extend(_pairs(*near))
    if parts:
        return shapes.all_of(parts)
    raise QueryError(
        "This rule says only what must not be there; nearly every article would match.",
        hint="Write what to look for: query:, any:, all: or near:.",
    )


def _pairs(words: Sequence[Node], within: int) -> Iterator[Near]:
    if len(words) < 2:
        raise QueryError(
            "near needs at least two words.",
            hint="Write near: {words: [ICE, raid | checkpoint], within: 8}.",
        )
    shapes.distance(f"NEAR/{within}")
    for word in words:
        shapes.near_operand(word)
    for left, right in combinations(words, 2):
        yield Near(left, right, within)


# --- in: ---------------------------------------------------------------------------------------


def limited(node: Node, fields: tuple[TextField, ...]) -> Node:
    """Return `node` with its words looked for in `fields` only; facts and rule: stay as they are.

    QueryError if a field written in the query is none of them.
    """
    if not any(isinstance(inner, Scope | Fact | RuleRef) for inner in shapes.walk(node)):
        return Scope(fields, node)
    match node:
        case And():
            return And(tuple(limited(part, fields) for part in node.parts))
        case Or():
            return Or(tuple(limited(part, fields) for part in node.parts))
        case Not():
            keep = None if node.keep is None else limited(node.keep, fields)
            return Not(limited(node.drop, fields), keep, node.start, node.end)
        case Near():
            left, right = limited(node.left, fields), limited(node.right, fields)
            return Near(left, right, node.within, node.start, node.end)
        case Except():
            phrases = tuple(limited(phrase, fields) for phrase in node.phrases)
            return Except(limited(node.term, fields), phrases, node.start, node.end)
        case Scope():
            return _narrowed(node, fields)
    return node


def _narrowed(scope: Scope, fields: tuple[TextField, ...]) -> Scope:
    common = tuple(field for field in scope.fields if field in fields)
    if common:
        return Scope(common, scope.node)
    raise QueryError(
        f"The query looks in {' and '.join(scope.fields)}, but in: allows only"
        f" {' and '.join(fields)}.",
        hint="Take in: away, or write the fields only in the query.",
    )


# --- size --------------------------------------------------------------------------------------


def alternatives(node: Node) -> int:
    """Return how many ways there are for `node` to hold, once its groups are multiplied out."""
    match node:
        case Or():
            return sum(alternatives(part) for part in node.parts)
        case And():
            return _product(node.parts)
        case Near():
            return _product((node.left, node.right))
        case Not():
            return 1 if node.keep is None else alternatives(node.keep)
        case Except():
            return alternatives(node.term)
        case Scope():
            return alternatives(node.node)
    return 1


def _product(parts: Sequence[Node]) -> int:
    count = 1
    for part in parts:
        count *= alternatives(part)
    return count


def _check_size(node: Node) -> None:
    """Raise QueryError if an alternative of `node` is too wide; a flat list may have any length."""
    for alternative in _flat(node):
        count = alternatives(alternative)
        if count <= MOST_ALTERNATIVES:
            continue
        shown = f"{count:,}" if count < 1_000_000 else "over a million"
        raise QueryError(
            f"Multiplied out, this has {shown} alternatives; {MOST_ALTERNATIVES} are the most.",
            start=getattr(alternative, "start", 0),
            end=getattr(alternative, "end", 0),
            hint="Make a rule of the longest group and name it with rule:, or several rules.",
        )


def _flat(node: Node) -> Iterator[Node]:
    """Yield the alternatives that stand side by side, whatever is taken away from all of them."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        wanted = [p for p in shapes.subnodes(current) if not shapes.is_bare_not(p)]
        match current:
            case Or():
                waiting.extend(current.parts)
            case Except():
                waiting.append(current.term)
            case Scope():
                waiting.append(current.node)
            case Not() if current.keep is not None:
                waiting.append(current.keep)
            case And() if len(wanted) == 1:
                waiting.append(wanted[0])
            case _:
                yield current


# --- rule: -------------------------------------------------------------------------------------


def check_references(trees: Mapping[str, Node], known: Collection[str]) -> list[ReferenceMistake]:
    """Return every `rule:` in `trees` (rule -> tree) that is not in `known` or leads in a circle.

    A circle is told once, at the reference that closes it.
    """
    names = frozenset(known)
    references = {name: _references(tree) for name, tree in trees.items()}
    unknown = [
        _unknown(name, ref, names)
        for name, refs in references.items()
        for ref in refs
        if ref.name not in names
    ]
    return unknown + _circles(references)


def _references(tree: Node) -> tuple[RuleRef, ...]:
    return tuple(node for node in shapes.walk(tree) if isinstance(node, RuleRef))


def _unknown(rule: str, ref: RuleRef, names: frozenset[str]) -> ReferenceMistake:
    likely = nearest(ref.name, names)
    if likely:
        hint = f"Did you mean `{likely}`?"
    elif names:
        hint = f"The rules are {', '.join(sorted(names)[:20])}."
    else:
        hint = "Write the rule under rules: first."
    return ReferenceMistake(rule, ref, f"There is no rule `{ref.name}`.", hint)


def _circles(references: Mapping[str, tuple[RuleRef, ...]]) -> list[ReferenceMistake]:
    """Walk depth first without recursion: a chain of rules may be longer than Python's stack."""
    found: list[ReferenceMistake] = []
    done: set[str] = set()
    for root in references:
        path: dict[str, Iterator[RuleRef]] = {} if root in done else {root: iter(references[root])}
        while path:
            name = next(reversed(path))
            ref = next(path[name], None)
            if ref is None:
                done.add(name)
                del path[name]
            elif ref.name in path:
                found.append(_circle(name, ref, tuple(path)))
            elif ref.name not in done and ref.name in references:
                path[ref.name] = iter(references[ref.name])
    return found


def _circle(rule: str, ref: RuleRef, path: tuple[str, ...]) -> ReferenceMistake:
    around = (*path[path.index(ref.name) :], ref.name)
    if len(around) == 2:
        message = f"The rule `{rule}` refers to itself."
    else:
        message = f"These rules refer to each other in a circle: {' -> '.join(around)}."
    return ReferenceMistake(rule, ref, message, "Take one of these rule: away.")
