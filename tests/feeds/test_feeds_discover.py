"""Claims about `feeds.discover`: which feeds a page names."""

from __future__ import annotations

import html
from time import process_time
from urllib.parse import urljoin

from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.discover import FEED_TYPES, NamedFeed, feeds_named

PAGE = "https://site.example/news/index.html"


def urls(page: str, link_header: str = "") -> list[str]:
    return [feed.url for feed in feeds_named(page, PAGE, link_header)]


def link(href: str, rest: str = 'rel="alternate" type="application/rss+xml"') -> str:
    return f'<link {rest} href="{href}">'


def test_a_relative_address_is_joined_to_the_page() -> None:
    assert urls(link("/feed.xml")) == ["https://site.example/feed.xml"]
    assert urls(link("feed.xml")) == ["https://site.example/news/feed.xml"]


def test_base_moves_relative_addresses_and_only_the_first_one_counts() -> None:
    page = '<base href="https://cdn.example/a/"><base href="https://no.example/">' + link("f.xml")
    assert urls(page) == ["https://cdn.example/a/f.xml"]


def test_alternate_is_one_of_several_words_in_any_case_and_a_type_may_have_parameters() -> None:
    rest = 'REL="Home ALTERNATE" TYPE="Application/Atom+XML; charset=utf-8"'
    assert urls(link("/a", rest)) == ["https://site.example/a"]


def test_stylesheets_pages_in_other_languages_and_icons_are_no_feeds() -> None:
    assert (
        urls(
            link("/x.css", 'rel="stylesheet" type="text/css"')
            + link("/es/", 'rel="alternate" hreflang="es"')
            + link("/icon", 'rel="icon" type="application/rss+xml"')
        )
        == []
    )


def test_links_in_comments_scripts_and_titles_are_no_links() -> None:
    hidden = link("/no")
    page = f"<!-- {hidden} --><script>'{hidden}'</script><title>{hidden}</title>{link('/yes')}"
    assert urls(page) == ["https://site.example/yes"]


def test_comments_feeds_come_last() -> None:
    page = (
        '<link rel=alternate type="application/rss+xml" title="Site &raquo; Comments Feed"'
        ' href="/comments/feed/">' + link("/feed/")
    )
    assert urls(page) == ["https://site.example/feed/", "https://site.example/comments/feed/"]


def test_the_link_header_is_heard_first() -> None:
    header = '</h>; rel="alternate"; type="application/atom+xml"; title="a, b", </n>; rel=next'
    found = feeds_named(link("/p"), PAGE, header)
    assert [feed.url for feed in found] == ["https://site.example/h", "https://site.example/p"]
    assert found[0] == NamedFeed("https://site.example/h", "a, b", "application/atom+xml")


def test_one_feed_named_twice_is_one() -> None:
    assert urls(link("/f") + link("https://site.example/f")) == ["https://site.example/f"]


def test_what_is_no_web_address_is_left_out() -> None:
    bad = (
        "javascript:alert(1)",
        "data:text/xml,x",
        "https://user:pw@site.example/f",
        "",
        "http://[",
    )
    assert urls("".join(map(link, bad))) == []


def test_a_tag_with_a_greater_than_sign_in_quotes_is_whole() -> None:
    page = '<link title="a > b" rel="alternate" type="application/rss+xml" href="/f">'
    assert urls(page) == ["https://site.example/f"]


paths = st.text("abcXYZ019-_./?=&", min_size=1, max_size=30).map("/x".__add__)


@given(
    st.lists(st.tuples(paths, st.sampled_from(FEED_TYPES), st.booleans()), max_size=8), st.text()
)
def test_every_link_that_is_written_is_found_wherever_noise_stands(
    links: list[tuple[str, str, bool]], noise: str
) -> None:
    quiet = noise.replace("<", " ").replace(">", " ")
    page = quiet.join(
        link(
            html.escape(path),
            f"rel={'alternate' if bare else chr(39) + 'alternate' + chr(39)} type={kind!r}",
        )
        for path, kind, bare in links
    )
    assert set(urls(page)) == {urljoin(PAGE, path) for path, _, _ in links}


@given(st.text("<>\"'= /!-abeiklnrstx\n", max_size=400), st.text('<>";,= abelrt', max_size=200))
def test_no_text_whatever_makes_it_fail_or_name_what_is_no_web_address(
    page: str, header: str
) -> None:
    for feed in feeds_named(page, PAGE, header):
        assert feed.url.startswith("https://site.example/")


def test_hostile_pages_cost_no_more_than_a_second() -> None:
    began = process_time()
    for piece in (
        "<link ",
        "<link a='",
        "<link href=x ",
        "<!--",
        "<script>",
        "<base ",
        "<link rel=alternate =",
    ):
        page = (piece * (300_000 // len(piece)))[:300_000]
        feeds_named(page, PAGE, page)
    assert process_time() - began < 5.0
