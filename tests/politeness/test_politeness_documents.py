"""What publishers see of validators and documents: H1 to H8, H23, H26."""

from __future__ import annotations

import gzip
import zlib
from itertools import product

import brotli
import pytest
from backports import zstd
from publisher import DAY, DOCUMENT, HOUR, Service, document, fresh
from scripted import Raw, Seen, reply

DATE = "Tue, 24 Nov 2026 07:00:00 GMT"


@pytest.mark.politeness("H1")
def test_an_unchanged_feed_is_asked_unconditionally_once_in_101_polls(service: Service):
    def script(seen: Seen) -> bytes:
        return reply(304) if seen.header("if-none-match") else fresh({"ETag": '"1"'})

    site = service.site(script)
    service.start(site)
    service.poll(101)
    assert [one.conditions for one in site.asked] == [(None, None)] + [('"1"', None)] * 100


@pytest.mark.politeness("H2")
@pytest.mark.parametrize(
    ("etag", "modified"),
    [
        *product(
            ['W/"x-gzip"', '"\xe9"', "unquoted"], ["Tue, 24 Nov 2026 07:00:00 +0000", "banana"]
        ),
        ('"a"-gzip', "2026-11-24T07:00:00Z"),
    ],
)
def test_odd_validators_come_back_byte_for_byte(service: Service, etag: str, modified: str):
    site = service.site(fresh({"ETag": etag, "Last-Modified": modified}), reply(304))
    service.start(site)
    service.poll(2)
    service.restart()
    service.poll()
    assert [one.conditions for one in site.asked[1:]] == [(etag, modified)] * 2


@pytest.mark.politeness("H3")
@pytest.mark.parametrize(
    "given", [{"ETag": '"1"'}, {"Last-Modified": DATE}, {"Date": DATE, "Expires": DATE}]
)
def test_only_what_was_given_is_asked_with(service: Service, given: dict[str, str]):
    site = service.site(fresh(given))
    service.start(site)
    service.poll(2)
    assert site.asked[1].conditions == (given.get("ETag"), given.get("Last-Modified"))


@pytest.mark.politeness("H4")
def test_the_newest_etag_is_taken_also_with_the_same_body(service: Service):
    site = service.site(*(fresh({"ETag": f'"{n}"'}) for n in range(4)))
    service.start(site)
    service.poll(4)
    assert [one.conditions[0] for one in site.asked] == [None, '"0"', '"1"', '"2"']


@pytest.mark.politeness("H5")
def test_a_bare_304_keeps_the_validators(service: Service):
    site = service.site(fresh({"ETag": '"1"', "Last-Modified": DATE}), reply(304))
    service.start(site)
    service.poll(4)
    assert [one.conditions for one in site.asked[1:]] == [('"1"', DATE)] * 3


@pytest.mark.politeness("H6")
def test_a_304_replaces_the_validators_it_names(service: Service):
    later = "Wed, 25 Nov 2026 07:00:00 GMT"
    site = service.site(
        fresh({"ETag": '"1"', "Last-Modified": DATE}),
        reply(304, headers={"ETag": '"2"'}),
        reply(304, headers={"Last-Modified": later}),
        reply(304),
    )
    service.start(site)
    service.poll(4)
    assert [one.conditions for one in site.asked[1:]] == [
        ('"1"', DATE),
        ('"2"', DATE),
        ('"2"', later),
    ]


