"""The meaning of a rule, spelled out: slow, and plain enough to be checked by reading it.

The matcher must give the same answers; `explain` uses this one. Every node is judged by lists of
occurrences:

- a term occurs wherever its words stand next to each other, in the fields it looks in;
- AND has the occurrences of all its parts, OR those of the parts that hold, NOT those of `keep`;
- NEAR has the occurrences of either operand that have one of the other within the distance
  (so in `a NEAR b NEAR c` a `c` is near an `a` or a `b` that are near each other);
- EXCEPT takes away what lies inside an occurrence of one of its phrases;
- the innermost scope says where a term looks; a referenced rule has the scope it is used in;
- facts have no occurrences; a regular expression has what it matched;
- an unknown language is whatever language keeps the article: NOT does not drop it.

A rule's spans are the occurrences of its tree. Capitals: a word that only its capitals tell apart
counts in an all-caps field if a positive term of the rule, of NEAR both sides together, stands in
a normally cased field.
Else, where title, summary and content are nothing but capitals, it counts only if the rule's
`caps` accepts that, and the match says so. In NOT and EXCEPT it always counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from alerts.model import Article, Match, Rule, Span
from alerts.rules.fields import (
    EVERYWHERE,
    SHOWN,
    apart,
    fact_holds,
    field_text,
    language_of,
    looked_in,
    passes,
    referred,
    repeated,
)
from alerts.rules.patterns import hits
from alerts.rules.vocabulary import Sequence, Unit, stems, term_sequences
from alerts.text import Plain, Token, fold, is_caps, singulars, tokens
from alerts.tree import (
    TEXT_FIELDS,
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
    TextField,
)

Rules = Callable[[str], Rule | None]


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """Positions first..last of a block of a field, characters [start, end) of its plain text."""

    field: TextField
    block: int
    first: int
    last: int
    start: int
    end: int
    is_doubtful: bool = False  # only its capitals tell it apart, and they say nothing there


def holds(rule: Rule, article: Article, rules: Iterable[Rule]) -> bool:
    """Whether `article` matches `rule`; `rules` are those that it may refer to."""
    return judge(rule, article, rules) is not None


def spans(rule: Rule, article: Article, rules: Iterable[Rule]) -> tuple[Span, ...]:
    """Return the stretches of the original fields that made `rule` hold, sorted, apart."""
    match = judge(rule, article, rules)
    return match.spans if match else ()


def judge(rule: Rule, article: Article, rules: Iterable[Rule]) -> Match | None:
    """Return the match of `rule` and `article`, None if there is none."""
    if not passes(rule, article):
        return None
    known = {other.name: other for other in rules}
    view = View(article)
    place = Place(language_of(rule), path=(rule.name,))
    supported = bool(evidence(view, rule.tree, place, known.get))
    found = evaluate(view, rule.tree, replace(place, doubtful_counts=supported), known.get)
    if found is not None:
        return Match(rule.name, view.spans(found))
    if supported or rule.caps == "reject" or not view.is_nothing_but_capitals:
        return None
    found = evaluate(view, rule.tree, place, known.get)
    return None if found is None else Match(rule.name, view.spans(found), caps_only=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a rule a node stands, as far as it matters to what the node finds."""

    language: str
    scope: tuple[TextField, ...] | None = None
    phrases: tuple[Occurrence, ...] = ()  # what lies inside one of these does not count
    doubtful_counts: bool = True
    is_dropped: bool = False  # inside a NOT (inside two of them, it is not)
    path: tuple[str, ...] = ()

    def inside_phrases(self) -> Place:
        """Return the place of an EXCEPT phrase: it is looked for everywhere."""
        return replace(self, scope=EVERYWHERE, phrases=(), doubtful_counts=True)


