"""Claims about what admins are told of rooms and webhooks that take nothing, and when."""

from __future__ import annotations

from pipeline_world import World

from alerts.delivery import classify
from alerts.delivery.memory import MemoryTransport
from alerts.pipeline import health
from alerts.store import outbox

ROOM = """\
version: 1
defaults: {timezone: UTC}
admins: [admin@example.org]
feeds:
  - {name: Courier, url: "https://courier.example/rss"}
rules:
  ice: ICE
subscribers:
  - name: Room
    slack: https://hooks.slack.com/services/T1/B1/canary
    rules: [ice]
    when: right away
"""
WITHOUT_ROOM = (
    ROOM.partition("subscribers:")[0]
    + """\
subscribers:
  - {name: Ana, email: ana@example.org, rules: [ice], when: right away}
"""
)
KEY = "room/slack/hooks.slack.com"
BUSY = classify.result(
    "retry", "rate_limited", "destination", code="429", text="ratelimited", retry_after_s=1800.0
)
DOWN = classify.result("retry", "http", "destination", code="503", text="down for repair")


class Slack(MemoryTransport):
    """A Slack that gives one answer until it is told another; None: it takes everything."""

    def __init__(self, answer: classify.SendResult | None) -> None:
        super().__init__()
        self.answer = answer

    def send(self, delivery):  # type: ignore[no-untyped-def]
        if self.answer is not None:
            self.answers.append(self.answer)
        return super().send(delivery)


def room(world: World, answer: classify.SendResult | None) -> Slack:
    """Put a room in force, owe it a story, and let its Slack answer so."""
    slack = Slack(answer)
    world.parts.transports = {**world.parts.transports, "slack": slack}
    world.reload(ROOM)
    tell(world, 0)
    return slack


def tell(world: World, number: int) -> None:
    world.serve(world.item(f"ICE story {number}", f"story-{number}", hours_ago=0.1))
    world.run(force=True)


def wait(world: World, hours: float, step: float = 1) -> None:
    """Let time go by, with a pass at each step."""
    for _ in range(round(hours / step)):
        world.later(step)
        world.run()


def told(world: World) -> list[str]:
    """Return the subjects of the notices so far, without their times."""
    world.run()
    return [str(mail["Subject"]).partition(" (")[0] for mail in world.mails()]


def words(world: World) -> str:
    body = world.mails()[-1].get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_a_room_that_asks_for_patience_for_hours_is_told_once_and_its_end_once(world: World):
    slack = room(world, BUSY)
    wait(world, 5)
    assert told(world) == []
    wait(world, 2)
    assert told(world) == [f"Busy for hours: {KEY}"]
    assert "429 ratelimited" in words(world)
    wait(world, 2)
    assert len(told(world)) == 1
    slack.answer = None
    wait(world, 1)
    assert told(world)[1:] == [f"Over: Busy for hours: {KEY}"]
    assert len(slack.accepted) == 1


def test_a_room_that_stays_busy_until_its_digest_is_given_up_is_not_said_to_be_well(world: World):
    room(world, BUSY)
    wait(world, 6 * 24, step=12)
    assert told(world) == [f"Busy for hours: {KEY}"]


def test_a_webhook_that_fails_for_an_hour_is_told_with_what_it_says(world: World):
    room(world, DOWN)
    wait(world, 0.5, step=0.5)
    assert told(world) == []
    wait(world, 1, step=0.5)
    assert told(world) == [f"Webhook failing: {KEY}"]
    assert "503 down for repair" in words(world)


def test_a_webhook_that_fails_and_is_busy_in_turn_is_one_trouble(world: World):
    slack = room(world, DOWN)
    wait(world, 2)
    slack.answer = BUSY
    wait(world, 3)
    assert told(world) == [f"Webhook failing: {KEY}"]


def test_that_a_failing_webhook_was_given_up_is_told_too_and_its_end_once(world: World):
    slack = room(world, DOWN)
    for number in range(1, 15):
        world.later(24)
        tell(world, number)
    assert told(world) == [f"Webhook failing: {KEY}", f"Webhook gone: {KEY}"]
    slack.answer = None
    with world.database.write() as connection:
        outbox.resume(connection, KEY, [KEY], world.clock.now())
    health.check(world.parts)
    assert told(world)[2:] == [f"Over: Webhook gone: {KEY}"]


def test_a_failing_webhook_that_is_taken_out_of_the_file_is_no_trouble_any_more(world: World):
    room(world, DOWN)
    world.reload(WITHOUT_ROOM)
    wait(world, 2)
    assert told(world) == []
    world.reload(ROOM)
    tell(world, 1)
    wait(world, 2)
    assert told(world) == [f"Webhook failing: {KEY}"]
    world.reload(WITHOUT_ROOM)
    wait(world, 1)
    assert told(world)[1:] == [f"Over: Webhook failing: {KEY}"]
    assert "no longer in subscribers.yaml" in words(world)


