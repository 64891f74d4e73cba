"""How nodes may be put together: flat, bounded in depth, and each where it has a meaning.

Shared by the parser (`query`) and the YAML form (`build`), so that both make one kind of tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from alerts.rules.mistakes import QueryError
from alerts.rules.patterns import built
from alerts.tree import And, Except, Fact, Near, Node, Not, Or, Regex, RuleRef, Scope, Term

FURTHEST_NEAR = 100  # words; further apart is another paragraph
DEFAULT_NEAR = 10  # words


def subnodes(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below `node`, in the order they were written."""
    match node:
        case And() | Or():
            return node.parts
        case Near():
            return (node.left, node.right)
        case Not():
            return (node.drop,) if node.keep is None else (node.keep, node.drop)
        case Except():
            return (node.term, *node.phrases)
        case Scope():
            return (node.node,)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and every node below it, in the order they were written."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(subnodes(current)))


def positives(node: Node) -> Iterator[Term | Regex | Fact | RuleRef]:
    """Yield the leaves that can make `node` hold: not what NOT drops, not phrases of EXCEPT."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        match current:
            case Not():
                waiting.extend(() if current.keep is None else (current.keep,))
            case Except():
                waiting.append(current.term)
            case Term() | Regex() | Fact() | RuleRef():
                yield current
            case _:
                waiting.extend(reversed(subnodes(current)))


def is_bare_not(node: Node) -> bool:
    """Whether `node` only says what must not be there."""
    return isinstance(node, Not) and node.keep is None


def all_of(parts: Iterable[Node]) -> Node:
    """Return And of `parts`, flat; the part itself if there is one."""
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, And):
            flat += part.parts
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(parts: Iterable[Node]) -> Node:
    """Return Or of `parts`, flat; the part itself if there is one."""
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, Or):
            flat += part.parts
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def without(keep: Node, drop: Node, start: int = 0, end: int = 0) -> Not:
    """Return `keep NOT drop`; one after another become one, so that a tree stays shallow."""
    if isinstance(keep, Not):
        return Not(any_of((keep.drop, drop)), keep.keep, keep.start, keep.end)
    return Not(drop, keep, start, end)


def excepted(term: Node, phrases: Sequence[Node], start: int = 0, end: int = 0) -> Except:
    """Return `term EXCEPT phrases`; one after another become one.

    QueryError if `term` is facts only: they have no occurrences that could be taken away.
    """
    if isinstance(term, Except):
        return Except(term.term, (*term.phrases, *phrases), term.start, term.end)
    if not all(isinstance(leaf, Fact) for leaf in positives(term)):
        return Except(term, tuple(phrases), start, end)
    raise QueryError(
        "EXCEPT needs words before it: it takes away single occurrences of them.",
        start=start,
        end=end,
        hint='Write ICE EXCEPT "ICE train"; to leave out whole articles write NOT.',
    )


def except_phrases(node: Node, start: int = 0, end: int = 0) -> tuple[Node, ...]:
    """Return what stands after EXCEPT as its phrases; QueryError if there is more than phrases."""
    parts = node.parts if isinstance(node, Or) else (node,)
    for part in parts:
        inner = part.node if isinstance(part, Scope) else part
        if not isinstance(inner, Term):
            raise QueryError(
                "After EXCEPT only words and phrases can stand.",
                start=start,
                end=end,
                hint='Write EXCEPT "ICE train", or EXCEPT ("ICE train" | "ICE Arena").',
            )
    return parts


def near_operand(node: Node, start: int = 0, end: int = 0) -> None:
    """Raise QueryError unless `node` is a word, a phrase or a group of them with | between."""
    if isinstance(node, Term):  # mostly
        return
    waiting: list[Node] = [node]
    while waiting:
        current = waiting.pop()
        match current:
            case Term():
                pass
            case Or():
                waiting.extend(current.parts)
            case Except():
                waiting.append(current.term)
            case Scope():
                waiting.append(current.node)
            case _:
                _refuse_near(current, start, end)


def _refuse_near(node: Node, start: int, end: int) -> None:
    hints = {
        And: "Write a NEAR b AND a NEAR c.",
        Near: "Write a NEAR b AND b NEAR c.",
        Not: "Write (a NEAR b) NOT c.",
    }
    raise QueryError(
        "NEAR joins words, phrases, and groups of them with | between; nothing else has a place"
        " in the text.",
        start=start,
        end=end,
        hint=hints.get(type(node), "Write AND if the place in the text does not matter."),
    )


def distance(operator: str, start: int = 0, end: int = 0) -> int:
    """Return how many words apart "NEAR" or "NEAR/8" allows; QueryError if that makes no sense."""
    digits = operator[5:9]  # four are too many already
    within = int(digits) if digits else DEFAULT_NEAR
    if 1 <= within <= FURTHEST_NEAR:
        return within
    raise QueryError(
        f"`{operator}`: the distance is a number of words from 1 to {FURTHEST_NEAR}.",
        start=start,
        end=end,
        hint="Write NEAR/8, or AND if the place in the text does not matter.",
    )


def check_regex(pattern: str, start: int, end: int, *, match_case: bool = False) -> None:
    """Raise QueryError unless RE2, which takes linear time only, can compile `pattern`."""
    try:
        built(pattern, match_case=match_case)
    except ValueError as wrong:
        problem = str(wrong)
    else:
        return
    look = "Look-ahead, look-behind and back references are not possible" if "(?" in problem else ""
    raise QueryError(
        f"This regular expression cannot be used: {problem}.",
        start=start,
        end=end,
        hint=f"{look or 'Mend it'}; a word, a phrase or deport* often says the same.",
    )


def require_positive(node: Node, key: str = "query") -> None:
    """Raise QueryError if `node`, or an alternative in it, only says what must not be there.

    Under the `key` all, the whole node may: another item says what must be.
    """
    hint = _POSITIVE_HINTS.get(key, "Write what to look for before it: ICE NOT train.")
    if key != "all":
        _refuse_negative(node, hint)
    waiting = [node]
    while waiting:
        current = waiting.pop()
        parts = subnodes(current)
        waiting.extend(parts)
        if not isinstance(current, And):
            for part in parts:
                _refuse_negative(part, hint)


_POSITIVE_HINTS = dict.fromkeys(
    ("any", "none", "near", "except"), "Put what must not be there under none:, without NOT."
)


def _refuse_negative(node: Node, hint: str) -> None:
    parts = node.parts if isinstance(node, And) else (node,)
    if not all(map(is_bare_not, parts)):
        return
    raise QueryError(
        "This says only what must not be there; nearly every article would match.",
        start=getattr(parts[0], "start", 0),
        end=getattr(parts[0], "end", 0),
        hint=hint,
    )
