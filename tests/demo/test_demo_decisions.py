"""What the demo says of each story is what was sent and what the rules say, in their own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts import config
from alerts.clock import FakeClock
from alerts.demo import news
from alerts.demo.decisions import Decision, decisions
from alerts.demo.news import SampleStory
from alerts.demo.world import World, link
from alerts.model import Config


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder: Path = tmp_path_factory.mktemp("world")
    with World(folder, FakeClock()) as world:
        return config.require(folder / "subscribers.yaml", world.environment({}))


def decided(rules: Config, title: str, *, sent: bool = False) -> Decision:
    story = SampleStory("courier", "a", 1.0, title, "")
    (found,) = decisions([story], rules, {link(story)} if sent else set())
    return found


def test_a_story_is_told_if_its_link_stands_in_what_was_sent(rules: Config) -> None:
    told = decided(rules, "ICE agents say ICE is ICE", sent=True)
    assert told.topics == {"ICE": ("ICE",)}
    assert told.why_not == ""
    assert "older than `look_back`" in decided(rules, "ICE agents again").why_not


@pytest.mark.parametrize(
    ("title", "why_not"),
    [
        ("Ice cream", 'The rule ICE asks for ICE in capitals: only "ice", in other letters'),
        ("ICE Arena shuts", 'The rule ICE asks for ICE in capitals: only "ICE", inside an excepted phrase'),
        ("A toad sanctuary", 'The rule Sanctuary asks for "city", "county", "policy" or "state": not there'),
        ("A dull day", "No rule finds anything in it"),
    ],
)  # fmt: skip
def test_a_story_that_is_not_told_has_the_nearest_rules_words_for_it(
    rules: Config, title: str, why_not: str
) -> None:
    assert decided(rules, title).why_not == why_not


def test_a_shouted_headline_tells_no_ice_from_the_agency(rules: Config) -> None:
    shouted = [story for story in news.STORIES if "shouted" in story.decoy]
    assert len(shouted) == 2
    for one in decisions(shouted, rules, set()):
        assert one.why_not.endswith("all capitals, which tells no ICE from ice")


def test_each_decoy_is_one_and_each_true_story_holds_a_rule(rules: Config) -> None:
    for one in decisions(news.STORIES, rules, set()):
        assert bool(one.topics) is not bool(one.story.decoy), one.story.title
