"""Puts a subscriber's alerts of one slot together as a Digest: who is told what, under which rule.

Pure. It decides what stands where; how it looks is `render`'s matter, what a story shows is
`stories`'.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from alerts import text
from alerts.digests.same import together
from alerts.digests.slots import told_moment
from alerts.digests.stories import story
from alerts.digests.words import language_of
from alerts.model import Alert, Digest, FeedHealth, Rule, Section, Story, Subscriber

#: Where alerts stand whose rules are all gone: they are owed all the same.
_NO_RULE = ""
_MAX_TITLE_CHARS = 120


def assemble(  # noqa: PLR0913 - a digest is made of these ten facts, each from another place
    *,
    digest_id: str,
    subscriber: Subscriber,
    slot: str,
    alerts: Sequence[Alert],
    rules: Sequence[Rule],
    sources: int,
    missing: Sequence[FeedHealth],
    explanations: Mapping[str, str],
    created_at: float,
    since_at: float | None,
    next_at: float | None,
) -> Digest:
    """Return the digest: each story once, under the first of its rules in the subscriber's order.

    `rules` holds at least those that the alerts and the subscriber name; `explanations` maps rule
    names or titles to plain words. `since_at`: when the digest before this one was made; `next_at`:
    when readers are told that the next comes (`Slot.told_at`). Within a section the newest
    article comes first.
    """
    titles = _titles(subscriber, alerts, rules)
    order = {name: place for place, name in enumerate(titles)}
    stories = sorted(
        (story(alert, order) for alert in together(alerts)),
        key=lambda s: (-_moment(s), -s.entry_id),
    )
    return Digest(
        id=digest_id,
        subscriber=replace(subscriber, name=text.line(subscriber.name, _MAX_TITLE_CHARS)),
        slot=slot,
        created_at=created_at,
        since_at=None if since_at is None else told_moment(subscriber, since_at),
        sections=_sections(stories, titles),
        sources=sources,
        missing=tuple(_safe(one) for one in missing),
        explanations={titles.get(name, name): words for name, words in explanations.items()},
        next_at=next_at,
        titles=titles,
    )


def without(digest: Digest, entry_ids: Collection[int]) -> Digest:
    """Return the digest without the stories of these entries."""
    left = (
        replace(section, stories=tuple(s for s in section.stories if s.entry_id not in entry_ids))
        for section in digest.sections
    )
    return replace(digest, sections=tuple(section for section in left if section.stories))


def _titles(
    subscriber: Subscriber, alerts: Sequence[Alert], rules: Sequence[Rule]
) -> dict[str, str]:
    """Return name -> title: the subscriber's rules in their order, then others that matched."""
    known = {rule.name: rule for rule in rules}
    names = [s.rule for s in subscriber.subscriptions]
    names += [match.rule for alert in alerts for match in alert.matches]
    language = language_of(subscriber.language)
    return {
        name: text.line(known[name].title(language), _MAX_TITLE_CHARS) if name in known else name
        for name in dict.fromkeys(names)
    }


def _sections(stories: Sequence[Story], titles: Mapping[str, str]) -> tuple[Section, ...]:
    under: dict[str, list[Story]] = {name: [] for name in (*titles, _NO_RULE)}
    for one in stories:
        under[one.rules[0] if one.rules else _NO_RULE].append(one)
    return tuple(
        Section(name, titles.get(name, ""), tuple(found)) for name, found in under.items() if found
    )


def _moment(one: Story) -> float:
    return one.outlets[0].at if one.outlets else 0.0


@lru_cache(maxsize=4_096)  # the same few hundred sources stand in every digest
def _safe(health: FeedHealth) -> FeedHealth:
    """Return the same with words that cannot harm: names come from the feeds themselves."""
    name = text.shown(health.name, _MAX_TITLE_CHARS) or "—"
    return replace(health, name=name, reason=text.shown(health.reason, _MAX_TITLE_CHARS))
