"""Real feeds as they changed over months, polled again one document after the other.

    python bench/replay.py [--raw FILE.tar.xz] [--events FILE.jsonl.gz] [--feed WORD] [--sample N]

Each document is served at its own moment of a fake clock and goes through the poll of the service:
fetch, parse, identity, rows. For each feed the table says how many entries were called new, how
many distinct stories its documents held (entries that share a link or a title and a day are one),
how many were told twice (two rows with the same link and title), and how many were held back.
Fails if more than 5 % are called new too often or too seldom, or if anything was told twice.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from alerts import config
from alerts.clock import FakeClock
from alerts.demo.documents import Item, rss
from alerts.digests.render import Renderer
from alerts.feeds.likeness import day_of, plain_words
from alerts.feeds.memory import MemoryFetcher
from alerts.feeds.parse import parse
from alerts.links import canonical
from alerts.model import Entry, ParsedFeed
from alerts.pipeline import Parts, apply
from alerts.pipeline.poll import poll
from alerts.settings import Settings
from alerts.store import feeds, held
from alerts.store.database import migrate, open_database
from alerts.store.schema import entry, feed

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
URL = "https://replay.example/feed.xml"
YAML = f'version: 1\nfeeds: ["{URL}"]\n'
CLOSE = 0.05

Document = tuple[float, bytes]  # when it was served, and what


@dataclass(frozen=True)
class Result:
    """What came of one feed's documents."""

    feed: str
    documents: int
    guids: int  # what a reader that trusts guids alone would call new
    stories: int
    new: int
    twice: int
    held: int

    @property
    def off(self) -> float:
        """How far the entries called new are from the distinct stories, as a share."""
        return (self.new - self.stories) / self.stories if self.stories else 0.0


# --- the documents -----------------------------------------------------------------------------


def raw(path: Path) -> Iterator[tuple[str, list[Document]]]:
    """Yield each feed's real bodies in the order of their moments."""
    found: defaultdict[str, list[Document]] = defaultdict(list)
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                place = Path(member.name)
                found[place.parent.name].append((float(place.stem), file.read()))
    for name, documents in sorted(found.items()):
        yield name, sorted(documents)


def events(path: Path) -> Iterator[tuple[str, list[Document]]]:
    """Yield each feed's documents made again from what was noted of them, the changed ones only.

    Polls that noted no change would be answered 304, which reads nothing.
    """
    rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.keys() - {"f", "t", "n"}:
                rows[row["f"]].append(row)
    for name, mine in sorted(rows.items()):
        yield name, list(_documents(sorted(mine, key=lambda row: row["t"])))


def _documents(rows: Iterable[dict[str, Any]]) -> Iterator[Document]:
    items: dict[str, dict[str, str]] = {}
    for row in rows:
        if "init" in row:
            items = {item["guid"]: item for item in row["init"]}
        for guid in row.get("rem", ()):
            items.pop(guid, None)
        if row.get("churn"):
            items = dict(_renamed(items.values(), row["t"]))
        for guid, field, _, value in row.get("chg", ()):
            if guid in items and field in items[guid]:
                items[guid] = items[guid] | {field: value}
        added = row.get("add", ())
        if len(items) + len(added) > row["n"]:  # named otherwise since the last one that was noted
            names = {(item["link"], item["title"]) for item in added}
            items = {g: i for g, i in items.items() if (i["link"], i["title"]) not in names}
        items = {item["guid"]: item for item in added} | items
        yield float(row["t"]), rss("Replayed", list(_items(items))).encode()


def _renamed(items: Iterable[dict[str, str]], t: float) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the items with other ids, dated at another time of their day: as that feed does."""
    for number, item in enumerate(items):
        guid = f"{item['link']}#{t:.0f}{number}"
        day, _, _ = item["pub"].rpartition(" ")
        pub = f"{day.rpartition(' ')[0]} {formatdate(t, usegmt=True).split()[4]} +0000"
        yield guid, item | {"guid": guid, "pub": pub if item["pub"] else ""}


def _items(items: Mapping[str, dict[str, str]]) -> Iterator[Item]:
    """Yield the items; an id that stood there twice was noted as ID and ID#2."""
    for item in items.values():
        try:
            at = parsedate_to_datetime(item["pub"]).timestamp()
        except (ValueError, TypeError):
            at = None
        guid, _, number = item["guid"].rpartition("#")
        guid = guid if number.isdecimal() and guid in items else item["guid"]
        yield Item(item["title"], item["link"], item["desc"], at, guid=guid)


# --- the replay --------------------------------------------------------------------------------


