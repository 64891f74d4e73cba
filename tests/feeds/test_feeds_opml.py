"""Claims about `feeds.opml`: lists of feeds, read and written."""

from __future__ import annotations

import contextlib
import tarfile
from time import process_time

import needs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.errors import UsageError
from alerts.feeds import opml
from alerts.feeds.opml import Outline


def of(body: str) -> list[Outline]:
    return opml.read(f'<opml version="2.0"><body>{body}</body></opml>'.encode())


def feed(url: str, text: str = "A", rest: str = "") -> str:
    return f'<outline type="rss" text="{text}" xmlUrl="{url}" {rest}/>'


def test_folders_become_tags_from_the_outermost() -> None:
    body = f'<outline text="News"><outline text="Local">{feed("https://a.example/")}</outline></outline>'
    assert of(body) == [Outline("https://a.example/", "A", ("News", "Local"))]


def test_one_feed_in_two_folders_is_one_feed_with_both_tags() -> None:
    one = feed("https://a.example/")
    body = f'<outline text="X">{one}</outline><outline text="Y">{one}</outline>{one}'
    assert of(body) == [Outline("https://a.example/", "A", ("X", "Y"))]


def test_categories_are_tags_and_a_path_counts_by_its_last_word() -> None:
    assert of(feed("https://a.example/", rest='category="/us/wi/madison,local"'))[0].tags == (
        "madison",
        "local",
    )


def test_title_goes_before_text_and_attributes_are_read_in_any_case() -> None:
    (one,) = of(
        '<outline TEXT="t" Title="The Courier" XMLURL="https://a.example/" HtmlUrl="https://a.example"/>'
    )
    assert one == Outline("https://a.example/", "The Courier", (), "https://a.example")


def test_a_bare_ampersand_is_forgiven() -> None:
    assert of(feed("https://a.example/?a=1&b=2", "Home & Style"))[0] == Outline(
        "https://a.example/?a=1&b=2", "Home & Style"
    )


def test_quotes_and_tags_inside_attributes_are_forgiven() -> None:
    body = (
        '<outline text="Folder"><outline text="A" description=""He said" <em>so</em>."'
        ' xmlUrl="https://a.example/"/></outline>' + feed("https://b.example/")
    )
    assert [(one.url, one.tags) for one in of(body)] == [
        ("https://a.example/", ("Folder",)),
        ("https://b.example/", ()),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opml><body/></opml>',
        b'<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body>&x;</body></opml>',
        b'<!DOCTYPE opml [<!ENTITY a "aaaa">]><opml><body><outline text="<" xmlUrl="https://a.example/"/>',
    ],
)
def test_entities_are_refused(body: bytes) -> None:
    with pytest.raises(UsageError, match="entities"):
        opml.read(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"<rss/>", b"<html><body>no</body></html>", b"<opml><body>", b"\xff\xfe\x00"],
)
def test_what_is_no_list_is_refused_in_a_sentence(body: bytes) -> None:
    with pytest.raises(UsageError):
        opml.read(body)


def test_folders_nested_without_end_are_refused() -> None:
    with pytest.raises(UsageError, match="deep"):
        of("<outline text='a'>" * 5_000 + "</outline>" * 5_000)


def test_ten_thousand_outlines_take_less_than_five_seconds() -> None:
    body = "".join(
        f'<outline text="F{n // 100}">{feed(f"https://a.example/{n}")}</outline>'
        for n in range(10_000)
    )
    for text in (body, body + '<outline text=""torn" xmlUrl="https://z.example/"/>'):
        began = process_time()
        assert len(of(text)) >= 10_000
        assert process_time() - began < 5.0


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Z")),
    min_size=1,
    max_size=20,
)
tags = words.filter(lambda text: not set(text) & {",", "/"})
outlines = st.lists(
    st.builds(
        Outline,
        st.text("abc019/?&=%-", max_size=30).map("https://a.example/".__add__),
        words,
        st.lists(tags, max_size=3, unique=True).map(tuple),
    ),
    max_size=10,
    unique_by=lambda one: one.url,
)


@given(outlines, words)
def test_what_is_written_is_read_back(listed: list[Outline], title: str) -> None:
    assert opml.read(opml.write(listed, title, 0.0).encode()) == listed


@given(st.binary(max_size=300), st.text("<>\"'/=& outlinexmURopt", max_size=300))
def test_whatever_is_read_gives_a_list_or_a_sentence(body: bytes, text: str) -> None:
    for one in (body, text.encode(), f"<opml>{text}</opml>".encode()):
        with contextlib.suppress(UsageError):
            assert isinstance(opml.read(one), list)


def test_real_lists_are_read_whole() -> None:
    with tarfile.open(needs.shared("opml_dev.tar.gz")) as archive:
        bodies = [archive.extractfile(m).read() for m in archive if m.isfile()]  # type: ignore[union-attr]
    for body in bodies:
        found = opml.read(body)
        assert len(found) == len({one.url for one in found}) > 0
        assert len(found) >= body.count(b"xmlUrl=") * 0.9
        assert all(one.url.startswith("http") for one in found)
