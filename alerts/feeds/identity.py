"""Which entries of a document are new, and which are known under another name; pure.

Three keys name an entry: K1 its guid, K2 its canonical link, K3 its title, the beginning of its
text and its day. Publishers rewrite guids, links and titles, but seldom all three at once. Dates
never decide what is new but in one case: a guid that is used again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from alerts.feeds import twins
from alerts.feeds.items import Item, Keys, named, numbered
from alerts.feeds.likeness import Comparison
from alerts.model import Entry

#: How long one's own K3 tells without a day in it: the same words a month later are a new article
#: (a weekly column).
SAME_TEXT_S = 30 * 86_400.0
#: "Obituaries" or "Letters to the editor" are no likeness: so many characters of title and text
#: must agree between two feeds or without a date, and in one feed on one day.
_TELLING_CHARS = 60
_TELLING_THAT_DAY_CHARS = 16
#: A document without a known name, but with so many known words, was renamed as a whole.
_RENAMED_LEAST = 3
_RENAMED_SHARE = 0.8
#: A feed that never dates its entries cannot say which of them are of today. So many are what a
#: small office puts on its page, and are offered at a first poll; more are an archive.
MAX_UNDATED_OFFERED = 20


@dataclass(frozen=True, slots=True)
class SeenKey:
    """A key that was seen before: whose it is and when it was last seen."""

    entry_id: int
    last_seen: float


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """What of a stored entry is compared (the hashes of `comparison`)."""

    link_key: str | None
    title_key: str
    published_at: float | None
    text_key: str


class Unread(Exception):
    """An item that was left out of the reading is no longer what it was: all has to be read."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry nobody has seen; `is_baseline`: older than a first poll offers."""

    entry: Entry
    keys: Keys
    is_baseline: bool
    compared: Comparison


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry that exists; its keys of today are to be remembered with the old ones.

    `entry` is None for what was not read again; such a one is neither edited nor a new outlet.
    """

    entry: Entry | None
    keys: Keys
    entry_id: int
    compared: Comparison
    is_edited: bool = False
    is_new_outlet: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be written; each article of the document stands in it, new ones once."""

    new: tuple[NewEntry, ...]
    known: tuple[KnownEntry, ...]


@dataclass(frozen=True)
class Document:
    """The items of one document with keys made distinct where the publisher did not."""

    items: tuple[tuple[Item, Keys], ...]
    shared_links: frozenset[str]  # K2 that several articles of the document have

    @classmethod
    def of(cls, read: Sequence[Item]) -> Document:
        """Return the document of these items."""
        parts = _shared_links(item.keys for item in read)
        exact = [(item, _with_part(item, parts)) for item in read]
        shared = _shared_links(keys for _, keys in exact)
        twice = _reused_guids(keys for _, keys in exact)
        numbers = twins.numbers([_named(item, keys, shared) for item, keys in exact])
        items = tuple(
            (item, _numbered(_told_apart(keys, twice, shared), number))
            for (item, keys), number in zip(exact, numbers, strict=True)
        )
        return cls(items, shared)

    @property
    def keys(self) -> set[str]:
        """All that its items are known by."""
        return {key for _, keys in self.items for key in keys.all()}

    def link_of(self, keys: Keys) -> str | None:
        """Return K2 if it names one article only."""
        return None if keys.k2 in self.shared_links else keys.k2

    def is_made_of(self, known: Mapping[str, SeenKey]) -> bool:
        """Whether nearly all that is said here was said before: few words tell then, too."""
        words = {keys.k3 for _, keys in self.items}
        return len(words) >= _RENAMED_LEAST and (
            len(words & known.keys()) >= _RENAMED_SHARE * len(words)
        )

    def identifying(self, item: Item, keys: Keys) -> tuple[str, ...]:
        """Return the keys that are this article's alone."""
        link = self.link_of(keys)
        by_text = keys.text if _text_tells(item, keys, link) else None
        return tuple(key for key in (keys.k1, link, by_text) if key)