def replay(name: str, documents: Iterable[Document]) -> Result:
    """Poll the documents one after the other, each at its moment."""
    documents = list(documents)
    stories, guids = _Stories(), set[str]()
    service = _Service(documents[0][0])
    try:
        for at, body in documents:
            service.poll(at, body)
            parsed = parse(body, "application/xml", URL, now=at)
            if isinstance(parsed, ParsedFeed):
                guids.update(one.guid or "" for one in parsed.entries)
                for one in parsed.entries:
                    stories.add(one)
        rows, waiting = service.rows(), service.held()
    finally:
        service.close()
    named = Counter((_page(row.link), plain_words(row.title)) for row in rows if row.link)
    twice = sum(count - 1 for count in named.values())
    return Result(name, len(documents), len(guids), len(stories), len(rows), twice, waiting)


class _Service:
    """One feed, an empty database and a clock that begins at `now`."""

    def __init__(self, now: float) -> None:
        self._clock, self._fetcher = FakeClock(now), MemoryFetcher()
        self._database = open_database("sqlite://")
        migrate(self._database)
        path = Path("subscribers.yaml")
        loaded = config.load(path, {}, contents={path: YAML.encode()})
        assert loaded.config is not None, loaded.errors
        self._parts = Parts(
            database=self._database,
            clock=self._clock,
            settings=Settings(host_gap_s=0),
            fetcher=self._fetcher,
            renderer=Renderer(),
            transports={},
            in_force=apply(self._database, loaded.config, {path.name: YAML}, now),
        )

    def poll(self, at: float, body: bytes) -> None:
        """Serve a document and poll it, whenever the service would do so itself."""
        self._clock.advance(max(0.0, at - self._clock.now()))
        self._fetcher.put(URL, body)
        now, lease = self._clock.now(), self._clock.token()
        with self._database.write() as connection:
            connection.execute(feed.update().values(due_at=now))
            (row,) = feeds.claim(
                connection, now=now, horizon=now, lease=lease, lease_s=300, limit=1, gaps=_NO_GAPS
            )
        poll(self._parts, row, lease)

    def rows(self) -> list[Any]:
        """Return every entry that was called new."""
        with self._database.read() as connection:
            return list(connection.execute(select(entry).order_by(entry.c.id)))

    def held(self) -> int:
        """Return how many entries are held back."""
        with self._database.read() as connection:
            return sum(held.counts(connection).values())

    def close(self) -> None:
        """Close the database."""
        self._database.close()


class _Stories:
    """Counts stories: entries that share their page, or their title and day, are one."""

    def __init__(self) -> None:
        self._groups: dict[Any, Any] = {}

    def add(self, one: Entry) -> None:
        """Take an entry of a document."""
        title = ("title", plain_words(one.title), day_of(one.published_at))
        page = ("page", _page(one.link)) if one.link else title
        self._groups[self._root(page)] = self._root(title)

    def _root(self, name: Any) -> Any:
        while self._groups.setdefault(name, name) != name:
            name = self._groups[name]
        return name

    def __len__(self) -> int:
        return sum(name == group for name, group in self._groups.items())


def _page(link: str) -> str:
    """Return a link to compare by; parts of one page are pages here."""
    return f"{canonical(link)}#{link.partition('#')[2]}"


_NO_GAPS = feeds.Gaps(0, 0)


def main() -> int:
    """Print the table; return 1 if it is not good enough."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--raw", type=Path, default=SHARED / "replay_raw_dev.tar.xz")
    options.add_argument("--events", type=Path, default=SHARED / "replay_events_dev.jsonl.gz")
    options.add_argument("--feed", default="", help="only feeds with this in their name")
    options.add_argument("--sample", type=int, help="so many documents a feed, evenly chosen")
    given = options.parse_args()
    bad = False
    for kind, source in (("raw", raw(given.raw)), ("events", events(given.events))):
        found = [
            replay(name, _sample(documents, given.sample or len(documents)))
            for name, documents in source
            if given.feed in name
        ]
        print(f"{kind:<42}{'documents':>10}{'guids':>8}{'stories':>9}{'new':>7}{'off':>8}"
              f"{'twice':>7}{'held':>6}")  # fmt: skip
        for one in [*found, total(found)]:
            print(f"{one.feed:<42}{one.documents:>10}{one.guids:>8}{one.stories:>9}{one.new:>7}"
                  f"{one.off:>8.1%}{one.twice:>7}{one.held:>6}", flush=True)  # fmt: skip
        bad |= abs(total(found).off) > CLOSE or total(found).twice > 0
    return int(bad)


def _sample(documents: Sequence[Document], most: int) -> list[Document]:
    """Return at most so many documents, the first and the last among them."""
    last = len(documents) - 1
    chosen = {round(n * last / max(most - 1, 1)) for n in range(most)}
    return [documents[at] for at in sorted(chosen)]


def total(found: Iterable[Result]) -> Result:
    """Return the sums of all feeds."""
    rows = list(found)
    names = ("documents", "guids", "stories", "new", "twice", "held")
    return Result("all", *(sum(getattr(row, name) for row in rows) for name in names))


if __name__ == "__main__":
    sys.exit(main())
