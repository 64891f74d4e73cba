"""Claims about `feeds.trial`: one address asked once, and all that came of it."""

from __future__ import annotations

from scripted import reply, serve, serve_by

from alerts.clock import SystemClock
from alerts.feeds import trial
from alerts.model import Feed, FetchFailure, ParsedFeed
from alerts.netguard import Guard

RSS = (
    b"<rss version='2.0'><channel><title>Courier</title>"
    b"<item><title>One</title><guid>1</guid><pubDate>Tue, 24 Nov 2026 06:00:00 GMT</pubDate></item>"
    b"<item><title>Two</title><guid>2</guid><pubDate>yesterday-ish</pubDate></item>"
    b"<item><title>Three</title><guid>3</guid></item></channel></rss>"
)
NOW = SystemClock()


def ask(url: str) -> trial.Trial:
    return trial.ask(Feed(url), Guard(["127.0.0.0/8"]), clock=NOW, user_agent="alerts test")


def test_redirects_and_the_last_answer_are_all_there_in_order() -> None:
    answers = (reply(301, headers={"Location": "/moved"}), reply(200, RSS, {"ETag": '"a"'}))
    with serve(*answers) as server:
        found = ask(server.url("/old"))
    assert [answer.status for answer in found.answers] == [301, 200]
    assert found.body is not None
    assert found.body.permanent_url == server.url("/moved")
    assert isinstance(found.outcome, ParsedFeed)
    assert found.outcome.title == "Courier"


def test_a_date_that_is_none_is_kept_as_it_stands_and_a_missing_one_is_not() -> None:
    with serve(reply(200, RSS)) as server:
        found = ask(server.url())
    assert isinstance(found.outcome, ParsedFeed)
    assert found.outcome.odd_dates == ("yesterday-ish",)


def test_json_feeds_tell_their_odd_dates_too() -> None:
    body = b'{"version":"https://jsonfeed.org/version/1.1","title":"J","items":[{"id":"1","title":"A","date_published":"soon"}]}'
    with serve(reply(200, body, {"Content-Type": "application/feed+json"})) as server:
        found = ask(server.url())
    assert isinstance(found.outcome, ParsedFeed)
    assert found.outcome.odd_dates == ("soon",)


def test_a_web_page_gives_the_feeds_that_it_and_its_headers_name() -> None:
    page = b'<html><head><link rel="alternate" type="application/atom+xml" href="/a"></head></html>'
    headers = {
        "Link": '</h>; rel=alternate; type="application/rss+xml"',
        "Content-Type": "text/html",
    }
    with serve(reply(200, page, headers)) as server:
        found = ask(server.url("/"))
    assert isinstance(found.outcome, FetchFailure)
    assert found.outcome.kind == "not_a_feed"
    assert [feed.url for feed in found.named] == [server.url("/h"), server.url("/a")]


def test_no_validators_are_sent() -> None:
    with serve_by(lambda _: reply(200, RSS, {"ETag": '"a"'})) as server:
        ask(server.url())
        ask(server.url())
    assert [seen.header("if-none-match") for seen in server.seen] == [None, None]


def test_a_private_address_is_the_outcome_not_an_exception() -> None:
    found = trial.ask(Feed("http://127.0.0.1:1/"), Guard(), clock=NOW, user_agent="x")
    assert isinstance(found.outcome, FetchFailure)
    assert found.outcome.kind == "blocked"
    assert not found.answers
