"""Claims about how long stories take: published, seen, sent, by rule."""

from __future__ import annotations

import pytest
from pipeline_world import YAML, World

from alerts.store import figures
from alerts.store.latency import Latency, latencies


def test_latency_is_measured_by_rule_from_publication_to_sight_to_acceptance(world: World):
    world.reload(YAML.replace("when: right away", "when: daily at 5 pm"))
    world.serve(world.item("ICE long ago", "old", hours_ago=20))
    world.run()
    world.later(1)
    world.serve(world.item("ICE now", "new", hours_ago=0.5))
    world.run()
    seen_at = world.clock.now()
    world.later(24)
    world.run()
    assert len(world.mails()) == 1
    waited = world.clock.now() - seen_at
    with world.database.read() as connection:
        found = latencies(connection, world.clock.now())
        shown = figures.figures(connection, world.clock.now())["latency_seconds"]
    assert found.keys() == {"ice"}
    # What a feed's first document holds was not seen late.
    assert found["ice"]["published to seen"] == Latency(1, 1800.0, 1800.0)
    sent = found["ice"]["seen to sent"]
    assert sent.stories == 2
    assert sent.median_s == pytest.approx(waited, abs=1)
    assert sent.p90_s == pytest.approx(waited + 3600, abs=1)
    assert shown[("ice", "published to seen", "0.5")] == 1800.0


def test_what_did_not_arrive_has_no_latency(world: World):
    world.reload(YAML.replace("when: right away", "when: daily at 5 pm"))
    world.serve(world.item("ICE now", "new"))
    world.run()
    with world.database.read() as connection:
        assert latencies(connection, world.clock.now()) == {}


def test_a_mail_says_how_long_its_slowest_story_took_to_be_seen_and_told(world: World):
    world.reload(YAML.replace("when: right away", "when: daily at 5 pm"))
    world.serve(world.item("ICE now", "new", hours_ago=0.5), world.item("ICE then", "b", 2))
    world.run()
    seen_at = world.clock.now()
    world.later(24)
    world.run()
    waited = round(world.clock.now() - seen_at)
    assert world.mails()[0]["X-Alert-Latency"] == f"seen=7200; made={waited}"
