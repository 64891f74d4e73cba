"""What the real feeds of ../shared give, and what each costs."""

from __future__ import annotations

import time
from collections import Counter

from bodies import bodies

from alerts.feeds.parse import parse
from alerts.model import FetchFailure

NOW = 1_795_503_600.0
FEEDS, REAL = 1_640, 127

#: Its publisher links no article at all.
WITHOUT_LINKS = "benchmark_data_cc314ce5dfbb3adc"

#: Not well-formed in their first line: feedparser finds no entry either.
UNREADABLE = {"tests_integration_malformed_rss_namespaced.xml", "benchmark_data_7ef13a42fa7e177a"}


def test_no_feed_costs_two_seconds_and_real_ones_give_titles_links_dates_and_text():
    read, found, unreadable = Counter[str](), Counter[str](), set[str]()
    for name, is_real, body in bodies():
        began = time.process_time()
        parsed = parse(body, "", "https://n.example/feed", now=NOW)
        assert time.process_time() - began < 2, name
        read["all"] += 1
        read["real"] += is_real
        if not is_real:
            continue
        if isinstance(parsed, FetchFailure) or not parsed.entries:
            unreadable.add(name)
            continue
        for entry in parsed.entries:
            found["entries"] += 1
            found["title"] += bool(entry.title)
            found["link"] += bool(entry.link) or name == WITHOUT_LINKS
            found["date"] += entry.published_at is not None
            found["text"] += bool(entry.summary or entry.content)
    assert read == {"all": FEEDS, "real": REAL}
    assert unreadable == UNREADABLE
    shares = {name: count / found["entries"] for name, count in found.items()}
    assert shares["title"] > 0.99
    assert shares["link"] > 0.999
    assert shares["date"] > 0.99
    assert shares["text"] > 0.96
