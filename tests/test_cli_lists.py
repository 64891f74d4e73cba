"""Claims about `alerts import` and `alerts export`, and how values are written into YAML."""

from __future__ import annotations

from pathlib import Path

import needs
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from alerts import config
from alerts.cli import cli
from alerts.cli.lists import feeds_of, yaml_lines
from alerts.config.write import feed_lines, scalar
from alerts.feeds import opml
from alerts.feeds.opml import Outline
from alerts.model import Config, Feed

OPML = """<opml version="2.0"><body><outline text="Local [Wis]">
<outline text="Courier: news" xmlUrl="https://courier.example/rss"/>
<outline text="yes" xmlUrl="feed://wire.example/rss"/></outline>
<outline text="Again"><outline text="Other" xmlUrl="https://courier.example/rss"/></outline>
<outline text="Courier: news" xmlUrl="https://third.example/rss"/>
<outline text="Bad" xmlUrl="ftp://x.example/f"/></body></opml>"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=stdin, env={})


def loaded(text: str) -> Config:
    path = Path("subscribers.yaml")
    found = config.load(path, {}, contents={path: f"version: 1\n{text}".encode()})
    assert not found.errors, found.errors
    assert found.config is not None
    return found.config


def test_what_is_imported_passes_check_with_names_tags_and_one_entry_a_feed() -> None:
    Path("list.opml").write_text(OPML)
    result = run("import", "list.opml")
    assert result.exit_code == 0
    assert loaded(result.stdout).feeds == (
        Feed("https://courier.example/rss", "Courier: news", ("Local [Wis]", "Again")),
        Feed("https://wire.example/rss", "yes", ("Local [Wis]",)),
        Feed("https://third.example/rss"),
    )
    assert "Left out: Bad:" in result.stderr
    assert result.stderr.endswith("3 feeds.\n")


def test_two_spellings_of_one_address_are_one_feed() -> None:
    outlines = [
        Outline(url, "A", (url[:5],)) for url in ("https://a.example", "HTTPS://A.example/#x")
    ]
    found, _ = feeds_of(outlines)
    assert found == [Feed("https://a.example", "A", ("https", "HTTPS"))]
    assert loaded("".join(f"{line}\n" for line in yaml_lines(found))).feeds == tuple(found)


def test_standard_input_is_read_too() -> None:
    assert "courier.example" in run("import", "-", stdin=OPML).stdout


def test_write_makes_a_new_file_that_include_takes_and_overwrites_nothing() -> None:
    Path("list.opml").write_text(OPML)
    assert run("import", "list.opml", "--write", "subscribers.d/feeds.yaml").stdout == ""
    main = Path("subscribers.yaml")
    main.write_text("version: 1\ninclude: [subscribers.d/*.yaml]\n")
    assert len(config.require(main, {}).feeds) == 3
    again = run("import", "list.opml", "--write", "subscribers.d/feeds.yaml")
    assert "nothing is overwritten" in str(again.exception)


def test_a_missing_file_is_a_sentence() -> None:
    assert "cannot be read" in str(run("import", "none.opml").exception)


def test_export_is_read_back_by_import_and_holds_no_password() -> None:
    Path("subscribers.yaml").write_text(
        "version: 1\nfeeds:\n  - https://a.example/f\n"
        "  - {name: 'A & B', url: 'https://b.example/f?x=1&y=2', tags: [local], auth: 'user:topsecret'}\n"
    )
    exported = run("export")
    assert exported.exit_code == 0
    assert "topsecret" not in exported.stdout
    assert [(o.url, o.tags) for o in opml.read(exported.stdout.encode())] == [
        ("https://a.example/f", ()),
        ("https://b.example/f?x=1&y=2", ("local",)),
    ]


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=30)


@given(texts)
def test_every_text_that_is_written_is_read_back(text: str) -> None:
    kept = " ".join(text.replace("$", "").split())
    if not kept:
        return
    feed = Feed("https://a.example/f", kept, (kept,))
    yaml = "".join(f"{line}\n" for line in ("feeds:", *feed_lines(feed)))
    path = Path("subscribers.yaml")
    found = config.load(path, {}, contents={path: f"version: 1\n{yaml}".encode()})
    assert found.config is not None, (yaml, found.errors)
    assert found.config.feeds == (feed,)


@given(
    st.lists(
        st.builds(
            Outline,
            texts.map("https://a.example/".__add__) | texts,
            texts,
            st.lists(texts, max_size=2).map(tuple),
        ),
        max_size=5,
    )
)
def test_whatever_a_list_holds_what_is_taken_passes_check(outlines: list[Outline]) -> None:
    read_back = opml.read(opml.write(outlines, "x", 0.0).encode())
    found, refused = feeds_of(read_back)
    assert len(found) + len(refused) <= len(read_back)
    text = "".join(f"{line}\n" for line in yaml_lines(found)) if found else ""
    assert [feed.url for feed in loaded(text).feeds] == [feed.url for feed in found]


def test_an_address_stands_as_it_is() -> None:
    assert scalar("https://a.example/f?a=1&b=2") == "https://a.example/f?a=1&b=2"
    assert scalar("Off") == '"Off"'
    assert scalar("#ice-watch") == '"#ice-watch"'


def test_real_lists_pass_check_whole() -> None:
    import tarfile

    with tarfile.open(needs.shared("opml_dev.tar.gz")) as archive:
        bodies = [archive.extractfile(m).read() for m in archive if m.isfile()]  # type: ignore[union-attr]
    for body in bodies:
        outlines = opml.read(body)
        found, refused = feeds_of(outlines)
        assert len(refused) <= len(outlines) * 0.1
        assert len(loaded("".join(f"{line}\n" for line in yaml_lines(found))).feeds) == len(found)
