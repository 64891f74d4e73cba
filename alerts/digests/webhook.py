"""A digest as documents for programs: `{type, timestamp, data}`, each part under 20 kB.

Keys are only ever added. Signing and sending is the delivery stage's matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from alerts.clock import iso
from alerts.digests import layout
from alerts.digests.layout import Row
from alerts.digests.phrases import Phrases
from alerts.digests.words import cut
from alerts.model import Digest, Outlet, Post, Story

MAX_BYTES = 19_500  # of the compact document, also when all but ASCII is escaped
MAX_ARTICLES = 20
#: One article's share: the facts about the digest as a whole need the rest.
_MAX_ARTICLE_BYTES = 13_000
_MAX_RULES = 20
_MAX_MISSING = 10
_MAX_MISSING_BYTES = 3_000
_SHORT_TITLE_CHARS = 200

Json = dict[str, Any]


def posts(digest: Digest) -> tuple[Post, ...]:
    """Return the documents that together hold every title and link of the digest."""
    articles = [article for row in layout.rows(digest) for article in _articles(row, digest)]
    facts = _facts(digest)

    def made(some: Sequence[Json], part: int, parts: int) -> Post:
        data = facts | {"part": part, "parts": parts, "articles": list(some)}
        moment = iso(digest.created_at)
        return Post({"type": "digest", "timestamp": moment, "data": data})

    return layout.parts(articles, made, _load, most=MAX_ARTICLES)


def _load(post: Post) -> float:
    return _size(post.document) / MAX_BYTES


def _size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def _facts(digest: Digest) -> Json:
    person, say = digest.subscriber, Phrases(digest)
    shown = [
        {"source": one.name, "since": iso(one.since), "reason": one.reason}
        for one in digest.missing[:_MAX_MISSING]
    ]
    while _size(shown) > _MAX_MISSING_BYTES:
        shown.pop()
    return {
        "digest": digest.id,
        "subscriber": {"id": cut(person.id, 100), "name": cut(person.name, 100)},
        "slot": digest.slot,
        "timezone": person.timezone,
        "since": iso(digest.since_at),
        "next": iso(digest.next_at),
        "stories": len(digest.stories),
        "late": say.late or None,
        "completeness": {
            "sources": digest.sources,
            "read": digest.sources - len(digest.missing),
            "missing": shown,
        },
    }


# --- articles ----------------------------------------------------------------------------------


def _articles(row: Row, digest: Digest) -> Iterator[Json]:
    """Yield the row as an article, and again for outlets that do not fit beside it."""
    article = _article(row, digest)
    also: list[Json] = []
    for outlet in (_outlet(one) for one in row.others):
        if also and _size({**article, "also": [*also, outlet]}) > _MAX_ARTICLE_BYTES:
            yield article | {"also": also}
            article, also = _continued(row), []
        also.append(outlet)
    yield _fitting(article | {"also": also})


def _article(row: Row, digest: Digest) -> Json:
    story = row.story
    if row.form == "more":
        return _continued(row)
    own = row.own
    text, marks = _excerpt(story)
    return _fitting(
        {
            "id": story.entry_id,
            "title": story.title,
            "link": story.link,
            "outlet": own.name if own else None,
            "paywall": own.paywall if own else False,
            "published": iso(own.at) if own else None,
            "rules": [
                {"name": cut(name, 200), "title": digest.titles.get(name, name)}
                for name in story.rules[:_MAX_RULES]
            ],
            "excerpt": text,
            "marks": marks,
            "also": [],
            "late": story.late,
            "told_before": iso(story.told_at),
            "title_before": story.was or None,
            "withdrawn": iso(story.withdrawn_at),
            "continued": False,
        }
    )


def _continued(row: Row) -> Json:
    """Return what names the article again, to carry more of its outlets."""
    return {
        "id": row.story.entry_id,
        "title": cut(row.story.title, 100),
        "also": [],
        "continued": True,
    }


def _excerpt(story: Story) -> tuple[str, list[list[int]]]:
    """Return the excerpt as plain text and [start, end) of its marked words."""
    text, marks = "", []
    for piece in story.excerpt:
        if piece.marked:
            marks.append([len(text), len(text) + len(piece.text)])
        text += piece.text
    return text, marks


def _outlet(one: Outlet) -> Json:
    return {
        "outlet": one.name,
        "link": one.link,
        "published": iso(one.at),
        "paywall": one.paywall,
    }


def _fitting(article: Json) -> Json:
    """Return the article within its share: rules, excerpt, the end of a title go before a link."""
    for less in (
        {},
        {"rules": article.get("rules", [])[:3]},
        {"excerpt": "", "marks": []},
        {"title": cut(article["title"], _SHORT_TITLE_CHARS)},
    ):
        article = article | less if not article["continued"] else article
        if _size(article) <= _MAX_ARTICLE_BYTES:
            break
    return article
