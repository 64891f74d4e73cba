"""Claims about real feeds polled again as they changed over twenty months (see bench/replay.py)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from needs import ROOT, shared, soak

RAW, EVENTS = "replay_raw_dev.tar.xz", "replay_events_dev.jsonl.gz"


def replayed(*options: str | Path) -> list[list[str]]:
    """Return the rows of totals: documents, guids, stories, new, off, twice, held."""
    bench = [sys.executable, ROOT / "bench" / "replay.py", *options]
    sources = ["--raw", shared(RAW), "--events", shared(EVENTS)]
    done = subprocess.run([*bench, *sources], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("all ")]


def check(rows: list[list[str]]) -> None:
    assert len(rows) == 2
    for _, guids, stories, new, _, twice, _ in rows:
        assert abs(int(new) - int(stories)) <= 0.05 * int(stories)
        assert int(twice) == 0
        assert int(guids) > int(stories) + 100  # so that something was renamed at all


def test_stories_of_real_feeds_are_new_once_whatever_their_publishers_rename():
    check(replayed("--sample", "4"))


def test_every_document_of_the_real_feeds_is_read_and_no_story_is_new_twice():
    soak()
    check(replayed())
