"""Faults that make a poll fail: each is named, changes nothing, and is over with the next answer.

Each is played by a raw socket to the whole service, after a first poll that went well.
"""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

import brotli
import pytest
from backports import zstd
from certificates import authority
from publisher import HOUR, Service, Site, document, fresh
from scripted import Answer, Raw, reply

from alerts.feeds.fetch import Fetcher
from alerts.model import FetchFailure, Validators
from alerts.netguard import Guard
from alerts.store import schema

OK = b'HTTP/1.1 200 OK\r\nETag: "bad"\r\n'
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
NEWS = document("Council meets", "Bridge reopens", "ICE raid on State Street")


def packed(name: str, body: bytes) -> bytes:
    return fresh({"ETag": '"bad"', "Content-Encoding": name}, body)


def bad(body: bytes, status: int = 200, **headers: str) -> bytes:
    return reply(status, body, {"ETag": '"bad"', **headers})


def to(location: str) -> bytes:
    return reply(301, headers={"Location": location, "ETag": '"bad"'})


def bomb(subset: str) -> bytes:
    return bad(f"<!DOCTYPE rss [{subset}]>".encode() + NEWS)


ZEROS = bytes(30_000_000)
LEVELS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
PAGE = b"<!DOCTYPE html><html><head><title>News</title></head><body>%s</body></html>"
INSIDE = (
    "127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0",
    "0177.0.0.1", "127.1", "10.0.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]", "[fec0::1]",
)  # fmt: skip

#: The number of the fault, what is said, the class it is known by.
FAULTS: dict[str, tuple[int, Answer, str]] = {
    "it never answers": (1, Raw(b"", "hold"), "timeout"),
    "its header dribbles": (2, Raw(OK, "close", repeat(b"X"), 0.05), "timeout"),
    "its body dribbles": (3, Raw(OK + b"\r\n", "close", repeat(b"<"), 0.05), "timeout"),
    "its body dribbles after a document": (
        3,
        Raw(OK + b"\r\n" + NEWS, "close", repeat(b" "), 0.05),
        "timeout",
    ),
    "its body never ends": (4, Raw(OK + b"\r\n", "close", repeat(b"x" * 65_536)), "too_big"),
    "its headers never end": (
        5,
        Raw(OK, "close", repeat(b"A: " + b"b" * 2_000 + b"\r\n")),
        "too_big",
    ),
    "a header never ends": (5, Raw(OK + b"A: ", "close", repeat(b"x" * 8_192)), "protocol"),
    "a gzip bomb": (6, packed("gzip", gzip.compress(ZEROS)), "too_big"),
    "a bomb of many members": (7, packed("gzip", gzip.compress(ZEROS[:3_000_000]) * 10), "too_big"),
    "a bomb in a bomb": (7, packed("gzip, gzip", gzip.compress(gzip.compress(ZEROS))), "too_big"),
    "a brotli bomb": (7, packed("br", brotli.compress(ZEROS, quality=5)), "too_big"),
    "a zstd bomb": (7, packed("zstd", zstd.compress(ZEROS)), "too_big"),
    "it closes before an answer": (8, Raw(b""), "connect"),
    "it resets before an answer": (8, Raw(b"", "reset"), "connect"),
    "it closes in the body": (9, Raw(OK + b"Content-Length: 9999\r\n\r\n" + NEWS), "truncated"),
    "it closes in a chunk": (10, Raw(CHUNKED + b"fff\r\n" + NEWS[:300]), "truncated"),
    "it closes before the last chunk": (
        10,
        Raw(CHUNKED + b"%x\r\n" % len(NEWS) + NEWS + b"\r\n"),
        "truncated",
    ),
    "its gzip is cut": (
        12,
        Raw(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(NEWS)[:-9]),
        "truncated",
    ),
    "it redirects for ever": (15, to("/feed"), "redirect"),
    "a redirect to a file": (16, to("file:///etc/passwd"), "blocked"),
    "a redirect to ftp": (16, to("ftp://n.example/feed"), "blocked"),
    "a redirect to gopher": (16, to("gopher://n.example/feed"), "blocked"),
    "a redirect to data": (16, to("data:text/xml,<rss/>"), "blocked"),
    "a redirect to nowhere": (17, reply(302), "redirect"),
    "HTTP/0.9": (25, Raw(NEWS), "protocol"),
    "a bad status line": (25, Raw(b"HTTP/1.1 abc OK\r\n\r\n" + NEWS), "protocol"),
    "a web page": (26, bad(PAGE % b"Welcome"), "not_a_feed"),
    "a login page": (26, bad(PAGE % b"<input type=password>"), "not_a_feed"),
    "a consent page": (26, bad(PAGE % b"cookie-consent"), "not_a_feed"),
    "a challenge": (26, bad(PAGE % b"Just a moment...", 403), "http"),
    "a challenge in a header": (26, bad(PAGE % b"", 403, **{"cf-mitigated": "challenge"}), "http"),
    "an empty body": (27, bad(b""), "empty"),
    "a body of blanks": (27, bad(b" \r\n\t"), "empty"),
    "204": (30, reply(204, headers={"ETag": '"bad"'}), "http"),
    "206": (30, bad(NEWS, 206), "http"),
    "404 with a feed": (31, bad(NEWS, 404), "http"),
    "500 with a feed": (31, bad(NEWS, 500), "http"),
    "503 with a feed": (31, bad(NEWS, 503), "http"),
    "403 for robots": (32, bad(b"no robots", 403), "http"),
    "an entity bomb": (43, bomb(f'<!ENTITY e0 "lol">{LEVELS}'), "entities"),
    "entities on two levels": (43, bomb('<!ENTITY a "x"><!ENTITY b "&a;&a;">'), "entities"),
    "many declarations": (43, bomb(f'<!ENTITY a "{"x" * 5_000}">'), "entities"),
    "an entity that is a file": (44, bomb('<!ENTITY a SYSTEM "file:///etc/passwd">'), "entities"),
    "a parameter entity": (44, bomb('<!ENTITY % p SYSTEM "file:///etc/passwd">%p;'), "entities"),
    "50,000 nested elements": (45, bad(b"<rss>" + b"<a>" * 50_000), "malformed"),
    "elements without end": (45, bad(b"<rss><channel>" + b"<a/>" * 100_001), "malformed"),
    "6 MB": (46, bad(NEWS + b" " * 6_000_000), "too_big"),
    "JSON that breaks off": (60, bad(b'{"items": [{"id": "1", "title": "ICE'), "malformed"),
    "JSON that is no feed": (60, bad(b'{"error": "quota"}'), "not_a_feed"),
}
CASES = [pytest.param(name, marks=pytest.mark.fault(FAULTS[name][0])) for name in FAULTS]

