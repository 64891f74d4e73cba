"""What became of each sample story, and why: from what was really sent, and from the real rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from alerts.demo.news import OUTLETS, SampleStory
from alerts.demo.world import link
from alerts.model import Article, Config
from alerts.rules import because
from alerts.rules.verdicts import Clause, Verdict, verdict

_OLD = "It matches, but came before we did: older than `look_back`, three days"
_NO_RULE = "No rule finds anything in it"


@dataclass(frozen=True, slots=True)
class Decision:
    """One story. `topics`: which rules hold and the words that say so; `why_not`: if it was not
    told, the rules' own words for that."""

    story: SampleStory
    topics: Mapping[str, tuple[str, ...]]
    why_not: str = ""


def decisions(
    stories: Iterable[SampleStory], config: Config, sent: Collection[str]
) -> list[Decision]:
    """Return one decision for each story; `sent` holds the links that stand in what was sent."""
    return [_decision(story, config, is_told=link(story) in sent) for story in stories]


def _decision(story: SampleStory, config: Config, *, is_told: bool) -> Decision:
    article = _article(story)
    verdicts = [verdict(rule, article, config.rules) for rule in config.rules]
    topics = {one.rule.title(): _words(one, article) for one in verdicts if one.holds}
    if is_told:
        return Decision(story, topics)
    near = next((one for one in verdicts if one.is_capitals or _is_near(one.clause)), None)
    why_not = _reason(near, article) if near else _NO_RULE
    return Decision(story, topics, _OLD if topics else why_not)


def _words(found: Verdict, article: Article) -> tuple[str, ...]:
    """Return the words that made a rule hold, each once, whatever its letters."""
    words = {word.casefold(): word for word, _ in because.words_of(article, found.spans)}
    return tuple(words.values())


def _reason(missed: Verdict, article: Article) -> str:
    """Return why a rule does not hold, in the words of `alerts explain` but without the fields.

    Words in other letters are told in small ones, so that stories with one reason stand together.
    """
    said = re.sub(r" \([a-z, ]+\)(?=[,;:]|$)", "", because.reason(missed, article))
    said = re.sub(r'only "(\w+)"(?=, in other)', lambda word: word[0].lower(), said)
    lead = f"The rule {missed.rule.title()}"
    return f"{lead}: {said}" if missed.is_capitals else f"{lead} asks for {said}"


def _is_near(clause: Clause) -> bool:
    """Whether some of what the clause asks for is there, or nearly."""
    here = clause.role == "part" and (clause.holds or bool(clause.obstacle))
    return here or any(map(_is_near, clause.parts))


def _article(story: SampleStory) -> Article:
    outlet = next(outlet for outlet in OUTLETS if outlet.key == story.outlet)
    return Article(
        title=story.title,
        summary=story.text,
        author=story.author,
        tags=story.tags,
        sources=(outlet.name, *outlet.tags),
        place=outlet.place,
        lang=outlet.language,
    )