_HEAD = b'HTTP/1.1 200 OK\r\nETag: "bad"\r\n'
UNUSABLE = {
    "cut by its length": Raw(_HEAD + b"Content-Length: 9999\r\n\r\n" + DOCUMENT[:300]),
    "cut in a chunk": Raw(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1f4\r\n" + DOCUMENT[:300]),
    "cut without a length": Raw(_HEAD + b"\r\n" + DOCUMENT[:-60]),
    "no feed": fresh({"ETag": '"bad"'}, b"<html><title>Sign in</title></html>"),
    "garbage": fresh({"ETag": '"bad"'}, b"<rss><channel><item><<<"),
    "cut gzip": fresh({"ETag": '"bad"', "Content-Encoding": "gzip"}, gzip.compress(DOCUMENT)[:-9]),
}


@pytest.mark.politeness("H7")
@pytest.mark.parametrize("fault", UNUSABLE)
def test_validators_of_an_unusable_document_are_not_kept(service: Service, fault: str):
    site = service.site(UNUSABLE[fault], fresh({"ETag": '"good"'}))
    service.start(site)
    service.poll()
    assert service.feeds()[0]["state"] == "failing"
    service.poll(2)
    assert [one.conditions[0] for one in site.asked] == [None, None, '"good"']
    assert service.feeds()[0]["entries"] == 2


@pytest.mark.politeness("H7")
def test_validators_of_a_document_that_never_ended_are_not_kept(service: Service):
    site = service.site(Raw(_HEAD + b"\r\n" + DOCUMENT[:300], "hold"), fresh({"ETag": '"good"'}))
    service.start(site)
    fetcher = service.parts.fetcher
    patience_s, fetcher._deadline_s = fetcher._deadline_s, 1.0
    service.poll()
    fetcher._deadline_s = patience_s
    assert service.feeds()[0]["error"] == "timeout"
    service.poll(2)
    assert [one.conditions[0] for one in site.asked] == [None, None, '"good"']


@pytest.mark.politeness("H8")
def test_an_etag_that_a_later_answer_drops_is_forgotten(service: Service):
    site = service.site(fresh({"ETag": '"1"'}), fresh({"Last-Modified": DATE}), fresh())
    service.start(site)
    service.poll(4)
    assert [one.conditions for one in site.asked] == [
        (None, None),
        ('"1"', None),
        (None, DATE),
        (None, None),
    ]


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKED = {
    "gzip": gzip.compress(DOCUMENT),
    "x-gzip": gzip.compress(DOCUMENT[:200]) + gzip.compress(DOCUMENT[200:]),
    "deflate": zlib.compress(DOCUMENT),
    " deflate": _raw_deflate(DOCUMENT),
    "br": brotli.compress(DOCUMENT),
    "zstd": zstd.compress(DOCUMENT),
    "identity": gzip.compress(DOCUMENT),  # said to be plain
    "GZip ": DOCUMENT,  # said to be packed
    "gzip, gzip": gzip.compress(gzip.compress(DOCUMENT)),
}


@pytest.mark.politeness("H23")
@pytest.mark.parametrize("label", PACKED)
def test_every_encoding_that_is_offered_is_read(service: Service, label: str):
    site = service.site(fresh({"Content-Encoding": label.strip()}, PACKED[label]))
    service.start(site)
    service.poll()
    assert site.asked[0].seen.header("accept-encoding") == "gzip, deflate, br, zstd"
    assert (service.feeds()[0]["error"], service.feeds()[0]["entries"]) == (None, 2)


@pytest.mark.politeness("H23")
@pytest.mark.parametrize("label", ["br", "zstd", "deflate", "compress"])
def test_what_is_not_packed_as_it_says_is_a_clean_error(service: Service, label: str):
    service.start(service.site(fresh({"Content-Encoding": label}, b"\x07\x00\x99" * 50)))
    service.poll()
    assert service.feeds()[0]["error"] in ("encoding", "truncated")


@pytest.mark.politeness("H26")
@pytest.mark.parametrize("status", [204, 206, 226, 300])
def test_an_answer_that_is_no_whole_document_changes_nothing(service: Service, status: int):
    body = b"" if status == 204 else document("Another", "ICE raid")
    odd = reply(status, body, {"ETag": '"odd"'})
    site = service.site(fresh({"ETag": '"1"'}), odd, reply(304))
    service.start(site)
    service.poll(2)
    assert "a-im" not in {name.lower() for name, _ in site.asked[1].seen.headers}
    assert (service.feeds()[0]["error"], service.feeds()[0]["alerts_30d"]) == ("http", 0)
    service.poll()
    assert site.asked[2].conditions == ('"1"', None)
    assert service.feeds()[0]["state"] == "ok"


@pytest.mark.politeness("H26")
def test_203_is_a_document_like_any_other(service: Service):
    service.start(service.site(reply(203, DOCUMENT)))
    service.poll()
    assert service.feeds()[0]["entries"] == 2


@pytest.mark.politeness("H1", "H5")
def test_answers_that_alternate_keep_their_validators(service: Service):
    """A farm of servers that disagree: 200 and 304 in turn."""
    answers = [fresh({"ETag": '"1"'}), reply(304)] * 10
    site = service.site(*answers)
    service.start(site)
    service.poll(20)
    assert [one.conditions[0] for one in site.asked] == [None] + ['"1"'] * 19
    assert min(site.waits()) >= HOUR / 2
    assert max(site.waits()) < DAY
