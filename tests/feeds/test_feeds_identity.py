"""Identity: one article is new once, whatever its publisher does to it."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds import identity
from alerts.feeds.identity import Decision, SeenKey, StoredEntry, Unread, decide
from alerts.feeds.items import Item, pack, unpack
from alerts.model import Entry

NOW = 1_795_503_600.0
DAY = 86_400.0
TEXT = "Federal agents detained two men near the county courthouse on Monday, witnesses said."
RAID = Entry(
    title="ICE agents detain two in Madison",
    link="https://news.example/raid?id=7",
    guid="g-7",
    summary=TEXT,
    published_at=NOW - 3_600,
)


class World:
    """Feeds with their seen keys, filled as the pipeline does."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, SeenKey]] = {}
        self.stored: dict[int, StoredEntry] = {}
        self.now = NOW

    def poll(
        self, *entries: Entry, feed: str = "a", first: bool = False, look_back_s: float = DAY
    ) -> Decision:
        decision = self.decide(
            [Item.of(entry) for entry in entries], feed, first=first, look_back_s=look_back_s
        )
        known = self.keys[feed]
        for new in decision.new:
            entry_id = len(self.stored) + 1
            self._store(entry_id, new.entry)
            known |= dict.fromkeys(new.keys.all(), SeenKey(entry_id, self.now))
        for one in decision.known:
            if one.is_edited and not one.is_new_outlet:
                assert one.entry is not None
                self._store(one.entry_id, one.entry)
            known |= dict.fromkeys(one.keys.all(), SeenKey(one.entry_id, self.now))
        return decision

    def decide(
        self,
        items: list[Item],
        feed: str = "a",
        *,
        first: bool = False,
        look_back_s: float = DAY,
    ) -> Decision:
        known = self.keys.setdefault(feed, {})
        elsewhere: dict[str, SeenKey] = {}
        for other, keys in self.keys.items():
            if other != feed:
                elsewhere |= {
                    k: s
                    for k, s in keys.items()
                    if k[0] == "2" or (k[0] == "3" and s.last_seen >= self.now - 72 * 3_600)
                }
        return decide(
            identity.Document.of(items),
            known=known,
            elsewhere=elsewhere,
            stored=self.stored,
            first_poll=first,
            look_back_s=look_back_s,
            now=self.now,
        )

    def _store(self, entry_id: int, entry: Entry) -> None:
        c = Item.of(entry).compared
        self.stored[entry_id] = StoredEntry(c.link_key, c.title_key, entry.published_at, c.text_key)

    def is_new(self, *entries: Entry, feed: str = "a") -> bool:
        return bool(self.poll(*entries, feed=feed).new)


COPIES = {
    "unchanged": RAID,
    "edited title": replace(RAID, title="ICE agents detain two men in Madison, city says"),
    "edited text": replace(RAID, summary=TEXT + " They were released."),
    "guid renumbered": replace(RAID, guid="https://news.example/?p=7"),
    "guid gone": replace(RAID, guid=None),
    "guid renumbered and title edited": replace(RAID, guid="x", title="Two detained by ICE"),
    "moved to https and www": replace(RAID, link="http://www.news.example/raid/?id=7"),
    "AMP": replace(RAID, link="https://amp.news.example/raid/amp?id=7", guid="amp-7"),
    "tracking": replace(RAID, link=f"{RAID.link}&utm_source=rss&fbclid=1", guid="t"),
    "moved to another link": replace(RAID, link="https://news.example/2026/raid"),
    "moved, guid renumbered": replace(RAID, link="https://news.example/2026/raid", guid="new"),
    "date rewritten": replace(RAID, published_at=NOW),
    "date gone": replace(RAID, published_at=None),
    "link and title changed, older date": replace(RAID, link="https://n.example/x", title="Two detained", published_at=NOW - 2 * DAY),
    "markup and case": replace(RAID, guid="z", link="https://n.example/y", title="<b>ICE Agents</b> detain two in&nbsp;Madison"),
}  # fmt: skip


