"""rules: of the file -> Rule values; a rule is a query, a list (any) or a mapping.

Queries are parsed by `rules.query` and put together by `rules.build`; here stand their places,
so that what those say about a rule can be shown at its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from alerts.config.feeds import FeedList, check_source, folded
from alerts.config.findings import quoted
from alerts.config.keys import BY_NAME
from alerts.config.nodes import MappingNode, Node, ScalarNode, SequenceNode, is_plain
from alerts.config.reading import Fields, Reading
from alerts.config.scalars import BARE, slug
from alerts.config.values import READERS, tree, trees
from alerts.errors import GrammarError
from alerts.model import Rule, Urgent
from alerts.rules import build, shapes, write
from alerts.rules.mistakes import nearest
from alerts.tree import Fact, RuleRef
from alerts.tree import Node as Tree

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_QUERY_KEYS = ("query", "any", "all", "none", "near", "except", "in")
_POSITIVE_KEYS = ("query", "any", "all", "near")

Piece = tuple[ScalarNode, Tree]


@dataclass(frozen=True)
class Example:
    """A headline that a rule must match, or must not."""

    at: ScalarNode
    text: str
    is_match: bool


@dataclass(frozen=True)
class Draft:
    """A rule with the places it was read from; `rule` None: something in it is wrong."""

    name: str
    at: Node
    rule: Rule | None = None
    pieces: tuple[Piece, ...] = ()
    sources: tuple[tuple[ScalarNode, str], ...] = ()
    places: tuple[tuple[ScalarNode, str], ...] = ()
    examples: tuple[Example, ...] = ()

    def place_of(self, part: Tree) -> tuple[Node, int, int]:
        """Return the scalar that a node of the tree was read from, and its offsets there."""
        for at, piece in self.pieces:
            if any(node is part for node in shapes.walk(piece)):
                return at, getattr(part, "start", 0), getattr(part, "end", 0)
        return self.at, 0, 0


@dataclass
class RuleBook:
    """Every rule of all files: the named ones, then those written at subscribers."""

    named: dict[str, Draft] = field(default_factory=dict)
    inline: dict[str, Draft] = field(default_factory=dict)
    misnamed: set[str] = field(default_factory=set)  # each is an error already

    @property
    def drafts(self) -> list[Draft]:
        """All of them in their order."""
        return [*self.named.values(), *self.inline.values()]

    def read(self, reading: Reading, node: Node) -> None:
        """Read the mapping of one file."""
        entries = reading.entries(node, "rule")
        if entries is None:
            told = "rules is a mapping: a name, a colon, and what to look for."
            reading.findings.error(node, told, "Write for example ice: ICE OR la migra")
            return
        for name, (key, value) in entries.items():
            if name in self.named:
                self._say_double(reading, key, name)
                continue
            if _is_named_well(reading, key, name):
                self.named[name] = read_rule(reading, name, key, value)
            else:
                self.misnamed.add(name)
                read_rule(reading, name, key, value)

    def _say_double(self, reading: Reading, key: Node, name: str) -> None:
        where = reading.findings.where(self.named[name].at, key)
        told = f"The rule {quoted(name)} is already defined at {where}; only one could count."
        reading.findings.error(key, told, "Rename one, or join their lists.")


def _is_named_well(reading: Reading, key: ScalarNode, name: str) -> bool:
    if NAME.fullmatch(name) and (key.style or name not in BARE):
        return True
    told = f"{quoted(name)} cannot be the name of a rule."
    near = slug(name)
    hint = f"Write: {near}:" if near and near not in BARE else "Use a to z, 0 to 9, - and _."
    if name.casefold() in BARE:
        told, hint = f"A bare {name} is not taken as a name.", f'Put it in quotes: "{name}":'
    reading.findings.error(key, told, hint)
    return False


def read_rule(reading: Reading, name: str, at: Node, value: Node) -> Draft:
    """Read a rule in any of its forms."""
    if isinstance(value, MappingNode):
        fields = reading.fields(value, "rule", READERS)
        return Draft(name, at) if fields is None else from_fields(reading, name, at, fields)
    if isinstance(value, SequenceNode):
        found = trees(reading, value, BY_NAME["rule"]["any"])
        return _draft(reading, name, at, {"any": found}) if found else Draft(name, at)
    query = tree(reading, value, BY_NAME["rule"]["query"])
    return _draft(reading, name, at, {"query": query}) if query else Draft(name, at)


def from_fields(reading: Reading, name: str, at: Node, fields: Fields) -> Draft:
    """Read a rule from the keys of its mapping."""
    given = {key: fields.get(key) for key in _QUERY_KEYS if key in fields}
    if "near" in fields:
        given["near"] = _near(reading, fields.value("near"))
    if given.get("except") and not _all_fit(reading, given["except"], shapes.except_phrases):
        given["except"] = None
    extras = _extras(reading, name, fields)
    if not fields.is_meant(*_POSITIVE_KEYS, ""):
        told = f"The rule {quoted(name)} does not say what to look for."
        reading.findings.error(at, told, "Write query:, any:, all: or near: with words.")
        return Draft(name, at, examples=extras["examples"])
    if fields.meant & {*_QUERY_KEYS, ""} or any(value is None for value in given.values()):
        return Draft(name, at, examples=extras["examples"])
    return _draft(reading, name, at, given, extras)


def _near(reading: Reading, node: Node) -> tuple[tuple[Piece, ...], int] | None:
    if isinstance(node, SequenceNode):
        found = trees(reading, node, BY_NAME["near"]["words"])
        return None if found is None else _near_words(reading, node, found, 10)
    fields = reading.fields(node, "near", READERS)
    if fields is None or fields.get("words") is None:
        return None
    if "within" in fields and fields.get("within") is None:
        return None
    return _near_words(reading, node, fields.get("words"), fields.get("within", 10))


def _near_words(
    reading: Reading, node: Node, found: tuple[Piece, ...], within: int
) -> tuple[tuple[Piece, ...], int] | None:
    if not _all_fit(reading, found, shapes.near_operand):
        return None
    if len(found) >= 2:
        return found, within
    hint = "Write for example near: {words: [ICE, raid], within: 8}"
    reading.findings.error(node, "near needs two words or more.", hint)
    return None


def _all_fit(
    reading: Reading, found: tuple[Piece, ...], check_one: Callable[[Tree], object]
) -> bool:
    """Check items one by one, so that what is wrong with one stands at its place."""
    is_fit = True
    for at, made in found:
        try:
            check_one(made)
        except GrammarError as error:
            reading.findings.error(at, error.message, error.hint)
            is_fit = False
    return is_fit


def _extras(reading: Reading, name: str, fields: Fields) -> dict[str, Any]:
    """Read the keys that are not part of the query."""
    extras: dict[str, Any] = {
        "titles": fields.get("title", {}),
        "sources": fields.get("feeds", ()),
        "places": fields.get("place", ()),
        "langs": fields.get("lang", ()),
        "caps": fields.get("caps", "accept"),
        "weight": fields.get("weight", 1.0),
        "urgent": None,
        "urgent_piece": None,
        "examples": (),
    }
    if "urgent" in fields:
        extras["urgent"], extras["urgent_piece"] = _urgent(reading, fields.value("urgent"))
    if extras["weight"] != 1.0:
        reading.later(f"rule weight ({name})")
    if "examples" in fields:
        extras["examples"] = _examples(reading, fields.value("examples"))
    return extras


def _urgent(reading: Reading, node: Node) -> tuple[Urgent | None, Piece | None]:
    if isinstance(node, ScalarNode) and is_plain(node) and node.value.strip().lower() in BARE:
        told = "urgent at a rule says what makes one of its stories urgent: a query."
        hint = f'Write for example urgent: raid OR checkpoint. For the word write "{node.value}"'
        reading.findings.error(node, told, hint)
        return None, None
    if isinstance(node, ScalarNode):
        piece = tree(reading, node, BY_NAME["urgent"]["query"])
        return (None, None) if piece is None else (Urgent(piece[1]), piece)
    fields = reading.fields(node, "urgent", READERS)
    if fields is None or fields.get("query") is None:
        return None, None
    piece = fields.get("query")
    return Urgent(piece[1], fields.get("newer_than"), fields.get("note", {})), piece


def _examples(reading: Reading, node: Node) -> tuple[Example, ...]:
    fields = reading.fields(node, "examples", READERS)
    if fields is None:
        return ()
    return tuple(
        Example(at, text, key == "match")
        for key in ("match", "skip")
        for at, text in fields.get(key, ())
    )


def _draft(
    reading: Reading,
    name: str,
    at: Node,
    given: dict[str, Any],
    extras: dict[str, Any] | None = None,
) -> Draft:
    """Put the parts together; what the grammar says about the whole stands at the rule's name."""
    extras = extras or {}
    pieces = tuple(_pieces(given, extras))
    examples: tuple[Example, ...] = extras.get("examples", ())
    try:
        made = _tree(given)
    except GrammarError as error:
        reading.findings.error(at, error.message, error.hint)
        return Draft(name, at, examples=examples)
    alone = given.get("query") if set(given) == {"query"} else None
    rule = Rule(
        name=name,
        query=" ".join(alone[0].value.split()) if alone else write.query_text(made),
        tree=made,
        titles=extras.get("titles", {}),
        feeds=tuple(text for _, text in extras.get("sources", ())),
        places=tuple(text for _, text in extras.get("places", ())),
        langs=extras.get("langs", ()),
        caps=extras.get("caps", "accept"),
        urgent=extras.get("urgent"),
        weight=extras.get("weight", 1.0),
        match_examples=tuple(e.text for e in examples if e.is_match),
        skip_examples=tuple(e.text for e in examples if not e.is_match),
    )
    sources, places = extras.get("sources", ()), extras.get("places", ())
    return Draft(name, at, rule, pieces, sources, places, examples)


