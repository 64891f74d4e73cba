"""Skips say why; ALERTS_TEST_ALL turns a missing program, never missing data, into a failure."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests import needs


@pytest.fixture(autouse=True)
def _as_on_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALERTS_TEST_ALL", raising=False)
    monkeypatch.delenv("ALERTS_TEST_SOAK", raising=False)


def test_a_program_that_is_here_is_found() -> None:
    assert needs.program("sh").name == "sh"


def test_a_missing_program_skips_with_the_package_to_install() -> None:
    with pytest.raises(pytest.skip.Exception, match="apt-get install postfix"):
        needs.program("no-such-program", package="postfix")


def test_a_missing_program_fails_where_everything_must_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_TEST_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program"):
        needs.program("no-such-program")


def test_a_missing_node_package_skips_and_fails_where_everything_must_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ALERTS_TEST_NODE", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match=r"no-such-package|apt-get install nodejs"):
        needs.node_package("no-such-package")
    monkeypatch.setenv("ALERTS_TEST_ALL", "1")
    with pytest.raises(pytest.fail.Exception):
        needs.node_package("no-such-package")


def test_missing_shared_data_is_a_skip_even_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_TEST_ALL", "1")
    with pytest.raises(pytest.skip.Exception, match=r"\.\./shared/data/no-such-file"):
        needs.shared("no-such-file")


def test_slow_things_run_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for ask, name in ((needs.soak, "ALERTS_TEST_SOAK"), (needs.everything, "ALERTS_TEST_ALL")):
        monkeypatch.setenv(name, "0")
        with pytest.raises(pytest.skip.Exception):
            ask()
        monkeypatch.setenv(name, "1")
        ask()


def test_a_test_cannot_leave_this_machine() -> None:
    with socket.socket() as dialler, pytest.raises(AssertionError, match="loopback"):
        dialler.connect(("192.0.2.1", 9))


def test_the_root_is_the_checkout() -> None:
    assert (needs.ROOT / "pyproject.toml").is_file()
    assert Path(__file__).is_relative_to(needs.ROOT)
