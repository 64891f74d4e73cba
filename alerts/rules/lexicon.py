"""From a piece of text to the words of rules that stand in it, remembered piece by piece.

A leaf is the number of one unit (`vocabulary.Unit`) that some rule asks for. A rule that comes
makes only those pieces be looked up again that its words can be in. Most pieces are one word: of
them a plain tuple of leaves is kept; of the others `Several`, which says where in it they stand.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple, Self

from alerts.rules.vocabulary import Unit, UnitKind, stems
from alerts.spelling import fold, is_singular, singulars
from alerts.tokens import bare, only_word, read

#: leaf, first and last position, start and end character; all within the piece
Hit = tuple[int, int, int, int, int]

_MAX_PIECES = 150_000  # some 50 MB; twenty thousand articles have about 130,000
_MAX_LENGTH = 48  # characters; longer pieces hardly ever come again
_LONGEST = 1_000  # letters of a word, about
_HEAD = 3  # letters, as many as a * needs before it

#: What units ask for: how it is compared, a key and the leaf.
_Table = dict[str, tuple[tuple[UnitKind, str, int], ...]]


class Entry(NamedTuple):
    """What one piece holds: how many positions it takes, and the leaves in it."""

    width: int
    hits: tuple[Hit, ...]


class Several(tuple[int, ...]):
    """The leaves of a piece that is none or several words, and where in it they stand.

    `firsts` and `lasts` are leaves that begin and end it, `pairs` those next to each other in it.
    """

    entry: Entry
    firsts: tuple[int, ...]
    lasts: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Return the leaves of `entry`."""
        width, hits = entry
        made = cls(dict.fromkeys(hit[0] for hit in hits))
        made.entry = entry
        made.firsts = tuple(hit[0] for hit in hits if hit[1] == 0)
        made.lasts = tuple(hit[0] for hit in hits if hit[2] == width - 1)
        made.pairs = tuple((a[0], b[0]) for a in hits for b in hits if b[1] == a[2] + 1)
        return made


_NO_LEAVES: tuple[int, ...] = ()
_WITHOUT_HITS = {width: Several.of(Entry(width, ())) for width in (0, 2, 3)}


