"""feeds: of the file -> Feed values; a bare address is shorthand for {url: …}."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import cast

from alerts.config.findings import quoted
from alerts.config.keys import BY_NAME
from alerts.config.nodes import MappingNode, Node, ScalarNode, SequenceNode
from alerts.config.reading import Fields, Reading
from alerts.config.scalars import url
from alerts.config.values import READERS
from alerts.model import Feed
from alerts.netguard import NetError, wire_url
from alerts.rules.mistakes import nearest
from alerts.text import fold

LOOK_BACK_S = 86_400.0


@dataclass
class FeedList:
    """The feeds of all files in their order, and the names rules can call them by."""

    feeds: dict[str, Feed] = field(default_factory=dict)
    _spelt: dict[str, str] = field(default_factory=dict)  # what is asked for -> its first spelling
    _places: dict[str, Node] = field(default_factory=dict)
    _names: dict[str, Node] = field(default_factory=dict)

    def read(self, reading: Reading, node: Node) -> None:
        """Read the list of one file."""
        if not isinstance(node, SequenceNode):
            told, hint = "feeds is a list.", 'Begin each feed on its own line with "- ".'
            reading.findings.error(node, told, hint)
            return
        for item in node.value:
            feed = read_feed(reading, item)
            if feed is not None:
                self._add(reading, item, feed)

    def _add(self, reading: Reading, node: Node, feed: Feed) -> None:
        spelt = self._spelt.setdefault(_as_asked(feed.url), feed.url)
        first = self.feeds.get(spelt)
        if first is None:
            self._say_namesake(reading, node, feed)
            self.feeds[feed.url] = feed
            self._places[feed.url] = node
            return
        where = reading.findings.where(self._places[spelt], node)
        told = f"This feed is already listed at {where}"
        if first == replace(feed, url=spelt):
            reading.findings.warn(node, f"{told}; it is polled once.", "Delete one of the two.")
        else:
            hint = "Put all its keys into one of the two, and delete the other."
            reading.findings.error(node, f"{told} with other keys; only one could count.", hint)

    def _say_namesake(self, reading: Reading, node: Node, feed: Feed) -> None:
        """Warn of a name that another feed has: readers could not tell them apart."""
        pairs = node.value if feed.name and isinstance(node, MappingNode) else ()
        at = next((value for key, value in pairs if key.value == "name"), None)
        if at is None or not feed.name:
            return
        first = self._names.setdefault(folded(feed.name), at)
        if first is not at:
            where = reading.findings.where(first, at)
            told = f"{quoted(feed.name)} is also the name of the feed at {where}."
            reading.findings.warn(at, told, "Give each feed a name of its own; tags may be shared.")

    def place(self, url: str) -> Node:
        """Return where the address of a feed stands."""
        node = self._places[url]
        pairs = node.value if isinstance(node, MappingNode) else ()
        return next((value for key, value in pairs if key.value == "url"), node)

    def sources(self) -> dict[str, str]:
        """Return every name, address and tag that a rule can name, by its folded form."""
        found: dict[str, str] = {}
        for feed in self.feeds.values():
            for name in (*feed.tags, feed.name, feed.url):
                if name:
                    found.setdefault(folded(name), name)
        return found

    def places(self) -> dict[str, str]:
        """Return the places of the feeds by their folded form."""
        return {folded(f.place): f.place for f in self.feeds.values() if f.place}


def _as_asked(url: str) -> str:
    """Return the address as its server sees it: two spellings of one are one feed."""
    try:
        return wire_url(url)
    except NetError:
        return url


def folded(name: str) -> str:
    """Return a name as rules compare it: without case, accents and double blanks."""
    return fold(" ".join(name.split()))


def read_feed(reading: Reading, node: Node) -> Feed | None:
    """Return one feed; None after an error in its address."""
    if isinstance(node, ScalarNode):
        address = url(reading, node, BY_NAME["feed"]["url"])
        return None if address is None else Feed(address)
    if not isinstance(node, MappingNode):
        hint = "Write - https://… or - url: https://…"
        reading.findings.error(node, "A feed is an address or a mapping.", hint)
        return None
    fields = reading.fields(node, "feed", READERS)
    if fields is None or "url" not in fields.values:
        return None
    feed = _feed(fields)
    if feed.fulltext and reading.is_of_disk and not _can_read_pages():
        told = "`fulltext` needs trafilatura, which is not installed here."
        hint = f"Install it where alerts runs: {sys.executable} -m pip install trafilatura"
        reading.findings.error(fields.key("fulltext"), told, hint)
    return feed


def _feed(fields: Fields) -> Feed:
    names = ("name", "place", "lang", "fulltext", "paywall", "check", "respect_cache", "auth")
    given = {name: fields.values[name] for name in names if name in fields.values}
    tags = tuple(dict.fromkeys(tag for _, tag in fields.get("tags", ())))
    feed = Feed(
        cast("str", fields.get("url")),
        tags=tags,
        look_back_s=fields.get("look_back", LOOK_BACK_S),
        ca_file=fields.get("verify"),
    )
    return replace(feed, **given)


def check_source(
    reading: Reading,
    at: ScalarNode,
    name: str,
    known: dict[str, str],
    *,
    start: int = 0,
    end: int = 0,
) -> None:
    """Record a feed name or tag that no feed has; without feeds there is nothing to compare."""
    if folded(name) in known or reading.findings.is_unsure("feeds", at):
        return
    told = f"No feed has the name, address or tag {quoted(name)}."
    if not known:
        hint = "List feeds, or leave feeds: out; with none, this rule finds nothing."
        reading.findings.warn(at, told, hint, start=start, end=end)
        return
    reading.findings.error(at, told, _source_hint(name, known), start=start, end=end)


def _can_read_pages() -> bool:
    """Whether the texts of pages can be found; only who asks for them loads what reads feeds."""
    return bool(import_module("alerts.feeds.articles").is_installed())


def _source_hint(name: str, known: dict[str, str]) -> str:
    near = nearest(name, list(known.values()))
    if near:
        return f"Did you mean {quoted(near)}?"
    return f"Write tags: [{name}] at the feeds that are meant, or take this clause away."
