"""Links: what is one article, what is two, and what a reader may see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import links
from alerts.links import canonical, safe_link

ARTICLE = "https://www.example.org/news/raid-in-madison?id=7"
SAME = [
    "http://www.example.org/news/raid-in-madison?id=7",
    "https://example.org/news/raid-in-madison?id=7",
    "HTTPS://WWW.Example.ORG:443/news/raid-in-madison/?id=7",
    "http://example.org:80/news/raid-in-madison?id=7#comments",
    "https://example.org/./news/x/../raid-in-madison?id=7",
    "https://example.org/news/raid%2Din%2dmadison?id=7",
    "https://amp.example.org/news/raid-in-madison?id=7",
    "https://example.org/news/raid-in-madison/amp/?id=7",
    "https://example.org/amp/news/raid-in-madison?id=7",
    "https://example.org/news/raid-in-madison?id=7&amp=1",
    "https://example.org/news/raid-in-madison?outputType=amp&id=7",
    "https://www-example-org.cdn.ampproject.org/c/s/www.example.org/news/raid-in-madison?id=7",
    "https://www.google.com/amp/s/www.example.org/news/raid-in-madison?id=7",
    "https://example.org/news/raid-in-madison?utm_source=rss&id=7&utm_medium=feed",
    "https://example.org/news/raid-in-madison?fbclid=Iw&id=7&gclid=x&mc_cid=1&CMP=share",
    "https://example.org/news/raid-in-madison?ref=rss&id=7",
    "https://example.org/news/raid-in-madison?a&amp;id=7&amp;utm_source=x".replace("a&", ""),
    "https://example.org/news/raid-in-madison;jsessionid=A1B2?id=7",
    "  https://example.org/news/raid-in-madison?id=7\n",
    "https://me:pw@example.org/news/raid-in-madison?id=7",
    "https://example.org./news/raid-in-madison?id=7",
]
OTHER = [
    "https://example.org/news/raid-in-madison?id=8",
    "https://example.org/news/raid-in-madison",
    "https://example.org/news/raid-in-madison?id=7&page=2",
    "https://example.org/News/raid-in-madison?id=7",
    "https://example.com/news/raid-in-madison?id=7",
    "https://example.org:8443/news/raid-in-madison?id=7",
    "https://es.example.org/news/raid-in-madison?id=7",
    "https://example.org/news/raid-in-madison?id=7&ref=4711",
    "https://example.org/news%2Fraid-in-madison?id=7",
    "https://example.org/news/raid-in-madison?id=%26id=7",
]


@pytest.mark.parametrize("url", SAME)
def test_other_spellings_of_one_article_have_one_key(url: str) -> None:
    assert canonical(url) == canonical(ARTICLE)


@pytest.mark.parametrize("url", OTHER)
def test_another_article_has_another_key(url: str) -> None:
    assert canonical(url) != canonical(ARTICLE)


def test_the_key_is_an_address_one_can_read() -> None:
    assert canonical("http://www.example.org/?p=123&utm_source=x") == "https://example.org?p=123"
    assert (
        canonical("http://bücher.example/ä b?q=%2F%7e")
        == "https://xn--bcher-kva.example/%C3%A4%20b?q=%2F~"
    )
    assert canonical("https://x.example/#!/story/5") == "https://x.example#!/story/5"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "urn:uuid:1-2",
        "mailto:a@b",
        "not a link",
        "http://",
        "http://[::1",
        "http://a:b/",
        "https://x.example:99999/",
    ],
)
def test_what_is_no_web_address_is_its_own_key(text: str) -> None:
    assert canonical(text) == text


def test_pages_that_only_happen_to_be_called_amp_or_www_stay_apart() -> None:
    assert canonical("https://x.example/amp") != canonical("https://x.example/")
    assert canonical("https://www.com/a") == "https://www.com/a"
    assert canonical("https://x.example/champ") == "https://x.example/champ"


PIECES = st.sampled_from(["/", "//", ".", "..", "/amp", ".amp", ".html", "a", "B", "%", "%2F", "%7e", "%41", "%%34", "é", " ", "?", "&", "=", "p=1", "id=2", "utm_source=x", "amp", "#", "!", "www.", "amp.", ":", "80", "443", "@", ";jsessionid=1", "c/s/x.example/y", "\t", "\\", "[", "\ud800", "+"])  # fmt: skip
TEXT = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join))
URL = st.builds(lambda head, tail: head + tail, st.sampled_from(["http://", "https://", "http://x.example", "https://www.x.example/", "https://a.cdn.ampproject.org/", "https://google.com/amp/s/"]), TEXT)  # fmt: skip


@given(st.one_of(TEXT, URL))
def test_the_key_of_a_key_is_itself_and_nothing_raises(url: str) -> None:
    key = canonical(url)
    assert canonical(key) == key
    safe_link(url)
    links.host(url)


IDENT = st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True)


@given(
    IDENT,
    IDENT,
    st.sampled_from(["p", "id", "article", "story_id", "a", "n", "c", "cid", "ref", "sid"]),
)
def test_two_ids_never_become_one_key(one: str, two: str, name: str) -> None:
    channels = links._CHANNELS
    if one == two or (name == "ref" and {one.lower(), two.lower()} & channels):
        return
    for form in ("https://x.example/?{}={}", "https://x.example/a/?utm_source=f&{}={}&b=1"):
        assert canonical(form.format(name, one)) != canonical(form.format(name, two))
    assert canonical(f"https://x.example/{one}") != canonical(
        f"https://x.example/{two}"
    ) or "amp" in (one, two)


@given(URL)
def test_a_shown_link_is_safe_in_every_place_it_can_stand_in(url: str) -> None:
    shown = safe_link(url)
    if shown is None:
        return
    assert shown.startswith(("http://", "https://"))
    assert not set(shown) & set(" <>\"'`\\\n\r\t") - {"'"}
    assert len(shown) <= 2_000
    assert safe_link(shown) == shown


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "mailto:a@b.example",
        "//x.example/a",
        "http://",
        "https://me@x.example/",
        "https://me:pw@x.example/",
        "https://x.example/a b",
        "https://x.example/\x00",
        "https://x.example/\u2028",
        "https://x.example/" + "a" * 2_000,
        "https://x.example:port/",
        "https://-/",
        "https://exa<mple/",
        "http://x.example/\ud800",
    ],
)
def test_no_unsafe_link_reaches_a_reader(url: str | None) -> None:
    assert safe_link(url) is None


def test_a_shown_link_is_the_feeds_own() -> None:
    for url in (
        "https://www.example.org/a?utm_source=rss&b=%2F#c",
        "http://[2606:4700::1]:8080/x",
        "https://x.example/it's,(so)~",
    ):
        assert safe_link(url) == url
    assert safe_link('https://x.example/"><b>é') == "https://x.example/%22%3E%3Cb%3E%C3%A9"


def test_an_international_host_stays_readable_unless_it_mixes_scripts() -> None:
    assert safe_link("https://bücher.example/") == "https://bücher.example/"
    assert safe_link("https://xn--bcher-kva.example/") == "https://bücher.example/"
    assert safe_link("https://p\u0430ypal.example/") == "https://xn--pypal-4ve.example/"
    assert safe_link("https://日本のニュース.example/") == "https://日本のニュース.example/"


def test_a_host_is_named_for_readers() -> None:
    assert links.host("https://www.Example.org:8443/x") == "example.org"
    assert links.host("mailto:x") == ""
    assert links.host(None) == ""
