"""Identity: one article is new once, whatever its publisher does to it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds import identity
from alerts.feeds.identity import Decision, SeenKey, StoredEntry, comparison, decide, entry_keys
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
        known = self.keys.setdefault(feed, {})
        elsewhere: dict[str, SeenKey] = {}
        for other, keys in self.keys.items():
            if other != feed:
                elsewhere |= {
                    k: s
                    for k, s in keys.items()
                    if k[0] == "2" or (k[0] == "3" and s.last_seen >= self.now - 72 * 3_600)
                }
        decision = decide(
            entries,
            known=known,
            elsewhere=elsewhere,
            stored=self.stored,
            first_poll=first,
            look_back_s=look_back_s,
            now=self.now,
        )
        for new in decision.new:
            entry_id = len(self.stored) + 1
            self._store(entry_id, new.entry)
            known |= dict.fromkeys(new.keys.all(), SeenKey(entry_id, self.now))
        for one in decision.known:
            if one.is_edited and not one.is_new_outlet:
                self._store(one.entry_id, one.entry)
            known |= dict.fromkeys(one.keys.all(), SeenKey(one.entry_id, self.now))
        return decision

    def _store(self, entry_id: int, entry: Entry) -> None:
        c = comparison(entry)
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
    keys = entry_keys(RAID, now=NOW)
    assert [key[:2] for key in keys.all()] == ["1:", "2:", "3:"]
    assert {len(key) for key in keys.all()} == {34}
    assert entry_keys(replace(RAID, guid=" g-7\0 "), now=NOW).k1 == keys.k1
    assert entry_keys(replace(RAID, guid="G-7"), now=NOW).k1 != keys.k1


def test_a_document_is_looked_up_by_the_keys_it_is_decided_by() -> None:
    entries = [RAID, replace(RAID, title="Another one", link="https://n.example/z")]
    keys = identity.document_keys(entries, now=NOW)
    decision = World().poll(*entries)
    assert tuple(new.keys for new in decision.new) == keys


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