#: How long an answer is awaited that never comes whole; every other has the product's own time.
SHORT_S = 0.5

#: What a failed poll leaves as it was.
KEPT = (
    "url", "etag", "last_modified", "validators_url", "fingerprint", "baseline_at", "entries",
    "last_success_at", "adopted_at",
)  # fmt: skip


def begun(service: Service) -> Site:
    """Start with a feed that was read well."""
    site = service.site(fresh({"ETag": '"1"', "Last-Modified": "banana"}))
    service.start(site)
    service.poll()
    assert service.feeds()[0]["state"] == "ok"
    return site


def seen_keys(service: Service) -> Sequence[Any]:
    with service.parts.database.read() as connection:
        return connection.execute(schema.feed_key.select()).all()


def holds(service: Service, kind: str) -> None:
    """The poll that is due fails as `kind`, and changes nothing but that."""
    (before,), keys = service.rows(), seen_keys(service)
    fetcher = service.parts.fetcher
    assert isinstance(fetcher, Fetcher)
    patience_s = fetcher._deadline_s
    fetcher._deadline_s = SHORT_S if kind == "timeout" else patience_s
    service.poll()
    fetcher._deadline_s = patience_s
    (row,), (shown,) = service.rows(), service.feeds()
    assert (shown["error"], shown["state"], shown["failures"]) == (kind, "failing", 1)
    assert shown["error_text"].endswith((".", ")"))
    assert shown["since"] is not None
    assert shown["hint"]
    assert shown["alerts_30d"] == 0
    assert {name: getattr(row, name) for name in KEPT} == {n: getattr(before, n) for n in KEPT}
    assert seen_keys(service) == keys
    assert row.due_at - service.clock.now() >= 0.45 * HOUR


def recovers(service: Service, site: Site) -> None:
    """The next poll asks with the old validators, reads the news, and tells it once."""
    site.answer = lambda _: fresh({"ETag": '"2"'}, NEWS)
    service.poll()
    assert site.asked[-1].conditions == ('"1"', "banana")
    (shown,) = service.feeds()
    assert (shown["state"], shown["error"], shown["failures"]) == ("ok", None, 0)
    assert shown["alerts_30d"] == 1


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_named_changes_nothing_and_is_over_with_the_next_answer(
    service: Service, name: str
):
    _, answer, kind = FAULTS[name]
    site = begun(service)
    site.answer = lambda _: answer
    holds(service, kind)
    recovers(service, site)


@pytest.mark.fault(15)
def test_a_chain_of_thirty_redirects_is_left_after_five(service: Service):
    site = begun(service)
    site.answer = lambda seen: to(f"/feed{len(seen.path)}/{len(site.asked)}")
    asked = len(site.asked)
    holds(service, "redirect")
    assert len(site.asked) - asked == 6


@pytest.mark.fault(18)
@pytest.mark.parametrize("host", INSIDE)
def test_a_redirect_to_the_inside_is_refused_in_every_spelling(service: Service, host: str):
    """Only the site itself, at 127.0.0.2, is allowed."""
    site = service.site(fresh({"ETag": '"1"', "Last-Modified": "banana"}), host="127.0.0.2")
    inner = service.site(fresh(body=NEWS))
    service.start(site)
    guard = Guard(["127.0.0.2/32"])
    service.parts.fetcher = Fetcher(guard, user_agent="alerts", clock=service.clock)
    service.poll()
    site.answer = lambda _: to(f"http://{host}:{inner.server.port}/feed")
    holds(service, "blocked")
    assert not inner.asked
    recovers(service, site)


