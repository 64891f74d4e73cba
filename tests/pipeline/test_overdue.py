"""Claims about the order in which feeds are read after the service stood still."""

from __future__ import annotations

from pipeline_world import COURIER, RADIO, YAML, World
from sqlalchemy import select

from alerts.pipeline import overdue
from alerts.store import schema

LEDGER = "https://ledger.example/rss"
WITH_LEDGER = YAML.replace("rules:\n", f'  - {{name: Ledger, url: "{LEDGER}"}}\nrules:\n', 1)


def due(world: World) -> dict[str, float]:
    with world.database.read() as connection:
        rows = connection.execute(select(schema.feed.c.url, schema.feed.c.due_at))
        return {row.url: row.due_at for row in rows}


def lively(world: World) -> None:
    """Three days in which Radio has a story an hour, Ledger one a day, and Courier none."""
    world.reload(WITH_LEDGER)
    for hour in range(72):
        world.serve(*(world.item(f"Snow {n}", f"c{n}", hours_ago=90) for n in range(5)))
        news = [
            world.item(f"Radio {hour - n}", f"https://radio.example/{hour - n}") for n in range(5)
        ]
        world.serve(*news, url=RADIO)
        day = hour // 24
        old = [
            world.item(f"Ledger {day - n}", f"https://ledger.example/{day - n}") for n in range(5)
        ]
        world.serve(*old, url=LEDGER)
        world.run()
        world.later(1)


def test_after_a_standstill_the_feed_that_loses_stories_soonest_is_asked_first(world: World):
    lively(world)
    world.later(12)
    assert overdue.line_up(world.parts, is_spread=False) == 3
    found = due(world)
    assert found[RADIO] < found[LEDGER] < found[COURIER] < world.clock.now()


def test_a_running_service_asks_them_some_time_apart(world: World):
    lively(world)
    world.later(12)
    overdue.line_up(world.parts, is_spread=True)
    now = world.clock.now()
    found = due(world)
    assert (found[RADIO], found[LEDGER], found[COURIER]) == (now, now + 0.5, now + 1.0)


def test_without_a_standstill_nothing_moves(world: World):
    lively(world)
    before = due(world)
    assert overdue.line_up(world.parts, is_spread=True) == 0
    assert due(world) == before


def test_a_pass_after_a_standstill_tells_everything_owed_in_one_late_digest(world: World):
    world.reload(YAML.replace("when: right away", "when: daily at 5 pm"))
    world.serve(world.item("ICE one", "a"))
    world.run()
    world.later(0.1)
    world.run()
    world.later(49)
    world.serve(world.item("ICE two", "b", hours_ago=30), world.item("ICE one", "a", hours_ago=50))
    world.serve(world.item("ICE three", "https://radio.example/c", hours_ago=3), url=RADIO)
    assert world.run().digests == 1
    told = " ".join(world.mails()[-1].get_body(("plain",)).get_content().split())
    assert told.startswith("3 stories")
    assert "These 3 stories are late:" in told
