"""Tree -> canonical query text: what `query.parse` makes of the text is the same tree again.

OR stands at the top and | inside groups; a phrase is always in quotes. Only the text of a tree near
the parser's length cap may be too long for it.
"""

from __future__ import annotations

from functools import lru_cache

from alerts.rules import query
from alerts.rules.shapes import DEFAULT_NEAR
from alerts.tree import (
    And,
    Except,
    Fact,
    Near,
    Node,
    Not,
    Or,
    Regex,
    RuleRef,
    Scope,
    Term,
    Word,
)

_OR, _AND, _NOT, _NEAR, _EXCEPT, _ATOM = range(6)  # how tightly a form binds, loosest first
_QUOTES = ('""', "“”", "«»")


def query_text(node: Node) -> str:
    """Return `node` in the query language, with as few parentheses as its precedence allows."""
    return _write(node)[0]


def _write(node: Node) -> tuple[str, int]:
    """Return the text of `node` and how tightly it binds."""
    match node:
        case Term():
            return _term(node), _ATOM
        case Regex():
            return f"/{node.pattern}/{'c' if node.match_case else ''}", _ATOM
        case Fact():
            return f"{node.fact}:{_value(node.value)}", _ATOM
        case RuleRef():
            return f"rule:{node.name}", _ATOM
        case Scope():
            return f"{','.join(node.fields)}:{_at_least(node.node, _ATOM)}", _ATOM
        case Or():
            return _listed(node, " OR "), _OR
        case And():
            return " AND ".join(_at_least(part, _NOT) for part in node.parts), _AND
        case Not():
            return _not(node), _NOT
        case Near():
            near = "NEAR" if node.within == DEFAULT_NEAR else f"NEAR/{node.within}"
            return f"{_at_least(node.left, _EXCEPT)} {near} {_at_least(node.right, _EXCEPT)}", _NEAR
    return _except(node), _EXCEPT


def _at_least(node: Node, binding: int) -> str:
    text, own = _write(node)
    if own >= binding:
        return text
    return f"({_listed(node, ' | ')})" if isinstance(node, Or) else f"({text})"


def _listed(node: Or, between: str) -> str:
    return between.join(_at_least(part, _AND) for part in node.parts)


def _not(node: Not) -> str:
    drop = _at_least(node.drop, _EXCEPT)
    return f"NOT {drop}" if node.keep is None else f"{_at_least(node.keep, _NEAR)} NOT {drop}"


def _except(node: Except) -> str:
    phrases = [_at_least(phrase, _ATOM) for phrase in node.phrases]
    after = phrases[0] if len(phrases) == 1 else f"({' | '.join(phrases)})"
    return f"{_at_least(node.term, _ATOM)} EXCEPT {after}"


def _value(value: str) -> str:
    bare = value.replace("-", "").replace(".", "").replace("_", "")
    is_plain = bare.isalnum() and value.upper() not in {"AND", "OR", "NOT", "EXCEPT", "NEAR"}
    return value if is_plain else _quoted(value)


def _quoted(text: str) -> str:
    quotes = next((q for q in _QUOTES if q[1] not in text), _QUOTES[0])
    return f"{quotes[0]}{text}{quotes[1]}"


def _term(term: Term) -> str:
    kinds = {word.kind for word in term.words}
    if len(term.words) == 1:
        return _single(term.words[0])
    if kinds == {"exact"}:
        return f"={_quoted(' '.join(word.text for word in term.words))}"
    return _quoted(" ".join(_marked(word) for word in term.words))


@lru_cache(maxsize=4096)
def _single(word: Word) -> str:
    if _is_plain(word):
        return word.text
    bare = _marked(word)
    return bare if _reads_as(bare, word) else _quoted(bare)


@lru_cache(maxsize=4096)
def _marked(word: Word) -> str:
    """Return one word with its mark; `i:` only where the word would be read as an acronym."""
    if _is_plain(word):
        return word.text
    match word.kind:
        case "exact":
            return f"={word.text}"
        case "stem":
            return f"~{word.text}"
        case "prefix":
            return f"{word.text}*"
        case "acronym":
            return word.text
    return word.text if _reads_as(f'"{word.text}"', word) else f"i:{word.text}"


def _is_plain(word: Word) -> bool:
    """Whether it surely reads as itself, with quotes or without: nearly all words do."""
    text = word.text
    return word.kind == "fold" and text.isascii() and text.isalpha() and not text.isupper()


def _reads_as(text: str, word: Word) -> bool:
    try:
        return query.parse(text) == Term((word,))
    except query.QueryError:
        return False