@pytest.mark.parametrize("name", COPIES)
def test_no_copy_of_a_known_entry_is_new(name: str) -> None:
    world = World()
    assert world.is_new(RAID)
    copy = COPIES[name]
    assert not world.is_new(copy)
    assert not world.is_new(RAID)
    assert not world.is_new(copy)


@pytest.mark.parametrize(("name", "edited"), [("edited title", True), ("edited text", True), ("unchanged", False), ("tracking", False), ("date rewritten", False), ("markup and case", False)])  # fmt: skip
def test_an_edit_is_a_change_of_words(name: str, edited: bool) -> None:
    world = World()
    world.poll(RAID)
    (known,) = world.poll(COPIES[name]).known
    assert known.is_edited is edited
    (again,) = world.poll(COPIES[name]).known
    assert not again.is_edited


NEWS = {
    "another article": Entry(title="Council votes", link="https://news.example/raid?id=8", guid="g-8"),
    "same guid used again": replace(RAID, title="Sheriff answers council", link="https://news.example/x", published_at=NOW),
    "same guid, no dates": replace(RAID, title="Sheriff answers council", link="https://news.example/x", published_at=None),
    "nothing but a title": Entry(title="Sheriff answers"),
    "nothing but a text": Entry(summary="Sheriff answers council after questions."),
}  # fmt: skip


@pytest.mark.parametrize("name", NEWS)
def test_what_is_new_is_new_once(name: str) -> None:
    world = World()
    first = replace(RAID, published_at=None) if "no dates" in name else RAID
    world.poll(first)
    assert world.is_new(NEWS[name])
    assert not world.is_new(NEWS[name])
    assert not world.is_new(first)


def test_the_same_words_a_month_later_are_a_new_article() -> None:
    column = Entry(
        title="Your weekly letter from the county board office",
        summary=TEXT,
        guid="1",
        link="https://n.example/1",
    )
    world = World()
    world.poll(column)
    world.now += 29 * DAY
    assert not world.is_new(replace(column, guid="2", link="https://n.example/2"))
    world.now += 31 * DAY
    assert world.is_new(replace(column, guid="3", link="https://n.example/3"))


def test_short_titles_that_return_are_not_swallowed() -> None:
    world = World()
    one = Entry(title="Obituaries", guid="1", link="https://n.example/1")
    two = Entry(title="Obituaries", guid="2", link="https://n.example/2")
    assert len(world.poll(one, two).new) == 2
    assert world.is_new(replace(one, guid="3", link="https://n.example/3"))
    assert world.is_new(replace(one, guid="4", link="https://n.example/4"), feed="b")


def test_duplicates_within_a_document_count_once() -> None:
    world = World()
    twins = [RAID, RAID, replace(RAID, guid="h"), replace(RAID, link=f"{RAID.link}&utm_medium=x")]
    assert len(world.poll(*twins).new) == 1


def test_one_guid_on_several_articles_of_a_document_hides_none() -> None:
    world = World()
    several = [
        Entry(title=f"Story number {n}", link=f"https://n.example/{n}", guid="same")
        for n in range(4)
    ]
    assert len(world.poll(*several[:3]).new) == 3
    assert [new.entry for new in world.poll(*several).new] == several[3:]
    assert not world.is_new(*reversed(several))
    assert not world.is_new(several[2])


def test_one_link_on_several_articles_of_a_document_hides_none() -> None:
    world = World()
    several = [
        Entry(title=f"Story number {n}", link="https://n.example/live", guid=f"g{n}")
        for n in range(4)
    ]
    assert len(world.poll(*several[:3]).new) == 3
    assert [new.entry for new in world.poll(*several).new] == several[3:]


