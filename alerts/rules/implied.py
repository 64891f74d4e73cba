"""Which node surely holds wherever another one does, read off the trees alone.

Cautious: what it cannot tell is no implication. Only warnings ask it, no evaluator. It looks away
from articles that shout, where one word may lend another one its belief.
"""

from __future__ import annotations

from functools import lru_cache

from alerts.rules.fields import SEARCHED
from alerts.rules.shapes import walk
from alerts.spelling import fold, is_acronym, singulars
from alerts.tree import And, Except, Near, Node, Not, Or, Scope, Term, Word


def implies(narrow: Node, broad: Node) -> bool:
    """Whether `broad` surely holds in every article in which `narrow` does."""
    return _Judge().implies(narrow, broad)


def meaning(node: Node) -> object:
    """Return a value that is the same for trees that differ only in the order of their parts.

    Words that are singular and plural of each other are one, as they are for the matcher.
    """
    match node:
        case Term():
            *before, last = node.words
            return Term, tuple(_folded(word) for word in before), _numberless(last)
        case And() | Or():
            parts = frozenset(map(meaning, node.parts))
            return next(iter(parts)) if len(parts) == 1 else (type(node), parts)
        case Not():
            return Not, meaning(node.drop), node.keep and meaning(node.keep)
        case Except():
            return Except, meaning(node.term), frozenset(map(meaning, node.phrases))
        case Scope():
            return Scope, frozenset(node.fields), meaning(node.node)
        case Near():
            return Near, frozenset((meaning(node.left), meaning(node.right))), node.within
    return node


class _Judge:
    """Remembers each pair of nodes: they are met again in another order of taking trees apart."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}

    def implies(self, narrow: Node, broad: Node) -> bool:
        pair = id(narrow), id(broad)
        if pair not in self._known:
            self._known[pair] = self._judged(narrow, broad)
        return self._known[pair]

    def _judged(self, narrow: Node, broad: Node) -> bool:
        if isinstance(narrow, Or):
            return all(self.implies(part, broad) for part in narrow.parts)
        if isinstance(broad, And):
            return all(self.implies(narrow, part) for part in broad.parts)
        if isinstance(broad, Or) and any(self.implies(narrow, part) for part in broad.parts):
            return True
        if self._by_a_part(narrow, broad):
            return True
        if isinstance(narrow, Term) and isinstance(broad, Term):
            return _stands_in(broad, narrow)
        return meaning(narrow) == meaning(broad)

    def _by_a_part(self, narrow: Node, broad: Node) -> bool:
        match narrow:
            case And():
                return any(self.implies(part, broad) for part in narrow.parts)
            case Near():
                return self.implies(narrow.left, broad) or self.implies(narrow.right, broad)
            case Not():
                return narrow.keep is not None and self.implies(narrow.keep, broad)
            case Except():
                return self.implies(narrow.term, broad)
            case Scope():
                return self._in_fields(narrow, broad)
        return False

    def _in_fields(self, narrow: Scope, broad: Node) -> bool:
        fields = frozenset(broad.fields) if isinstance(broad, Scope) else frozenset(SEARCHED)
        inner = broad.node if isinstance(broad, Scope) else broad
        if fields != set(narrow.fields) and any(isinstance(n, Not) for n in walk(narrow.node)):
            return False  # what is dropped may stand in another field
        return set(narrow.fields) <= fields and self.implies(narrow.node, inner)


def _stands_in(broad: Term, narrow: Term) -> bool:
    """Whether each occurrence of `narrow` has one of `broad` in it."""
    *before, last = broad.words
    for end in range(len(before), len(narrow.words)):
        window = narrow.words[end - len(before) : end]
        if _has(last, narrow.words[end]) and all(map(_is_same, before, window)):
            return True
    return False


def _has(broad: Word, narrow: Word) -> bool:
    """Whether a word that is found by `narrow` is found by `broad` as well."""
    if _is_same(broad, narrow):
        return True
    if not (_is_simple(broad) and _is_simple(narrow)) or narrow.kind in ("prefix", "stem"):
        return False
    if is_acronym(broad.text):  # in any case, but without a plural
        return narrow.kind == "acronym" and broad.text == narrow.text
    return broad.kind == "fold" and _numberless(broad) == _numberless(narrow)


def _is_same(one: Word, other: Word) -> bool:
    return _folded(one) == _folded(other)


@lru_cache(maxsize=10_000)
def _folded(word: Word) -> tuple[str, str]:
    if word.kind in ("exact", "acronym"):
        return word.kind, word.text
    is_any_case = word.kind == "fold" and is_acronym(word.text)
    return "any case" if is_any_case else word.kind, fold(word.text)


@lru_cache(maxsize=10_000)
def _numberless(word: Word) -> tuple[str, str]:
    """Return a fold word in its shortest form: of raid and raids the one both can be."""
    if word.kind != "fold" or is_acronym(word.text) or not _is_simple(word):
        return _folded(word)
    return word.kind, min(singulars(fold(word.text)), key=lambda form: (len(form), form))


def _is_simple(word: Word) -> bool:
    return word.text.isalnum() and word.text.isascii()
