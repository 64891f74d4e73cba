"""Fetching at a scripted server: what publishers can check, and how faults are told."""

from __future__ import annotations

import gzip
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import pytest
from certificates import authority
from scripted import Raw, Seen, reply, serve, serve_by

from alerts.clock import FakeClock
from alerts.feeds.fetch import Fetched, Fetcher
from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, Secret, Validators
from alerts.netguard import Guard

FEED = b"<rss><channel><title>T</title></channel></rss>"
NONE = Validators()
AGENT = "alerts/1.0 (+mailto:desk@example.org; 3 subscribers)"
DATE = "Tue, 24 Nov 2026 07:00:00 GMT"


def fetcher(**options: object) -> Fetcher:
    return Fetcher(Guard(["127.0.0.0/8"]), user_agent=AGENT, **options)  # type: ignore[arg-type]


def fetch(
    url: str, validators: Validators = NONE, using: Fetcher | None = None, **feed: object
) -> Fetched:
    one = using or fetcher()
    try:
        return one.fetch(Feed(url, **feed), validators)  # type: ignore[arg-type]
    finally:
        if using is None:
            one.close()


def body(answer: Fetched) -> FetchedBody:
    assert isinstance(answer, FetchedBody), answer
    return answer


def failure(answer: Fetched) -> FetchFailure:
    assert isinstance(answer, FetchFailure), answer
    assert answer.text.endswith((".", ")"))
    assert "secret" not in answer.text + answer.hint
    return answer


def test_exactly_the_polite_headers_are_sent() -> None:
    with serve(reply(200, FEED)) as server:
        fetch(server.url("/feed?a=1"))
        fetch(server.url("/feed?a=1"), Validators('"e"', DATE, server.url("/feed?a=1")))
    plain, conditional = server.seen
    assert plain.line == "GET /feed?a=1 HTTP/1.1"
    assert [name for name, _ in plain.headers] == [
        "Host",
        "User-Agent",
        "Accept",
        "Accept-Encoding",
    ]
    assert plain.header("user-agent") == AGENT
    assert [name for name, _ in conditional.headers][4:] == ["If-None-Match", "If-Modified-Since"]


@pytest.mark.parametrize("etag", ['W/"x-gzip"', '"a"', "unquoted", '"\xe9"', None])
@pytest.mark.parametrize(
    "modified", ["Tue, 24 Nov 2026 07:00:00 +0000", "2026-11-24T07:00:00Z", "banana", None]
)
def test_validators_are_echoed_byte_for_byte_and_none_is_invented(
    etag: str | None, modified: str | None
) -> None:
    given = {"ETag": etag, "Last-Modified": modified, "Date": DATE}
    headers = {name: value for name, value in given.items() if value is not None}
    with serve(reply(200, FEED, headers), reply(304)) as server:
        first = body(fetch(server.url()))
        assert (first.validators.etag, first.validators.last_modified) == (etag, modified)
        second = fetch(server.url(), first.validators)
    assert server.seen[1].header("if-none-match") == etag
    assert server.seen[1].header("if-modified-since") == modified
    assert isinstance(second, NotModified if (etag or modified) else FetchFailure)


def test_a_new_etag_for_the_same_body_is_taken_and_a_dropped_one_forgotten() -> None:
    with serve(
        reply(200, FEED, {"ETag": '"1"'}), reply(200, FEED, {"ETag": '"2"'}), reply(200, FEED)
    ) as server:
        validators = NONE
        for _ in range(3):
            validators = body(fetch(server.url(), validators)).validators
    assert [seen.header("if-none-match") for seen in server.seen] == [None, '"1"', '"2"']
    assert validators.etag is None


def test_a_304_says_what_it_renewed_and_nothing_else() -> None:
    with serve(
        reply(304), reply(304, headers={"ETag": '"new"', "Cache-Control": "max-age=3600"})
    ) as server:
        known = Validators('"old"', None, server.url())
        kept, renewed = fetch(server.url(), known), fetch(server.url(), known)
    assert kept == NotModified(Validators(None, None, server.url()))
    assert renewed == NotModified(Validators('"new"', None, server.url()), 3600)


def test_validators_go_only_to_the_address_that_gave_them() -> None:
    def script(seen: Seen) -> bytes:
        if seen.path == "/old":
            return reply(302, headers={"Location": "/new"})
        return reply(304) if seen.header("if-none-match") else reply(200, FEED, {"ETag": '"n"'})

    with serve_by(script) as server:
        first = body(fetch(server.url("/old")))
        second = fetch(server.url("/old"), first.validators)
        moved = body(fetch(server.url("/elsewhere"), first.validators))
    assert first.validators == Validators('"n"', None, server.url("/new"))
    assert isinstance(second, NotModified)
    conditions = [(seen.path, seen.header("if-none-match")) for seen in server.seen]
    assert conditions == [
        ("/old", None),
        ("/new", None),
        ("/old", None),
        ("/new", '"n"'),
        ("/elsewhere", None),
    ]
    assert moved.final_url.endswith("/elsewhere")


