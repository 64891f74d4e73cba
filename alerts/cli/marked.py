"""Articles that rules hold for, as lines with the words marked and as JSON rows."""

from __future__ import annotations

from typing import Any

from alerts.clock import iso
from alerts.model import Article
from alerts.pipeline.history import Kept
from alerts.pipeline.tried import Hit
from alerts.rules import because
from alerts.rules.fields import field_of
from alerts.text import excerpt, shown

_TITLE_CHARS = 1_024
_EXCERPT_CHARS = 220
_QUERY = "--query"


def marked(article: Article, field: str, hit: Hit, limit: int) -> str:
    """Return a field's text around what holds, the words between asterisks."""
    spans = sorted({(s.start, s.end) for m in hit.matches for s in m.spans if s.field == field})
    pieces = excerpt(field_of(article, field), spans, limit)
    return "".join(f"*{piece.text}*" if piece.marked else piece.text for piece in pieces)


def lines_of(hit: Hit, kept: Kept | None) -> list[str]:
    """Return an article as lines: title, where and when, the text around the words."""
    article = hit.article
    lines = [marked(article, "title", hit, _TITLE_CHARS) or "(no title)"]
    facts = [_name(match.rule) for match in hit.matches]
    if kept is not None:
        when = (iso(kept.seen_at) or "")[:10]
        outlet = shown(kept.carriers[0].name) if kept.carriers else ""
        facts = [str(kept.entry_id), when, outlet, *facts]
        facts += ["old when first seen, not sent"] if kept.is_baseline else []
    lines.append("    " + " · ".join(fact for fact in facts if fact))
    fields = {span.field for match in hit.matches for span in match.spans}
    for field in ("content", "summary"):
        if field in fields:
            lines.append(f"    {marked(article, field, hit, _EXCERPT_CHARS)}")
            break
    return lines


def as_row(hit: Hit, kept: Kept | None) -> dict[str, Any]:
    """Return the article as JSON: `words` by rule, as they stand in it."""
    return {
        "id": hit.number,
        "title": shown(hit.article.title),
        "link": hit.article.link,
        "feed": kept.carriers[0].url if kept is not None and kept.carriers else None,
        "seen": iso(kept.seen_at) if kept is not None else None,
        "is_old": kept.is_baseline if kept is not None else False,
        "rules": [_name(match.rule) for match in hit.matches],
        "words": {
            _name(match.rule): [w for w, _ in because.words_of(hit.article, match.spans)]
            for match in hit.matches
        },
    }


def _name(rule: str) -> str:
    return "query" if rule == _QUERY else rule
