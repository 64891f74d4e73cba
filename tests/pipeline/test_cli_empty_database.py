"""Claims about commands on a database that is there and empty, as a platform hands it over."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_service import YAML
from click.testing import CliRunner
from postgres import emptied

from alerts.cli import cli
from alerts.cli.marking import NothingYet


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML)
    if request.param == "sqlite":
        (tmp_path / "alerts.db").touch()
        return "sqlite:///alerts.db"
    return emptied(request.getfixturevalue("postgres_server"))


@pytest.mark.parametrize(
    "words",
    ["status", "feeds", "subscribers", "rules", "deliveries", "destinations", "people list"],
)
def test_whoever_only_reads_finds_nothing_yet(url: str, words: str):
    result = CliRunner().invoke(cli, [*words.split(), "--json"], env={"DATABASE_URL": url})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.stdout.startswith(("{", "["))


def test_whoever_marks_is_told_to_begin(url: str):
    result = CliRunner().invoke(cli, ["feeds", "resume", "Courier"], env={"DATABASE_URL": url})
    assert isinstance(result.exception, NothingYet)


def test_status_says_how_to_begin(url: str):
    result = CliRunner().invoke(cli, ["status"], env={"DATABASE_URL": url})
    assert "Begin with: alerts once" in result.stdout