@pytest.mark.parametrize(
    ("statuses", "is_permanent"),
    [
        ((301,), True),
        ((308,), True),
        ((301, 308, 301), True),
        ((302,), False),
        ((303,), False),
        ((307,), False),
        ((301, 302), False),
        ((302, 301), False),
    ],
)
def test_only_a_chain_of_permanent_redirects_is_a_new_address(
    statuses: tuple[int, ...], is_permanent: bool
) -> None:
    hops = [
        reply(status, headers={"Location": f"/hop{n}#part"}) for n, status in enumerate(statuses)
    ]
    with serve(*hops, reply(200, FEED)) as server:
        answer = body(fetch(server.url("/start")))
    last = server.url(f"/hop{len(statuses) - 1}")
    assert answer.final_url == last
    assert answer.permanent_url == (last if is_permanent else None)


def test_five_redirects_are_followed_and_not_six() -> None:
    def hops(count: int) -> list[bytes]:
        return [reply(301, headers={"Location": f"/{n}"}) for n in range(count)]

    with serve(*hops(5), reply(200, FEED)) as server:
        body(fetch(server.url()))
    with serve(*hops(30)) as server:
        assert failure(fetch(server.url())).kind == "redirect"
        assert len(server.seen) == 6


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("file:///etc/passwd", "blocked"),
        ("ftp://x/", "blocked"),
        ("gopher://x/", "blocked"),
        ("data:text/xml,<rss/>", "blocked"),
        ("http://169.254.169.254/latest", "blocked"),
        ("http://[::1]/", "blocked"),
        ("http://10.0.0.1/", "blocked"),
        ("http://[::ffff:10.0.0.1]/", "blocked"),
        ("http://0xa000001/", "blocked"),
        ("//[bad/", "redirect"),
        ("", "redirect"),
        ("http://127.0.0.1:99999/", "protocol"),
    ],
)
def test_a_redirect_to_where_nobody_should_go_is_refused(location: str, kind: str) -> None:
    headers = {"Location": location} if location else {}
    with serve(reply(302, headers=headers)) as server:
        assert failure(fetch(server.url())).kind == kind
        assert len(server.seen) == 1


def test_a_redirect_in_utf_8_is_understood() -> None:
    with serve(
        reply(302, headers={"Location": "/é".encode().decode("latin-1")}), reply(200, FEED)
    ) as server:
        body(fetch(server.url()))
    assert server.seen[1].path == "/%C3%A9"


