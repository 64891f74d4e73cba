"""`alerts check --with-history` on a database in which the service has run."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from cli_service import YAML, Folder

ODD = YAML.replace("ice: ICE", "ice: {any: [ICE], none: [Trump]}\n  town: council | raid")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path, ODD)
    made.catch_up()
    world = made.world
    titles = ["Trump praises ICE"] * 9 + ["Council meets"] * 120
    world.run()
    world.later(1)
    world.serve(*(world.item(title, f"a{n}", hours_ago=0.1) for n, title in enumerate(titles)))
    world.run(force=True)
    yield made
    made.close()


def test_check_judges_the_rules_by_the_stored_articles_at_their_lines(folder: Folder):
    result = folder.command("check", "--with-history", "--strict")
    assert result.exit_code == 1
    assert "subscribers.yaml:8:28: warning: `Trump` drops the whole article" in result.output
    assert "9 of the 9 stories that this rule would have found." in result.output
    assert "See them: alerts try --rule ice --dropped." in result.output
    assert "subscribers.yaml:9:9: warning: `council` makes this rule find 120 of the 129" in (
        result.output
    )
    assert "Judged against 129 stored articles of the last day." in result.output


def test_without_the_option_the_articles_are_not_asked(folder: Folder):
    assert "stored articles" not in folder.command("check").output


def test_with_json_the_sentence_stands_beside_the_object(folder: Folder):
    told = folder.json("check", "--with-history")
    assert len(told["warnings"]) == 2


def test_where_nothing_has_run_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path)
    made.close()
    (tmp_path / "alerts.db").unlink()
    result = made.command("check", "--with-history")
    assert result.exit_code == 0
    assert "There are no stored articles yet: the service has not run here." in result.output
    assert not (tmp_path / "alerts.db").exists()


def test_on_a_terminal_a_live_line_says_how_many_articles_were_judged(folder: Folder):
    ours, theirs = pty.openpty()
    asked = [sys.executable, "-m", "alerts", "check", "--with-history"]
    done = subprocess.run(asked, stdout=subprocess.PIPE, stderr=theirs, check=True, timeout=90)
    os.close(theirs)
    said = os.read(ours, 65_536).decode()
    os.close(ours)
    assert "\r\x1b[2K100 articles judged\r\x1b[2K" in said
    assert b"articles judged" not in done.stdout
