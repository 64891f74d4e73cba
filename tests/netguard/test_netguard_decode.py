"""Content encodings: right, cut short, mislabelled, and bombs."""

from __future__ import annotations

import contextlib
import gzip
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from alerts.netguard import NetError
from alerts.netguard.decode import decode

FEED = b"<rss>" + b"<item>Raid in Madison</item>" * 2_000 + b"</rss>"
CAP = 1_000_000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": gzip.compress(FEED),
    "x-gzip": gzip.compress(FEED),
    "gzip ": gzip.compress(FEED[:99]) + gzip.compress(FEED[99:]) + b"\0\0\0",
    "deflate": zlib.compress(FEED),
    "deflate ": raw_deflate(FEED),
    "br": brotli.compress(FEED),
    "zstd": zstd.compress(FEED),
    "zstd ": zstd.compress(FEED[:500]) + zstd.compress(FEED[500:]),
    "gzip, br": brotli.compress(gzip.compress(FEED)),
}


@pytest.mark.parametrize("name", PACKED)
def test_every_offered_encoding_decodes(name: str) -> None:
    assert decode(PACKED[name], name.upper(), CAP) == FEED


@pytest.mark.parametrize("name", ["gzip", "deflate", "deflate ", "br", "zstd"])
def test_a_packed_body_cut_short_is_an_error_at_every_length(name: str) -> None:
    whole = PACKED[name]
    for length in range(1, len(whole)):
        if name == "gzip" and length == 1:
            continue  # one byte has no magic number: it is a body of one byte
        with pytest.raises(NetError) as caught:
            decode(whole[:length], name, CAP)
        assert caught.value.kind in ("truncated", "encoding")


def test_a_damaged_gzip_trailer_is_an_error() -> None:
    damaged = PACKED["gzip"][:-8] + bytes(8)
    with pytest.raises(NetError) as caught:
        decode(damaged, "gzip", CAP)
    assert caught.value.kind == "encoding"


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_a_plain_body_with_a_packed_label_is_taken_as_it_is(name: str) -> None:
    assert decode(FEED, name, CAP) == FEED


def test_a_gzip_body_without_a_label_is_unpacked() -> None:
    assert decode(PACKED["gzip"], "", CAP) == FEED
    assert decode(PACKED["gzip"], "identity", CAP) == FEED


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_ends_at_the_cap(name: str) -> None:
    bomb = b"<" + bytes(60_000_000)
    packed = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": lambda b: brotli.compress(b, quality=1),
        "zstd": zstd.compress,
    }
    with pytest.raises(NetError) as caught:
        decode(packed[name](bomb), name, CAP)
    assert caught.value.kind == "too_big"


def test_an_encoding_nobody_asked_for_is_an_error() -> None:
    for label in ("compress", "gzip, gzip, gzip", "aes128gcm"):
        with pytest.raises(NetError) as caught:
            decode(b"\x01\x02\x03", label, CAP)
        assert caught.value.kind == "encoding"


@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "deflate", "br", "zstd", "br, gzip"]))
def test_no_bytes_do_worse_than_a_net_error(body: bytes, name: str) -> None:
    with contextlib.suppress(NetError):
        assert len(decode(body, name, 10_000)) <= 10_000
