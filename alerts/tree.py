"""The query tree: what both forms of a rule (text and YAML) are parsed into.

Nodes are immutable values. `start` and `end` are character offsets in the query text the node was
read from (for carets in messages); they do not take part in equality. Meaning is defined in
`rules`; here stand only the shapes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

#: Fields of an article that a term can be limited to.
TextField = Literal["title", "summary", "content", "author", "tag", "link"]

#: Facts about where an article came from.
FactField = Literal["feed", "place", "lang"]

TEXT_FIELDS: tuple[TextField, ...] = ("title", "summary", "content", "author", "tag", "link")
FACT_FIELDS: tuple[FactField, ...] = ("feed", "place", "lang")

#: How one word of a query is compared:
#: fold    any case, singular or plural, accents folded          raid
#: acronym 2-5 capitals, case-sensitive                          ICE
#: exact   exactly these letters, case and accents               =Madison
#: prefix  begins with these letters                             deport*
#: stem    same stem in the rule's language                      ~deport
WordKind = Literal["fold", "acronym", "exact", "prefix", "stem"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a term, as written (without its marks = * ~ i:)."""

    text: str
    kind: WordKind = "fold"


@dataclass(frozen=True, slots=True)
class Term:
    """One word, or several as a phrase: in order, adjacent, within one field."""

    words: tuple[Word, ...]
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    source: str = field(default="", compare=False, repr=False)  # the query that start counts in


@dataclass(frozen=True, slots=True)
class Regex:
    """A linear-time regular expression over the shown title and text."""

    pattern: str
    match_case: bool = False
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """Occurrences of both operands at most `within` positions apart, either order, one field."""

    left: Node
    right: Node
    within: int = 10
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of them hold in one article."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`keep` holds and `drop` does not; `keep` None is a bare NOT, valid only beside a positive."""

    drop: Node
    keep: Node | None = None
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Except:
    """An occurrence of `term` that lies inside an occurrence of one of `phrases` does not count."""

    term: Node
    phrases: tuple[Node, ...]
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """`node` looked for in these text fields only."""

    fields: tuple[TextField, ...]
    node: Node


@dataclass(frozen=True, slots=True)
class Fact:
    """The article's feed (name, URL or tag), place or language is `value`."""

    fact: FactField
    value: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class RuleRef:
    """Another rule of the file: its query and `except`, not its feeds, lang or urgent."""

    name: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


Node = Term | Regex | Near | And | Or | Not | Except | Scope | Fact | RuleRef
