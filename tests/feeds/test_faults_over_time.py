"""Faults that show over several polls: nothing is told twice for them, and nothing is lost."""

from __future__ import annotations

import pytest
from publisher import DAY, HOUR, PEOPLE, Service, Site, fresh
from scripted import Raw, Seen, reply

from alerts.pipeline import reload
from alerts.store import schema

OPEN = "<rss version='2.0'><channel><title>News</title>"
CLOSE = "</channel></rss>"


def entry(number: int, title: str = "", guid: str | None = None, link: str | None = None) -> str:
    title = title or f"Story {number} of the day"
    guid = f"guid-{number}" if guid is None else guid
    link = f"https://n.example/{number}" if link is None else link
    return f"<item><title>{title}</title><link>{link}</link><guid>{guid}</guid></item>"


def made(*entries: str) -> bytes:
    return fresh(body=(OPEN + "".join(entries) + CLOSE).encode())


OLD = [entry(n) for n in range(8)]
NEWS = entry(100, "ICE raid on State Street")


def begun(service: Service, *entries: str) -> Site:
    site = service.site(made(*(entries or OLD)))
    service.start(site)
    service.poll()
    return site


def alerts(service: Service) -> int:
    return int(service.feeds()[0]["alerts_30d"])


def alerts_ever(service: Service) -> int:
    with service.parts.database.read() as connection:
        return len(connection.execute(schema.alert.select()).all())


@pytest.mark.fault(49)
def test_a_guid_that_is_used_again_for_another_article_is_told(service: Service):
    site = begun(service)
    site.answer = lambda _: made(entry(100, "ICE raid", guid="guid-3"), *OLD[4:])
    service.poll(2)
    assert alerts(service) == 1


@pytest.mark.fault(50)
@pytest.mark.parametrize("how", ["guid", "link", "both"])
def test_a_site_that_rewrites_what_identifies_its_articles_tells_nothing(
    service: Service, how: str
):
    titles = [f"ICE raid number {n} in Dane County" for n in range(30)]
    site = service.site(made(*OLD))
    service.start(site)
    service.poll()
    before = [entry(n, title) for n, title in enumerate(titles, 200)]
    site.answer = lambda _: made(*before[:9])
    service.poll()
    assert alerts(service) == 9
    guid = "new-{}" if how != "link" else "guid-{}"
    link = "https://n.example/moved/{}" if how != "guid" else "https://n.example/{}"
    again = [
        entry(n, title, guid.format(n), link.format(n)) for n, title in enumerate(titles[:9], 200)
    ]
    site.answer = lambda _: made(*again)
    service.poll(2)
    assert alerts(service) == 9


@pytest.mark.fault(57)
def test_the_order_of_a_document_means_nothing(service: Service):
    site = begun(service, *OLD)
    entries = [*OLD, NEWS]
    orders = (entries, entries[::-1], entries[4:] + entries[:4], entries[::2] + entries[1::2])
    for order in orders:
        site.answer = lambda _, now=tuple(order): made(*now)
        service.poll()
    assert alerts(service) == 1


@pytest.mark.fault(58)
def test_two_versions_in_turn_and_an_article_that_comes_and_goes_are_told_once(service: Service):
    site = begun(service)
    for _ in range(3):
        for version in (made(NEWS, *OLD), made(*OLD), made(NEWS, *OLD[:4]), made(*OLD[3:])):
            site.answer = lambda _, now=version: now
            service.poll()
    assert alerts(service) == 1


@pytest.mark.fault(59)
def test_a_document_in_which_nothing_is_known_is_counted_as_a_possible_gap(service: Service):
    site = begun(service)
    site.answer = lambda _: made(*(entry(n) for n in range(300, 309)), NEWS)
    service.poll()
    assert service.rows()[0].gaps == 1
    assert alerts(service) == 1


@pytest.mark.fault(70)
@pytest.mark.parametrize("removed", ["the feed", "the rule", "everyone"])
def test_an_edit_while_a_poll_is_under_way_breaks_nothing_and_a_removed_rule_tells_nothing(
    service: Service, removed: str
):
    site = begun(service)
    other = "https://127.0.0.1:1/feed"

    def script(_: Seen) -> bytes:
        if removed == "the feed":
            service.configure(other)
        elif removed == "the rule":
            service.configure(site, people=PEOPLE.replace("ICE", "Frogs"))
        else:
            service.configure(site, people="rules: {ice: ICE}\n")
        taken = reload.begin(service.parts, reload.load(service.settings), service.clock.now())
        assert taken.in_force is not None
        return made(NEWS, *OLD)

    site.answer = script
    service.poll()
    assert alerts_ever(service) == (removed == "the feed")  # it ends as it began
    site.answer = lambda _: made(NEWS, *OLD)
    service.poll()
    assert {row.state for row in service.rows()} <= {"ok", "failing", "new"}


@pytest.mark.fault(28)
@pytest.mark.parametrize("rested_days", [0, 5])
def test_a_feed_that_lists_nothing_any_more_is_told_after_a_day_and_its_end_too(
    service: Service, rested_days: int
):
    site = begun(service)
    service.run_for(rested_days * DAY, step=DAY / 2)  # nothing new, as ever
    site.answer = lambda _: made()
    service.poll()
    (shown,) = service.feeds()
    assert (shown["state"], shown["entries"]) == ("ok", 0)
    assert shown["hint"] == "It can be read, but lists no article."
    assert service.notices() == []
    service.run_for(DAY, step=HOUR)
    assert service.notices() == ["Feed empty: News"]
    site.answer = lambda _: made(NEWS, *OLD)
    service.poll()
    assert service.notices() == ["Feed empty: News", "Over: Feed empty: News"]
    assert alerts(service) == 1


@pytest.mark.parametrize(("every_days", "rests_days", "is_told"), [(1, 4, True), (7, 6, False)])
def test_a_feed_is_silent_by_its_own_rhythm(
    service: Service, every_days: int, rests_days: int, is_told: bool
):
    site = begun(service)
    for number in range(9):
        site.answer = lambda _, number=number: made(entry(500 + number), *OLD)
        service.run_for(every_days * DAY, step=DAY / 2)
    service.run_for(rests_days * DAY, step=DAY / 2)
    assert service.notices() == (["Feed silent: News"] if is_told else [])
    assert ("longer than ever" in (service.feeds()[0]["hint"] or "")) == is_told
    site.answer = lambda _: made(NEWS, *OLD)
    service.run_for(DAY, step=DAY / 2)
    assert service.notices()[1:] == (["Over: Feed silent: News"] if is_told else [])


CLASSES = {
    "http": reply(503),
    "not_a_feed": reply(200, b"<html><title>Sign in</title></html>"),
    "malformed": reply(200, b"<rss><channel><item><<<"),
    "too_big": Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"),
    "truncated": Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<rss>"),
    "entities": reply(200, b"<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///x'>]><rss></rss>"),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_a_feed_that_fails_for_a_day_is_told_once_and_its_end_once(service: Service, kind: str):
    site = begun(service)
    site.answer = lambda _: CLASSES[kind]
    service.poll()
    assert service.feeds()[0]["error"] == kind
    assert service.notices() == []
    service.run_for(DAY, step=HOUR)
    for _ in range(3):
        service.run_for(DAY, step=6 * HOUR)
        service.restart()
        (subject,) = service.notices()
        assert subject.startswith("Feed failing: News")
    site.answer = lambda _: made(NEWS, *OLD)
    service.run_for(2 * DAY, step=6 * HOUR)
    for _ in range(2):
        assert service.notices()[1:] == ["Feed works again: News"]
    assert alerts(service) == 1
