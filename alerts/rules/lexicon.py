"""From a piece of text to the words of rules that stand in it, remembered piece by piece.

A leaf is the number of one unit (`vocabulary.Unit`) that some rule asks for. A rule that comes
makes only those pieces be looked up again that its words can be in.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from alerts.rules.vocabulary import Unit, stems
from alerts.text import fold, singulars
from alerts.tokens import Form, bare, read

#: leaf, first and last position, start and end character; all within the piece
Hit = tuple[int, int, int, int, int]

_MAX_PIECES = 150_000  # some 50 MB; twenty thousand articles have about 130,000
_MAX_LENGTH = 48  # characters; longer pieces hardly ever come again


class Entry(NamedTuple):
    """What one piece holds: how many positions it takes, and the leaves in it."""

    width: int
    hits: tuple[Hit, ...]


_ENTRIES = {width: Entry(width, ()) for width in range(4)}


class Memo(dict[str, Entry]):
    """piece -> entry; what is missing is looked up. Safe to read from many threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        self._lexicon = lexicon

    def __missing__(self, piece: str) -> Entry:
        return self._lexicon.look_up(piece)


class Lexicon:
    """The units of all rules, found by what they ask for."""

    def __init__(self, *, is_link: bool = False, max_pieces: int = _MAX_PIECES) -> None:
        self.memo = Memo(self)
        self._is_link = is_link
        self._max_pieces = max_pieces
        self._lock = threading.RLock()
        self._leaves: dict[Unit, int] = {}
        self._uses: dict[Unit, int] = {}
        self._commonness: dict[int, tuple[int, int]] = {}
        self._last_leaf = 1 if is_link else 0  # odd numbers: one space for text and links
        self._exactly: dict[str, dict[str, list[int]]] = {
            kind: {} for kind in ("fold", "number", "case", "exact")
        }
        self._asked: Counter[str] = Counter()  # folded, whatever the way to compare
        self._prefixes: dict[int, dict[str, list[int]]] = {}
        self._stems: dict[str, dict[str, list[int]]] = {}
        self._pieces: defaultdict[str, list[str]] = defaultdict(list)

    def __len__(self) -> int:
        """Return how many units are asked for."""
        return len(self._leaves)

    def commonness(self, leaf: int) -> tuple[int, int]:
        """Return a guess at how often a leaf is found; greater is oftener."""
        return self._commonness[leaf]

    def take(self, unit: Unit) -> int:
        """Return the leaf of `unit`, from now on found in every text."""
        with self._lock:
            if unit in self._leaves:
                self._uses[unit] += 1
                return self._leaves[unit]
            self._last_leaf += 2
            self._leaves[unit], self._uses[unit] = self._last_leaf, 1
            self._commonness[self._last_leaf] = _commonness(unit)
            for table, key in self._tables(unit):
                table.setdefault(key, []).append(self._last_leaf)
            self._asked.update(_folded_keys(unit))
            self._forget(unit)
            return self._last_leaf

    def drop(self, unit: Unit) -> None:
        """Take back one `take`; a unit that nobody asks for is no longer found."""
        with self._lock:
            self._uses[unit] -= 1
            if self._uses[unit]:
                return
            leaf = self._leaves.pop(unit)
            del self._uses[unit], self._commonness[leaf]
            for table, key in self._tables(unit):
                table[key].remove(leaf)
                if not table[key]:
                    del table[key]
            for key in _folded_keys(unit):
                self._asked[key] -= 1
                if not self._asked[key]:
                    del self._asked[key]
            self._prefixes = {length: table for length, table in self._prefixes.items() if table}
            self._stems = {language: table for language, table in self._stems.items() if table}
            self._forget(unit)

    def look_up(self, piece: str) -> Entry:
        """Return what `piece` holds, and remember it."""
        with self._lock:
            width, forms = read(piece, is_link=self._is_link)
            keys = [singulars(fold(form.text)) for form in forms]
            hits: dict[Hit, None] = {}
            for form, own in zip(forms, keys, strict=True):
                for leaf in self._found(form, own):
                    hits[(leaf, form.first, form.last, form.start, form.end)] = None
            is_common = not hits and width < len(_ENTRIES)
            entry = _ENTRIES[width] if is_common else Entry(width, tuple(hits))
            if len(piece) <= _MAX_LENGTH:
                self._remember(piece, entry, keys)
            return entry

    def _remember(self, piece: str, entry: Entry, keys: Iterable[frozenset[str]]) -> None:
        if len(self.memo) >= self._max_pieces:
            self.memo.clear()
            self._pieces.clear()
        self.memo[piece] = entry
        for own in keys:
            for key in own:
                self._pieces[key].append(piece)

    def _forget(self, unit: Unit) -> None:
        """Make the pieces that `unit` may be in be looked up again."""
        if unit.kind in ("prefix", "stem"):
            self.memo.clear()
            self._pieces.clear()
            return
        for key in _folded_keys(unit):
            for piece in self._pieces.pop(key, ()):
                self.memo.pop(piece, None)

    def _tables(self, unit: Unit) -> Iterator[tuple[dict[str, list[int]], str]]:
        for key in unit.keys:
            if unit.kind == "prefix":
                yield self._prefixes.setdefault(len(key), {}), key
            elif unit.kind == "stem":
                yield self._stems.setdefault(unit.language, {}), key
            else:
                yield self._exactly[unit.kind], key

    def _found(self, form: Form, keys: frozenset[str]) -> list[int]:
        """Return the leaves of a word; `keys` are the words that it may be the plural of."""
        found: list[int] = []
        folded = fold(form.text)
        if not self._asked.keys().isdisjoint(keys):  # hardly ever: most words are in no rule
            found += self._exactly_found(form, folded, keys)
        for length, beginnings in self._prefixes.items():
            found += beginnings.get(folded[:length], ())
        for language, known in self._stems.items():
            for stem in stems(form.text, language):
                found += known.get(stem, ())
        return found

    def _exactly_found(self, form: Form, folded: str, keys: frozenset[str]) -> Iterator[int]:
        exactly = self._exactly
        yield from exactly["fold"].get(folded, ())
        for one in keys:
            yield from exactly["number"].get(one, ())
        yield from exactly["case"].get(form.text, ())
        yield from exactly["exact"].get(form.text, ())
        yield from exactly["exact"].get(form.written, ())


def _folded_keys(unit: Unit) -> list[str]:
    return [fold(bare(key)) for key in unit.keys]


_COMMON = (
    "a about after all also an and are as at be been but by can could de del el en es for from had "
    "has have he her his i in into is it its la las los more new no not of on one or our out over "
    "por que said says se she so some su than that the their them there they this to un una up us "
    "was we were what when which who will with would year you"
)
_COMMON_WORDS = dict.fromkeys(_COMMON.split())


def _commonness(unit: Unit) -> tuple[int, int]:
    """Guess from its letters: a rule is looked at only where its rarest word is."""
    shortest = min(map(len, unit.keys))
    if not _COMMON_WORDS.keys().isdisjoint(unit.keys):
        return 3, -shortest
    return (2 if unit.kind in ("prefix", "stem") else 1), -shortest
