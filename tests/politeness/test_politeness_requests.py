"""What publishers see of a request itself: H18 to H22, H24, H27, H28."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from certificates import authority
from publisher import DAY, HOUR, Log, Service, Site, by_path, document, fresh
from scripted import Answer, Raw, Seen, reply

from alerts import __version__
from alerts.errors import ConfigError

OTHER = "127.0.0.2"


def to(url: str, status: int = 301) -> bytes:
    return reply(status, headers={"Location": url})


def paths(*sites: Site) -> list[str]:
    return [one.path for site in sites for one in site.asked]


# --- addresses that move --------------------------------------------------------------------------


def moving(service: Service, *statuses: int, body: Answer | None = None) -> tuple[Site, Site]:
    """Start with a feed that was read at /feed, and now leads by these hops to another site."""
    new = service.site(body or fresh({"ETag": '"n"'}), host=OTHER)
    hops = {f"/hop{n}": status for n, status in enumerate(statuses)}
    old = service.site(fresh())
    service.start(old)
    service.poll()

    def script(seen: Seen) -> bytes:
        number = 0 if seen.path == "/feed" else int(seen.path.removeprefix("/hop")) + 1
        is_last = number == len(hops) - 1
        return to(new.url("/new") if is_last else old.url(f"/hop{number}"), statuses[number])

    old.answer = script
    return old, new


@pytest.mark.politeness("H18")
@pytest.mark.parametrize("statuses", [(301,), (308,), (301, 308)])
def test_a_permanent_redirect_is_adopted_after_five_polls_and_a_day(
    service: Service, statuses: tuple[int, ...]
):
    old, new = moving(service, *statuses)
    began = service.clock.now()
    while service.feeds()[0]["moved_to"] is None:
        before = len(old.asked)
        service.poll()
        assert len(old.asked) > before
    assert len(new.asked) >= 5
    assert service.clock.now() - began >= DAY
    service.restart()
    before = len(old.asked)
    service.poll(3)
    assert len(old.asked) == before
    (row,) = service.feeds()
    assert (row["url"], row["moved_to"]) == (old.url(), new.url("/new"))
    assert row["hint"] == f"Its address moved to {new.url('/new')}: write that in subscribers.yaml."
    assert new.asked[-1].conditions == ('"n"', None)


@pytest.mark.politeness("H18")
def test_five_polls_within_a_day_or_a_day_with_four_are_not_enough(service: Service):
    _, new = moving(service, 301)
    service.poll(10)
    assert len(new.asked) == 10
    assert service.feeds()[0]["moved_to"] is None
    service.clock.advance(3 * DAY)
    other = service.site(to(new.url("/new")))
    service.restart(other)
    service.poll()
    service.clock.advance(2 * DAY)
    service.poll(3)
    assert service.feeds()[0]["moved_to"] is None


@pytest.mark.politeness("H18")
def test_a_chain_with_one_temporary_hop_is_never_adopted(service: Service):
    _, new = moving(service, 301, 302)
    service.run_for(3 * DAY, HOUR)
    assert len(new.asked) > 50
    assert service.feeds()[0]["moved_to"] is None


@pytest.mark.politeness("H18")
def test_another_feed_than_the_known_one_is_never_adopted(service: Service):
    numbers = iter(range(10_000))

    def script(_: Seen) -> bytes:
        return fresh(body=document(f"Casino number {next(numbers)}", site="spam.example"))

    _, new = moving(service, 301)
    new.answer = script
    service.run_for(3 * DAY, HOUR)
    assert len(new.asked) > 50
    assert service.feeds()[0]["moved_to"] is None


@pytest.mark.politeness("H18")
def test_a_document_that_names_itself_as_before_is_the_same_feed(service: Service):
    own = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="https://n.example/f"/>'
    numbers = iter(range(10_000))

    def script(_: Seen) -> bytes:
        return fresh(body=document(f"Story number {next(numbers)}", extra=own))

    _, new = moving(service, 301)
    new.answer = script
    service.run_for(2 * DAY, HOUR)
    assert service.feeds()[0]["moved_to"] == new.url("/new")


@pytest.mark.politeness("H18")
@pytest.mark.parametrize(
    "fault",
    [reply(404), reply(500), reply(410), Raw(b"", "reset"), fresh(body=b"<html>sold</html>")],
)
def test_an_adopted_address_that_fails_is_given_up_for_the_configured_one(
    service: Service, fault: Answer
):
    old, new = moving(service, 301)
    service.run_for(2 * DAY, HOUR)
    assert service.feeds()[0]["moved_to"] == new.url("/new")
    new.answer = lambda _: fault
    old.answer = lambda _: fresh({"ETag": '"o"'})
    asked = len(old.asked)
    service.poll()
    assert service.feeds()[0]["moved_to"] is None
    assert len(old.asked) == asked
    service.poll()
    assert len(old.asked) == asked + 1
    assert service.feeds()[0]["state"] == "ok"
    assert old.asked[-1].at - new.asked[-1].at < HOUR


@pytest.mark.politeness("H18")
def test_the_guard_holds_for_an_address_that_is_to_be_adopted(service: Service):
    old = service.site(fresh())
    service.start(old)
    service.poll()
    old.answer = lambda _: to("http://10.0.0.1/feed")
    service.run_for(2 * DAY, HOUR)
    assert (service.feeds()[0]["moved_to"], service.feeds()[0]["error"]) == (None, "blocked")


@pytest.mark.politeness("H18")
def test_writing_the_new_address_into_the_file_tells_nothing_again(service: Service):
    raid = document("ICE raid in Madison")
    old, new = moving(service, 301, body=fresh(body=raid))
    service.run_for(2 * DAY, HOUR)
    assert len(service.mails("ana@")) == 1
    service.restart(new.url("/new"))
    service.poll(2)
    (row,) = service.feeds()
    assert (row["moved_to"], row["hint"], row["state"]) == (None, None, "ok")
    assert len(service.rows()) == 1
    assert len(service.mails("ana@")) == 1
    assert paths(old)[-1] == "/feed"


@pytest.mark.politeness("H19")
@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_temporary_redirect_is_followed_and_never_adopted(service: Service, status: int):
    old, new = moving(service, status, body=fresh({"ETag": '"n"'}))
    service.run_for(3 * DAY, HOUR)
    assert len(old.asked) == len(new.asked) + 1 > 50
    assert service.feeds()[0]["moved_to"] is None
    assert {one.conditions for one in old.asked} == {(None, None)}
    assert {one.conditions for one in new.asked[1:]} == {('"n"', None)}


# --- one request ----------------------------------------------------------------------------------


@pytest.mark.politeness("H20")
def test_a_cookie_is_never_returned(service: Service):
    cookie = {"Set-Cookie": "id=7; Path=/; Max-Age=9999999"}
    site = service.site(
        reply(302, headers=cookie | {"Location": "/b"}), fresh(cookie), fresh(cookie)
    )
    service.start(site)
    service.poll(2)
    assert len(site.asked) == 3
    assert [one.seen.header("cookie") for one in site.asked] == [None] * 3


@pytest.mark.politeness("H21")
def test_a_request_carries_the_polite_headers_and_no_other(service: Service):
    date = "Tue, 24 Nov 2026 07:00:00 GMT"
    site = service.site(fresh({"ETag": '"1"', "Last-Modified": date}), reply(304))
    service.start(site.url("/feed?cat=7"))
    service.poll(2)
    always = ["Host", "User-Agent", "Accept", "Accept-Encoding"]
    first, second = site.asked
    assert first.seen.line == "GET /feed?cat=7 HTTP/1.1"
    assert [name for name, _ in first.seen.headers] == always
    assert [name for name, _ in second.seen.headers] == [
        *always,
        "If-None-Match",
        "If-Modified-Since",
    ]
    assert first.seen.body == second.seen.body == b""


@pytest.mark.politeness("H22")
def test_the_name_says_who_asks_how_to_reach_them_and_for_how_many(service: Service):
    site = service.site(fresh())
    service.start(site)
    service.poll(2)
    agents = {one.seen.header("user-agent") for one in site.asked}
    assert agents == {f"alerts/{__version__} (+mailto:desk@example.org; 1 subscribers)"}


@pytest.mark.politeness("H24")
@pytest.mark.parametrize(
    "answer",
    [fresh(), fresh(body=b'<html><link rel="alternate" type="application/rss+xml" href="/rss">')],
)
def test_nothing_but_the_feed_is_asked_for(service: Service, answer: bytes):
    site = service.site(answer)
    service.start(site)
    service.poll(3)
    assert {one.seen.line for one in site.asked} == {"GET /feed HTTP/1.1"}


SECRET = "canary-S3cret"


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> str:
    """Set a feed's user and password; return what YAML says for them."""
    monkeypatch.setenv("FEED_USER", "me")
    monkeypatch.setenv("FEED_PASSWORD", SECRET)
    return "${FEED_USER}:${FEED_PASSWORD}"


