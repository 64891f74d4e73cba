"""A digest as Slack messages in Block Kit: within every limit, nothing that pings, nothing dropped.

The texts come from the template; this module escapes, packs them into blocks and blocks into
messages. Sending is the delivery stage's matter.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import quote

from alerts.digests import layout
from alerts.digests.layout import Row
from alerts.digests.phrases import Phrases
from alerts.digests.words import cut
from alerts.kept import Kept
from alerts.links import host
from alerts.model import Digest, Outlet, Piece, Post

MAX_BLOCKS = 45  # Slack takes 50
MAX_SECTION = 3_000
MAX_HEADER = 150
MAX_MESSAGE = 10_000  # characters of the whole document; Slack refuses some of 12,000
_MAX_TEXT = 2_700  # of one piece, so that headings and bullets fit beside it
_MAX_CONTEXT = 700
_MAX_NOTICE = 1_000
_BULLETS_A_SECTION = 5  # Slack folds longer sections behind "see more"

Block = dict[str, Any]
#: What a row says, in the pieces that fit a section.
Texts = tuple[str, ...]


class Mrkdwn(str):
    """Text that is escaped already, or is markup of ours."""

    __slots__ = ()


class Words(Protocol):
    """Renders one macro of the template."""

    def __call__(self, macro: str, *values: Any) -> Mrkdwn:
        """Return the macro's text, escaped."""
        ...


# --- escaping ------------------------------------------------------------------------------------