def test_parts_of_one_page_are_known_by_their_fragment_when_guids_and_dates_are_rewritten() -> None:
    def versions(run: int, count: int) -> list[Entry]:
        return [
            Entry(
                title=f"Version {n}",
                link=f"https://n.example/changes#v{n}",
                guid=f"v{n}-{run}",
                summary=f"{TEXT} Part {n}.",
                published_at=NOW - run * DAY,
            )
            for n in range(count)
        ]

    world = World()
    assert len(world.poll(*versions(0, 3)).new) == 3
    assert [new.entry.title for new in world.poll(*versions(1, 4)).new] == ["Version 3"]
    assert not world.is_new(*versions(2, 4))


def test_a_link_to_the_front_page_identifies_nothing() -> None:
    world = World()
    world.poll(Entry(title="Story one", link="https://n.example/", guid="1"))
    assert world.is_new(Entry(title="Story two", link="https://www.n.example", guid="2"))
    assert world.is_new(Entry(title="Story three", link="http://n.example/#x", guid="1b"), feed="b")


@pytest.mark.parametrize(
    "name", ["unchanged", "tracking", "AMP", "edited title", "markup and case"]
)
def test_another_feed_with_the_article_is_an_outlet_once(name: str) -> None:
    world = World()
    world.poll(RAID)
    decision = world.poll(COPIES[name], feed="b")
    assert not decision.new
    assert [k.is_new_outlet for k in decision.known] == [True]
    assert [k.is_new_outlet for k in world.poll(COPIES[name], feed="b").known] == [False]


def test_two_outlets_with_their_own_words_do_not_edit_each_other_for_ever() -> None:
    world = World()
    ours, theirs = RAID, replace(RAID, title="Two held by ICE in Madison", summary="Short.")
    world.poll(ours)
    world.poll(theirs, feed="b")
    for _ in range(3):
        for feed, entry in (("a", ours), ("b", theirs)):
            assert [k.is_edited for k in world.poll(entry, feed=feed).known] == [False]
    (known,) = world.poll(replace(theirs, title="Three held by ICE"), feed="b").known
    assert known.is_edited


def test_the_same_words_in_another_feed_join_for_72_hours_only() -> None:
    moved = replace(RAID, link="https://other.example/1", guid="o", published_at=None)
    world = World()
    world.poll(replace(RAID, published_at=None))
    world.now += 71 * 3_600
    assert not world.is_new(moved, feed="b")
    world.now += 73 * 3_600
    assert world.is_new(replace(moved, link="https://third.example/1"), feed="c")


def test_a_first_poll_offers_only_what_is_younger_than_look_back() -> None:
    old = replace(
        RAID,
        guid="old",
        link="https://n.example/old",
        title="Old story of last week",
        published_at=NOW - 2 * DAY,
    )
    undated = Entry(title="No date at all", guid="u", link="https://n.example/u")
    decision = World().poll(RAID, old, undated, first=True)
    assert [new.is_baseline for new in decision.new] == [False, True, False]
    nothing = World().poll(RAID, old, undated, first=True, look_back_s=0)
    assert all(new.is_baseline for new in nothing.new)
    later = World().poll(RAID, old, undated)
    assert not any(new.is_baseline for new in later.new)


def test_a_pruned_entry_is_still_known() -> None:
    world = World()
    world.poll(RAID)
    world.stored.clear()
    (known,) = world.poll(RAID).known
    assert not known.is_edited


def test_keys_have_128_bits_and_tell_their_kind() -> None:
    keys = Item.of(RAID).keys
    assert [key[:2] for key in keys.all()] == ["1:", "2:", "3:"]
    assert {len(key) for key in keys.all()} == {34}
    assert Item.of(replace(RAID, guid=" g-7\0 ")).keys.k1 == keys.k1
    assert Item.of(replace(RAID, guid="G-7")).keys.k1 != keys.k1


def test_a_document_is_looked_up_by_the_keys_it_is_decided_by() -> None:
    entries = [RAID, replace(RAID, title="Another one", link="https://n.example/z")]
    keys = identity.Document.of([Item.of(entry) for entry in entries]).keys
    decision = World().poll(*entries)
    assert {key for new in decision.new for key in new.keys.all()} == keys