def _pieces(given: dict[str, Any], extras: dict[str, Any]) -> Iterator[Piece]:
    for key, value in given.items():
        if key == "query":
            yield value
        elif key == "near":
            yield from value[0]
        elif key != "in":
            yield from value
    if extras.get("urgent_piece"):
        yield extras["urgent_piece"]


def _tree(given: dict[str, Any]) -> Tree:
    def parts(key: str) -> tuple[Tree, ...]:
        return tuple(made for _, made in given.get(key, ()))

    query, near = given.get("query"), given.get("near")
    return build.rule_tree(
        query=query[1] if query else None,
        any=parts("any"),
        all=parts("all"),
        none=parts("none"),
        except_=parts("except"),
        near=(tuple(made for _, made in near[0]), near[1]) if near else None,
        in_=given.get("in", ()),
    )


# --- what can be judged only when all files are read --------------------------------------------


def check(reading: Reading, book: RuleBook, feeds: FeedList) -> frozenset[str]:
    """Check names of rules, feeds and places; return the rules whose references do not hold."""
    known, places = feeds.sources(), feeds.places()
    for draft in book.drafts:
        for at, name in draft.sources:
            check_source(reading, at, name, known)
        for at, name in draft.places:
            _check_place(reading, at, name, places)
        for at, piece in draft.pieces:
            _check_facts(reading, at, piece, known, places)
    return _check_references(reading, book)