def escaped(text: str, limit: int = _MAX_TEXT) -> Mrkdwn:
    """Return `text` as Slack shows it literally: this alone defuses <!channel> and <@U1>.

    A text that grows longer than `limit` by it is cut before, never within an escape.
    """
    flat = re.sub(r"\s+", " ", text)
    for room in (limit, limit // 2, limit // 5):
        told = _escape(cut(flat, max(2, room)))
        if len(told) <= limit:
            break
    return Mrkdwn(told)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def finalized(value: Any) -> Any:
    """Escape what a template prints, unless it is escaped already."""
    return value if isinstance(value, Mrkdwn) else escaped(str(value))


def link(url: str | None, label: str) -> Mrkdwn:
    """Return the label as a link; without it where there is none, or none that Slack could take."""
    words = escaped(label.replace("|", "¦"))
    if not url or not re.match(r"https?://", url):
        return words
    target = re.sub(r"[|<>\s\x00-\x20\x7f\"\\]", lambda c: quote(c[0]), url)
    target = target.replace("&", "&amp;")
    whole = Mrkdwn(f"<{target}|{words}>")
    return whole if len(whole) <= _MAX_TEXT else words


def marked(pieces: Sequence[Piece]) -> Mrkdwn:
    """Return an excerpt with its marked words in bold, where Slack can begin and end bold."""
    told = []
    for at, piece in enumerate(pieces):
        before = "".join(one.text for one in pieces[:at])[-1:]
        after = "".join(one.text for one in pieces[at + 1 :])[:1]
        told.append(_bold(piece.text, before, after) if piece.marked else _escape(piece.text))
    return Mrkdwn("".join(told))


def _bold(words: str, before: str, after: str) -> str:
    """Return the words in bold, unless Slack would show the asterisks: within a word, or twice."""
    core = words.strip()
    left, right = words[: words.find(core)], words[words.find(core) + len(core) :]
    around = (left or before)[-1:], (right or after)[:1]
    if not core or "*" in core or any(letter.isalnum() for letter in around):
        return _escape(words)
    return f"{left}*{_escape(core)}*{right}"


# --- messages ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    """A text of one row; bullets are gathered under their heading, others stand alone."""

    row: Row
    text: str
    is_bullet: bool


def posts(digest: Digest, words: Words, kept: Kept[Texts] | None = None) -> tuple[Post, ...]:
    """Return the messages that together hold every title and link of the digest.

    `kept` holds what the shipped template makes of a row; an admin's own is asked each time.
    """
    say = Phrases(digest)
    items = [item for row in layout.rows(digest) for item in _items(row, say, words, kept)]
    headings = {one.rule: words("topic", one) for one in (*digest.sections, *digest.below)}
    frame = cache(lambda macro, page: words(macro, digest, say, page))

    def made(some: Sequence[_Item], part: int, parts: int) -> Post:
        page = layout.page((), part, parts)
        return _post(lambda macro: frame(macro, page), _sections(some, digest, headings))

    return layout.parts(items, made, _load, most=MAX_BLOCKS * _BULLETS_A_SECTION)


def _load(post: Post) -> float:
    length = len(json.dumps(post.document, ensure_ascii=False))
    return max(length / MAX_MESSAGE, len(post.document["blocks"]) / MAX_BLOCKS)


def _items(row: Row, say: Phrases, words: Words, kept: Kept[Texts] | None) -> Iterator[_Item]:
    """Yield the row's text: one, or several where it would outgrow a section."""
    digest = say.digest
    is_lead = _is_lead(row, digest)
    is_bullet = row.form != "full" or (digest.subscriber.style == "brief" and not is_lead)

    def make() -> Texts:
        lines = _lines(row, say, words, is_bullet=is_bullet, is_lead=is_lead)
        texts = (text for line in lines for text in line if text)
        return tuple(joined(texts, "  " if is_bullet else "\n"))

    # Else it is the story that says which are the others.
    others = row.others if row.form == "more" else ()
    topic = row.section.title if is_lead else ""
    of_reader = (say.language, say.seen_from, row.also_under(digest))
    key = (row.story, row.form, is_bullet, is_lead, topic, others, of_reader)
    texts = make() if kept is None else kept.get(key, make)
    yield from (_Item(row, text, is_bullet) for text in texts)


def _lines(
    row: Row, say: Phrases, words: Words, *, is_bullet: bool, is_lead: bool
) -> list[list[Mrkdwn]]:
    others = [_outlet(one, words) for one in row.others]
    also = [Mrkdwn(f"{words('also')} {others[0]}"), *others[1:]] if others else []
    if row.form == "more":
        return [joined(also, ", ")]
    facts = (
        words("told", say, row)
        if row.form == "told"
        else words("facts", say.digest, say, row, is_lead)
    )
    title = headline(row)
    first, *further = joined(also, ", ") or [Mrkdwn("")]
    told = joined([facts, first], " · ")
    if is_bullet:
        title[0] = Mrkdwn(f"• {title[0]}")
        return [joined([*title, *told], "  "), further]
    title[0] = Mrkdwn(f"*{title[0]}*")
    quoted = words("excerpt", say.digest, say, row)
    excerpt = [Mrkdwn(f">{quoted}")] if quoted else []
    return [*([one] for one in title), told, excerpt, further]


def _is_lead(row: Row, digest: Digest) -> bool:
    """Whether the row is the one story that a brief message shows in full."""
    return digest.subscriber.style == "brief" and row.number == 1 and row.form == "full"


def headline(row: Row) -> list[Mrkdwn]:
    """Return the headline as a link; where they are too long for one text, one after the other."""
    whole = link(row.story.link, row.story.title)
    if row.story.link is None or whole.startswith("<"):
        return [whole]
    return [whole, link(row.story.link, host(row.story.link) or "link")]


def _outlet(one: Outlet, words: Words) -> Mrkdwn:
    return Mrkdwn(f"{link(one.link, one.name)}{words('lock') if one.paywall else ''}")


def joined(texts: Iterable[str], gap: str) -> list[Mrkdwn]:
    """Return the texts joined as far as they fit a section together."""
    found: list[str] = []
    for text in filter(None, texts):
        if found and len(found[-1]) + len(gap) + len(text) <= _MAX_TEXT:
            found[-1] += gap + text
        else:
            found.append(text)
    return [Mrkdwn(text) for text in found]


def _post(frame: Callable[[str], Mrkdwn], sections: Sequence[Block]) -> Post:
    blocks: list[Block] = [_header(frame("header"))]
    blocks += _context(frame("topics"))
    blocks += _context(frame("warning"))
    blocks += sections
    blocks += _context(frame("footer"))
    return Post(
        {
            "text": _bounded(frame("notification"), _MAX_NOTICE),
            "blocks": blocks,
            "unfurl_links": False,
            "unfurl_media": False,
        }
    )


def _header(text: Mrkdwn) -> Block:
    """Return a header; its text is plain, so what was escaped for markup is itself again."""
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    told = cut(plain or "—", MAX_HEADER)
    return {"type": "header", "text": {"type": "plain_text", "text": told, "emoji": False}}


def _context(text: Mrkdwn) -> list[Block]:
    told = _bounded(text, _MAX_CONTEXT)
    return [{"type": "context", "elements": [markup(told)]}] if told else []


def markup(text: str) -> Block:
    """Return a text object; `verbatim`: Slack must not look for channels and people in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _bounded(text: Mrkdwn, limit: int) -> str:
    """Return `text` within `limit` without cutting an escape or a link in two."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    for opening, closing in (("<", ">"), ("&", ";")):
        if head.rfind(opening) > head.rfind(closing):
            head = head[: head.rfind(opening)]
    return head.rstrip() + "…"


def _sections(
    items: Sequence[_Item], digest: Digest, headings: Mapping[str, Mrkdwn]
) -> list[Block]:
    """Return the items as section blocks, each topic under its heading."""
    texts: list[str] = []
    topic: str | None = None
    bullets = room = 0
    for at, item in enumerate(items):
        text = item.text
        is_new_topic = topic != item.row.section.rule and not _is_lead(item.row, digest)
        if is_new_topic:
            topic = item.row.section.rule
            text = f"{headings[topic]}\n{text}"
            room = _fair_share(items[at:])
        joins = item.is_bullet and 0 < bullets < room and not is_new_topic
        if joins and len(texts[-1]) + 1 + len(text) <= MAX_SECTION:
            texts[-1] += f"\n{text}"
            bullets += 1
            continue
        texts.append(text)
        bullets = 1 if item.is_bullet else 0
    return [{"type": "section", "text": markup(text)} for text in texts]


def _fair_share(items: Sequence[_Item]) -> int:
    """Return how many bullets of the first item's topic stand in a section: none is left alone."""
    topic = items[0].row.section.rule
    mine = itertools.takewhile(lambda item: item.row.section.rule == topic, items)
    bullets = max(1, sum(item.is_bullet for item in mine))
    return math.ceil(bullets / math.ceil(bullets / _BULLETS_A_SECTION))