ENTRY = st.builds(
    Entry,
    title=st.sampled_from(["", "A", "Raid in Madison today", "Obituaries"]),
    link=st.sampled_from(
        [None, "https://a.example/", "https://a.example/1", "https://a.example/2"]
    ),
    guid=st.sampled_from([None, "", "1", "2"]),
    summary=st.sampled_from(["", TEXT]),
    published_at=st.sampled_from([None, NOW, NOW - DAY]),
)


@given(st.lists(ENTRY, max_size=8), st.randoms(use_true_random=False))
def test_no_document_is_new_twice_in_any_order(entries: list[Entry], random: object) -> None:
    world = World()
    world.poll(*entries)
    random.shuffle(entries)  # type: ignore[attr-defined]
    assert not world.is_new(*entries)


# --- items that were not read again ----------------------------------------------------------


@given(st.lists(ENTRY, max_size=6), st.lists(ENTRY, max_size=4), st.randoms(use_true_random=False))
def test_items_that_stand_as_they_stood_are_decided_alike_without_their_texts(
    before: list[Entry], more: list[Entry], random: object
) -> None:
    world = World()
    world.poll(*before)
    after = [*before, *more]
    random.shuffle(after)  # type: ignore[attr-defined]
    whole = [Item.of(entry) for entry in after]
    unread = [replace(item, entry=None) if item.entry in before else item for item in whole]
    expected = world.decide(whole)
    try:
        found = world.decide(unread)
    except Unread:  # one of them is another now: its text is read then
        assert any(one.is_edited or one.is_new_outlet for one in expected.known) or expected.new
        return
    assert found.new == expected.new
    assert [(one.entry_id, one.keys, one.is_edited, one.is_new_outlet) for one in found.known] == [
        (one.entry_id, one.keys, one.is_edited, one.is_new_outlet) for one in expected.known
    ]


@given(ENTRY)
def test_what_is_kept_of_an_item_is_all_but_its_text(entry: Entry) -> None:
    item = Item.of(entry)
    assert unpack(pack([(bytes(16), item)])) == {bytes(16): replace(item, entry=None)}


def test_an_item_whose_keys_were_forgotten_has_to_be_read() -> None:
    with pytest.raises(Unread):
        World().decide([replace(Item.of(RAID), entry=None)])


# --- the same words, side by side ------------------------------------------------------------


def filing(number: int, **other: object) -> Entry:
    """A docket's entry: every one has the same title and blurb."""
    made = Entry(
        title="New filing: ICE detention",
        link=f"https://court.example/docket/{number}",
        guid=f"urn:docket:{number}",
        summary="A new document was filed with the clerk.",
        published_at=NOW - 600,
    )
    return replace(made, **other)  # type: ignore[arg-type]


def renamed(entry: Entry) -> Entry:
    return replace(entry, guid=f"{entry.guid}/x", link=f"{entry.link}/x")


def told(decision: Decision) -> list[str | None]:
    return [new.entry.guid or new.entry.link for new in decision.new]


UNDATED = {"published_at": None}


@pytest.mark.parametrize("other", [{}, UNDATED, {"guid": None}, {"link": None}])
def test_articles_with_the_same_words_side_by_side_are_all_told(other: dict[str, object]) -> None:
    world = World()
    three = [filing(n, **other) for n in (101, 102, 103)]
    if "link" not in other and "guid" not in other:
        assert told(world.poll(*three)) == [one.guid for one in three]
    else:
        assert len(world.poll(*three).new) == 3
    assert not world.is_new(*three)
    assert not world.is_new(*reversed(three))
    assert not world.is_new(three[1])


@pytest.mark.parametrize("dates", [{}, UNDATED])
def test_a_new_article_with_the_words_of_one_that_still_stands_is_told(
    dates: dict[str, object],
) -> None:
    world = World()
    world.poll(filing(101, **dates))
    assert told(world.poll(filing(102, **dates), filing(101, **dates))) == ["urn:docket:102"]
    window = [filing(n, **dates) for n in (104, 103, 102)]  # 101 has left the document
    assert told(world.poll(*window)) == ["urn:docket:104", "urn:docket:103"]
    for _ in range(2):
        assert not world.is_new(*window)


