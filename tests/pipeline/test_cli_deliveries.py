"""Claims about `alerts deliveries`, `show` and `retry`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_service import DOWN, NO_SUCH, REFUSED, ROOM, Folder

from alerts.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path)
    yield made
    made.close()


def test_a_refused_delivery_is_tried_again_with_its_id_and_no_longer_fails(folder: Folder):
    folder.send("ICE in town", REFUSED)
    (failed,) = folder.json("deliveries", "--failed")
    assert (failed["state"], failed["code"]) == ("failed", "554")
    assert folder.json("deliveries", "retry", failed["id"][:6]) == {
        "due": [failed["id"]],
        "skipped": [],
    }
    (row,) = folder.digests()
    assert (row["state"], row["id"]) == ("delayed", failed["id"])
    folder.catch_up()
    folder.world.run()
    first, second = (t for t in folder.world.transport.tries if t.id == failed["id"])
    assert first.payload == second.payload
    (row,) = folder.digests()
    assert row["state"] == "delivered"


def test_what_failed_is_shown_with_its_words_also_after_a_successful_retry(folder: Folder):
    folder.send("ICE in town", REFUSED)
    folder.json("deliveries", "retry", "--all")
    folder.catch_up()
    folder.world.run()
    (row,) = folder.json("deliveries", "--failed")
    assert (row["state"], row["code"], row["server_text"]) == (
        "delivered",
        "554",
        "not this message",
    )
    assert row["failed_at"] < folder.json("deliveries", "show", row["id"])["ended"]


def test_retry_all_leaves_out_a_dead_address_and_names_what_lifts_it(folder: Folder):
    folder.send("ICE in town", NO_SUCH)
    (failed,) = folder.json("deliveries", "--failed")
    said = folder.json("deliveries", "retry", "--all")
    assert said["due"] == []
    (skipped,) = said["skipped"]
    assert skipped["id"] == failed["id"]
    assert skipped["reason"]
    lift = skipped["lift"].removeprefix("alerts ").split()
    assert folder.command(*lift).exit_code == 0
    assert folder.json("deliveries", "retry", "--all")["due"] == [failed["id"]]


def test_the_last_digest_of_a_subscriber_is_one_that_was_accepted(folder: Folder):
    folder.send("ICE in town", DOWN)
    assert folder.json("subscribers")[0]["last_digest"] is None
    folder.json("deliveries", "retry", "--waiting")
    folder.catch_up()
    folder.world.run()
    (row,) = folder.digests()
    ended = folder.json("deliveries", "show", row["id"])["ended"]
    assert folder.json("subscribers")[0]["last_digest"] == ended


def test_a_retry_of_an_old_delivery_is_not_given_up_at_its_next_failure(folder: Folder):
    folder.send("ICE in town", REFUSED)
    folder.json("deliveries", "retry", "--all")
    folder.catch_up()
    folder.world.transport.answers.append(DOWN)
    folder.world.run()
    (row,) = folder.digests()
    assert (row["state"], row["code"]) == ("delayed", "503")
    assert row["next_try"] is not None


def test_a_delivery_that_was_accepted_is_not_sent_again(folder: Folder):
    folder.send("ICE in town")
    (row,) = folder.digests()
    said = folder.json("deliveries", "retry", row["id"])
    assert said["due"] == []
    assert "delivered at" in said["skipped"][0]["reason"]


def test_a_delivery_that_waits_is_due_now_when_it_is_named(folder: Folder):
    folder.send("ICE in town", DOWN)
    (row,) = folder.digests()
    assert row["state"] == "delayed"
    assert folder.json("deliveries", "retry", "--all") == {"due": [], "skipped": []}
    assert folder.json("deliveries", "retry", row["id"])["due"] == [row["id"]]


def test_show_tells_every_try_and_every_title(folder: Folder):
    folder.send("ICE in town", DOWN, REFUSED)
    folder.world.later(1)
    folder.world.run()
    (row,) = folder.digests()
    found = folder.json("deliveries", "show", row["id"][:8])
    assert [(one["code"], one["outcome"]) for one in found["tries"]] == [
        ("503", "retry"),
        ("554", "refused"),
    ]
    assert found["tries"][0]["next_try"] is not None
    assert found["tries"][1]["next_try"] is None
    assert [article["title"] for article in found["titles"]] == ["ICE in town"]
    text = folder.command("deliveries", "show", row["id"]).stdout
    assert "554 not this message." in text
    assert "ICE in town" in text


def test_articles_of_an_expired_delivery_come_once_when_it_is_tried_again(folder: Folder):
    folder.send("ICE in town", DOWN)
    folder.world.transport.answers.append(DOWN)
    folder.world.later(5 * 24 + 1)
    folder.world.run()
    (failed,) = folder.json("deliveries", "--failed")
    assert "late" in failed["hint"]
    assert folder.world.pending() == 1
    assert folder.json("deliveries", "retry", "--all")["due"] == [failed["id"]]
    assert folder.world.pending() == 0
    titles = folder.json("deliveries", "show", failed["id"])["titles"]
    assert [article["title"] for article in titles] == ["ICE in town"]


def test_articles_that_came_in_a_later_digest_are_sent_again_only_if_named(folder: Folder):
    folder.send("ICE in town", DOWN)
    folder.world.transport.answers.append(DOWN)
    folder.world.later(5 * 24 + 1)
    folder.world.run()
    folder.world.later(1)
    folder.world.run()  # the next digest takes them along
    (failed,) = folder.json("deliveries", "--failed")
    said = folder.json("deliveries", "retry", "--all")
    assert said["due"] == []
    assert said["skipped"][0]["lift"] == f"alerts deliveries retry {failed['id']}"
    assert folder.json("deliveries", "retry", failed["id"])["due"] == [failed["id"]]


def test_a_removed_subscribers_failure_is_left_alone(folder: Folder):
    folder.send("ICE in town", REFUSED)
    text = (folder.folder / "subscribers.yaml").read_text()
    (folder.folder / "subscribers.yaml").write_text(text.replace("ana@", "ann@"))
    said = folder.json("deliveries", "retry", "--all")
    assert said["due"] == []
    assert said["skipped"][0]["reason"] == "no longer in subscribers.yaml"


@pytest.mark.parametrize("arguments", [("retry",), ("retry", "--all", "x"), ("show", "zz")])
def test_an_unclear_wish_is_a_usage_error(folder: Folder, arguments: tuple[str, ...]):
    assert isinstance(folder.command("deliveries", *arguments).exception, UsageError)


def test_a_prefix_that_several_ids_share_names_them(folder: Folder):
    made = Folder(folder.folder, ROOM)
    for number in range(17):  # of hexadecimal digits there are sixteen
        made.send(f"ICE story {number}")
    begins = [row["id"][0] for row in made.json("deliveries")]
    shared = max(begins, key=begins.count)
    error = made.command("deliveries", "show", shared).exception
    assert isinstance(error, UsageError)
    assert "Several" in error.message
    made.close()


def test_before_the_first_run_there_is_nothing_to_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Folder
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///nothing.db")
    assert folder.json("deliveries", "retry", "--all") == {"due": [], "skipped": []}
    assert not Path("nothing.db").exists()


def test_after_an_outage_everything_that_waits_is_made_due_by_one_command(folder: Folder):
    folder.send("ICE in town", DOWN)
    (row,) = folder.digests()
    said = folder.command("deliveries", "retry", "--all").output
    assert "1 waits for the next try. Now: alerts deliveries retry --waiting" in said
    assert folder.json("deliveries", "retry", "--waiting")["due"] == [row["id"]]
    folder.catch_up()
    folder.world.run()
    assert [one["state"] for one in folder.digests()] == ["delivered"]