def decide(
    document: Document,
    *,
    known: Mapping[str, SeenKey],
    elsewhere: Mapping[str, SeenKey],
    stored: Mapping[int, StoredEntry],
    first_poll: bool,
    look_back_s: float,
    now: float,
) -> Decision:
    """Tell new entries from known ones; Unread if that takes the text of an item that has none.

    `known` are this feed's keys, `elsewhere` the keys of other feeds (K2 of any age, K3 of the last
    72 hours), `stored` the entries they belong to; an entry that is not in `stored` was pruned.
    Times are epoch seconds. A guard against a site that renames everything at once belongs between
    the two steps here: it sees how many entries of the document resolve to nothing.
    """
    standing = twins.Standing()
    sight = _Sight(known, elsewhere, stored, standing, now)
    by_name = [sight.by_name(item, keys, document.link_of(keys)) for item, keys in document.items]
    sight.is_renamed = not any(by_name) and document.is_made_of(known)
    for (_, keys), seen in zip(document.items, by_name, strict=True):
        if seen is not None:
            standing.add(keys.k3, keys.number, seen)
    undated = sum(item.published_at is None for item, _ in document.items)
    new: list[NewEntry] = []
    taken: dict[str, int] = {}  # identifying key -> which of the new ones has it
    copies: defaultdict[int, list[str]] = defaultdict(list)
    resolved: list[KnownEntry] = []
    met: set[int] = set()
    for (item, keys), seen in zip(document.items, by_name, strict=True):
        found = sight.resolve(item, keys, document.link_of(keys), seen)
        if found is not None:
            # Two versions of one article in a document must not overwrite each other for ever.
            is_edited = found.is_edited and found.entry_id not in met
            met.add(found.entry_id)
            if item.entry is None and (is_edited or found.is_new_outlet):
                raise Unread
            resolved.append(replace(found, is_edited=is_edited))
            continue
        if item.entry is None:
            raise Unread
        mine = document.identifying(item, keys)
        at = next((taken[key] for key in mine if key in taken), len(new))
        if at == len(new):
            is_baseline = first_poll and _is_old(item, look_back_s, now, undated)
            new.append(NewEntry(item.entry, keys, is_baseline, item.compared))
        else:
            copies[at].extend(keys.all())
        for key in mine:
            taken.setdefault(key, at)
    return Decision(tuple(_with_aliases(new, copies)), tuple(resolved))


def _with_aliases(new: Sequence[NewEntry], copies: Mapping[int, list[str]]) -> Iterator[NewEntry]:
    """Yield the new entries, each known by the names of its copies in the document too."""
    for at, one in enumerate(new):
        if at not in copies:
            yield one
            continue
        own = set(one.keys.all())
        others = tuple(key for key in dict.fromkeys(copies[at]) if key not in own)
        yield replace(one, keys=replace(one.keys, aliases=others))


def _is_old(item: Item, look_back_s: float, now: float, undated: int) -> bool:
    """Whether a first poll leaves the entry out; without a date it counts as seen just now."""
    if look_back_s <= 0:
        return True
    if item.published_at is None:
        return undated > MAX_UNDATED_OFFERED
    return item.published_at < now - look_back_s


def _numbered(keys: Keys, number: int) -> Keys:
    return replace(keys, number=number) if number else keys


def _named(item: Item, keys: Keys, shared: frozenset[str]) -> twins.Named:
    link = None if keys.k2 in shared else keys.k2
    names = tuple(name for name in (keys.k1, link) if name)
    return twins.Named(keys.k3 if _text_tells(item, keys, link) else "", names, item.published_at)


def _text_tells(item: Item, keys: Keys, link: str | None) -> bool:
    """Whether K3 is enough to know an article of one feed by; it must be if nothing else is."""
    if keys.k1 is None and link is None:
        return True
    least = _TELLING_CHARS if item.published_at is None else _TELLING_THAT_DAY_CHARS
    return keys.chars >= least


def _shared_links(all_keys: Iterable[Keys]) -> frozenset[str]:
    """Return the links that stand for several articles: other guids (or none) and other words."""
    by_link: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for keys in all_keys:
        if keys.k2:
            by_link[keys.k2].append((keys.k1 or keys.words, keys.words))
    return frozenset(link for link, names in by_link.items() if not _are_one(names))


def _are_one(names: Sequence[tuple[str, str]]) -> bool:
    """Whether (guid, words) pairs hang together: each shares its guid or its words with another."""
    groups: dict[str, str] = {}  # a name -> another of its group, itself at the group's root

    def root(name: str) -> str:
        while groups.setdefault(name, name) != name:
            groups[name] = groups[groups[name]]
            name = groups[name]
        return name

    for guid, words in names:
        groups[root(guid)] = root(words)
    return len({root(name) for pair in names for name in pair}) == 1


