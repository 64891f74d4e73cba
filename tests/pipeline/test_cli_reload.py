"""Claims about `alerts reload` as it is called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_service import YAML, Folder
from click.testing import Result

from alerts import settings
from alerts.pipeline.reload import begin, load
from alerts.store import configs

PEOPLE = "".join(f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice]}}\n" for n in range(6))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path)
    made.catch_up()
    yield made
    made.close()


def edit(folder: Folder, yaml: str) -> None:
    (folder.folder / "subscribers.yaml").write_text(yaml)


def work(folder: Folder) -> set[str]:
    """Begin a pass; return who is told."""
    parts = folder.world.parts
    begin(parts, load(settings.load()), parts.clock.now())
    return set(parts.in_force.people)


def said(result: Result) -> tuple[int, str]:
    return result.exit_code, " ".join(result.output.split())


def test_files_that_are_in_force_are_said_to_be(folder: Folder) -> None:
    code, text = said(folder.command("reload"))
    assert code == 0
    assert text.startswith("The files are in force since ")


def test_a_new_edit_is_left_to_whoever_does_the_work(folder: Folder) -> None:
    edit(folder, YAML + PEOPLE)
    code, text = said(folder.command("reload"))
    assert code == 0
    assert text.startswith("The files are right and will be taken. A running service does that")
    assert len(work(folder)) == 7


def test_mistakes_are_shown_with_what_stays_in_force_and_exit_2(folder: Folder) -> None:
    edit(folder, YAML.replace("[ice]", "[icy]"))
    result = folder.command("reload")
    assert result.exit_code == 2
    assert "subscribers.yaml:10:" in result.stderr
    assert "Nothing was changed; the version of " in result.stderr


def test_confirm_takes_the_edit_that_waits(folder: Folder) -> None:
    edit(folder, YAML + PEOPLE)
    work(folder)
    edit(folder, YAML)
    assert len(work(folder)) == 7
    code, text = said(folder.command("reload"))
    assert (code, "waits: it removes 6 of 7 subscribers" in text) == (0, True)
    code, text = said(folder.command("reload", "--confirm"))
    assert code == 0
    assert "comes into force although it removes 6 of 7 subscribers" in text
    assert folder.command("reload", "--confirm").exit_code == 0
    assert len(work(folder)) == 1


def test_confirm_says_when_the_files_are_others_by_now(folder: Folder) -> None:
    edit(folder, YAML + PEOPLE)
    work(folder)
    edit(folder, YAML)
    work(folder)
    edit(folder, YAML + "# more\n")
    assert "The files were changed since" in folder.command("reload", "--confirm").output


def test_nothing_to_confirm_or_to_undo_is_exit_1(folder: Folder) -> None:
    assert said(folder.command("reload", "--confirm")) == (1, "No edit waits for a confirmation.")
    assert folder.command("reload", "--previous").exit_code == 1


def test_previous_undoes_and_reload_takes_the_files_again(folder: Folder) -> None:
    edit(folder, YAML + PEOPLE)
    work(folder)
    code, text = said(folder.command("reload", "--previous"))
    assert code == 0
    assert "The files are left as they are" in text
    assert len(work(folder)) == 1
    assert len(work(folder)) == 1
    assert "undone is taken again" in folder.command("reload").output
    assert len(work(folder)) == 7


def test_json_is_one_object_with_a_state_and_a_message(folder: Folder) -> None:
    assert folder.json("reload")["state"] == "in force"
    assert folder.json("reload", "--confirm")["state"] == "nothing"


def test_both_options_at_once_are_a_usage_error(folder: Folder) -> None:
    result = folder.command("reload", "--confirm", "--previous")
    assert "Only one of" in str(result.exception)


def test_no_mark_needs_the_working_lock(folder: Folder) -> None:
    edit(folder, YAML + "# more\n")
    folder.command("reload")
    with folder.world.database.read() as connection:
        assert configs.asked(connection) == ("look", 0)


@pytest.mark.parametrize("table", ["subscribers", "rules", "feeds", "export"])
def test_a_table_says_that_it_shows_an_edit_that_waits(folder: Folder, table: str) -> None:
    edit(folder, YAML + PEOPLE)
    work(folder)
    edit(folder, YAML)
    work(folder)
    result = folder.command(table)
    assert "This edit waits for confirmation: it removes 6 of 7 subscribers" in result.stderr
    assert "alerts reload --confirm" in result.stderr
    folder.command("reload", "--confirm")
    work(folder)
    assert folder.command(table).stderr == ""


def test_a_table_says_that_it_shows_a_version_that_was_undone(folder: Folder) -> None:
    edit(folder, YAML + PEOPLE)
    work(folder)
    folder.command("reload", "--previous")
    work(folder)
    assert "This version was undone" in folder.command("subscribers").stderr
