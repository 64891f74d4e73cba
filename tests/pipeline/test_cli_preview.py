"""Claims about `alerts preview`: the digest as it would go out, with nothing sent or changed."""

from __future__ import annotations

import email
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_service import ROOM, Folder

from alerts.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path)
    made.catch_up()
    made.world.clock.advance(-86_400)  # a past that `--since` reaches, before the commands' now
    yield made
    made.close()


def test_what_the_rules_found_lately_is_shown_as_a_digest(folder: Folder):
    folder.send("ICE in town")
    said = folder.command("preview", "ana", "--since", "7d").stdout
    assert said.startswith("Subject: ICE in town\n")
    assert "1. ICE in town" in said


def test_the_heading_of_what_was_found_lately_says_since_when(folder: Folder):
    folder.send("ICE in town")
    said = folder.command("preview", "ana", "--since", "7d").stdout
    heading = next(line for line in said.splitlines() if line.startswith("1 story, "))
    assert " to " in heading


@pytest.mark.parametrize("form", ["html", "eml", "slack", "json"])
def test_each_form_holds_the_story_and_can_be_read_by_its_program(folder: Folder, form: str):
    folder.send("ICE in town")
    said = folder.command("preview", "ana", "--since", "7d", "--format", form).stdout
    assert "ICE in town" in said
    if form in ("slack", "json"):
        assert isinstance(json.loads(said), dict)
    elif form == "eml":
        assert email.message_from_string(said)["Subject"] == "ICE in town"
    else:
        assert "<h1" in said


def test_a_preview_tells_nobody_and_marks_nothing_told(folder: Folder):
    folder.send("ICE in town")
    before = folder.json("deliveries")
    folder.command("preview", "ana", "--since", "7d")
    assert folder.json("deliveries") == before


def test_nothing_waiting_says_how_to_see_what_came_lately(folder: Folder):
    done = folder.command("preview", "ana")
    assert done.exit_code == 0
    assert "--since 7d" in done.stderr


def test_where_there_is_one_subscriber_nobody_must_be_named(folder: Folder):
    folder.send("ICE in town")
    assert "1. ICE in town" in folder.command("preview", "--since", "7d").stdout
    (folder.folder / "subscribers.yaml").write_text(ROOM)
    several = folder.command("preview", "--since", "7d").exception
    assert isinstance(several, UsageError)
    assert "with one of: ana, room" in (several.hint or "")


def test_an_unknown_subscriber_is_named(folder: Folder):
    error = folder.command("preview", "anna").exception
    assert isinstance(error, UsageError)
    assert error.message == 'There is no subscriber "anna".'
