"""Claims about floods of stories told right away: slowed in steps, announced, nothing dropped."""

from __future__ import annotations

from pipeline_world import RADIO, World

from alerts.pipeline import flood

YAML = """\
version: 1
admins: [desk@group.example]
defaults: {timezone: America/Chicago}
feeds:
  - {name: Courier, url: "https://courier.example/rss"}
  - {name: Radio, url: "https://radio.example/rss"}
rules: {ice: ICE}
subscribers:
  - {name: Ana, email: ana@example.org, rules: [ice], when: right away}
"""
STEP_HOURS = 6 / 60


class News:
    """A feed that brings so many more stories each time, and what Ana got of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.count = 0
        self.bodies: list[str] = []
        world.reload(YAML)
        world.serve(world.item("Budget", "budget"))
        world.serve(url=RADIO)
        world.run(force=True)

    def bring(self, stories: int, hours: float = STEP_HOURS) -> list[str]:
        """Return the subjects of what was sent, by address and subject."""
        world = self.world
        world.later(hours)
        numbers = range(self.count, self.count + stories)
        self.count += stories
        if stories:
            world.serve(*(world.item(f"ICE item number {n}", f"n{n}", 0) for n in numbers))
        world.run(force=True)
        told = []
        for tried, mail in zip(world.transport.tries, world.mails(), strict=True):
            told.append(f"{tried.destination.place.partition('@')[0]}: {mail['Subject']}")
            body = mail.get_body(("plain",))
            if tried.destination.place == "ana@example.org" and body is not None:
                self.bodies.append(body.get_content())
        world.transport.tries.clear()
        return told

    def missing(self) -> list[int]:
        """Return the numbers of the stories that Ana did not get."""
        lines = {line.strip() for body in self.bodies for line in body.splitlines()}
        found = {line.rpartition("/n")[2] for line in lines if "courier.example/n" in line}
        return [n for n in range(self.count) if str(n) not in found]


def test_a_flood_comes_in_half_hourly_bundles_until_it_calms_down(world: World):
    news = News(world)
    for _ in range(5):
        assert len(news.bring(flood.STORIES_AN_HOUR // 6)) == 1
    told = news.bring(flood.STORIES_AN_HOUR // 6)
    assert [one for one in told if "stories in an hour" in one and one.startswith("ana")]
    assert "desk: Too many stories at once: Ana" in told
    bundles = [told for told in (news.bring(2) for _ in range(10)) if told]
    assert 1 <= len(bundles) <= 3  # an hour
    assert "desk: Stories come right away again: Ana" in news.bring(0, 0.6) + news.bring(0, 0.6)
    assert len(news.bring(1)) == 1
    assert news.missing() == []


def test_bundles_that_stay_too_full_become_a_digest_a_day(world: World):
    news = News(world)
    for _ in range(3):
        news.bring(40)
    told: list[str] = []
    for _ in range(8):
        told += news.bring(60, 0.5)
    assert any("stories in four hours" in one for one in told)
    assert told.count("desk: Too many stories at once: Ana") == 1  # the first came with the 120th
    assert news.bring(10, 0.6) == []
    back = news.bring(0, 24)
    back += news.bring(0, 24)
    assert "desk: Stories come right away again: Ana" in back
    assert news.missing() == []
    assert back.count("desk: Stories come right away again: Ana") == 1


def test_one_message_with_many_stories_is_no_flood(world: World):
    news = News(world)
    assert len(news.bring(60)) == 1
    assert len(news.bring(1, 1.1)) == 1


def test_messages_that_come_every_half_hour_anyway_are_no_flood(world: World):
    news = News(world)
    told = [one for _ in range(6) for one in news.bring(40, 0.6)]
    assert len(told) == 6
    assert not any("Too many" in one or "in an hour" in one for one in told)
    assert news.missing() == []
