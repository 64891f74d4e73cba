"""The brake: which edits wait for `alerts reload --confirm`, and the sentence that says why.

Somebody who deletes half a file by mistake, or writes a rule that matches everything, is asked
before anyone gets mail of it, or none any more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from alerts.model import Config, Rule
from alerts.pipeline.parts import InForce
from alerts.pipeline.reload.volume import Stored, Volume, most
from alerts.rules.matcher import Matcher
from alerts.rules.write import query_text
from alerts.tree import And, Except, Near, Node, Not, Or, Regex, Scope, Term

#: An edit that removes over half of something waits if that is at least so many.
_REMOVED_MIN = 5

#: An edit that makes so many times the alerts waits if someone gets more than so many a day.
_TIMES = 5
_A_DAY = 50

#: Articles that are enough to tell which of a rule's terms is the common one.
_SAMPLE = 300

_NAMED = 3


def removal(old: Config, new: Config) -> str | None:
    """Return what an edit removes too much of, or None."""
    return _removed(
        "subscribers",
        [s.id for s in old.subscribers],
        {s.id for s in new.subscribers},
    ) or _removed("rules", [r.name for r in old.rules], {r.name for r in new.rules})


def _removed(noun: str, old: Collection[str], new: Collection[str]) -> str | None:
    gone = [name for name in old if name not in new]
    if len(gone) < _REMOVED_MIN or len(gone) * 2 <= len(old):
        return None
    named = ", ".join(gone[:_NAMED]) + (", …" if len(gone) > _NAMED else "")
    return f"it removes {len(gone):,} of {len(old):,} {noun} ({named})"


def flood(made: Volume, before: Volume, after: Volume) -> str | None:
    """Return the rule by which an edit makes too many alerts, or None.

    `made`: what was made; `before` and `after`: what the version in force and the edit would have
    made of the same articles. The greater of the first two counts: a young rule has made little.
    """
    if after.busiest <= _A_DAY or after.total < _TIMES * max(1.0, made.total, before.total):
        return None
    return most(after.by_rule, (before.by_rule,))


def flood_words(rule: str, made: Volume, after: Volume, culprit: str) -> str:
    """Return why such an edit waits; `culprit` as `probable` found it."""
    would, did = round(after.by_rule.get(rule, 0)), round(made.by_rule.get(rule, 0))
    told = f"rule {rule} would have made {would:,} alerts in the last 7 days, it made {did:,}"
    return f"{told}. {culprit}" if culprit else told


def probable(
    stored: Stored, old: InForce, new: InForce, name: str, files: Mapping[str, str]
) -> str:
    """Return which new term of a rule is probably not meant, and its line; "" if none is."""
    rule = new.config.rule(name)
    if rule is None:
        return ""
    before = old.config.rule(name)
    known = set(_terms(before.tree)) if before is not None else set()
    terms = [term for term in dict.fromkeys(_terms(rule.tree)) if term not in known]
    common = _commonest(stored, new, terms)
    if common is None:
        return ""
    text = query_text(common).strip('"')
    line = line_of(name, text, files)
    return f'Probably the term "{text}"' + (f" ({line})" if line else "")


def _terms(node: Node) -> Iterator[Term | Regex]:
    """Yield what a query looks for, without what it excludes."""
    match node:
        case Term() | Regex():
            yield node
        case And() | Or():
            for part in node.parts:
                yield from _terms(part)
        case Near():
            yield from _terms(node.left)
            yield from _terms(node.right)
        case Not() if node.keep is not None:
            yield from _terms(node.keep)
        case Except():
            yield from _terms(node.term)
        case Scope():
            yield from _terms(node.node)


def _commonest(
    stored: Stored, new: InForce, terms: Collection[Term | Regex]
) -> Term | Regex | None:
    named = {f"t{n}": term for n, term in enumerate(terms)}
    if not named:
        return None
    matcher = Matcher([Rule(name, "", term) for name, term in named.items()])
    seen: Counter[str] = Counter()
    for _, article in islice(stored.articles(new.feeds), _SAMPLE):
        seen.update(matcher.match(article))
    return named[seen.most_common(1)[0][0]] if seen else None


def line_of(rule: str, text: str, files: Mapping[str, str]) -> str:
    """Return where a term stands, "line 13" or "line 13 of rules.yaml": below its rule's name."""
    word = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
    head = re.compile(rf"\s*['\"]?{re.escape(rule)}['\"]?\s*:")
    for number, (name, content) in enumerate(files.items()):
        is_below = False
        for line, shown in enumerate(content.splitlines(), 1):
            begins = head.match(shown)
            is_below = is_below or begins is not None
            if is_below and word.search(shown, begins.end() if begins else 0):
                return f"line {line}" + (f" of {name}" if number else "")
    return ""