def _check_facts(
    reading: Reading, at: ScalarNode, piece: Tree, known: dict[str, str], places: dict[str, str]
) -> None:
    if not ("feed:" in at.value or "place:" in at.value):
        return
    for node in shapes.walk(piece):
        if isinstance(node, Fact) and node.fact == "feed":
            check_source(reading, at, node.value, known, start=node.start, end=node.end)
        elif isinstance(node, Fact) and node.fact == "place":
            _check_place(reading, at, node.value, places, start=node.start, end=node.end)


def _check_place(
    reading: Reading,
    at: ScalarNode,
    name: str,
    places: dict[str, str],
    *,
    start: int = 0,
    end: int = 0,
) -> None:
    if folded(name) in places or reading.findings.is_unsure("feeds", at):
        return
    near = nearest(name, list(places.values()))
    hint = f"Did you mean {quoted(near)}?" if near else f"Write place: {name} at a feed."
    told = f"No feed has the place {quoted(name)}."
    reading.findings.warn(at, told, hint, start=start, end=end)


def _check_references(reading: Reading, book: RuleBook) -> frozenset[str]:
    trees_by_name: dict[str, Tree] = {}
    drafts: dict[str, Draft] = {}
    for draft in book.drafts:
        if draft.rule is None:
            continue
        drafts[draft.name] = draft
        trees_by_name[draft.name] = draft.rule.tree
        if draft.rule.urgent:  # a reference of its own: nothing can refer to it
            drafts[f"{draft.name} (urgent)"] = draft
            trees_by_name[f"{draft.name} (urgent)"] = draft.rule.urgent.query
    wrong: set[str] = set()
    for mistake in build.check_references(trees_by_name, list(book.named)):
        draft = drafts[mistake.rule]
        wrong.add(draft.name)
        at, start, end = draft.place_of(mistake.ref)
        if mistake.ref.name not in book.named and reading.findings.is_unsure("rules", at):
            continue
        reading.findings.error(at, mistake.message, mistake.hint, start=start, end=end)
    return _spread(wrong | {d.name for d in book.drafts if d.rule is None}, drafts)


def _spread(wrong: set[str], drafts: dict[str, Draft]) -> frozenset[str]:
    """Add every rule that refers to a wrong one, at any distance."""
    users: dict[str, list[str]] = {}
    for name, draft in drafts.items():
        for at, piece in draft.pieces:
            for node in shapes.walk(piece) if "rule:" in at.value else ():
                if isinstance(node, RuleRef):
                    users.setdefault(node.name, []).append(draft.name)
        users.setdefault(name, [])
    found, stack = set(wrong), list(wrong)
    while stack:
        for user in users.get(stack.pop(), ()):
            if user not in found:
                found.add(user)
                stack.append(user)
    return frozenset(found)
