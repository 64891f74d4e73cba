"""Claims about what comes while something else is under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline_world import World

from alerts.digests.render import Renderer
from alerts.pipeline.poll import poll
from alerts.store import feeds

NO_GAPS = feeds.Gaps(0, 0)


class Meanwhile(Renderer):
    """The product's renderer, during whose first mail something else happens."""

    def __init__(self, event: Callable[[], object]) -> None:
        super().__init__(())
        self._event: Callable[[], object] | None = event

    def mails(self, *values: Any) -> Any:
        event, self._event = self._event, None
        if event is not None:
            event()
        return super().mails(*values)


def test_a_story_that_comes_while_a_digest_is_made_is_told_with_the_next(world: World) -> None:
    world.serve(world.item("ICE agents detain two", "a"))

    def another() -> None:
        world.serve(world.item("ICE leases offices", "b"))
        now = world.clock.now()
        with world.database.write() as connection:
            connection.exec_driver_sql("UPDATE feed SET due_at = 1")
            rows = feeds.claim(
                connection, now=now, horizon=now, lease="b", lease_s=60, limit=9, gaps=NO_GAPS
            )
        assert sum(poll(world.parts, row, "b").recorded.alerts for row in rows) == 1

    world.parts.renderer = Meanwhile(another)
    world.run()
    assert [str(mail["Subject"]) for mail in world.mails()] == ["ICE agents detain two"]
    world.later(0.2)
    world.run()
    assert [str(mail["Subject"]) for mail in world.mails()][1:] == ["ICE leases offices"]
