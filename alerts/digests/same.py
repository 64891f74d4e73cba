"""Which articles of one digest report the same story: told as one, with the other outlets.

The first form: the same headline in other spelling, or the same link, within three days. A short
headline ("Police blotter") tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from sys import getsizeof
from urllib.parse import urlsplit

from alerts import links, text
from alerts.digests.stories import MAX_TITLE_CHARS
from alerts.kept import Kept
from alerts.model import Alert, Match

#: Articles further apart are no news of one event.
STORY_S = 72 * 3_600.0

#: A headline tells a story by so many words and letters.
_TELLING_WORDS = 5
_TELLING_CHARS = 25

_kept: Kept[tuple[str, ...]] = Kept(1_000_000, lambda keys: sum(map(getsizeof, keys)))


def together(alerts: Sequence[Alert]) -> list[Alert]:
    """Return one alert a story: the earliest article, with the outlets and rules of all.

    An article that was sent as urgent stays alone: what is told of it depends on itself.
    """
    leaders: dict[str, Alert] = {}  # by what the story is known by
    found: dict[int, Alert] = {}
    for alert in sorted(alerts, key=lambda one: (_moment(one), one.entry_id)):
        keys = story_keys(alert) if alert.urgent_at is None else ()
        others = (found[leaders[key].entry_id] for key in keys if key in leaders)
        leader = next((other for other in others if _is_one(other, alert)), None)
        told = alert if leader is None else _joined(leader, alert)
        found[told.entry_id] = told
        leaders |= dict.fromkeys(keys, told)
    return list(found.values())


def _is_one(leader: Alert, alert: Alert) -> bool:
    """Whether they may be one: an outlet that writes a headline twice writes of two things."""
    names = {outlet.name for outlet in leader.outlets}
    is_other = names.isdisjoint(outlet.name for outlet in alert.outlets)
    return is_other and _moment(alert) - _moment(leader) <= STORY_S


def story_keys(alert: Alert) -> tuple[str, ...]:
    """Return what its story is known by: the words of its headline, its page."""
    title, link = alert.entry.title, alert.entry.link
    names = tuple(outlet.name for outlet in alert.outlets)
    return _kept.get((title, link, names), lambda: _story_keys(title, link, names))


def _story_keys(title: str, link: str | None, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, (_headline(title, names), _page(link))))


def _headline(title: str, names: Iterable[str]) -> str:
    """Return the words of the headline without the outlet's name at its end, "" if too few."""
    words = _words(text.shown(title, MAX_TITLE_CHARS))
    for name in names:
        words = words.removesuffix(f" {_words(name)}")
    is_telling = len(words.split()) >= _TELLING_WORDS and len(words) >= _TELLING_CHARS
    return f"headline {words}" if is_telling else ""


def _page(url: str | None) -> str:
    link = links.canonical(url) if url else ""
    parts = urlsplit(link) if link else None
    is_page = parts is not None and bool(parts.path.strip("/") or parts.query)
    return f"page {link}" if is_page else ""


def _words(words: str) -> str:
    return " ".join(re.findall(r"\w+", words.casefold()))


def _moment(alert: Alert) -> float:
    return alert.entry.published_at or alert.seen_at


def _joined(leader: Alert, other: Alert) -> Alert:
    return replace(
        leader,
        outlets=leader.outlets + other.outlets,
        matches=leader.matches + tuple(_of_others(leader, other.matches)),
        late=leader.late or other.late,
    )


def _of_others(leader: Alert, matches: Iterable[Match]) -> Iterable[Match]:
    """Yield the rules that only the other article matched; its marks are not the leader's."""
    known = {match.rule for match in leader.matches}
    return (Match(match.rule) for match in matches if match.rule not in known)
