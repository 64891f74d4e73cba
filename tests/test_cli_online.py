"""Claims about commands that ask a site: `feeds check`, `discover`, `check --online`."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from certificates import authority
from click.testing import CliRunner, Result
from scripted import serve

from alerts import settings
from alerts.cli import cli
from alerts.cli.asking import Asker
from alerts.cli.feeds_online import findings
from alerts.clock import SystemClock
from alerts.demo.loopback import Answer
from alerts.demo.servers import FeedServer
from alerts.feeds.trial import Trial
from alerts.model import Feed, FetchFailure

RSS = """<rss version="2.0"><channel><title>Courier</title>
<item><title>ICE in town \x1b[31m</title><link>https://x.example/1</link><guid>1</guid>
<pubDate>Tue, 24 Nov 2020 06:00:00 GMT</pubDate></item>
<item><title>Odd</title><link>https://x.example/2</link><guid>2</guid><pubDate>soonish</pubDate></item>
</channel></rss>"""
PAGE = """<html><head><title>Site</title>
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments">
<link rel="alternate" type="application/rss+xml" title="All [ice]" href="/feed"></head></html>"""

SENTENCES = " ".join(f"Sentence {n:02} of the story about the market." for n in range(14))
LONG = f"<html><body><article><p>{SENTENCES}</p></article></body></html>".encode()


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site(feed_server: FeedServer) -> FeedServer:
    feed_server.put("/feed", RSS)
    feed_server.put("/", PAGE, "html")
    return feed_server


ALLOW = {"ALERTS_ALLOW_NETS": "127.0.0.0/8"}


def run(*arguments: str, allow: str = "127.0.0.0/8") -> Result:
    return CliRunner().invoke(cli, arguments, env={"ALERTS_ALLOW_NETS": allow})


def as_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


# --- feeds check -------------------------------------------------------------------------------


def test_a_good_feed_is_told_step_by_step_without_any_database(site: FeedServer) -> None:
    result = run("feeds", "check", site.url("/feed"))
    assert result.exit_code == 0
    topics = [
        "address",
        "connection",
        "answer",
        "validators",
        "format",
        "entries",
        "dates",
        "identity",
        "new",
        "next poll",
    ]
    at = [result.stdout.index(f"  {topic}  ") for topic in topics]
    assert at == sorted(at)
    assert 'RSS 2.0, "Courier"' in result.stdout
    assert '"soonish"' in result.stdout
    assert not Path("alerts.db").exists()
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("answer", "level", "told"),
    [
        (
            Answer(200, LONG, "text/html"),
            "ok",
            "the page of its newest article has 603 characters, its feed 0",
        ),
        (
            Answer(200, b"<html><body></body></html>", "text/html"),
            "note",
            "could not be read: No text of an article",
        ),
        (
            Answer(403, b"no", "text/html"),
            "note",
            "could not be read: Its server answers 403 Forbidden",
        ),
    ],
)
def test_of_a_feed_with_fulltext_the_newest_article_s_page_is_asked_for_too(
    site: FeedServer, answer: Answer, level: str, told: str
) -> None:
    site.answer("/1", answer)
    site.put("/feed", RSS.replace("https://x.example/1", site.url("/1")))
    url = site.url("/feed")
    Path("subscribers.yaml").write_text(
        f"version: 1\nfeeds: [{{name: Courier, url: '{url}', fulltext: true}}]\n"
    )
    said = as_json("feeds", "check", "Courier")
    assert (said["ok"], said["fulltext"]["level"]) == (True, level)
    assert told in said["fulltext"]["text"]
    assert [one.path for one in site.requests] == ["/feed", "/1"]


def test_nothing_of_a_server_s_reaches_the_terminal_as_a_command(site: FeedServer) -> None:
    evil = RSS.replace("soonish", "soon\x9b31mish").replace("<guid>2", "<guid>\x9b2")
    site.answer("/evil", Answer(200, evil.encode(), "text/xml\x1b[2J"))
    site.answer("/old", Answer(302, headers={"Location": "/evil?\x9b\x1b[2J"}))
    for path in ("/feed", "/evil", "/old"):
        for options in ((), ("--json",)):
            words = ["feeds", "check", site.url(path), *options]
            # As on a terminal: in a pipe click itself takes some of it out.
            shown = CliRunner().invoke(cli, words, env=ALLOW, color=True).stdout
            shown = shown.replace("\x1b[0m", "").replace("\x1b[1m", "")
            shown = re.sub(r"\x1b\[3\dm", "", shown)
            assert not set(shown) & {"\x1b", "\x9b"}, shown


def test_json_holds_every_step(site: FeedServer) -> None:
    told = as_json("feeds", "check", site.url("/feed"))
    assert told["ok"] is True
    assert told["connection"]["address"] == "127.0.0.1"
    assert told["answer"]["answers"][0]["headers"]["etag"]
    assert told["format"]["format"] == "rss20"
    assert [item["published"] for item in told["entries"]["items"]] == [
        "2020-11-24T06:00:00Z",
        None,
    ]
    assert told["dates"]["odd"] == ["soonish"]
    assert (told["new"]["new"], told["new"]["old"]) == (1, 1)
    assert told["next_poll"]["seconds"] > 0


def test_a_page_in_a_feed_s_place_names_the_feed_of_articles(site: FeedServer) -> None:
    result = run("feeds", "check", site.url("/"))
    assert result.exit_code == 1
    assert f"This is a web page, not a feed. It names one: {site.url('/feed')} ." in result.stdout
    assert "Write that address instead." in result.stdout


def test_a_permanent_move_is_told_with_the_address_to_write(site: FeedServer) -> None:
    site.answer("/old", Answer(301, headers={"Location": "/feed"}))
    told = as_json("feeds", "check", site.url("/old"))
    assert told["ok"] is True
    assert [one["status"] for one in told["answer"]["answers"]] == [301, 200]
    assert site.url("/feed") in told["answer"]["hint"]


@pytest.mark.parametrize(
    ("answer", "error", "hint"),
    [
        (Answer(404), "http", "discover"),
        (Answer(410), "gone", "closed"),
        (Answer(401), "auth", "auth"),
        (Answer(200, b""), "empty", ""),
        (Answer(200, b"<rss><channel><item>"), "malformed", "validator"),
    ],
)
def test_what_is_wrong_comes_with_what_to_do(
    site: FeedServer, answer: Answer, error: str, hint: str
) -> None:
    site.answer("/bad", answer)
    told = as_json("feeds", "check", site.url("/bad"))
    assert told["ok"] is False
    assert told["feed"]["error"] == error
    assert hint in (told["feed"]["hint"] or "")


def test_an_address_inside_the_network_is_refused_before_anything_is_asked(
    site: FeedServer,
) -> None:
    result = run("feeds", "check", site.url("/feed"), allow="")
    assert result.exit_code == 1
    assert "ALERTS_ALLOW_NETS" in result.stdout
    assert not site.requests


def test_a_certificate_that_ends_soon_is_noted(tmp_path: Path) -> None:
    made = authority(tmp_path)
    with serve(
        b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", tls=made.server("127.0.0.1")
    ) as server:
        Path("subscribers.yaml").write_text(
            f"version: 1\nfeeds: [{{name: Safe, url: '{server.url()}', verify: ca.pem}}]\n"
        )
        told = as_json("feeds", "check", "safe")
    assert told["address"]["name"] == "Safe"
    assert told["connection"]["level"] == "note"
    assert told["connection"]["tls"].startswith("TLSv1.")


def test_an_unknown_name_is_answered_with_the_nearest(site: FeedServer) -> None:
    Path("subscribers.yaml").write_text(
        f"version: 1\nfeeds: [{{name: Courier, url: '{site.url('/feed')}'}}]\n"
    )
    result = run("feeds", "check", "Curier")
    assert result.exception is not None
    assert result.exception.hint == 'Did you mean "Courier"?'  # type: ignore[attr-defined]


# --- discover ----------------------------------------------------------------------------------


def test_discover_lists_comments_last_and_keeps_brackets(site: FeedServer) -> None:
    rows = as_json("discover", site.url("/"))
    assert [row["url"] for row in rows] == [site.url("/feed"), site.url("/comments")]
    assert [row["comments"] for row in rows] == [False, True]
    assert "All [ice]" in run("discover", site.url("/")).stdout


def test_discover_says_that_an_address_is_a_feed_itself(site: FeedServer) -> None:
    result = run("discover", site.url("/feed"))
    assert result.exit_code == 0
    assert "is a feed itself: Courier" in result.stdout


def test_discover_exits_1_when_a_page_names_none(site: FeedServer) -> None:
    site.put("/bare", "<html><body>no feeds here</body></html>", "html")
    assert run("discover", site.url("/bare")).exit_code == 1
    assert as_json("discover", site.url("/bare")) == []


# --- check --online ----------------------------------------------------------------------------


def checked(yaml: str, *options: str) -> Any:
    Path("subscribers.yaml").write_text(
        f"version: 1\nfeeds:\n{yaml}rules: {{ice: ICE}}\nsubscribers: [{{name: A, email: a@example.org, rules: [ice], timezone: UTC}}]\n"
    )
    return as_json("check", *options)


def test_a_page_is_an_error_at_its_address_with_what_to_write(site: FeedServer) -> None:
    told = checked(f"  - name: Page\n    url: {site.url('/')}\n", "--online")
    (error,) = told["errors"]
    assert (error["line"], error["column"]) == (4, 10)
    assert error["message"] == (
        f"This is a web page, not a feed. It names one: {site.url('/feed')} ."
    )
    assert error["suggestion"] == "Write that address instead."


def test_without_online_nobody_is_asked(site: FeedServer) -> None:
    assert checked(f"  - {site.url('/')}\n")["errors"] == []
    assert not site.requests


def test_feeds_that_cannot_be_reached_are_warnings_and_block_nothing(
    site: FeedServer, make_dead_url: Callable[[], str]
) -> None:
    site.answer("/gone", Answer(410))
    told = checked(
        f"  - {make_dead_url()}\n  - {site.url('/gone')}\n  - {site.url('/feed')}\n", "--online"
    )
    assert told["errors"] == []
    assert [warning["line"] for warning in told["warnings"]] == [3, 4]


@pytest.fixture
def make_dead_url() -> Callable[[], str]:
    def dead() -> str:
        with serve(b"") as server:
            return server.url()

    return dead


def test_one_host_is_asked_one_by_one_with_a_gap_between(site: FeedServer) -> None:
    env = settings.load()
    asker = Asker(replace(env, allow_nets=(ip_network("127.0.0.0/8"),)), clock := _Noting())
    site.put("/b", RSS)
    trials = asker.ask_all(Feed(site.url(path)) for path in ("/feed", "/b", "/"))
    assert [one.feed.url for one in trials] == [site.url(p) for p in ("/feed", "/b", "/")]
    assert clock.slept == [1.0, 1.0]


class _Noting(SystemClock):
    """Does not wait, and notes how long it was to."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self.slept.append(seconds)
        return False


def test_a_network_that_is_down_is_one_warning() -> None:
    down = FetchFailure("dns", "The name cannot be resolved.")
    trials = [Trial(Feed(f"https://{n}.example/f"), [], down) for n in "abc"]
    (found,) = findings(trials)
    assert "network" in found.message
    assert not found.is_error


def test_one_feed_alone_that_is_down_is_told_by_name() -> None:
    (found,) = findings([Trial(Feed("https://a.example/f"), [], FetchFailure("timeout", "Slow."))])
    assert found.message == "This feed cannot be read: Slow."
