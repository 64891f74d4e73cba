"""Claims about restarts in a row, and about two processes on one database by mistake."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline_world import YAML, World

from alerts.clock import FakeClock
from alerts.engine.once import Pass, Report
from alerts.feeds.memory import MemoryFetcher
from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, Validators
from alerts.pipeline import Parts
from alerts.store import claims, deliveries

ICE = "ICE agents detain two people in Madison"
RESTARTS = 50
STORM_S = 300.0
FEEDS = 40
PEOPLE = 12


class TimedFetcher(MemoryFetcher):
    """Remembers when it was asked."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.times: list[tuple[str, float]] = []

    def fetch(self, feed: Feed, validators: Validators) -> FetchedBody | NotModified | FetchFailure:
        self.times.append((feed.url, self.clock.now()))
        return super().fetch(feed, validators)

    def shortest_gap_s(self) -> float:
        """Return the shortest time between two requests to one URL."""
        last: dict[str, float] = {}
        gaps = [float("inf")]
        for url, at in self.times:
            if url in last:
                gaps.append(at - last[url])
            last[url] = at
        return min(gaps)


def restart(world: World) -> None:
    """Do what a start does before it works: nobody else does, so every lease is free."""
    with world.database.write() as connection:
        claims.free_all(connection)
        deliveries.reopen_interrupted(connection, world.clock.now())
    world.load()


def test_fifty_restarts_in_five_minutes_keep_the_floors_and_no_digest_is_missed(world: World):
    fetcher = TimedFetcher(world.clock)
    world.fetcher = world.parts.fetcher = fetcher
    world.reload(
        YAML.replace("when: right away", "when: daily at 1:02 am")
        + "  - {name: Bob, email: bob@example.org, rules: [ice], when: right away}\n"
    )
    world.serve(world.item(ICE, "a"))
    for number in range(RESTARTS):
        if number == RESTARTS // 2:  # published in the storm: it must wait for the floor
            world.serve(world.item("ICE again", "b", hours_ago=0), world.item(ICE, "a"))
        restart(world)
        world.run()
        world.clock.advance(STORM_S / RESTARTS)
    assert fetcher.shortest_gap_s() >= world.parts.settings.min_poll_s
    assert Counter(mail["To"].split("@")[0].split("<")[-1] for mail in world.mails()) == {
        "ana": 1,
        "bob": 1,
    }
    world.later(1)
    restart(world)
    world.run()
    assert sum("bob@" in mail["To"] for mail in world.mails()) == 2


def test_fifty_forced_restarts_keep_a_minute_between_two_requests(world: World):
    fetcher = TimedFetcher(world.clock)
    world.fetcher = world.parts.fetcher = fetcher
    world.serve(world.item(ICE, "a"))
    for _ in range(RESTARTS):
        restart(world)
        Pass(world.parts, max_time_s=0.3).run(force=True)
        world.clock.advance(STORM_S / RESTARTS)
    assert fetcher.shortest_gap_s() >= 60.0
    assert len(world.mails()) == 1


class Killed(BaseException):
    """The process ends here."""


class DyingFetcher(TimedFetcher):
    """Asks, and is killed before the answer comes."""

    def fetch(self, feed: Feed, validators: Validators) -> FetchedBody | NotModified | FetchFailure:
        super().fetch(feed, validators)
        raise Killed


def test_a_start_after_a_kill_amid_requests_keeps_the_floor(world: World):
    fetcher = DyingFetcher(world.clock)
    world.fetcher = world.parts.fetcher = fetcher
    for _ in range(RESTARTS):
        restart(world)
        with suppress(Killed):
            Pass(world.parts, max_time_s=0.3).run()
        world.clock.advance(STORM_S / RESTARTS)
    assert fetcher.times
    assert fetcher.shortest_gap_s() >= world.parts.settings.min_poll_s


# --- two at the same time ------------------------------------------------------------------------


def crowd() -> str:
    """A configuration of many feeds and people."""
    feeds = "".join(f'  - {{name: F{n}, url: "https://f{n}.example/rss"}}\n' for n in range(FEEDS))
    people = "".join(
        f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice], when: right away}}\n"
        for n in range(PEOPLE)
    )
    return f"version: 1\nfeeds:\n{feeds}rules: {{ice: ICE}}\nsubscribers:\n{people}"


@contextmanager
def twins(url: str) -> Iterator[tuple[World, World]]:
    """Two services that know nothing of each other, on one database and one network."""
    first, second = World(url, crowd()), World(url, crowd())
    second.fetcher = second.parts.fetcher = first.fetcher
    second.transport = first.transport
    second.parts.transports = first.parts.transports
    second.parts.clock = FakeClock(seed=1)
    try:
        yield first, second
    finally:
        first.database.close()
        second.database.close()


def at_once(*all_parts: Parts) -> list[Report]:
    """Run a pass of each at the same time."""
    gate = threading.Barrier(len(all_parts))
    reports: list[Report] = []

    def work(parts: Parts) -> None:
        gate.wait()
        reports.append(Pass(parts, max_time_s=600).run())

    threads = [threading.Thread(target=work, args=(parts,)) for parts in all_parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return reports


def test_two_passes_at_the_same_time_send_nothing_twice_and_all_once(tmp_path: Path):
    with twins(f"sqlite:///{tmp_path}/alerts.db") as (first, second):
        for number in range(FEEDS):
            story = first.item(f"ICE story {number}", f"https://f{number}.example/s")
            first.serve(story, url=f"https://f{number}.example/rss")
        reports = at_once(first.parts, second.parts)
        assert len(reports) == 2
        assert max(Counter(first.fetcher.asked).values()) == 1
        assert len(set(first.fetcher.asked)) == FEEDS
        first.clock.advance(400)
        second.parts.clock.advance(400)  # type: ignore[attr-defined]
        at_once(first.parts, second.parts)  # what came in after a digest was made
        tries = first.transport.tries
        assert len({tried.id for tried in tries}) == len(tries)
        told = Counter(
            (str(mail["To"]), number)
            for mail in first.mails()
            for number in range(FEEDS)
            if f"https://f{number}.example/s" in mail.get_body(("plain",)).get_content()
        )
        assert len(told) == FEEDS * PEOPLE
        assert set(told.values()) == {1}
        assert len(tries) <= 2 * PEOPLE