def test_https_is_never_left_for_http_and_the_ca_file_is_used(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    with (
        serve(reply(200, FEED)) as plain,
        serve(
            reply(302, headers={"Location": plain.url()}),
            reply(200, FEED),
            tls=ours.server("127.0.0.1"),
        ) as tls,
    ):
        refused = failure(fetch(tls.url(), ca_file=ours.ca_file))
        assert refused.kind == "redirect"
        assert "https to plain http" in refused.text
        body(fetch(tls.url(), ca_file=ours.ca_file))
        assert failure(fetch(tls.url())).kind == "tls"
        assert not plain.seen


def test_credentials_go_to_their_own_origin_only() -> None:
    with (
        serve(reply(200, FEED)) as other,
        serve(
            reply(302, headers={"Location": "/b"}),
            reply(302, headers={"Location": other.url()}),
            host="127.0.0.2",
        ) as first,
    ):
        body(fetch(first.url(), auth=Secret("me:secret")))
    assert [seen.header("authorization") for seen in first.seen] == ["Basic bWU6c2VjcmV0"] * 2
    assert other.seen[0].header("authorization") is None


def test_userinfo_of_the_address_is_sent_as_credentials_and_nowhere_else() -> None:
    with serve(reply(401)) as server:
        told = failure(fetch(server.url().replace("127", "me:secret%21@127")))
    assert server.seen[0].header("authorization") == "Basic bWU6c2VjcmV0IQ=="
    assert "@" not in str(server.seen[0].header("host"))
    assert told.kind == "auth"


STATUS = [
    (204, "http"),
    (206, "http"),
    (226, "http"),
    (300, "http"),
    (304, "protocol"),
    (400, "http"),
    (401, "auth"),
    (403, "http"),
    (404, "http"),
    (410, "gone"),
    (429, "rate_limited"),
    (451, "http"),
    (500, "http"),
    (503, "http"),
    (599, "http"),
]


@pytest.mark.parametrize(("status", "kind"), STATUS)
def test_another_status_is_a_failure_even_with_a_feed_in_it(status: int, kind: str) -> None:
    with serve(reply(status, FEED if status not in (204, 304) else b"")) as server:
        told = failure(fetch(server.url()))
    assert (told.kind, told.status) == (kind, status)
    assert str(status) in told.text


def test_a_challenge_page_is_recognised_as_one() -> None:
    with serve(
        reply(403, b"<html>", {"cf-mitigated": "challenge"}),
        reply(503, b"<title>Just a moment...</title>"),
    ) as server:
        for _ in range(2):
            assert "prove that they are human" in failure(fetch(server.url())).text


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("120", 120),
        ("Tue, 24 Nov 2026 07:10:00 GMT", 600),
        ("Tue, 24 Nov 2026 06:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("999999999999999999999", 604_800),
        ("Mon, 24 Nov 2036 07:00:00 GMT", 604_800),
        ("0", 0),
    ],
)
def test_retry_after_is_read_against_the_servers_own_clock(
    value: str, wait_s: float | None
) -> None:
    with serve(reply(429, headers={"Retry-After": value, "Date": DATE})) as server:
        told = failure(fetch(server.url(), using=fetcher(clock=FakeClock(now=5e9))))
    assert told.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("headers", "age_s"),
    [
        ({"Cache-Control": "public, max-age=3600"}, 3600),
        ({"Cache-Control": 'max-age="60"', "Age": "20"}, 40),
        ({"Cache-Control": "s-maxage=99"}, None),
        ({"Cache-Control": "no-cache, max-age=9"}, None),
        ({"Expires": "Tue, 24 Nov 2026 08:00:00 GMT", "Date": DATE}, 3600),
        ({"Expires": "0"}, None),
        (
            {
                "Cache-Control": "max-age=60",
                "Expires": "Tue, 24 Nov 2026 08:00:00 GMT",
                "Date": DATE,
            },
            3600,
        ),
        ({"Cache-Control": "max-age=banana"}, None),
        ({}, None),
    ],
)
def test_freshness_is_what_the_server_states_less_its_age(
    headers: dict[str, str], age_s: float | None
) -> None:
    with serve(reply(200, FEED, headers)) as server:
        assert body(fetch(server.url())).max_age_s == age_s


FAULTS: dict[str, tuple[bytes | Raw, str]] = {
    "empty": (reply(200, b" \n"), "empty"),
    "silent": (Raw(b"", "hold"), "timeout"),
    "dribbling": (Raw(b"HTTP/1.1 200 OK\r\n\r\n", "close", repeat(b"<"), 0.02), "timeout"),
    "endless": (Raw(b"HTTP/1.1 200 OK\r\n\r\n", "close", repeat(b"<" * 65_536)), "too_big"),
    "cut": (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<rss>"), "truncated"),
    "bomb": (reply(200, gzip.compress(bytes(30_000_000)), {"Content-Encoding": "gzip"}), "too_big"),
    "odd": (reply(200, b"\x00\x01", {"Content-Encoding": "zip"}), "encoding"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_stores_no_validators_and_is_named(name: str) -> None:
    answer, kind = FAULTS[name]
    with serve(answer) as server:
        using = fetcher(deadline_s=0.5 if kind == "timeout" else 60)
        told = failure(fetch(server.url("/secret"), using=using))
    assert told.kind == kind


def test_one_deadline_holds_for_all_hops_together() -> None:
    clock = FakeClock()

    def slow(seen: Seen) -> Raw | bytes:
        if seen.path == "/x/x":
            return Raw(b"", "hold")  # one second is left for it
        clock.advance(12)
        return reply(302, headers={"Location": seen.path.replace("/feed", "") + "/x"})

    with serve_by(slow) as server:
        using = fetcher(clock=clock, deadline_s=25)
        assert failure(fetch(server.url(), using=using)).kind == "timeout"
        assert [seen.path for seen in server.seen] == ["/feed", "/x", "/x/x"]


def test_no_cookie_is_ever_returned() -> None:
    with serve(reply(200, FEED, {"Set-Cookie": "a=b"})) as server:
        one = fetcher()
        for _ in range(2):
            fetch(server.url(), using=one)
        one.close()
    assert [seen.header("cookie") for seen in server.seen] == [None, None]
    assert server.connections == 1


def test_what_cannot_be_fetched_at_all_is_a_value_too() -> None:
    feed = Feed("http://127.0.0.1:1/")
    one = fetcher()
    assert failure(one.fetch(feed, NONE)).kind == "connect"
    assert failure(one.fetch(replace(feed, url="ftp://x/"), NONE)).kind == "blocked"
    assert failure(one.fetch(replace(feed, url="not an address"), NONE)).kind == "blocked"
    assert failure(one.fetch(replace(feed, url="http://[::1"), NONE)).kind == "protocol"