class Memo(dict[str, tuple[int, ...]]):
    """piece -> its leaves; what is missing is looked up. Safe to read from many threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        self._lexicon = lexicon

    def __missing__(self, piece: str) -> tuple[int, ...]:
        return self._lexicon.look_up(piece)


class Lexicon:
    """The units of all rules, found by what they ask for."""

    def __init__(
        self,
        *,
        is_link: bool = False,
        max_pieces: int = _MAX_PIECES,
        commonness: dict[int, int] | None = None,
    ) -> None:
        self.memo = Memo(self)
        #: How often a leaf is found, guessed from its letters: greater is oftener.
        self.commonness: dict[int, int] = {} if commonness is None else commonness
        self._is_link = is_link
        self._max_pieces = max_pieces
        self._lock = threading.RLock()
        self._leaves: dict[Unit, int] = {}
        self._units: dict[int, Unit] = {}
        self._further: dict[int, int] = {}  # leaf -> users but for the first
        self._last_leaf = 1 if is_link else 0  # odd numbers: one space for text and links
        self._words: _Table = {}  # by the folded word, whatever the way to compare
        # By the first letters, _HEAD of them if it has so many.
        self._prefixes: dict[int, _Table] = {}
        self._stems: dict[str, _Table] = {}  # by the stem, for each language
        # No lists: the cycle collector walks 100,000 of them, but passes by tuples of texts.
        self._pieces: dict[str, str | tuple[str, ...]] = {}
        self._entries: dict[str, Entry] = {}  # of pieces that were asked with their characters
        # First letters -> keys of pieces; most matchers never need it.
        self._heads: defaultdict[str, set[str]] | None = None

    def __len__(self) -> int:
        """Return how many units are asked for."""
        return len(self._leaves)

    def leaf(self, unit: Unit) -> int:
        """Return the leaf of a unit that was taken; 0, which is nobody's, if nobody asks for it."""
        return self._leaves.get(unit, 0)

    def has(self, leaf: int) -> bool:
        """Whether somebody asks for it."""
        return leaf in self._units

    def new_leaf(self) -> int:
        """Return a number that no leaf has or had."""
        with self._lock:
            self._last_leaf += 2
            return self._last_leaf

    def take_again(self, leaf: int) -> bool:
        """Take the unit of `leaf` once more; False if nobody asks for it."""
        with self._lock:
            if leaf not in self._units:
                return False
            self._further[leaf] = self._further.get(leaf, 0) + 1
            return True

    def take(self, unit: Unit) -> int:
        """Return the leaf of `unit`, from now on found in every text."""
        with self._lock:
            leaf = self._leaves.get(unit)
            if leaf is not None:
                self._further[leaf] = self._further.get(leaf, 0) + 1
                return leaf
            self._last_leaf = leaf = self._last_leaf + 2
            self._leaves[unit], self._units[leaf] = leaf, unit
            self.commonness[leaf] = _commonness(unit)
            kind = unit.kind
            table, is_plain = self._words, kind in ("number", "fold")
            for key in unit.keys:
                place = key
                if not is_plain:
                    table, place = self._place(unit, key)
                row = (kind, key, leaf)
                table[place] = (*table[place], row) if place in table else (row,)
                if self._pieces:
                    self._forget(kind, place, key)
            return leaf

    def drop(self, leaf: int) -> None:
        """Take back one `take`; a unit that nobody asks for is no longer found."""
        with self._lock:
            if further := self._further.pop(leaf, 0):
                if further > 1:
                    self._further[leaf] = further - 1
                return
            unit = self._units.pop(leaf)
            del self._leaves[unit]
            self.commonness.pop(leaf, None)
            for key in unit.keys:
                table, place = self._place(unit, key)
                table[place] = tuple([row for row in table[place] if row[2] != leaf])
                if not table[place]:
                    del table[place]
                self._forget(unit.kind, place, key)
            if unit.kind in ("prefix", "stem"):  # a table that is empty would be asked every word
                self._prefixes = {length: rows for length, rows in self._prefixes.items() if rows}
                self._stems = {language: rows for language, rows in self._stems.items() if rows}

    def _place(self, unit: Unit, key: str) -> tuple[_Table, str]:
        """Return the table that one of the unit's keys stands in, and under what."""
        if unit.kind in ("number", "fold"):
            return self._words, key
        if unit.kind == "prefix":
            head = key[:_HEAD]
            return self._prefixes.setdefault(len(head), {}), head
        if unit.kind == "stem":
            return self._stems.setdefault(unit.language, {}), key
        return self._words, fold(bare(key))

    def look_up(self, piece: str) -> tuple[int, ...]:
        """Return the leaves of `piece`, and remember them."""
        with self._lock:
            word = only_word(piece)
            if not word:
                return self._read_piece(piece)
            folded = word.lower() if word.isascii() else fold(word)
            keys: Collection[str] = (folded,) if is_singular(folded) else singulars(folded)
            leaves = _NO_LEAVES
            if (
                not self._words.keys().isdisjoint(keys)
                or self._stems
                or (self._prefixes and self._has_prefix(folded))
            ):
                found = self._found(word, None, folded, keys)
                if found is None:
                    return self._read_piece(piece)
                leaves = tuple(found if len(found) < 2 else dict.fromkeys(found))
            self._remember(piece, leaves, keys)
            return leaves

    def entry(self, piece: str) -> Entry:
        """Return what `piece` holds, with the characters."""
        with self._lock:
            known = self._entries.get(piece)
            if known is None:
                known = self._read(piece, set())
                if piece in self.memo:  # else nobody would forget it
                    self._entries[piece] = known
            return known

    def _has_prefix(self, folded: str) -> bool:
        """Return False for most of the words that no rule's prefix fits."""
        for length, prefixes in self._prefixes.items():  # noqa: SIM110 - any() takes 0.3 µs more
            if folded[:length] in prefixes:
                return True
        return False

    def _read_piece(self, piece: str) -> tuple[int, ...]:
        keys: set[str] = set()
        entry = self._read(piece, keys)
        width, hits = entry
        leaves: tuple[int, ...]
        if width == 1 and not any(hit[2] for hit in hits):
            leaves = tuple(dict.fromkeys(hit[0] for hit in hits)) if hits else _NO_LEAVES
        else:
            leaves = Several.of(entry) if hits or width > 3 else _WITHOUT_HITS[width]
        self._remember(piece, leaves, keys)
        return leaves

    def _read(self, piece: str, keys: set[str]) -> Entry:
        """Read `piece` word by word; `keys` gets all that units may find it by."""
        width, forms = read(piece, is_link=self._is_link)
        hits: dict[Hit, None] = {}
        own: Collection[str]
        for form in forms:
            folded = fold(form.text)
            own = (folded,) if is_singular(folded) else singulars(folded)
            keys.update(own)
            for leaf in self._found(form.text, form.written, folded, own) or ():
                hits[(leaf, form.first, form.last, form.start, form.end)] = None
        return Entry(width, tuple(hits))

    def _remember(self, piece: str, leaves: tuple[int, ...], keys: Iterable[str]) -> None:
        if len(piece) > _MAX_LENGTH:
            return
        memo, pieces, heads = self.memo, self._pieces, self._heads
        if len(memo) >= self._max_pieces:
            self._forget_all()
        memo[piece] = leaves
        for key in keys:
            others = pieces.get(key)
            if others is None:
                pieces[key] = piece
                if heads is not None:
                    heads[key[:_HEAD]].add(key)
            else:
                pieces[key] = (*others, piece) if isinstance(others, tuple) else (others, piece)

    def _forget(self, kind: UnitKind, place: str, key: str) -> None:
        """Make the pieces that may hold one of a unit's keys be looked up again."""
        if kind in ("number", "fold"):  # nearly always
            self._forget_pieces(place)
        elif kind == "stem" or (kind == "prefix" and len(key) < _HEAD):
            self._forget_all()
        elif kind == "prefix":
            for known in [one for one in self._with_head(place) if one.startswith(key)]:
                self._forget_pieces(known)
        else:
            self._forget_pieces(place)

    def _forget_pieces(self, key: str) -> None:
        known = self._pieces.pop(key, ())
        for piece in known if isinstance(known, tuple) else (known,):
            self.memo.pop(piece, None)
            if self._entries:
                self._entries.pop(piece, None)

    def _with_head(self, head: str) -> Collection[str]:
        """Return the keys of pieces that begin so; kept from the first time that it is asked."""
        if self._heads is None:
            self._heads = defaultdict(set)
            for key in self._pieces:
                self._heads[key[:_HEAD]].add(key)
        return self._heads.get(head, ())

    def _forget_all(self) -> None:
        self.memo.clear()
        self._entries.clear()
        self._pieces.clear()
        self._heads = None

    def _found(
        self, text: str, written: str | None, folded: str, keys: Iterable[str]
    ) -> list[int] | None:
        """Return the leaves of a word; `keys` are the words that it may be the plural of.

        `written` None: it is not known; None is returned if the answer depends on it.
        """
        found: list[int] = []
        for key in keys:
            for kind, asked, leaf in self._words.get(key, ()):
                if (
                    kind == "number"
                    or (kind == "fold" and key == folded)
                    or (kind == "case" and asked == text)
                ):
                    found.append(leaf)
                elif kind == "exact":
                    if written is None:
                        return None
                    if asked in (text, written):
                        found.append(leaf)
        for length, prefixes in self._prefixes.items():
            for _, start, leaf in prefixes.get(folded[:length], ()):
                if folded.startswith(start):
                    found.append(leaf)
        for language, known in self._stems.items():
            for stem in stems(text, language):
                found += [row[2] for row in known.get(stem, ())]
        return found


_COMMON = (
    "a about after all also an and are as at be been but by can could de del el en es for from had "
    "has have he her his i in into is it its la las los more new no not of on one or our out over "
    "por que said says se she so some su than that the their them there they this to un una up us "
    "was we were what when which who will with would year you"
)
_COMMON_WORDS = frozenset(_COMMON.split())


def _commonness(unit: Unit) -> int:
    """Guess from its letters: a rule is looked at only where its rarest word is."""
    if not _COMMON_WORDS.isdisjoint(unit.keys):
        rank = 3 * _LONGEST
    else:
        rank = 2 * _LONGEST if unit.kind in ("prefix", "stem") else _LONGEST
    return rank - (len(*unit.keys) if len(unit.keys) == 1 else min(map(len, unit.keys)))
