"""Claims about `alerts feeds release`, in a folder where a site has renamed everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_service import YAML, Folder

from alerts.demo.documents import Item, rss
from alerts.demo.servers import FeedServer

FEED = "https://courier.example/rss"


def renamed(name: str, at: float) -> list[Item]:
    """Twenty old stories, under names of their own."""
    return [
        Item(f"ICE {name} {n}", f"https://courier.example/{name}-{n}", at=at - n * 86_400)
        for n in range(20)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path)
    made.send("ICE in town")
    at = made.world.clock.now() - 90 * 86_400
    for name in ("story", "renamed"):
        made.world.later(1)
        made.world.serve(*renamed(name, at))
        made.world.run(force=True)
    made.catch_up()
    yield made
    made.close()


def test_the_table_says_what_is_held_back_and_what_to_do(folder: Folder):
    (row,) = folder.json("feeds")
    assert row["held"] == 40
    assert row["state"] == "quarantined"
    assert f"alerts feeds release {FEED}" in row["hint"]


def test_status_says_that_something_is_held_back(folder: Folder):
    told = folder.command("status").output
    assert "of 1 feed old stories that look new are held back" in told


def test_what_is_released_goes_out_with_the_next_digest(folder: Folder):
    before = len(folder.digests())
    told = folder.json("feeds", "release", "Courier")
    assert told == {"url": FEED, "entries": 40, "discarded": False, "matched": 40, "alerts": 40}
    folder.world.later(1)
    folder.world.run(send_now=True)
    assert len(folder.digests()) == before + 1
    (row,) = folder.json("feeds")
    assert (row["held"], row["state"]) == (0, "ok")
    assert "holds nothing back" in folder.command("feeds", "release", "Courier").output


def test_what_is_discarded_never_goes_out(folder: Folder):
    before = len(folder.digests())
    assert "40 stories left out" in folder.command("feeds", "release", FEED, "--discard").output
    folder.world.later(1)
    folder.world.run(send_now=True)
    assert len(folder.digests()) == before
    assert folder.json("feeds")[0]["held"] == 0


def test_explain_says_that_an_article_is_held_back(folder: Folder):
    told = folder.command("explain", "https://courier.example/renamed-3", "ana").output
    assert "held back" in told
    assert "alerts feeds release" in told


def test_a_check_says_that_a_renamed_archive_would_be_held_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, feed_server: FeedServer
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALERTS_ALLOW_NETS", "127.0.0.0/8")
    url = feed_server.url("/feed")
    made = Folder(tmp_path, YAML.replace(FEED, url))
    at = made.world.clock.now() - 90 * 86_400
    made.world.serve(*renamed("story", at), url=url)
    made.world.run(force=True)
    made.catch_up()
    feed_server.put("/feed", rss("Courier", renamed("other", at)))
    told = made.command("feeds", "check", "Courier").output
    made.close()
    assert "20 look like old stories that the site renamed" in told