def _reused_guids(all_keys: Iterable[Keys]) -> frozenset[str]:
    """Return the guids that entries with different links or words share in one document."""
    apart = {(keys.k1, keys.k2 or keys.k3) for keys in all_keys if keys.k1}
    counts = Counter(guid for guid, _ in apart)
    return frozenset(guid for guid, count in counts.items() if guid and count > 1)


def _with_part(item: Item, shared: frozenset[str]) -> Keys:
    """Return keys with the link's fragment in K2, where it alone tells articles of one page apart.

    Change logs and live pages link to `page#part`, and some of them rewrite every guid and date.
    """
    if item.part is None or item.keys.k2 not in shared:
        return item.keys
    return replace(item.keys, k2=item.part)


def _told_apart(keys: Keys, twice: frozenset[str], shared: frozenset[str]) -> Keys:
    if keys.k1 is None or keys.k1 not in twice:
        return keys
    second = keys.k2 if keys.k2 and keys.k2 not in shared else keys.k3
    return replace(keys, k1=named("1", keys.k1, second))


class _Sight:
    """What was seen before, asked for one entry at a time."""

    def __init__(
        self,
        known: Mapping[str, SeenKey],
        elsewhere: Mapping[str, SeenKey],
        stored: Mapping[int, StoredEntry],
        standing: twins.Standing,
        now: float,
    ) -> None:
        self._known = known
        self._elsewhere = elsewhere
        self._stored = stored
        self._standing = standing
        self._now = now
        self.is_renamed = False  # the whole document, not one entry

    def by_name(self, item: Item, keys: Keys, link: str | None) -> int | None:
        """Return the entry that this feed has under the guid or link. `link`: if it identifies."""
        by_guid = self._known.get(keys.k1) if keys.k1 else None
        if by_guid is not None and not self._is_reused(item, by_guid.entry_id):
            return by_guid.entry_id
        by_link = self._known.get(link) if link else None
        return None if by_link is None else by_link.entry_id

    def resolve(
        self, item: Item, keys: Keys, link: str | None, named: int | None
    ) -> KnownEntry | None:
        """Return the entry that this one is, None if it is new. `named`: what `by_name` said."""
        seen = named if named is not None else self._by_text(item, keys, link)
        if seen is not None:
            is_edited = self._is_edited(item, keys, seen)
            return KnownEntry(item.entry, keys, seen, item.compared, is_edited)
        other = self._elsewhere.get(link) if link else None
        if other is None and keys.chars >= _TELLING_CHARS:
            number = self._standing.place(keys.k3, keys.number)
            other = self._elsewhere.get(numbered(keys.k3, number))
        if other is not None:
            return KnownEntry(item.entry, keys, other.entry_id, item.compared, is_new_outlet=True)
        return None

    def _by_text(self, item: Item, keys: Keys, link: str | None) -> int | None:
        """Return the entry that was renamed, which it was not if it stands there as it was."""
        if not (self.is_renamed or _text_tells(item, keys, link)):
            return None
        has_name = keys.k1 is not None or link is not None
        if has_name and self._standing.has_any(keys.k3):
            return self._standing.entry_id(keys.k3, keys.number)
        seen = self._known.get(keys.text)
        if seen is None:
            return None
        is_certain = item.published_at is not None or self.is_renamed
        return seen.entry_id if is_certain or seen.last_seen >= self._now - SAME_TEXT_S else None

    def _is_reused(self, item: Item, entry_id: int) -> bool:
        """Whether a known guid stands on another article: other link, other title, newer date."""
        before = self._stored.get(entry_id)
        if before is None:
            return False
        today = item.compared
        if today.link_key == before.link_key or today.title_key == before.title_key:
            return False
        if item.published_at is None or before.published_at is None:
            return item.published_at is None and before.published_at is None
        return item.published_at > before.published_at

    def _is_edited(self, item: Item, keys: Keys, entry_id: int) -> bool:
        """Whether title or text changed since this feed was last read.

        An article that other feeds carry too is stored with the words of one of them, so there only
        this feed's own K3 can tell.
        """
        before = self._stored.get(entry_id)
        if before is None:
            return False
        here = self._known.get(keys.k3)
        shared = (self._elsewhere.get(key) for key in (keys.k2, keys.k3) if key)
        if any(seen is not None and seen.entry_id == entry_id for seen in shared):
            return here is None
        today = item.compared
        return (today.title_key, today.text_key) != (before.title_key, before.text_key)