class View:
    """An article's fields as words, read when they are asked for."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self._texts: dict[TextField, Plain] = {}
        self._words: dict[TextField, list[Token]] = {}
        self._caps: dict[TextField, bool] = {}

    def text(self, field: TextField) -> Plain:
        """Return the readable text of `field`."""
        if field not in self._texts:
            self._texts[field] = field_text(self.article, field)
        return self._texts[field]

    def words(self, field: TextField) -> list[Token]:
        """Return the words of `field`."""
        if field not in self._words:
            text = self.text(field).text
            self._words[field] = list(tokens(text, is_link=field == "link"))
        return self._words[field]

    @cached_property
    def twice(self) -> TextField | None:
        """Which of summary and content only repeats the other."""
        return repeated(self.text("summary").text, self.text("content").text)

    def is_caps(self, field: TextField) -> bool:
        """Whether the field says nothing about case."""
        if field not in self._caps:
            self._caps[field] = field != "link" and is_caps(self.text(field).text)
        return self._caps[field]

    @property
    def is_nothing_but_capitals(self) -> bool:
        """Whether no text of the article is normally cased."""
        texts = [field for field in SHOWN if self.text(field).text.strip()]
        return all(self.is_caps(field) for field in texts)

    def spans(self, found: Iterable[Occurrence]) -> tuple[Span, ...]:
        """Return the original characters of occurrences, overlapping ones as one."""
        raw = {Span(o.field, *self.text(o.field).span(o.start, o.end)) for o in found}
        return apart(raw)


# --- nodes -----------------------------------------------------------------------------------


def evaluate(view: View, node: Node, place: Place, rules: Rules) -> list[Occurrence] | None:
    """Return the occurrences that make `node` hold (maybe none), or None if it does not hold."""
    match node:
        case Term() | Regex():
            return occurrences(view, node, place)
        case And(parts):
            found = [evaluate(view, part, place, rules) for part in parts]
            return None if None in found else [o for part in found for o in part or ()]
        case Or(parts):
            true = [evaluate(view, part, place, rules) for part in parts]
            held = [part for part in true if part is not None]
            return [o for part in held for o in part] if held else None
        case Not(drop, keep):
            there = replace(place, doubtful_counts=True, is_dropped=not place.is_dropped)
            dropped = evaluate(view, drop, there, rules)
            kept = evaluate(view, keep, place, rules) if keep is not None else []
            return kept if dropped is None else None
        case Near(left, right, within):
            return near(
                evaluate(view, left, place, rules), evaluate(view, right, place, rules), within
            )
        case Except(term, phrases):
            return evaluate(view, term, excepting(view, phrases, place, rules), rules)
        case Scope(fields, inner):
            return evaluate(view, inner, replace(place, scope=fields), rules)
        case Fact():
            is_true = fact_holds(node, view.article, is_dropped=place.is_dropped)
            return [] if is_true else None
        case RuleRef(name):
            rule, there = reference(name, place, rules)
            return evaluate(view, rule.tree, there, rules)


def excepting(view: View, phrases: Iterable[Node], place: Place, rules: Rules) -> Place:
    """Return `place` with the occurrences of `phrases` taken out."""
    found = [evaluate(view, phrase, place.inside_phrases(), rules) for phrase in phrases]
    return replace(place, phrases=(*place.phrases, *(o for part in found for o in part or ())))


def reference(name: str, place: Place, rules: Rules) -> tuple[Rule, Place]:
    """Return the rule `name` and the place of its tree; GrammarError if there is none."""
    rule = referred(name, rules, place.path)
    return rule, replace(place, language=language_of(rule), path=(*place.path, name))


def evidence(view: View, node: Node, place: Place, rules: Rules) -> list[Occurrence]:
    """Return where what can make `node` hold stands in a normally cased field.

    That is a term, a phrase or a whole NEAR: one side of it alone says too little.
    """
    match node:
        case Term() | Near():
            found = evaluate(view, node, place, rules) or ()
            return [o for o in found if o.field != "link" and not view.is_caps(o.field)]
        case And(parts) | Or(parts):
            return [o for part in parts for o in evidence(view, part, place, rules)]
        case Not(keep=keep):
            return [] if keep is None else evidence(view, keep, place, rules)
        case Except(term, phrases):
            return evidence(view, term, excepting(view, phrases, place, rules), rules)
        case Scope(fields, inner):
            return evidence(view, inner, replace(place, scope=fields), rules)
        case RuleRef(name):
            rule, there = reference(name, place, rules)
            return evidence(view, rule.tree, there, rules)
        case Regex() | Fact():
            return []


def near(
    left: list[Occurrence] | None, right: list[Occurrence] | None, within: int
) -> list[Occurrence] | None:
    """Return the occurrences of either side with one of the other in reach, None without any."""
    if left is None or right is None:
        return None
    pairs = [(a, b) for a in left for b in right if is_near(a, b, within)]
    return [o for pair in pairs for o in pair] or None


def is_near(a: Occurrence, b: Occurrence, within: int) -> bool:
    """Whether two occurrences of one block lie apart by at most `within` positions."""
    if (a.field, a.block) != (b.field, b.block):
        return False
    return 0 < max(b.first - a.last, a.first - b.last) <= within


# --- terms -----------------------------------------------------------------------------------


def occurrences(view: View, node: Term | Regex, place: Place) -> list[Occurrence] | None:
    """Return where `node` stands in the fields it looks in and counts; None if nowhere."""
    if isinstance(node, Regex):
        return _regex_occurrences(view, node, place)
    fields = looked_in(place.scope, view.twice)
    found = [
        occurrence
        for field in TEXT_FIELDS
        if field in fields
        for sequence in term_sequences(node, place.language)
        for occurrence in stand(view, field, sequence)
    ]
    certain = {replace(o, is_doubtful=False) for o in found if not o.is_doubtful}
    doubtful = {replace(o, is_doubtful=False) for o in found if o.is_doubtful}
    counted = certain | doubtful if place.doubtful_counts else certain
    return sorted(o for o in counted if not is_excepted(o, place)) or None


def is_excepted(found: Occurrence, place: Place) -> bool:
    """Whether an occurrence lies inside one of the excepted phrases."""
    return any(
        (phrase.field, phrase.block) == (found.field, found.block)
        and phrase.first <= found.first
        and found.last <= phrase.last
        for phrase in place.phrases
    )


def stand(view: View, field: TextField, sequence: Sequence) -> list[Occurrence]:
    """Return where the units of `sequence` stand next to each other."""
    is_doubtful = view.is_caps(field) and any(unit.needs_capitals for unit in sequence)
    words = view.words(field)
    runs = [[word] for word in words if fits(sequence[0], word)]
    for unit in sequence[1:]:
        fitting = [word for word in words if fits(unit, word)]
        runs = [[*run, word] for run in runs for word in fitting if follows(run[-1], word)]
    return [
        Occurrence(
            field, run[0].block, run[0].first, run[-1].last, run[0].start, run[-1].end, is_doubtful
        )
        for run in runs
    ]


def follows(word: Token, following: Token) -> bool:
    """Whether a word stands right after another in its block."""
    return word.block == following.block and word.last + 1 == following.first


def fits(unit: Unit, word: Token) -> bool:
    """Whether a text's word is what a rule's word asks for."""
    folded = fold(word.text)
    match unit.kind:
        case "fold":
            return folded in unit.keys
        case "number":
            return bool(singulars(folded) & unit.keys)
        case "case":
            return word.text in unit.keys
        case "exact":
            return word.text in unit.keys or word.written in unit.keys
        case "prefix":
            return any(folded.startswith(key) for key in unit.keys)
        case "stem":
            return bool(stems(word.text, unit.language) & unit.keys)


def _regex_occurrences(view: View, regex: Regex, place: Place) -> list[Occurrence] | None:
    fields = looked_in(place.scope or SHOWN, view.twice)
    results = [(f, hits(regex, view.text(f).text)) for f in TEXT_FIELDS if f in fields]
    if not any(result.found for _, result in results):
        return None
    found = [_words_of(view, f, *span) for f, result in results for span in result.spans]
    counted = [o for o in found if not is_excepted(o, place)]
    return sorted(counted) if counted or not found else None


def _words_of(view: View, field: TextField, start: int, end: int) -> Occurrence:
    """Return the positions of the words that characters [start, end) touch, in the first block."""
    touched = [w for w in view.words(field) if w.start < end and start < w.end]
    if not touched:
        return Occurrence(field, -1, -1, -1, start, end)
    block = touched[0].block
    last = max(w.last for w in touched if w.block == block)
    first = min(w.first for w in touched if w.block == block)
    return Occurrence(field, block, first, last, start, end)