def floor(count: int, rest: str = "") -> str:
    """Return a configuration with so many rooms of one host."""
    rooms = "".join(
        f"  - {{name: R{n}, slack: 'https://hooks.slack.com/services/T1/B1/canary{n}',"
        f" rules: [ice], when: right away{rest}}}\n"
        for n in range(count)
    )
    return ROOM.partition("  - name: Room")[0] + rooms


def test_rooms_of_one_host_that_is_down_are_one_trouble_told_once_and_over_once(world: World):
    slack = room(world, DOWN)
    world.reload(floor(5))
    tell(world, 1)
    wait(world, 3, step=0.25)
    assert told(world) == ["hooks.slack.com takes nothing"]
    assert "r0/slack/hooks.slack.com" in words(world)
    assert "503 down for repair" in words(world)
    slack.answer = None
    wait(world, 24, step=0.25)
    assert told(world)[1:] == ["Over: hooks.slack.com takes nothing"]


def test_when_one_room_of_a_host_gets_through_the_others_are_tried_at_once(world: World):
    slack = room(world, DOWN)
    world.reload(floor(5))
    tell(world, 1)
    wait(world, 3, step=0.25)
    slack.answer = None
    for _ in range(40):
        wait(world, 0.25, step=0.25)
        if slack.accepted:
            break
    wait(world, 0.02, step=0.01)
    assert len({sent.destination.key for sent in slack.accepted.values()}) == 5


def test_a_room_that_is_to_be_left_alone_for_a_time_is_not_woken_by_others(world: World):
    slack = room(world, DOWN)
    world.reload(floor(2))
    tell(world, 1)
    later = classify.result("retry", "server_busy", "destination", code="503", retry_after_s=80_000)
    slack.answer = later
    wait(world, 1, step=0.25)
    slack.answer = None
    wait(world, 12, step=0.5)
    assert not slack.accepted
    wait(world, 24, step=1)
    assert len(slack.accepted) == 2


def test_the_owner_of_a_webhook_that_takes_nothing_is_told_by_mail(world: World):
    slack = room(world, DOWN)
    world.reload(floor(1, ", email: owner@example.org, language: es"))
    tell(world, 1)
    wait(world, 2, step=0.5)
    mails = [mail for mail in world.mails() if "owner" in str(mail["To"])]
    about = [mail for mail in mails if "no llegan" in str(mail["Subject"])]
    assert [str(mail["Subject"]) for mail in about] == [
        "Las noticias para Slack (hooks.slack.com) no llegan"
    ]
    body = about[0].get_body(("plain",)).get_content()
    assert "503 down for repair" in body
    assert "admin@example.org" in body
    slack.answer = classify.result("suppress", "gone", "destination", code="404", text="no_service")
    wait(world, 12, step=1)
    subjects = [str(mail["Subject"]) for mail in world.mails() if "owner" in str(mail["To"])]
    assert subjects.count("No hay más noticias para Slack (hooks.slack.com)") == 1


def test_a_chat_that_hangs_is_told_and_what_comes_later_is_not_tried_in_vain(world: World):
    silent = classify.result("ambiguous", "ambiguous", "destination", text="no answer in time")
    slack = room(world, silent)
    wait(world, 1, step=0.25)
    for number in (1, 2, 3):
        tell(world, number)
        wait(world, 1, step=0.5)
    subjects = told(world)
    assert subjects.count(f"Webhook failing: {KEY}") == 1
    assert subjects.count(f"Given up for good: a digest to {KEY}") == 1
    assert "no answer in time" in words(world)
    assert len(slack.tries) <= 6
    slack.answer = None
    wait(world, 24, step=0.5)
    posts = b"".join(sent.payload for sent in slack.accepted.values())
    assert [f"ICE story {n}".encode() in posts for n in (1, 2, 3)] == [True] * 3


MOVED = classify.result("retry", "redirect", "destination", code="308", text="over there")


def test_what_waits_for_a_room_that_moved_to_another_host_goes_there_late(world: World):
    slack = room(world, MOVED)
    world.reload(ROOM.replace("hooks.slack.com", "hooks.elsewhere.example"))
    slack.answer = None
    wait(world, 2)
    (sent,) = slack.accepted.values()
    assert sent.destination.place == "hooks.elsewhere.example"
    assert b"ICE story 0" in sent.payload


def test_what_waits_for_somebody_who_was_removed_goes_nowhere(world: World):
    slack = room(world, MOVED)
    world.reload(WITHOUT_ROOM)
    slack.answer = None
    wait(world, 2)
    assert not slack.accepted
    assert world.pending("room") == 0
