"""Where in a rule a node stands, as far as it matters to what the node finds."""

from __future__ import annotations

from typing import NamedTuple

from alerts.rules.fields import EVERYWHERE
from alerts.rules.shapes import walk
from alerts.tree import TEXT_FIELDS, And, Except, Node, Not, RuleRef, Scope, Term, TextField

_NO_LINK: tuple[TextField, ...] = tuple(field for field in TEXT_FIELDS if field != "link")


class Place(NamedTuple):
    """What a node has from the nodes above it."""

    language: str
    path: tuple[str, ...]  # the rule, and the rules by which it came here
    scope: tuple[TextField, ...] | None = None
    is_phrase: bool = False  # of an EXCEPT: looked for everywhere
    is_dropped: bool = False  # inside a NOT (inside two of them, it is not)

    def within(self, fields: tuple[TextField, ...]) -> Place:
        """Return the place of what is looked for in these fields."""
        return Place(self.language, self.path, fields, False, self.is_dropped)

    def referred(self, language: str, name: str) -> Place:
        """Return the place of the tree of the rule `name`."""
        return self._replace(language=language, path=(*self.path, name))


def phrase_places(node: Except, place: Place) -> tuple[Place, ...]:
    """Return the place of each excepted phrase.

    Links are left out where that changes nothing: a phrase matters only where its term looks, and
    few do so in links. What a joint phrase finds in one field depends on what it finds in others.
    """
    has_link = _may_look_in_links(node.term, place.scope)
    return tuple(
        [
            Place(
                place.language,
                place.path,
                EVERYWHERE if has_link or _is_joint(phrase) else _NO_LINK,
                True,
                place.is_dropped,
            )
            for phrase in node.phrases
        ]
    )


def _may_look_in_links(term: Node, scope: tuple[TextField, ...] | None) -> bool:
    if scope is not None and "link" in scope:
        return True
    return not isinstance(term, Term) and any(
        (isinstance(node, Scope) and "link" in node.fields) or isinstance(node, RuleRef)
        for node in walk(term)
    )


def _is_joint(phrase: Node) -> bool:
    if isinstance(phrase, Term):  # mostly
        return False
    return any(isinstance(node, And | Not | RuleRef) for node in walk(phrase))
