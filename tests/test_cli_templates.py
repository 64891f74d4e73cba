"""Claims about `alerts templates`: which are in use, their text, whether they work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.cli import cli
from alerts.digests.templates import PACKAGED


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    return tmp_path / "templates"


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["templates", *arguments], env={})


def test_the_list_tells_ones_own_from_shipped_ones(templates: Path):
    (templates / "subject.txt.j2").write_text("News")
    rows = {row["name"]: row for row in json.loads(command("list", "--json").stdout)}
    assert rows["subject.txt.j2"]["yours"] == "templates/subject.txt.j2"
    assert rows["digest.html.j2"]["yours"] is None
    assert len(command("list").stdout.splitlines()) == len(rows)


def test_show_prints_the_template_in_use_and_the_shipped_one_on_demand(templates: Path):
    (templates / "subject.txt.j2").write_text("News")
    assert command("show", "subject.txt.j2").stdout == "News"
    shipped = (PACKAGED / "subject.txt.j2").read_text(encoding="utf-8")
    assert command("show", "subject.txt.j2", "--shipped").stdout == shipped


def test_a_template_that_does_not_exist_is_answered_with_those_that_do(templates: Path):
    error = command("show", "subjekt").exception
    assert "subject.txt.j2" in error.hint  # type: ignore[union-attr]


def test_check_passes_a_template_that_works(templates: Path):
    (templates / "subject.txt.j2").write_text("{{ say.count }}")
    done = command("check")
    assert (done.exit_code, done.stdout) == (0, "templates/subject.txt.j2: fine.\n")


@pytest.mark.parametrize(
    ("text", "line"), [("News\n{% if %}", 2), ("{{ say.cuont }}", 1), ("News\n{{ 1 / 0 }}", 2)]
)
def test_check_fails_on_a_template_that_does_not_work_and_names_it(
    templates: Path, text: str, line: int
):
    (templates / "subject.txt.j2").write_text(text)
    done = command("check")
    assert done.exit_code == 1
    assert f"templates/subject.txt.j2, line {line}" in done.stderr


def test_a_misspelt_file_is_not_ignored_in_silence(templates: Path):
    (templates / "subjct.txt.j2").write_text("News")
    (templates / "digest.html").write_text("<p>")
    (templates / "notes.md").write_text("for ourselves")
    done = command("check")
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "templates/digest.html is used by nothing. Did you mean digest.html.j2?",
        "templates/subjct.txt.j2 is used by nothing. Did you mean subject.txt.j2?",
    ]


def test_a_broken_file_that_is_not_in_use_is_named_all_the_same(templates: Path):
    (templates / "subjct.txt.j2").write_text("News\n{% if %}")
    done = command("check")
    assert done.exit_code == 1
    assert "subjct.txt.j2, line 2" in done.stderr


def test_a_file_that_another_template_includes_is_in_use(templates: Path):
    (templates / "subject2.txt.j2").write_text("News")
    (templates / "subject.txt.j2").write_text("{% include 'subject2.txt.j2' %}")
    done = command("check")
    assert (done.stderr, done.stdout) == ("", "templates/subject.txt.j2: fine.\n")


def test_without_ones_own_templates_check_says_so(templates: Path):
    assert "shipped ones are used" in command("check").stdout
