"""Claims about what a feed takes back: by tombstones, and by headlines that say so."""

from __future__ import annotations

import pytest

from alerts.feeds.items import named
from alerts.feeds.parse import parse
from alerts.feeds.withdrawals import says_so
from alerts.model import ParsedFeed

SPACE = "http://purl.org/atompub/tombstones/1.0"
ATOM = f"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="{SPACE}"><title>T</title>%s
<entry><id>b</id><title>Kept</title><updated>2026-11-24T10:00:00Z</updated>
<content type="html">%s</content></entry></feed>"""
MARK = '<at:deleted-entry ref="tag:a&amp;b" when="2026-11-24T10:00:00Z"/>'


def tombstones(document: str) -> tuple[str, ...]:
    found = parse(document.encode(), "application/atom+xml", "https://example.org/f", now=2e9)
    assert isinstance(found, ParsedFeed)
    assert [entry.title for entry in found.entries] == ["Kept"]
    return found.tombstones


@pytest.mark.parametrize(
    "mark",
    [
        MARK,
        MARK.replace('"', "'"),
        MARK.replace("/>", "><at:comment>x</at:comment>") + "</at:deleted-entry>",
        MARK.replace("at:", "").replace("ref", f'xmlns="{SPACE}" ref'),
    ],
)
def test_a_tombstone_names_the_entry_that_it_deletes(mark: str):
    assert tombstones(ATOM % (mark, "")) == (named("1", "tag:a&b"),)


@pytest.mark.parametrize(
    "text", [f"<![CDATA[{MARK}]]>", f"<!-- {MARK} -->", MARK.replace("<", "&lt;")]
)
def test_a_text_about_tombstones_deletes_nothing(text: str):
    assert tombstones(ATOM % ("", text)) == ()


def test_without_its_namespace_it_is_none():
    assert tombstones(ATOM.replace(SPACE, "https://example.org/other") % (MARK, "")) == ()


@pytest.mark.parametrize(
    "title",
    ["RETRACTED: Two held", "Withdrawn: Two held", "[Retracted] Two held", "(withdrawn) Two held",
     "Retraction – Two held", "Retraction: Two held", "RETIRADA: Dos detenidos", "WITHDRAWN",
     "<b>Retracted:</b> Two held", "Retractación: dos detenidos"],
)  # fmt: skip
def test_a_headline_says_that_its_article_is_withdrawn(title: str):
    assert says_so(title)


@pytest.mark.parametrize(
    "title",
    ["Withdrawn bill is back", "Retracted claims cost paper its name", "Correction: Two held",
     "ICE withdrawn: from Madison?", "Retirada de tropas", "", "Retraction-free year"],
)  # fmt: skip
def test_a_headline_about_something_withdrawn_does_not(title: str):
    assert not says_so(title)
