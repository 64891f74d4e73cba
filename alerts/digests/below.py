"""What stands below the stories of a digest: told before, by one line each.

Stories that came by another of the reader's digests already, headlines that changed since, and
articles that were withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from alerts import text
from alerts.digests.stories import MAX_TITLE_CHARS, story
from alerts.digests.words import N_, language_of, translations
from alerts.model import Alert, Digest, Section

#: What the sections are known by: no rule has such a name.
_URGENT, _SENT, _CORRECTED, _WITHDRAWN = "(urgent)", "(sent)", "(corrected)", "(withdrawn)"


@dataclass(frozen=True, slots=True)
class Before:
    """An article that a reader was told of before, and its headline then if it changed."""

    alert: Alert
    told_at: float
    was: str = ""


def already_sent(found: Iterable[Before], language: str) -> tuple[Section, ...]:
    """Return the sections of what was told as urgent, and by another digest."""
    every = list(found)
    urgent = [one for one in every if one.alert.urgent_at is not None]
    others = [one for one in every if one.alert.urgent_at is None]
    return (
        *_section(_URGENT, N_("Already sent as urgent"), urgent, language),
        *_section(_SENT, N_("Already sent"), others, language),
    )


def corrected(found: Iterable[Before], language: str) -> tuple[Section, ...]:
    """Return the section of headlines that changed since they were told; none if none did."""
    return _section(_CORRECTED, N_("Corrected since we told you"), found, language)


def withdrawn(found: Iterable[Before], language: str) -> tuple[Section, ...]:
    """Return the section of articles that were withdrawn since they were told; none if none was."""
    return _section(_WITHDRAWN, N_("Withdrawn since we told you"), found, language)


def changes_of(digest: Digest) -> tuple[Section, ...]:
    """Return the sections of a digest that tell of withdrawals and corrections, if it has any."""
    return tuple(part for part in digest.below if part.rule in (_WITHDRAWN, _CORRECTED))


def _section(name: str, title: str, found: Iterable[Before], language: str) -> tuple[Section, ...]:
    nowhere: Mapping[str, int] = {}
    stories = tuple(
        replace(
            story(one.alert, nowhere),
            told_at=one.told_at,
            was=text.shown(one.was, MAX_TITLE_CHARS),
        )
        for one in found
    )
    words = translations(language_of(language)).gettext(title)
    return (Section(name, words, stories),) if stories else ()
