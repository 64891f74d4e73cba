"""Claims about `alerts feeds resume` and `move`, in a folder where the service has run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_service import YAML, Folder

from alerts.clock import iso
from alerts.errors import UsageError
from alerts.store import feeds
from alerts.store.schema import feed

OLD, NEW = "https://courier.example/rss", "https://new.example/rss"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path)
    made.send("ICE in town")
    made.catch_up()
    yield made
    made.close()


def mark(folder: Folder, **values: object) -> None:
    with folder.world.database.write() as connection:
        connection.execute(feed.update().values(**values))


def test_a_gone_feed_is_due_again_and_no_longer_gone(folder: Folder):
    mark(folder, state="gone", gone_at=1.0, due_at=None, last_poll_at=2.0)
    told = folder.json("feeds", "resume", "Courier")
    assert told["url"] == OLD
    (row,) = folder.json("feeds")
    assert (row["state"], row["next_poll"]) == ("failing", told["due"])
    folder.world.later(1)
    folder.world.serve(folder.world.item("ICE again", "ice-again"))
    folder.world.run()
    assert folder.json("feeds")[0]["state"] == "ok"


def test_the_floor_and_a_server_s_wish_hold(folder: Folder):
    now = folder.world.clock.now()
    mark(folder, last_poll_at=now, hold_until=None)
    assert folder.json("feeds", "resume", OLD)["due"] == iso(now + 300)
    mark(folder, hold_until=now + 7_200)
    assert folder.json("feeds", "resume", OLD)["due"] == iso(now + 7_200)


def test_an_unknown_feed_names_the_nearest(folder: Folder):
    error = folder.command("feeds", "resume", "Curier").exception
    assert isinstance(error, UsageError)
    assert error.hint == 'Did you mean "Courier"?'


@pytest.mark.parametrize(("order", "more"), [("move first", 0), ("edit first", 0), ("no move", 1)])
def test_a_moved_feed_tells_nothing_twice(folder: Folder, order: str, more: int):
    yaml = YAML.replace(f'{{name: Courier, url: "{OLD}"}}', f'"{NEW}"')
    assert yaml != YAML
    before = len(folder.digests())
    if order == "move first":
        assert folder.json("feeds", "move", OLD, NEW)["in_configuration"] is False
    folder.world.reload(yaml)
    (folder.folder / "subscribers.yaml").write_text(yaml)
    if order == "edit first":
        assert folder.json("feeds", "move", OLD, NEW)["in_configuration"] is True
    folder.world.later(1)
    # Other links, the ids of old: only what was seen in the feed itself tells.
    told = folder.world.item(
        "ICE in town", "https://new.example/town", 0.1, guid="https://courier.example/ice-in-town"
    )
    folder.world.serve(told, url=NEW)
    folder.world.run(force=True)
    assert len(folder.digests()) == before + more
    (row,) = folder.json("feeds")
    assert (row["url"], row["state"]) == (NEW, "ok")


def test_after_a_move_the_first_poll_is_none(folder: Folder):
    folder.json("feeds", "move", OLD, NEW)
    with folder.world.database.read() as connection:
        rows = {row.url: row for row in connection.execute(feed.select())}
    assert rows[NEW].baseline_at == rows[OLD].baseline_at is not None
    assert rows[NEW].is_active is False


@pytest.mark.parametrize(
    ("old", "new"), [("https://no.example/rss", NEW), (OLD, OLD), (OLD, "ftp://x.example/f")]
)
def test_a_move_that_cannot_be_meant_is_refused(folder: Folder, old: str, new: str):
    assert isinstance(folder.command("feeds", "move", old, new).exception, UsageError)


@pytest.mark.parametrize("whose", ["its own", "its host's"])
def test_a_server_that_asked_us_to_wait_is_not_asked_by_hand_either(folder: Folder, whose: str):
    until = folder.world.clock.now() + 7_200
    if whose == "its own":
        mark(folder, hold_until=until)
    else:
        with folder.world.database.write() as connection:
            feeds.hold_host(connection, "courier.example", until)
    told = folder.json("feeds", "check", "Courier")
    assert told["answer"]["hold_until"] == iso(until)
    assert "connection" not in told
