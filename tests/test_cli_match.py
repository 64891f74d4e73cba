"""Claims about `alerts match`: what it reads, what it prints, how it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alerts.cli import match as module
from alerts.errors import ConfigError, UsageError

YAML = """\
version: 1
defaults: {timezone: UTC}
feeds:
  - {name: Courier, url: "https://courier.example/rss", tags: [local], place: madison}
rules:
  raid: raid
  query: jail
  here: place:madison AND council
  mine: {any: [bus], feeds: [local]}
"""
LINE = '{"title": "The raid"}'


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("subscribers.yaml").write_text(YAML)


def run(*arguments: str, given: str | bytes = "") -> Result:
    return CliRunner().invoke(module.match, arguments, input=given, catch_exceptions=True)


def found(*arguments: str, given: str | bytes = "") -> list[dict[str, Any]]:
    result = run("--json", *arguments, given=given)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_that_matches_is_told_with_its_number_title_and_rules():
    lines = '{"title": "Nothing"}\n\n{"title": "Two raids"}\n'
    assert found(given=lines) == [{"n": 2, "title": "Two raids", "rules": ["raid"]}]


def test_spans_are_characters_of_the_original():
    line = json.dumps({"title": "The raid", "summary": "<b>Raid</b>&amp; jail"})
    (value,) = found("--spans", given=line)
    assert value["spans"] == {
        "raid": [["summary", 3, 7], ["title", 4, 8]],
        "query": [["summary", 17, 21]],
    } or value["spans"] == {
        "raid": [["title", 4, 8], ["summary", 3, 7]],
        "query": [["summary", 17, 21]],
    }


def test_a_feed_file_is_read_by_its_entries():
    feed = "<rss version='2.0'><channel><title>t</title><item><title>A raid</title></item></channel></rss>"
    Path("feed.xml").write_text(feed)
    assert found("feed.xml") == [{"n": 0, "title": "A raid", "rules": ["raid"]}]


def test_a_json_feed_is_read_by_its_entries():
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "t",
        "items": [{"id": "1", "title": "A raid"}],
    }
    assert found(given=json.dumps(feed))[0]["title"] == "A raid"
    assert found(given=json.dumps(feed, indent=2))[0]["title"] == "A raid"


@pytest.mark.parametrize("source", ["Courier", "https://courier.example/rss", "local", "courier"])
def test_a_source_is_a_feeds_name_url_or_tag_and_brings_its_place(source: str):
    line = json.dumps({"title": "council bus", "source": source})
    assert found(given=line)[0]["rules"] == ["here", "mine"]


def test_null_fields_are_empty_and_odd_kinds_are_read_as_text():
    line = json.dumps({"title": 287, "summary": None, "tags": "raid", "published": "soon", "x": {}})
    assert found(given=line)[0]["rules"] == ["raid"]


def test_a_broken_line_is_told_and_the_others_are_read():
    result = run("--json", given='{"title": "raid\n' + LINE + "\n[1]\n" + LINE)
    assert [json.loads(line)["n"] for line in result.stdout.splitlines()] == [1, 3]
    assert result.exit_code == 1
    assert "line 1 is no JSON" in result.stderr
    assert "line 3 is no JSON object" in result.stderr


def test_half_a_character_does_not_end_the_run():
    lines = '{"title":"raid \\ud83d"}\n' + LINE
    assert len(found(given=lines)) == 2


def test_blank_lines_and_a_byte_order_mark_may_come_first():
    assert found(given=b"\xef\xbb\xbf\n\n" + LINE.encode())[0]["n"] == 2


@pytest.mark.parametrize(
    "text", ["# a remark\n" + LINE, "just words", f"[{LINE}]", "<html><p>raid</html>"]
)
def test_what_is_neither_a_feed_nor_json_lines_is_refused_with_both_words(text: str):
    error = run(given=text).exception
    assert isinstance(error, UsageError)
    assert "neither a feed" in error.message


def test_a_missing_file_and_a_folder_are_wrong_usage(tmp_path: Path):
    for name in ("nothing.xml", str(tmp_path)):
        error = run(name).exception
        assert isinstance(error, UsageError)
        assert error.exit_code == 2


def test_a_query_is_tried_instead_of_the_rules_and_may_name_them():
    assert found("--query", "bus", given='{"title": "bus and raid"}')[0]["rules"] == ["query"]
    assert found("--query", "rule:query", given='{"title": "jail"}')[0]["rules"] == ["query"]
    assert found("--query", "rule:raid", given='{"title": "jail"}') == []


def test_a_query_needs_no_configuration_but_one_that_was_named_must_exist():
    Path("subscribers.yaml").unlink()
    assert found("--query", "raid", given=LINE)[0]["rules"] == ["query"]
    error = run("--config", "other.yaml", "--query", "raid", given=LINE).exception
    assert isinstance(error, ConfigError)


def test_nothing_to_read_matches_nothing():
    assert found(given="") == []
    assert run(given="").exit_code == 0
