"""Claims about telling from files' stat alone that a configuration was edited."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.clock import FakeClock
from alerts.pipeline.reload import Watch

MAIN = "version: 1\ninclude: [d/*.yaml, one.yaml]\n"


class Watched:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.write("subscribers.yaml", MAIN)
        self.watch = Watch(folder / "subscribers.yaml", self.clock)
        assert self.rests()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def rests(self) -> bool:
        """Look twice, a second apart; whether there is an edit, which is then done."""
        self.watch.edited()
        self.clock.advance(1)
        found = self.watch.edited()
        if found:
            self.watch.done()
        return found


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_the_first_rest_is_an_edit_and_no_later_one(watched: Watched) -> None:
    assert not watched.rests()
    assert not watched.rests()


def test_an_edit_is_told_until_it_is_done(watched: Watched) -> None:
    watched.write("subscribers.yaml", MAIN + "\n")
    watched.watch.edited()
    watched.clock.advance(1)
    assert watched.watch.edited()
    assert watched.watch.edited()
    watched.watch.done()
    assert not watched.watch.edited()


def test_what_is_written_while_an_edit_is_taken_is_the_next_edit(watched: Watched) -> None:
    watched.write("subscribers.yaml", MAIN + "\n")
    watched.watch.edited()
    watched.clock.advance(1)
    assert watched.watch.edited()
    watched.write("subscribers.yaml", MAIN + "\n\n")
    watched.watch.done()
    assert watched.rests()


@pytest.mark.parametrize("name", ["d/new.yaml", "one.yaml", ".env"])
def test_an_included_file_or_the_env_that_comes_changes_and_goes_is_an_edit(
    watched: Watched, name: str
) -> None:
    watched.write(name, "rules: {a: b}\n")
    assert watched.rests()
    watched.write(name, "rules: {a: bc}\n")
    assert watched.rests()
    (watched.folder / name).unlink()
    assert watched.rests()
    assert not watched.rests()


def test_what_an_included_file_includes_is_watched_too(watched: Watched) -> None:
    watched.write("one.yaml", "include: [d/deep.txt]\n")
    assert watched.rests()
    watched.write("d/deep.txt", "rules: {}\n")
    assert watched.rests()


def test_a_file_that_no_one_includes_is_no_edit(watched: Watched) -> None:
    watched.write("d/notes.txt", "hello")
    assert not watched.rests()


def test_a_file_put_in_place_of_the_old_one_is_an_edit(watched: Watched) -> None:
    watched.write("new", MAIN)
    (watched.folder / "new").replace(watched.folder / "subscribers.yaml")
    assert watched.rests()


@pytest.mark.parametrize(
    "text",
    ["include: [\n", "\x00", "- a\n", "include: {a: b}\n", "include: ['[']\n", "[" * 5000],
)
def test_a_broken_file_ends_nothing_and_its_mending_is_seen(watched: Watched, text: str) -> None:
    watched.write("subscribers.yaml", text)
    assert watched.rests()
    watched.write("subscribers.yaml", MAIN)
    assert watched.rests()


def test_files_that_include_each_other_are_looked_at_once(watched: Watched) -> None:
    watched.write("one.yaml", "include: subscribers.yaml\n")
    assert watched.rests()
    assert not watched.rests()


def test_a_missing_main_file_is_an_edit_and_so_is_its_return(watched: Watched) -> None:
    (watched.folder / "subscribers.yaml").unlink()
    assert watched.rests()
    watched.write("subscribers.yaml", MAIN)
    assert watched.rests()
