"""Runs the rules' own examples: an edit that breaks one is a mistake at its line.

An example is a headline. It is judged as a title and, for rules that look elsewhere, as a text;
the rule's feeds, place and lang are left out, since a headline has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from alerts.config.findings import quoted
from alerts.config.reading import Reading
from alerts.config.rules import Draft, Example, RuleBook
from alerts.model import Article, Match, Rule
from alerts.rules import because, shapes
from alerts.rules.matcher import Matcher
from alerts.rules.verdicts import verdict
from alerts.tree import RuleRef


def run_examples(reading: Reading, book: RuleBook, wrong: frozenset[str]) -> None:
    """Record every example that does not hold; rules in `wrong` cannot be judged."""
    rules = {
        draft.name: replace(draft.rule, feeds=(), places=(), langs=())
        for draft in book.drafts
        if draft.rule is not None and draft.name not in wrong
    }
    tested = [draft for draft in book.drafts if draft.examples and draft.name in rules]
    needed = {draft.name: tuple(_needed(draft.name, rules)) for draft in tested}
    matcher = Matcher({rule.name: rule for some in needed.values() for rule in some}.values())
    for draft in tested:
        for example in draft.examples:
            _run(reading, draft, example, needed[draft.name], matcher)


def _needed(name: str, rules: Mapping[str, Rule]) -> Iterator[Rule]:
    """Yield the rule and every rule it refers to, at any distance."""
    seen, waiting = {name}, [name]
    while waiting:
        rule = rules[waiting.pop()]
        yield rule
        for node in shapes.walk(rule.tree):
            if isinstance(node, RuleRef) and node.name not in seen:
                seen.add(node.name)
                waiting.append(node.name)


def _run(
    reading: Reading, draft: Draft, example: Example, rules: tuple[Rule, ...], matcher: Matcher
) -> None:
    forms = (Article(title=example.text), Article(summary=example.text, content=example.text))
    judged = ((form, match) for form in forms for match in matcher.spans(form, {draft.name}))
    found = next(judged, None)
    if example.is_match and found is None:
        missing = because.reason(verdict(rules[0], forms[0], rules), forms[0])
        told = f"The rule {quoted(draft.name)} must match this example, and does not: {missing}."
        hint = "Mend the rule or the example; check --explain says what the rule looks for."
        reading.findings.error(example.at, told, hint)
    elif not example.is_match and found is not None:
        why = _why(*found)
        told = f"The rule {quoted(draft.name)} must skip this example, but it matches{why}."
        hint = "Add the phrase under except:, or mend the example."
        reading.findings.error(example.at, told, hint)


def _why(article: Article, match: Match) -> str:
    """Return ": "Ice storm"", the words that made the rule hold."""
    texts = {"title": article.title, "summary": article.summary}
    found = [
        texts[span.field][span.start : span.end] for span in match.spans if span.field in texts
    ]
    return f": {', '.join(map(quoted, dict.fromkeys(found)))}" if found else ""
