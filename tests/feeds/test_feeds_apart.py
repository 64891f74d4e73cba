"""Big documents are read in other processes, to the same end, and cost no more than they may."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

from alerts.demo.documents import Item, rss
from alerts.feeds import apart, documents
from alerts.feeds.apart import Reader
from alerts.model import FetchedBody, FetchFailure, ParsedFeed, Validators

NOW = 1_764_000_000.0


def answer(body: bytes) -> FetchedBody:
    return FetchedBody(200, body, "", Validators(), "https://n.example/feed")


def feed(articles: int, words: int) -> FetchedBody:
    text = "word " * words
    items = [Item(f"Title {n}", f"https://n.example/{n}", text) for n in range(articles)]
    return answer(rss("News", items).encode())


BIG = feed(60, 1_000)
COSTLY = answer(b"<rss><channel><item><title>" + b"&" * 3_000_000 + b"</title></item>")


def test_a_big_document_is_what_it_would_be_here() -> None:
    assert len(BIG.body) > apart.SMALL_BYTES
    there = Reader().read(BIG, None, NOW)
    assert there == documents.read(BIG, None, NOW)
    assert isinstance(there.found, ParsedFeed)
    assert len(there.found.entries) == 60


def test_a_big_document_that_is_known_is_not_read_again() -> None:
    reader = Reader()
    known = reader.read(BIG, None, NOW).fingerprint
    assert reader.read(BIG, known, NOW).found is None


def test_a_document_that_costs_too_much_is_given_up_and_the_next_is_read() -> None:
    reader = Reader(1, work_s=0.3)
    found = reader.read(COSTLY, None, NOW).found
    assert isinstance(found, FetchFailure)
    assert found.kind == "malformed"
    assert isinstance(reader.read(BIG, None, NOW).found, ParsedFeed)


def test_small_documents_are_read_while_every_process_is_at_work() -> None:
    reader = Reader(1)
    with ThreadPoolExecutor(2) as pool:
        ends = threading.Event()
        held = pool.submit(reader.read, COSTLY, None, NOW)
        held.add_done_callback(lambda _: ends.set())
        assert isinstance(reader.read(feed(3, 10), None, NOW).found, ParsedFeed)
        assert not ends.is_set()
        held.result()


def test_a_process_that_ended_meanwhile_is_replaced() -> None:
    reader = Reader(1)
    very_big = feed(100, 5_000)
    assert len(very_big.body) > apart._LAST_BYTES
    for _ in range(2):  # each ends a process
        assert isinstance(reader.read(very_big, None, NOW).found, ParsedFeed)


def test_no_process_outlives_its_reader() -> None:
    reader = Reader(1)
    reader.read(BIG, None, NOW)
    (process,) = reader._free
    del reader
    gc.collect()
    assert not process.is_there
