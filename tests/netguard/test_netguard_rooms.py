"""Claims about big bodies: few are in memory at a time, whoever sends them."""

from __future__ import annotations

import gzip

import pytest
from scripted import Raw, serve

from alerts.netguard import Answer, Guard, NetError, Session, exchange
from alerts.netguard.rooms import BIG_BYTES, ROOMS, Rooms

LOOPBACK = Guard(allow_nets=["127.0.0.0/8"])
CAP = 2 * BIG_BYTES


def ask(body: bytes, encoding: str) -> Answer:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    with serve(Raw(head.encode() + body)) as server:
        return exchange(
            Session(LOOPBACK, purpose="feed"), "GET", server.url(), headers={},
            deadline_s=60, max_wire_bytes=CAP, max_decoded_bytes=CAP,
        )  # fmt: skip


def test_a_place_is_given_back_with_the_last_reference_to_it() -> None:
    rooms = Rooms(places=1, patience_s=0.01)
    first = rooms.take()
    with pytest.raises(NetError, match="Too many big documents"):
        rooms.take()
    del first
    assert rooms.take()


def test_a_big_body_takes_a_place_packed_or_not_and_others_take_none() -> None:
    text = bytes(BIG_BYTES + 1)
    packed, plain = ask(gzip.compress(text), "gzip"), ask(text, "identity")
    assert packed.body == plain.body == text
    assert packed.room is not None
    assert plain.room is not None
    assert ask(gzip.compress(text[1:]), "gzip").room is None


def test_a_bomb_leaves_no_place_taken() -> None:
    for _ in range(10):
        with pytest.raises(NetError, match="bigger than 4 MB"):
            ask(gzip.compress(bytes(CAP + 1)), "gzip")
    assert ROOMS.take()