@pytest.mark.politeness("H27")
def test_credentials_go_to_their_own_origin_only_and_are_shown_nowhere(
    service: Service, canary: str, log: Log
):
    elsewhere = service.site(fresh(), host=OTHER)
    pages = document("ICE raid").replace(b"https://n.example", b"")
    given = elsewhere.url().replace("//", f"//me:{SECRET}@")  # the redirect brings its own
    site = service.site(
        by_path(feed=to("/inner", 302), inner=fresh(body=pages), out=to(given, 302), bad=reply(401))
    )
    places = [site.url(path) for path in ("/feed", "/out", "/bad")]
    service.start(*(f'{{url: "{url}", auth: "{canary}"}}' for url in places))
    service.run()
    service.clock.advance(HOUR)
    service.run()
    assert {path for one in site.asked for path in [one.path]} == {
        "/feed",
        "/inner",
        "/out",
        "/bad",
    }
    ours = {one.seen.header("authorization") for one in site.asked}
    assert ours == {"Basic " + b64encode(f"me:{SECRET}".encode()).decode()}
    assert {one.seen.header("authorization") for one in elsewhere.asked} == {None}
    sent = [tried.payload.decode() for tried in service.transport.accepted.values()]
    assert any("ICE raid" in payload for payload in sent)
    lines = log()
    rows = [str(value) for row in (*service.rows(), *service.feeds()) for value in dict_of(row)]
    assert "polled" in [line["event"] for line in lines]
    assert not any(SECRET in text for text in (str(lines), *sent, *rows))


