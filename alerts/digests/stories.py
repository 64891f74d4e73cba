"""What a story shows: its safe title and links, its outlets, an excerpt around the match.

Everything a feed wrote passes through here before any renderer sees it: texts are plain and of
safe characters, links are http or https or absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from sys import getsizeof
from typing import NamedTuple

from alerts import links, text
from alerts.kept import Kept
from alerts.model import Alert, Outlet, Piece, Span, Story

#: A title is never cut below this; feeds that write more write no title.
MAX_TITLE_CHARS = 1_024
_MAX_NAME_CHARS = 120
_EXCERPT_CHARS = 180  # about two lines on a screen
_GAPS = frozenset({" ", "-", "\N{EN DASH}", "\N{NON-BREAKING HYPHEN}"})
_MAX_TAIL_CHARS = 40  # an outlet's name after a repeated title


class _Shown(NamedTuple):
    """What a story shows whoever reads it, as far as the same words are marked."""

    title: str
    link: str | None
    outlets: tuple[Outlet, ...]
    excerpt: tuple[Piece, ...]


def _size(shown: _Shown) -> int:
    outlets = sum(getsizeof(one.name) + getsizeof(one.link) for one in shown.outlets)
    pieces = sum(getsizeof(piece.text) for piece in shown.excerpt)
    return getsizeof(shown.title) + getsizeof(shown.link) + outlets + pieces


_kept: Kept[_Shown] = Kept(2_000_000, _size)


def story(alert: Alert, order: Mapping[str, int]) -> Story:
    """Return the alert's story; `order` gives the place of each rule in the subscriber's list."""
    entry = alert.entry
    names = dict.fromkeys(match.rule for match in alert.matches)
    rules = tuple(sorted(names, key=lambda name: order.get(name, len(order))))
    first = rules[0] if rules else None
    shown = _kept.get(_key(alert, first), lambda: _shown(alert, first))
    return Story(
        title=shown.title,
        link=shown.link,
        outlets=shown.outlets,
        excerpt=shown.excerpt,
        rules=rules,
        entry_id=alert.entry_id,
        seen_at=alert.seen_at,
        lang=entry.lang,
        caps_only=bool(alert.matches) and all(match.caps_only for match in alert.matches),
        late=alert.late,
        urgent_at=alert.urgent_at,
        changed_at=alert.changed_at if alert.urgent_at is not None else None,
        withdrawn_at=alert.withdrawn_at,
    )


def _key(alert: Alert, rule: str | None) -> tuple[object, ...]:
    """Return all that `_shown` reads; long texts as their hash, so that none is kept alive."""
    entry = alert.entry
    texts = blake2b(digest_size=16)
    for raw in (entry.title, entry.summary, entry.content):
        texts.update(b"%d:" % len(raw) + raw.encode("utf-8", "surrogatepass"))
    return texts.digest(), entry.link, alert.outlets, _spans(alert), _spans(alert, rule)


def _spans(alert: Alert, rule: str | None = None) -> frozenset[Span]:
    """Return where the words stand that the alert's rules found, or one rule of them."""
    matches = [match for match in alert.matches if rule in (None, match.rule)]
    return frozenset(span for match in matches for span in match.spans)


def _shown(alert: Alert, rule: str | None) -> _Shown:
    entry, outlets = alert.entry, _outlets(alert)
    title = text.shown(entry.title, MAX_TITLE_CHARS)
    link = links.safe_link(entry.link) if entry.link else None
    return _Shown(
        title=title or _instead_of_title(alert),
        link=link or next((outlet.link for outlet in outlets if outlet.link), None),
        outlets=outlets,
        excerpt=_excerpt(alert, rule, title),
    )


def _outlets(alert: Alert) -> tuple[Outlet, ...]:
    """Return the outlets with safe names and links, each once, the entry's own first."""
    found: dict[tuple[str, str | None], Outlet] = {}
    for outlet in alert.outlets:
        link = links.safe_link(outlet.link) if outlet.link else None
        name = text.shown(outlet.name, _MAX_NAME_CHARS) or (links.host(link) if link else "")
        if name:
            shown = Outlet(name, link, outlet.at, outlet.paywall, outlet.lang)
            found.setdefault((name, link), shown)
    return tuple(found.values())


def _instead_of_title(alert: Alert) -> str:
    """Return what stands for a missing title: the first words, else where it was found."""
    pieces = text.excerpt(alert.entry.summary or alert.entry.content, (), 100)
    words = "".join(piece.text for piece in pieces).strip()
    return words or (links.host(alert.entry.link) if alert.entry.link else "") or "—"


def _excerpt(alert: Alert, rule: str | None, title: str) -> tuple[Piece, ...]:
    """Return some words of the article around those that the rule found below which it stands."""
    raw, spans, around = _richest(alert, rule)
    pieces = text.excerpt(raw, spans, _EXCERPT_CHARS, around) if raw.strip() else ()
    return () if _repeats(title, "".join(piece.text for piece in pieces)) else _run_on(pieces)


def _run_on(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the pieces with marked words that only a blank or a dash parts as one mark."""
    found: list[Piece] = []
    for piece in pieces:
        gap = found[-1].text if len(found) > 1 and not found[-1].marked else "."
        if piece.marked and found and found[-1].marked:
            found[-1] = Piece(found[-1].text + piece.text, marked=True)
        elif piece.marked and gap in _GAPS:
            found.pop()
            found[-1] = Piece(found[-1].text + gap + piece.text, marked=True)
        else:
            found.append(piece)
    return tuple(found)


_Ranges = list[tuple[int, int]]


def _richest(alert: Alert, rule: str | None) -> tuple[str, _Ranges, _Ranges]:
    """Return the fuller field that holds words of the rule, else of any; else a field's beginning.

    With the field come all words that were found in it, and those of the rule.
    """
    fields = {"content": alert.entry.content, "summary": alert.entry.summary}
    found, own = _spans(alert), _spans(alert, rule)
    for wanted in (own, found):
        for name, raw in fields.items():
            if any(span.field == name for span in wanted):
                return raw, _ranges(found, name), _ranges(own, name)
    return alert.entry.summary or alert.entry.content, [], []


def _ranges(spans: Iterable[Span], field: str) -> _Ranges:
    return sorted((span.start, span.end) for span in spans if span.field == field)


def _repeats(title: str, excerpt: str) -> bool:
    """Whether the excerpt says nothing but the title (and perhaps the outlet's name)."""
    bare, told = _words(title), _words(excerpt)
    return bare.startswith(told) or (
        bool(bare) and told.startswith(bare) and len(told) - len(bare) <= _MAX_TAIL_CHARS
    )


def _words(text: str) -> str:
    """Return the words alone: sources write quotes and dashes in several ways."""
    return " ".join(re.findall(r"\w+", text.casefold()))
