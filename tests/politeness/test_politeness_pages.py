"""What publishers see of `fulltext: true`: pages of new articles, each once, in their turn."""

from __future__ import annotations

from pathlib import Path

import pytest
from publisher import HOUR, MINUTE, Service, Site
from scripted import Answer, Seen, reply

from alerts.demo.documents import Item, rss
from alerts.store import feeds, schema

PARAGRAPH = "The people met on Tuesday evening and heard from people of the town. " * 6
WORDS = "Agents of ICE came to the market."


def page(words: str = WORDS, headers: dict[str, str] | None = None) -> bytes:
    text = f"<html><body><article><p>{PARAGRAPH}</p><p>{words}</p></article></body></html>"
    return reply(200, text.encode(), {"Content-Type": "text/html"} | (headers or {}))


PAGE = page()


def feed_of(*links: str) -> bytes:
    items = [Item(f"Market {link[-2:]}", link) for link in links]
    return reply(200, rss("News", items).encode())


@pytest.fixture
def service(tmp_path: Path):
    with Service(tmp_path, f"sqlite:///{tmp_path}/alerts.db") as made:
        yield made


def begun(service: Service, *sites: Site, more: str = "", look: bool = True) -> None:
    """Start with the sites' feeds, whose first polls are over."""
    mappings = [f'{{url: "{site.url()}", look_back: 0, fulltext: true{more}}}' for site in sites]
    service.start(*mappings)
    service.run()
    service.clock.advance(HOUR)
    for site in sites:
        site.asked.clear()


class News:
    """A site whose feed names these links, beside an old one; `answer` is every page of its own."""

    def __init__(self, service: Service, answer: Answer = PAGE, host: str = "127.0.0.1") -> None:
        self.links: list[str] = []
        self.answer = answer
        self.site = service.site(self._say, host=host)

    def _say(self, seen: Seen) -> Answer:
        if seen.path == "/feed":
            return feed_of(self.site.url("/old"), *self.links)
        return self.answer


def test_a_page_is_asked_for_once_as_a_page_by_the_same_reader(service: Service) -> None:
    news = News(service, page(headers={"Set-Cookie": "who=me"}))
    begun(service, news.site)
    news.links = [news.site.url("/a1"), news.site.url("/a2")]
    assert service.run().alerts == 2
    service.run_for(3 * HOUR, 10 * MINUTE)
    assert [len(news.site.times(f"/{path}")) for path in ("old", "a1", "a2")] == [0, 1, 1]
    asked = [one.seen for one in news.site.asked if one.path != "/feed"]
    names = {name.lower() for seen in asked for name, _ in seen.headers}
    assert names == {"host", "user-agent", "accept", "accept-encoding"}
    assert {seen.header("accept") for seen in asked} == {
        "text/html, application/xhtml+xml, */*;q=0.1"
    }
    by_feed = next(one.seen for one in news.site.asked if one.path == "/feed")
    assert {seen.header("user-agent") for seen in asked} == {by_feed.header("user-agent")}
    assert len(service.mails("ana@")) == 1  # both in one, and told once


def test_between_any_two_requests_to_a_host_is_its_gap_pages_and_feed_alike(
    service: Service,
) -> None:
    news = News(service)
    begun(service, news.site)
    news.links = [news.site.url(f"/a{n}") for n in range(4)]
    service.run()
    assert len(news.site.asked) == 5
    assert min(news.site.waits()) >= 1.0


def test_a_host_with_two_requests_under_way_is_asked_for_no_page_and_no_feed(
    service: Service,
) -> None:
    news = News(service)
    begun(service, news.site)
    elsewhere = service.site(page(), host="127.0.0.2")
    news.links = [elsewhere.url("/a1")]
    now = service.clock.now()
    with service.parts.database.write() as connection:
        rows = [{"url": f"https://x{n}.example", "host": "127.0.0.2", "is_active": False,
                 "state": "ok", "lease": "other", "lease_until": now + 60} for n in (1, 2)]  # fmt: skip
        connection.execute(schema.feed.insert(), rows)
        assert feeds.is_full(connection, "127.0.0.2", now)
    assert service.run(force=False).alerts == 0
    assert elsewhere.asked == []
    with service.parts.database.write() as connection:
        connection.execute(schema.feed.delete().where(schema.feed.c.host == "127.0.0.2"))
    service.run_for(HOUR, 10 * MINUTE)
    assert len(elsewhere.asked) == 1


def test_a_page_s_429_keeps_its_whole_host_waiting_and_the_page_comes_later(
    service: Service,
) -> None:
    news = News(service, reply(429, headers={"Retry-After": "3600"}))
    begun(service, news.site)
    news.links = [news.site.url(f"/a{n}") for n in range(5)]
    service.run()
    asked_at = service.clock.now()
    assert len([one for one in news.site.asked if one.path != "/feed"]) == 1
    news.answer = page()
    news.site.asked.clear()
    service.run_for(6 * HOUR, 5 * MINUTE)
    assert min(one.at for one in news.site.asked) >= asked_at + 3_590
    assert len({one.path for one in news.site.asked}) == 6  # the feed, and each page
    assert len(service.mails("ana@")) >= 1


def test_credentials_of_a_feed_go_to_pages_of_its_own_origin_alone(service: Service) -> None:
    news = News(service)
    begun(service, news.site, more=', auth: "ana:secret"')
    elsewhere = service.site(page(), host="127.0.0.2")
    news.links = [news.site.url("/a1"), elsewhere.url("/a2")]
    service.run()
    own = next(one for one in news.site.asked if one.path == "/a1")
    assert own.seen.header("authorization")
    assert [one.seen.header("authorization") for one in elsewhere.asked] == [None]


@pytest.mark.parametrize("link", ["http://10.0.0.1/a1", "http://169.254.169.254/a1"])
def test_a_link_into_the_inside_network_is_not_asked_for_and_the_story_stays(
    service: Service, link: str
) -> None:
    news = News(service)
    begun(service, news.site)
    news.links = [link]
    assert service.run().new == 1
    with service.parts.database.read() as connection:
        (row,) = connection.execute(schema.fulltext.select())
    assert (row.read_at, row.due_at) == (None, None)
    assert "10.0.0.1" in row.error_text or "169.254" in row.error_text
    assert service.feeds()[0]["state"] == "ok"


def test_a_page_that_redirects_inside_is_refused_on_the_way(service: Service) -> None:
    news = News(service, reply(302, headers={"Location": "http://10.0.0.1/admin"}))
    begun(service, news.site)
    news.links = [news.site.url("/a1")]
    assert service.run().alerts == 0
    with service.parts.database.read() as connection:
        (row,) = connection.execute(schema.fulltext.select())
    assert row.read_at is None
    assert row.error_text


def test_an_endless_page_is_cut_off_and_the_next_one_is_read(service: Service) -> None:
    news = News(service)
    begun(service, news.site)
    endless = reply(200, b"x" * 6_000_000, {"Content-Type": "text/html"})
    plain = news.site.answer
    news.site.answer = lambda seen: endless if seen.path == "/a1" else plain(seen)
    news.links = [news.site.url("/a1"), news.site.url("/a2")]
    assert service.run().alerts == 1
    assert service.feeds()[0]["state"] == "ok"