def test_as_many_articles_as_stood_side_by_side_may_be_renamed_and_no_more() -> None:
    world = World()
    three = [filing(n) for n in (101, 102, 103)]
    world.poll(*three)
    assert not world.is_new(*map(renamed, three))
    assert not world.is_new(*three)
    again = [renamed(renamed(one)) for one in three]
    newest = filing(104, published_at=NOW - 60)
    assert told(world.poll(newest, *again)) == ["urn:docket:104"]
    assert not world.is_new(*map(renamed, [newest, *again]))


@pytest.mark.parametrize("change", [{"guid": "g"}, {"link": "https://court.example/x"}])
def test_an_article_that_shares_a_name_with_its_twin_is_its_copy(change: dict[str, str]) -> None:
    world = World()
    assert len(world.poll(filing(101), filing(101, **change)).new) == 1
    assert not world.is_new(filing(101, **change))
    late = World()
    late.poll(filing(101))
    assert not late.is_new(filing(101, **change), filing(101))


def test_an_article_that_moved_and_one_with_its_words_that_stayed_are_told_once_more() -> None:
    world = World()
    world.poll(filing(101), filing(102))
    assert told(world.poll(renamed(filing(101)), filing(102))) == ["urn:docket:101/x"]
    assert not world.is_new(renamed(filing(101)), filing(102))


def test_another_feed_joins_as_many_articles_with_one_text_as_there_are() -> None:
    def theirs(number: int) -> Entry:
        return filing(number, link=f"https://mirror.example/{number}", guid=f"m{number}")

    world = World()
    world.poll(filing(101), filing(102))
    mirror = world.poll(theirs(101), theirs(102), feed="b")
    assert not mirror.new
    assert [known.is_new_outlet for known in mirror.known] == [True, True]
    assert len({known.entry_id for known in mirror.known}) == 2
    assert told(world.poll(theirs(103), theirs(102), theirs(101), feed="b")) == ["m103"]
    assert not world.is_new(theirs(103), theirs(102), theirs(101), feed="b")


def test_many_articles_with_one_text_are_told_in_time() -> None:
    many = [filing(n) for n in range(9_000)]
    world = World()
    began = process_time()
    assert len(world.poll(*many).new) == 9_000
    assert not world.is_new(*many[::-1])
    world.poll(*map(renamed, many), feed="b")
    assert process_time() - began < 10  # it took minutes when each was held against all others


@given(
    st.lists(st.integers(0, 6), unique=True, max_size=5),
    st.lists(st.integers(0, 6), unique=True, max_size=5),
    st.booleans(),
)
def test_with_names_that_stay_every_article_is_told_once_while_one_of_them_stands(
    first: list[int], second: list[int], dated: bool
) -> None:
    dates = {} if dated else UNDATED
    world = World()
    assert len(world.poll(*(filing(n, **dates) for n in first)).new) == len(first)
    fresh = set(second) - set(first)
    got = len(world.poll(*(filing(n, **dates) for n in second)).new)
    # With nothing in common, as many as there were could be renamed copies.
    expected = len(fresh) if set(first) & set(second) else max(0, len(fresh) - len(first))
    assert got == expected


# --- no dates --------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "offered"), [(1, 1), (20, 20), (21, 0), (60, 0)])
def test_a_first_document_full_of_undated_entries_is_an_archive(count: int, offered: int) -> None:
    undated = [
        Entry(title=f"ICE story {n}", guid=f"u{n}", link=f"https://n.example/u{n}")
        for n in range(count)
    ]
    decision = World().poll(RAID, *undated, first=True)
    assert len(decision.new) == count + 1
    assert sum(not new.is_baseline for new in decision.new) == offered + 1
    later = World()
    later.poll(RAID, first=True)
    assert not any(new.is_baseline for new in later.poll(RAID, *undated).new)
