"""`.env`: what is read of it, and what stands in it and is no variable."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts import settings
from alerts.cli.check import check

CONFIG = """\
version: 1
defaults: {timezone: UTC}
feeds: [https://courier.example/rss]
rules: {ice: ICE}
subscribers: [{name: Ana, email: ana@example.org, rules: [ice]}]
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("subscribers.yaml").write_text(CONFIG)


def test_lines_that_are_no_variable_are_warnings_with_their_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Path(".env").write_text("A=1\n\nNOTE hello\n  FOO BAR=1\nONLY\nQ='x\nexport Z\n# fine\nB=2\n")
    with caplog.at_level(logging.WARNING):
        shown = json.loads(CliRunner().invoke(check, ["--json"]).stdout)
    assert [(w["file"], w["line"], w["column"]) for w in shown["warnings"]] == [
        (".env", 3, 1),
        (".env", 4, 3),
        (".env", 5, 1),
        (".env", 6, 1),
        (".env", 7, 1),
    ]
    assert "NOTE=…" in shown["warnings"][0]["suggestion"]
    assert "quote" in shown["warnings"][3]["message"]
    assert caplog.records == []


def test_a_warning_of_the_env_file_shows_no_value() -> None:
    Path(".env").write_text("S https://hooks.example/hidden1\nT='hidden1\n")
    result = CliRunner().invoke(check, ["--strict"])
    assert result.exit_code == 1
    assert ".env:1:1: warning:" in result.output
    assert "hidden1" not in result.output


def test_what_the_lines_around_a_wrong_one_set_is_read() -> None:
    Path(".env").write_bytes(b"\xef\xbb\xbfA_OF_A_TEST=1\nNOTE hello\nB_OF_A_TEST=2\n")
    found = settings.load().environment
    assert (found["A_OF_A_TEST"], found["B_OF_A_TEST"]) == ("1", "2")


def test_an_env_file_that_is_no_text_is_a_warning() -> None:
    Path(".env").write_bytes(b"A_OF_A_TEST=\xff\n")
    result = CliRunner().invoke(check, [])
    assert result.exit_code == 0
    assert ".env:1:1: warning: This line is no UTF-8." in result.output
    assert "A_OF_A_TEST" not in settings.load().environment


@pytest.mark.parametrize("name", ["ALERTS_MIN_POLL", "ALERTS_HOST_GAP", "ALERTS_LEASE"])
def test_a_duration_beyond_all_time_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alerts.errors import UsageError

    monkeypatch.setenv(name, "99999999999d")
    with pytest.raises(UsageError, match=name):
        settings.load()
