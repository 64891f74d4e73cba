"""Readable text of a field, and the way back to its original characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.plain import Plain, plain, plain_list, plain_once, plain_text

SOUP = st.lists(
    st.one_of(
        st.sampled_from([
            "<p>", "</p>", "<b>", "</b>", "<br>", "<", ">", "&", "&amp;", "&lt;", "&gt;", "&#8217;",
            "&amp;#8217;", "<!--", "-->", "<script>", "</script>", "<a href='x", '"', "'", "<img a=b>",
            "&#xD800;", "&#0;", "&eacute;", "<![CDATA[", "]]>", "<!x", "<?y", "\n", "\x00", "\ud800",
            "&lt;p class=&quot;x&quot;&gt;", "&NewLine;", "</", "<style ", "ICE", " ",
        ]),
        st.text(max_size=5),
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(SOUP)
def test_any_text_is_read_and_its_offsets_never_run_backwards(raw):
    read = plain(raw)
    assert read.text == plain_text(raw)
    before = (0, 0)
    for at in range(len(read.text)):
        start, end = read.span(at, at + 1)
        assert 0 <= start < end <= len(raw)
        assert start >= before[0]
        assert end >= before[1]
        before = (start, end)


@given(SOUP)
def test_a_stretch_is_found_again_from_its_original_characters(raw):
    read = plain(raw)
    for at in range(len(read.text)):
        first, last = read.find(*read.span(at, at + 1))
        assert first <= at < last


@given(SOUP)
def test_every_place_of_the_original_has_a_place_in_the_text(raw):
    read = plain(raw)
    before = 0
    for at in range(len(raw)):
        first, last = read.find(at, at + 1)
        assert before <= first <= last <= len(read.text)
        before = first


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("caf&eacute; AT&amp;T &#8217;", "café AT&T ’"),
        ("&amp;#8217; &amp;eacute; &amp;amp;amp;", "’ é &amp;"),
        ("R&D; &foo; &amp;foo; AT&T &", "R&D; &foo; &foo; AT&T &"),
        ("&#x80;&#0;&#xD800;&#99999999;", "€���"),
        ("<p>a</p><p>b <b>c</b>d", "\na\n\nb cd"),
        ("a<br>b<br /> <br>c", "a b  \nc"),
        ("a<img alt='x > y'>b", "a b"),
        ("a\nb\r\nc", "a b  c"),
        ("a\nb<i>c</i>", "a bc"),
        ("a<b and c>d a<b x<y", "a<b and c>d a<b x<y"),
        ("Profits < 5% & rising", "Profits < 5% & rising"),
        ("<nombre> <o:p>x</o:p> <my-tag>y", "<nombre> x y"),
        ("<input disabled>a<td nowrap>b", " a\nb"),
        ("x<script>var a='</b>'</SCRIPT >y<style>p{}</style>z", "xyz"),
        ("<script>never closed", "never closed"),
        ("a<!-- b -->c<!-- never closed", "ac never closed"),
        ("<![CDATA[a]]>b<!DOCTYPE html>c<?xml x?>d", "abcd"),
        ("ICE <!channel> <!doctypes> @here", "ICE <!channel> <!doctypes> @here"),
        ('cut off <a href="http://x.example/', "cut off "),
        ("&lt;p class='center'&gt;a&lt;/p&gt;", "\na\n"),
        ("&lt;b&gt; in HTML", "<b> in HTML"),
        ("&NewLine;a", " a"),
        ("", ""),
    ],
)
def test_markup_is_read_as_a_reader_sees_it(raw, text):
    assert plain(raw).text == text


def test_text_without_markup_is_its_own_map():
    assert plain("a raid") == Plain("a raid")
    assert plain("a raid").span(2, 6) == (2, 6)


def test_escaped_tags_stay_where_the_writer_shows_them():
    raw = "Why &lt;em&gt; beats &lt;/i&gt;"
    assert plain_once(raw).text == "Why <em> beats </i>"
    assert plain_once("no markup") == Plain("no markup")


def test_a_text_read_twice_leads_back_to_the_first_characters():
    raw = "&lt;p class='x'&gt;a raid&lt;/p&gt;"
    read = plain(raw)
    at = read.text.index("raid")
    start, end = read.span(at, at + 4)
    assert raw[start:end] == "raid"
    assert read.find(start, end) == (at, at + 4)


def test_tags_are_joined_with_gaps_that_count_two_characters():
    read = plain_list(["a&amp;b", "c", "d"])
    assert read.text == "a&b\nc\nd"
    joined = ", ".join(["a&amp;b", "c", "d"])
    assert [joined[slice(*read.span(at, at + 1))] for at in range(7)] == ["a", "&amp;", "b", ", ", "c", ", ", "d"]  # fmt: skip
    assert plain_list([]).text == ""


@pytest.mark.parametrize(
    "piece", ["<", "<a ", '<a "', "<a '\"", "<!--", "<script>", "&amp;", "&", "<b><", "<br>", "</", "&lt;a &quot;", "<p a='"]
)  # fmt: skip
def test_a_soup_of_markup_takes_linear_time(piece):
    plain(piece * (300_000 // len(piece)))
