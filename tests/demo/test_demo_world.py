"""The demo's world: its documents are what real parsers and the configuration's reader take."""

from __future__ import annotations

import json
from pathlib import Path

import feedparser
import pytest
import requests
import yaml

from alerts import settings
from alerts.clock import FakeClock
from alerts.demo import documents, news
from alerts.demo.documents import Item
from alerts.demo.world import World, link

AWKWARD = Item(
    title='A & B <b>"quoted"</b> café',
    link="https://example.org/a?x=1&y=2",
    text="<p>One &amp; two</p>",
    at=1_795_000_000.0,
    author="Ana & Bob",
    tags=("Law & order",),
    body="<p>Whole <em>article</em></p>",
)


@pytest.mark.parametrize("write", [documents.rss, documents.atom])
def test_an_awkward_item_survives_the_way_through_a_feed_document(write) -> None:
    found = feedparser.parse(write("Outlet & Sons", [AWKWARD]).encode(), sanitize_html=False)
    assert not found.bozo
    assert found.feed.title == "Outlet & Sons"
    [entry] = found.entries
    assert entry.title == AWKWARD.title
    assert entry.link == entry.id == AWKWARD.link
    assert entry.summary == AWKWARD.text
    assert entry.author == AWKWARD.author
    assert entry.tags[0].term == AWKWARD.tags[0]
    assert entry.content[0].value == AWKWARD.body
    assert entry.published_parsed.tm_year == 2026


def test_a_json_feed_holds_the_item_as_it_is() -> None:
    document = json.loads(
        documents.json_feed("Outlet", [AWKWARD, Item("Bare", "https://b.example")])
    )
    full, bare = document["items"]
    assert (full["title"], full["id"], full["url"]) == (AWKWARD.title, AWKWARD.link, AWKWARD.link)
    assert full["date_published"].startswith("2026-11-18T")
    assert set(bare) == {"id", "url", "title", "summary", "content_html"}


def test_every_sample_story_is_served_by_its_outlet_and_one_is_reprinted(tmp_path: Path) -> None:
    clock = FakeClock()
    with World(tmp_path, clock) as world:
        texts = {
            o.key: requests.get(world.feeds.url(f"/{o.key}"), timeout=10).text for o in news.OUTLETS
        }
        assert requests.get(world.feeds.url("/two-rivers"), timeout=10).status_code == 503
    for story in news.STORIES:
        assert (
            texts[story.outlet].count(f'{link(story)}"')
            + texts[story.outlet].count(f"{link(story)}<")
            >= 1
        )
        others = {key for key, text in texts.items() if link(story) in text} - {story.outlet}
        assert others == ({news.REPRINTED[1]} if story.slug == news.REPRINTED[0] else set())


def test_moving_on_edits_one_reprints_one_and_adds_one(tmp_path: Path) -> None:
    with World(tmp_path, FakeClock()) as world:
        before = requests.get(world.feeds.url("/courier"), timeout=10)
        world.move_on()
        after = requests.get(world.feeds.url("/courier"), timeout=10)
        radio = requests.get(world.feeds.url("/radio"), timeout=10).text
    assert news.EDITED[1] in after.text
    assert news.EDITED[1] not in before.text
    assert news.REPRINTED_LATER[2].replace("&", "&amp;") in after.text
    assert news.NEWER.title in radio
    assert after.headers["ETag"] != before.headers["ETag"]


def test_the_written_configuration_names_every_outlet_and_no_secret(tmp_path: Path) -> None:
    with World(tmp_path, FakeClock()) as world:
        text = (tmp_path / "subscribers.yaml").read_text()
        environment = world.environment({"SMTP_URL": "smtp://real.example", "PATH": "/bin"})
    parsed = yaml.safe_load(text)
    assert [feed["name"] for feed in parsed["feeds"]][:-1] == [o.name for o in news.OUTLETS]
    assert parsed["subscribers"][2]["slack"] == "${DEMO_SLACK_URL}"
    assert environment["DEMO_HOOK_SECRET"] not in text
    assert environment["SMTP_URL"].startswith("smtp://127.0.0.1:")
    assert environment["PATH"] == "/bin"
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


def test_commands_in_the_folder_of_the_world_find_its_servers(tmp_path: Path) -> None:
    with World(tmp_path, FakeClock(), "http://127.0.0.1:8123") as world:
        env = settings.load(tmp_path / "subscribers.yaml")
    assert not env.env_mistakes
    assert env.smtp_url is not None
    assert env.smtp_url.reveal() == world.mail.url
    assert (env.base_url, env.port) == ("http://127.0.0.1:8123", 8123)
    assert env.mail_from == world.variables()["MAIL_FROM"]


def test_no_outlet_of_the_sample_news_can_exist() -> None:
    assert all(outlet.site.endswith(".example") for outlet in news.OUTLETS)
    assert {story.outlet for story in news.STORIES} == {outlet.key for outlet in news.OUTLETS}