def dict_of(row: Any) -> list[Any]:
    return list(row.values() if isinstance(row, dict) else row)


@pytest.mark.politeness("H27")
def test_credentials_in_an_address_are_a_mistake_that_does_not_repeat_them(service: Service):
    site = service.site(fresh())
    with pytest.raises(ConfigError) as caught:
        service.start(f'"{site.url()}"'.replace("//", f"//me:{SECRET}@"))
    (mistake,) = caught.value.mistakes
    assert SECRET not in f"{mistake.message} {mistake.suggestion}"
    assert not site.asked


@pytest.mark.politeness("H27")
def test_an_adopted_address_of_another_origin_gets_no_credentials(service: Service, canary: str):
    old, new = moving(service, 301)
    service.restart(f'{{url: "{old.url()}", auth: "{canary}"}}')
    service.run_for(3 * DAY, HOUR)
    assert service.feeds()[0]["moved_to"] == new.url("/new")
    assert {one.seen.header("authorization") for one in new.asked} == {None}
    assert old.asked[-1].seen.header("authorization") is not None


@pytest.mark.politeness("H28")
def test_http_is_not_guessed_to_be_https(service: Service, tmp_path: Path):
    tls = service.site(fresh(), tls=authority(tmp_path).server("127.0.0.1"))
    plain = service.site(fresh())
    service.start(plain)
    service.poll(3)
    assert (len(plain.asked), len(tls.asked), tls.server.connections) == (3, 0, 0)


@pytest.mark.politeness("H28")
def test_https_that_leads_to_http_is_refused_and_said(service: Service, tmp_path: Path):
    ours = authority(tmp_path)
    plain = service.site(fresh())
    tls = service.site(to(plain.url()), tls=ours.server("127.0.0.1"))
    service.start(f'{{url: "{tls.url()}", verify: "{ours.ca_file}"}}')
    service.poll()
    (row,) = service.feeds()
    assert (row["error"], len(plain.asked)) == ("redirect", 0)
    assert re.search("https to plain http", row["error_text"])


def test_the_log_says_when_an_address_is_adopted(service: Service, log: Log):
    _, new = moving(service, 301)
    service.run_for(2 * DAY, HOUR)
    (line,) = [line for line in log() if line["event"] == "address adopted"]
    assert line["address"] == new.url("/new")