@pytest.mark.fault(19)
def test_a_name_that_leads_inside_at_the_second_look_is_refused_there(service: Service):
    """A name server that answers differently each time: what is checked is what is dialled."""
    leads_to = ["127.0.0.1"]
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return list(leads_to)

    site = service.site(fresh({"ETag": '"1"', "Last-Modified": "banana", "Connection": "close"}))
    url = f"http://news.example:{site.server.port}/feed"
    service.start(url)
    allowed = Guard(["127.0.0.1/32"], resolver=resolver)
    service.parts.fetcher = Fetcher(allowed, user_agent="alerts", clock=service.clock)
    service.poll()
    leads_to[:] = ["10.0.0.1"]
    service.parts.fetcher = Fetcher(allowed, user_agent="alerts", clock=service.clock)
    holds(service, "blocked")
    assert asked == ["news.example", "news.example"]
    assert len(site.asked) == 1


@pytest.mark.fault(22)
@pytest.mark.parametrize("fault", ["no such name", "try again", "silence"])
def test_a_name_that_cannot_be_resolved_is_named_and_not_asked_for_a_minute(
    service: Service, fault: str, monkeypatch: pytest.MonkeyPatch
):
    faults = {
        "no such name": socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        "try again": socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        "silence": None,
    }
    works = [True]
    asked: list[str] = []
    ends = threading.Event()

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        if works[0]:
            return ["127.0.0.1"]
        if (error := faults[fault]) is not None:
            raise error
        ends.wait(60)
        return []

    site = service.site(fresh({"ETag": '"1"', "Last-Modified": "banana", "Connection": "close"}))
    service.start(f"http://news.example:{site.server.port}/feed")
    guard = Guard(service.settings.allow_nets, resolver=resolver)
    service.parts.fetcher = Fetcher(guard, user_agent="alerts", clock=service.clock)
    service.poll()
    works[0] = False
    monkeypatch.setattr("alerts.netguard.resolve.LOOKUP_S", 0.2)
    holds(service, "dns")
    service.clock.advance(30)
    before = len(asked)
    failed = service.parts.fetcher.fetch(service.parts.in_force.config.feeds[0], Validators())
    assert isinstance(failed, FetchFailure)
    assert (failed.kind, len(asked)) == ("dns", before)
    ends.set()


@pytest.mark.fault(29)
def test_a_304_to_an_unconditional_request_is_an_error_and_the_next_asks_anew(service: Service):
    site = service.site(reply(304), fresh({"ETag": '"1"'}, NEWS))
    service.start(site)
    service.poll()
    assert service.feeds()[0]["error"] == "protocol"
    service.poll()
    assert site.asked[1].conditions == (None, None)
    assert service.feeds()[0]["state"] == "ok"


@pytest.mark.fault(32)
def test_a_site_that_refuses_robots_is_named_with_what_to_do(service: Service):
    site = begun(service)
    site.answer = lambda _: bad(b"no robots", 403)
    holds(service, "http")
    assert "blocks robots" in service.feeds()[0]["hint"]


@pytest.mark.fault(24)
def test_an_address_that_leads_nowhere_is_left_for_the_next(service: Service):
    site = service.site(fresh(body=NEWS))
    dialled: list[str] = []

    def dialer(address: str, port: int, timeout_s: float) -> socket.socket:
        dialled.append(address)
        if address == "::1":
            assert timeout_s <= 3
            raise TimeoutError
        return socket.create_connection((address, port), timeout_s)

    service.start(f"http://news.example:{site.server.port}/feed")
    guard = Guard(
        ["127.0.0.0/8", "::1/128"], resolver=lambda *_: ["::1", "127.0.0.1"], dialer=dialer
    )
    service.parts.fetcher = Fetcher(guard, user_agent="alerts", clock=service.clock)
    service.poll()
    assert dialled == ["::1", "127.0.0.1"]
    assert service.feeds()[0]["state"] == "ok"


@pytest.mark.fault(23)
@pytest.mark.parametrize("fault", ["of nobody known", "expired", "of another host"])
def test_a_certificate_that_is_not_valid_is_an_error_and_plain_http_is_no_way_out(
    service: Service, tmp_path: Path, fault: str
):
    made = authority(tmp_path)
    name, days = {"expired": ("127.0.0.1", -1), "of another host": ("n.example", 2)}.get(
        fault, ("127.0.0.1", 2)
    )
    site = service.site(fresh(body=NEWS), tls=made.server(name, days=days))
    verify = "" if fault == "of nobody known" else f", verify: {made.ca_file}"
    service.start(f"{{url: {site.url()}{verify}}}")
    service.poll()
    assert service.feeds()[0]["error"] == "tls"
    assert not site.asked
