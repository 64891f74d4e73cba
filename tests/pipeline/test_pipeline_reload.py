"""Claims about edits of a running service: taken, refused, braked, confirmed, undone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pipeline_world import COURIER, RADIO, YAML, World

from alerts import config
from alerts.model import SendResult
from alerts.pipeline import people
from alerts.pipeline.reload import NOTHING, Edits, Taken, begin, load, take
from alerts.store import configs, notices, subscribers, tables
from alerts.store.schema import config_version

ADMIN = "admins: [{email: desk@example.org}]\n"
GOOD = YAML + ADMIN
LUZ = "  - {name: Luz, email: luz@example.org, rules: [ice], when: right away}\n"
MORE = YAML + LUZ + ADMIN
PEOPLE = [f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice]}}\n" for n in range(9)]
MANY = YAML + "".join(PEOPLE) + ADMIN
FEW = YAML + ADMIN


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Hands:
    """Edits files and lets the service look, second by second."""

    def __init__(self, world: World, yaml: str = GOOD) -> None:
        self.world = world
        self.edits = Edits(world.parts)
        self.write(yaml)
        begin(world.parts, load(world.parts.settings), world.clock.now())
        self.seconds(3)
        world.run()
        world.transport.tries.clear()

    def write(self, yaml: str, name: str = "subscribers.yaml") -> None:
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml)

    def seconds(self, count: int) -> list[Taken]:
        found = []
        for _ in range(count):
            self.world.clock.advance(1)
            taken = self.edits.look()
            if taken is not None:
                found.append(taken)
        return found

    def edit(self, yaml: str) -> Taken:
        self.write(yaml)
        (taken,) = self.seconds(5)
        return taken

    def ask(self, request: configs.Request) -> Taken:
        with self.world.database.write() as connection:
            latest, waiting = configs.latest(connection), configs.waiting(connection)
            row = waiting if request == "confirm" else latest
            assert row is not None
            configs.ask(connection, request, row.id)
        (taken,) = self.seconds(1)
        return taken

    def told(self) -> list[str]:
        """Texts of the mails to the admin that go out now."""
        self.world.run()
        found = [
            " ".join(str(mail.get_body(("plain",)).get_content()).split())  # type: ignore[union-attr]
            for mail in self.world.mails()
            if mail["To"] == "desk@example.org"
        ]
        self.world.transport.tries.clear()
        return found

    def open_notices(self) -> set[str]:
        with self.world.database.read() as connection:
            return set(notices.open_ones(connection))

    def names(self) -> set[str]:
        return set(self.world.parts.in_force.people)


@pytest.fixture
def hands(world: World) -> Hands:
    return Hands(world)


# --- an edit that is right -----------------------------------------------------------------------


def test_an_edit_is_taken_once_after_the_file_rested_for_a_second(hands: Hands):
    hands.write(MORE)
    assert hands.edits.look() is None
    hands.world.clock.advance(0.5)
    hands.write(MORE + "# still writing\n")
    hands.world.clock.advance(0.6)
    assert hands.edits.look() is None
    hands.world.clock.advance(1)
    taken = hands.edits.look()
    assert taken is not None
    assert taken.summary == "+1 subscriber"
    assert hands.names() == {"ana", "luz"}
    assert hands.seconds(5) == []


def test_an_accepted_edit_is_told_with_what_changed_and_how_to_undo_it(hands: Hands):
    hands.edit(MORE)
    (text,) = hands.told()
    assert "Config of 1:00 in force: +1 subscriber. Undo: alerts reload --previous" in text


def test_the_first_configuration_is_not_told(hands: Hands):
    assert hands.told() == []


def test_an_edit_of_comments_alone_says_so(hands: Hands):
    assert hands.edit(GOOD + "# hello\n").summary == "no feed, rule or subscriber changed"


def test_a_new_feed_is_due_at_once(hands: Hands):
    hands.edit(GOOD.replace("feeds:\n", "feeds:\n  - https://new.example/rss\n"))
    assert hands.world.feed("https://new.example/rss")["state"] == "new"
    hands.world.fetcher.put("https://new.example/rss", b"<rss><channel></channel></rss>")
    assert hands.world.run().polled == 1


def test_the_summary_estimates_the_alerts_of_a_week(hands: Hands):
    world = hands.world
    for url in (COURIER, RADIO):
        world.serve(url=url)
    world.run(force=True)
    world.later(1)
    world.serve(*(world.item(f"Council meets {n}", f"c{n}") for n in range(9)))
    world.run(force=True)
    taken = hands.edit(GOOD.replace("rules: [ice, here]", "rules: [ice]"))
    assert taken.summary == "−1 rule at Ana, about 9 fewer alerts a week"


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (("[here, ice]", "[ice]"), "−1 rule at Team (3 people)"),
        (("[here, ice]", "[{query: jail}, ice]"), "+1 rule and −1 rule at Team (3 people)"),
        (("b@example.org, ", ""), "−1 destination at Team (2 people)"),
        (("name: Team", "name: Team, language: es"), "Team (3 people) changed"),
    ],
)
def test_an_edit_of_a_subscriber_is_told_with_what_changed_there(
    world: World, edit: tuple[str, str], told: str
):
    places = "[a@example.org, b@example.org, c@example.org]"
    yaml = YAML + f"  - {{name: Team, email: {places}, rules: [here, ice]}}\n" + ADMIN
    taken = Hands(world, yaml).edit(yaml.replace(*edit))
    assert taken.summary == told


def test_included_files_count_also_those_that_come_and_go(hands: Hands):
    included = YAML + ADMIN + "include: [more/*.yaml]\n"
    hands.edit(included)
    hands.write("subscribers:\n" + LUZ, "more/luz.yaml")
    (taken,) = hands.seconds(5)
    assert taken.summary == "+1 subscriber"
    Path("more/luz.yaml").unlink()
    (taken,) = hands.seconds(5)
    assert hands.names() == {"ana"}


def test_an_edit_with_the_same_size_and_time_of_change_is_seen(hands: Hands):
    stat = Path("subscribers.yaml").stat()
    hands.write(GOOD.replace("name: Ana,", "name: Eva,").replace("ana@", "eva@"))
    os.utime("subscribers.yaml", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert len(hands.seconds(5)) == 1
    assert hands.names() == {"eva"}


def test_a_variable_changed_in_env_is_taken_without_an_edit(hands: Hands):
    slack = GOOD.replace("email: ana@example.org", "slack: '${ROOM_OF_A_TEST}'")
    hands.write("ROOM_OF_A_TEST=https://hooks.slack.com/services/T/B/one\n", ".env")
    hands.edit(slack)
    hands.write("ROOM_OF_A_TEST=https://hooks.slack.com/services/T/B/two\n", ".env")
    (taken,) = hands.seconds(5)
    assert taken.in_force is not None
    url = hands.world.parts.in_force.people["ana"].destinations[0].url
    assert url is not None
    assert url.reveal().endswith("/two")


# --- an edit with mistakes -------------------------------------------------------------------------


def test_a_bad_edit_changes_nothing_and_is_told_once_for_its_content(hands: Hands):
    bad = GOOD.replace("rules: [ice, here]", "rules: [icy, here]")
    assert hands.edit(bad).in_force is None
    (text,) = hands.told()
    assert "Your edit of 1:00 was NOT taken (subscribers.yaml, line 10: There is no rule" in text
    assert "The version of 1:00 goes on." in text
    os.utime("subscribers.yaml")
    hands.seconds(5)
    assert hands.told() == []
    hands.edit(bad.replace("here]", "hear]"))
    assert len(hands.told()) == 1
    assert hands.open_notices() == {"edit"}
    assert hands.names() == {"ana"}


def test_a_good_edit_after_a_bad_one_is_told_and_ends_the_trouble(hands: Hands):
    hands.edit("version: [\n")
    hands.told()
    hands.edit(MORE)
    assert len(hands.told()) == 1
    assert hands.open_notices() == set()


def test_a_bad_edit_that_is_taken_back_is_over(hands: Hands):
    hands.edit("version: [\n")
    hands.told()
    hands.edit(GOOD)
    (text,) = hands.told()
    assert "The files are again what is in force" in text
    assert hands.open_notices() == set()


def test_a_missing_file_is_a_bad_edit(hands: Hands):
    Path("subscribers.yaml").unlink()
    hands.seconds(5)
    assert "NOT taken" in hands.told()[0]
    assert hands.names() == {"ana"}


# --- the brake --------------------------------------------------------------------------------------


def test_an_edit_that_removes_over_half_of_the_subscribers_waits(world: World):
    hands = Hands(world, MANY)
    taken = hands.edit(FEW)
    assert taken.in_force is None
    assert taken.braked == "it removes 9 of 10 subscribers (p0, p1, p2, …)"
    assert len(hands.names()) == 10
    (text,) = hands.told()
    assert "waits: it removes 9 of 10" in " ".join(text.split())
    assert "alerts reload --confirm" in text


def test_an_edit_that_removes_half_of_the_subscribers_does_not_wait(world: World):
    hands = Hands(world, MANY)
    assert hands.edit(YAML + "".join(PEOPLE[:4]) + ADMIN).in_force is not None


def test_an_edit_that_removes_over_half_of_the_rules_waits(world: World):
    rules = "".join(f"  r{n}: word{n}\n" for n in range(5))
    hands = Hands(world, GOOD.replace("subscribers:", f"{rules}subscribers:"))
    assert hands.edit(GOOD).braked == "it removes 5 of 7 rules (r0, r1, r2, …)"


def flooded(world: World, articles: int) -> Hands:
    hands = Hands(world)
    for url in (COURIER, RADIO):
        world.serve(url=url)
    world.run(force=True)
    world.later(1)
    items = [world.item(f"A story about town {n}", f"s{n}") for n in range(articles)]
    world.serve(world.item("ICE came", "ice"), *items)
    world.run(force=True)
    world.transport.tries.clear()
    return hands


def test_an_edit_that_would_flood_someone_waits_and_names_rule_term_and_line(world: World):
    hands = flooded(world, 60)
    taken = hands.edit(GOOD.replace("ice: ICE", "ice:\n    any:\n      - ICE\n      - town"))
    assert taken.braked == (
        "rule ice would have made 61 alerts in the last 7 days, it made 1."
        ' Probably the term "town" (line 10)'
    )
    (text,) = hands.told()
    assert "If you mean it: alerts reload --confirm" in " ".join(text.split())


def test_many_more_alerts_that_are_under_50_a_day_do_not_wait(world: World):
    hands = flooded(world, 40)
    taken = hands.edit(GOOD.replace("ice: ICE", "ice: ICE OR town"))
    assert taken.summary == "1 rule changed, about 40 more alerts a week"


def test_a_rule_in_force_that_has_made_little_yet_brakes_no_other_edit(world: World):
    hands = flooded(world, 60)
    hands.edit(GOOD.replace("ice: ICE", "ice: ICE OR town"))
    hands.ask("confirm")
    later = hands.edit(GOOD.replace("ice: ICE", "ice: ICE OR town").replace("council", "mayor"))
    assert later.braked is None


def test_a_waiting_edit_that_is_confirmed_comes_into_force(world: World):
    hands = Hands(world, MANY)
    hands.edit(FEW)
    hands.told()
    taken = hands.ask("confirm")
    assert taken.summary == "−9 subscribers"
    assert hands.names() == {"ana"}
    assert hands.open_notices() == set()
    assert len(hands.told()) == 1
    os.utime("subscribers.yaml")
    assert [t.in_force for t in hands.seconds(5)] == [None]


def test_a_waiting_edit_is_told_once_and_waits_on_however_often_it_is_looked_at(world: World):
    hands = Hands(world, MANY)
    hands.edit(FEW)
    hands.told()
    os.utime("subscribers.yaml")
    (again,) = hands.seconds(5)
    assert again.braked is not None
    assert hands.told() == []


def test_a_waiting_edit_that_is_mended_is_given_up(world: World):
    hands = Hands(world, MANY)
    hands.edit(FEW)
    hands.edit(MANY + "# mended\n")
    with world.database.read() as connection:
        assert configs.waiting(connection) is None
    assert len(hands.names()) == 10


def test_the_first_configuration_of_all_is_neither_braked_nor_told(world: World):
    hands = Hands(world, MANY)
    with world.database.write() as connection:
        connection.execute(config_version.delete())
    world.parts.in_force = NOTHING
    hands.write(FEW)
    taken = begin(world.parts, load(world.parts.settings), world.clock.now())
    assert taken.in_force is not None
    assert hands.names() == {"ana"}
    assert hands.told() == []


def test_a_pass_applies_the_same_brake_at_its_start(world: World):
    Hands(world, MANY)
    Path("subscribers.yaml").write_text(FEW)
    taken = begin(world.parts, load(world.parts.settings), world.clock.now())
    assert taken.braked is not None
    assert len(world.parts.in_force.people) == 10


# --- undo ---------------------------------------------------------------------------------------------


def test_previous_brings_the_version_before_back_and_leaves_the_file_alone(hands: Hands):
    hands.edit(MORE)
    hands.told()
    taken = hands.ask("previous")
    assert taken.summary == "−1 subscriber"
    assert hands.names() == {"ana"}
    assert "is undone" in hands.told()[0]
    os.utime("subscribers.yaml")
    (looked,) = hands.seconds(5)
    assert looked.in_force is None
    assert hands.names() == {"ana"}


def test_an_undone_version_is_taken_again_when_the_file_was_changed_meanwhile(hands: Hands):
    hands.edit(MORE)
    hands.ask("previous")
    hands.edit(GOOD)
    assert hands.names() == {"ana"}
    hands.edit(MORE)
    assert hands.names() == {"ana", "luz"}


def test_an_undone_version_is_taken_again_when_that_is_asked_for(hands: Hands):
    hands.edit(MORE)
    hands.ask("previous")
    hands.ask("look")
    assert hands.names() == {"ana", "luz"}


def test_previous_twice_goes_two_versions_back(hands: Hands):
    hands.edit(MORE)
    hands.edit(MORE.replace("luz", "eva").replace("Luz", "Eva"))
    hands.ask("previous")
    assert hands.names() == {"ana", "luz"}
    hands.ask("previous")
    assert hands.names() == {"ana"}
    hands.ask("previous")  # the world's own first version
    assert hands.ask("previous").in_force is None


def owed(world: World, slug: str = "one") -> None:
    world.later(1)
    world.serve(world.item("ICE came", slug))
    world.run(force=True)


def daily(yaml: str) -> str:
    return yaml.replace("when: right away", "when: daily at 7:30 am")


def test_a_removed_subscribers_alerts_are_given_up_and_brought_back_by_undo(world: World):
    hands = Hands(world, daily(MORE))
    world.serve()
    world.run(force=True)
    owed(world)
    assert world.pending("luz") == 1
    hands.edit(daily(GOOD))
    assert world.pending("luz") == 0
    hands.ask("previous")
    assert world.pending("luz") == 1


def test_what_came_between_an_edit_and_its_undo_is_owed_too(world: World):
    hands = Hands(world, daily(MORE))
    world.serve()
    world.run(force=True)
    hands.edit(daily(GOOD))
    owed(world)
    hands.ask("previous")
    assert world.pending("luz") == 1
    assert world.pending("ana") == 1


def test_alerts_of_a_removed_rule_are_brought_back_by_undo(world: World):
    hands = Hands(world, daily(MORE))
    world.serve()
    world.run(force=True)
    owed(world)
    hands.edit(daily(MORE).replace("rules: [ice, here]", "rules: [here]"))
    assert (world.pending("ana"), world.pending("luz")) == (0, 1)
    owed(world, "two")
    hands.ask("previous")
    assert (world.pending("ana"), world.pending("luz")) == (2, 2)


def test_a_subscriber_who_was_removed_and_comes_back_by_an_edit_begins_anew(world: World):
    hands = Hands(world, daily(MORE))
    world.serve()
    world.run(force=True)
    owed(world)
    hands.edit(daily(GOOD))
    hands.edit(daily(MORE))
    assert world.pending("luz") == 0


def test_undo_sends_the_deliveries_that_a_removal_gave_up(world: World):
    hands = Hands(world, MORE)
    world.serve()
    world.run(force=True)
    world.transport.answers.extend([SendResult("retry", "greylisted")] * 2)
    owed(world)
    hands.edit(GOOD)
    world.later(1)
    assert states(world, "luz") == {"suppressed"}
    hands.ask("previous")
    world.run()
    assert states(world, "luz") == {"delivered"}


def states(world: World, subscriber: str) -> set[str]:
    world.run()
    with world.database.read() as connection:
        rows = tables.deliveries(connection)
    return {row["state"] for row in rows if row["subscriber"] == subscriber}


# --- the start -------------------------------------------------------------------------------------------


def test_a_request_left_while_nothing_ran_is_met_at_the_start(hands: Hands):
    world = hands.world
    hands.edit(MORE)
    with world.database.write() as connection:
        latest = configs.latest(connection)
        assert latest is not None
        configs.ask(connection, "previous", latest.id)
    begin(world.parts, load(world.parts.settings), world.clock.now())
    assert hands.names() == {"ana"}


def test_a_request_about_a_version_that_is_history_does_nothing(hands: Hands):
    with hands.world.database.write() as connection:
        configs.ask(connection, "confirm", 77)
    assert [taken.in_force for taken in hands.seconds(1)] == [None]
    assert hands.names() == {"ana"}


def test_a_service_without_an_earlier_version_opens_no_notice(world: World):
    with world.database.write() as connection:
        connection.execute(config_version.delete())
    loaded = config.load(Path("nothing.yaml"), {})
    assert take(world.parts, loaded, world.clock.now()) == Taken()
    with world.database.read() as connection:
        assert notices.open_ones(connection) == {}


def test_what_a_late_poll_owed_to_someone_removed_is_given_up_at_the_next_edit(world: World):
    hands = Hands(world, daily(MORE))
    old = world.parts.in_force
    hands.edit(daily(GOOD))
    new, world.parts.in_force = world.parts.in_force, old
    world.serve()
    world.run(force=True)
    owed(world)
    world.parts.in_force = new
    assert world.pending("luz") == 1
    hands.edit(daily(GOOD) + "# more\n")
    assert (world.pending("luz"), world.pending("ana")) == (0, 1)


def test_an_edit_leaves_the_slots_of_others_as_they_are(world: World):
    hands = Hands(world, daily(MORE))
    with world.database.read() as connection:
        before = {row.subscriber: row for row in subscribers.slots(connection)}
    hands.edit(daily(MORE).replace("name: Luz,", "name: Luz, timezone: Asia/Tokyo,"))
    with world.database.read() as connection:
        after = {row.subscriber: row for row in subscribers.slots(connection)}
    assert after["ana"] == before["ana"]
    assert after["luz"].timezone == "Asia/Tokyo"
    assert after["luz"].due_at != before["luz"].due_at


def test_what_came_over_a_week_before_the_undo_stays_old_news(world: World):
    hands = Hands(world, daily(MORE))
    world.serve()
    world.run(force=True)
    hands.edit(daily(GOOD))
    owed(world)
    world.later(8 * 24)
    hands.ask("previous")
    assert world.pending("luz") == 0


def test_only_the_newest_versions_are_kept(hands: Hands):
    for n in range(60):
        with hands.world.database.write() as connection:
            configs.add(connection, f"v{n}", {}, 0.0)
    hands.edit(MORE)
    with hands.world.database.read() as connection:
        rows = connection.execute(config_version.select()).all()
    assert len(rows) == 50
    assert hands.names() == {"ana", "luz"}


def test_an_undone_version_is_better_than_a_stored_one_that_cannot_be_read(hands: Hands):
    hands.edit(MORE)
    hands.ask("previous")
    hands.world.parts.in_force = NOTHING
    taken = begin(hands.world.parts, load(hands.world.parts.settings), hands.world.clock.now())
    assert taken.in_force is not None
    assert hands.names() == {"ana", "luz"}


def test_undoing_an_edit_does_not_bring_someone_back_who_was_erased(world: World):
    hands = Hands(world, MORE)
    world.serve(world.item("ICE leases offices", "none", hours_ago=0.1))
    world.run(force=True)
    world.transport.tries.clear()
    hands.edit(GOOD)
    world.later(1)
    with world.database.write() as connection:
        people.erase(connection, "email/luz@example.org", world.clock.now(), world.clock.token())
        records = connection.exec_driver_sql("SELECT value FROM meta")
        kept = " ".join(row.value for row in records)
        assert "luz" not in kept
    taken = hands.ask("previous")
    assert taken.in_force is not None
    assert [person.id for person in taken.in_force.config.subscribers] == ["ana"]
    world.serve(world.item("ICE in town", "one", hours_ago=0.1))
    world.later(1)
    world.run(force=True)
    tried = {delivery.destination.place for delivery in world.transport.tries}
    assert tried == {"ana@example.org", "desk@example.org"}
