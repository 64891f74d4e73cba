"""The pictures of the documents: all there, small, as wide as they are made; the reducer loses nothing."""

from __future__ import annotations

import struct
import sys
import zlib

import pytest
from needs import ROOT

sys.path.insert(0, str(ROOT / "docs"))

import pictures
import slack_page
import small_png


@pytest.mark.parametrize("shot", pictures.SHOTS, ids=lambda shot: shot.name)
def test_each_picture_is_there_and_small(shot):
    data = (ROOT / "docs" / shot.name).read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert width == 2 * shot.width
    assert height <= 2 * shot.height + 32
    assert len(data) < 150_000


def test_no_picture_lies_there_that_nothing_makes():
    assert {p.name for p in (ROOT / "docs").glob("*.png")} == {s.name for s in pictures.SHOTS}


def png(rows: list[tuple[int, bytes]]) -> bytes:
    """A picture of three pixels a row, each row with its filter."""
    head = struct.pack(">IIBBBBB", 3, len(rows), 8, 2, 0, 0, 0)
    body = zlib.compress(b"".join(bytes([kind]) + row for kind, row in rows))
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    return small_png._SIGNATURE + b"".join(small_png._chunk(*chunk) for chunk in chunks)


def test_every_filter_is_undone_and_the_empty_foot_goes():
    red, blue = b"\xff\0\0", b"\0\0\xff"
    blank = blue * 3
    rows = [
        (0, red + blue + red),
        (1, red + bytes([1, 0, 255]) + bytes([255, 0, 1])),  # the same, told by the pixel before
        (2, bytes(9)),  # the same, told by the row above
        (4, bytes(9)),  # Paeth: the first is as above, then the nearest of three
        (0, blank),
        (0, blank),
        (0, blank),
    ]
    found = small_png.small(png(rows))
    again = dict(small_png._chunks(found))
    palette, body = again[b"PLTE"], zlib.decompress(again[b"IDAT"])
    told = [
        [palette[3 * p : 3 * p + 3] for p in body[at + 1 : at + 4]] for at in range(0, len(body), 4)
    ]
    assert told[:3] == [[red, blue, red]] * 3
    assert told[-1] == [blue] * 3
    assert len(told) == 5


def test_a_slack_message_is_drawn_with_links_quotes_and_signs():
    section = "*<https://a.example/x|A &lt;b&gt;>*\nRadio :lock:\n>in *ICE* vests"
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "1 story · Tue Nov 24, 7:30 am"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": section}},
    ]
    drawn = slack_page.page({"blocks": blocks}, "News")
    assert '<b><a href="https://a.example/x">A &lt;b&gt;</a></b>' in drawn
    assert "<blockquote>in <b>ICE</b> vests</blockquote>" in drawn
    assert "Radio <svg" in drawn
    assert ">7:30 am</span>" in drawn
