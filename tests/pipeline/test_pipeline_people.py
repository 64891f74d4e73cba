"""Claims about pauses, and about people who are erased, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline_world import World

from alerts.delivery import classify
from alerts.model import Destination
from alerts.pipeline import notices, people
from alerts.store import configs, stops, tables
from alerts.store import notices as notice_rows
from alerts.store.erasure import BLOT, tidy
from alerts.store.reach import destinations

ANA = "email/ana@example.org"
BOTH = """\
  - {name: Team, id: team, email: [ana@example.org, bo@example.org], rules: [ice], when: right away}
"""


def _pause(world: World, hours: float) -> None:
    with world.database.write() as connection:
        people.pause(connection, ANA, world.clock.now() + hours * 3600)


def _resume(world: World) -> people.Lifted:
    with world.database.write() as connection:
        config = world.parts.in_force.config
        return people.resume(connection, config, ANA, world.clock.now())


def _deliveries(world: World) -> list[dict[str, Any]]:
    with world.database.read() as connection:
        return tables.deliveries(connection)


def test_a_subscriber_all_of_whose_addresses_are_paused_gets_all_of_it_afterwards(world: World):
    world.serve(world.item("ICE agents in Madison", "one"))
    _pause(world, 10)
    report = world.run()
    assert (report.alerts, report.digests) == (1, 0)
    world.later(5)
    assert world.run().digests == 0
    assert world.pending() == 1
    world.later(6)
    assert world.run().delivered == 1
    assert world.pending() == 0


def test_send_now_does_not_break_a_pause(world: World):
    world.serve(world.item("ICE agents in Madison", "one"))
    _pause(world, 10)
    assert world.run(send_now=True).digests == 0


def test_a_pause_of_one_address_puts_off_its_mails_only(world: World):
    world.reload(world.yaml.partition("subscribers:")[0] + "subscribers:\n" + BOTH)
    world.serve(world.item("ICE agents in Madison", "one"))
    _pause(world, 10)
    report = world.run()
    assert (report.digests, report.delivered, report.delayed) == (1, 1, 1)
    assert [mail["To"] for mail in world.mails()] == ["bo@example.org"]
    waits = next(row for row in _deliveries(world) if row["state"] == "delayed")
    assert waits["hint"] == "paused by an admin"
    world.later(11)
    world.run()
    assert [mail["To"] for mail in world.mails()] == ["bo@example.org", "ana@example.org"]


def test_resuming_makes_due_what_waited(world: World):
    world.serve(world.item("ICE agents in Madison", "one"))
    _pause(world, 100)
    world.run()
    lifted = _resume(world)
    assert lifted.was_paused
    assert world.run().delivered == 1
    assert not _resume(world).is_anything


def test_resuming_lifts_a_dead_address_and_a_stop(world: World):
    for kind in (stops.BAD_ADDRESS, stops.STOPPED):
        with world.database.write() as connection:
            stops.stop(connection, ANA, kind, "said so", world.clock.now())
        lifted = _resume(world)
        assert (lifted.stop, lifted.reason) == (kind, "said so")
    world.serve(world.item("ICE agents in Madison", "one"))
    assert world.run().delivered == 1


def _erase(world: World) -> Any:
    with world.database.write() as connection:
        return people.erase(connection, ANA, world.clock.now(), world.clock.token())


def test_someone_erased_gets_nothing_and_leaves_nothing_though_the_line_stays(world: World):
    world.serve(world.item("ICE agents in Madison", "one"))
    assert world.run().delivered == 1
    done = _erase(world)
    assert (done.deliveries, done.subscribers, done.is_in_force) == (1, (), True)
    world.later(3)
    world.serve(world.item("ICE plans an office", "two"))
    assert world.run().delivered == 0
    assert _deliveries(world) == []


def test_someone_erased_and_added_again_stays_stopped_until_resumed(world: World):
    world.serve(world.item("ICE agents in Madison", "one"))
    world.run()
    with_ana = world.yaml
    without = with_ana.replace("ana@example.org", "bo@example.org").replace("Ana", "Bo")
    world.reload(without)
    done = _erase(world)
    assert (done.subscribers, done.is_in_force) == (("ana",), False)
    world.reload(with_ana)
    world.later(3)
    world.serve(world.item("ICE plans an office", "two"))
    world.run(force=True)
    assert "ana@example.org" not in [mail["To"] for mail in world.mails()[1:]]
    assert _resume(world).stop == stops.ERASED
    world.later(3)
    world.serve(world.item("ICE leaves the office", "three"))
    world.run(force=True)
    assert world.mails()[-1]["To"] == "ana@example.org"


def test_an_erased_address_is_in_no_earlier_configuration(world: World):
    world.reload(world.yaml.replace("ana@example.org", "bo@example.org"))
    _erase(world)
    with world.database.read() as connection:
        found = connection.execute(configs.config_version.select()).all()
    texts = [text for row in found for text in row.files.values()]
    assert len(texts) == 2
    assert any(BLOT in text for text in texts)
    assert not any("ana@example.org" in text for text in texts)


def test_another_address_that_ends_alike_is_not_blotted_out(world: World):
    longer = world.yaml.replace("ana@example.org", "diana@example.org")
    world.reload(longer)
    world.reload(longer.replace("Diana", "D"))
    _erase(world)
    with world.database.read() as connection:
        kept = configs.latest(connection)
    assert kept is not None
    assert "diana@example.org" in next(iter(kept.files.values()))


def test_the_file_of_the_database_has_no_copy_of_an_erased_address(tmp_path: Path):
    world = World(f"sqlite:///{tmp_path}/alerts.db")
    world.serve(world.item("ICE agents in Madison", "one"))
    world.run()
    world.reload(world.yaml.replace("ana@example.org", "bo@example.org"))
    _pause(world, 1)
    _erase(world)
    tidy(world.database)
    world.database.close()
    for file in tmp_path.iterdir():
        assert b"ana@example.org" not in file.read_bytes(), file.name


def test_an_erased_reader_s_link_says_nothing_of_them(world: World):
    with world.database.write() as connection:
        stops.add_reader(connection, ANA, "f" * 16)
    _erase(world)
    with world.database.read() as connection:
        target = stops.reader_target(connection, "f" * 16)
    assert target is not None
    assert "ana" not in target
    place = Destination("ana", "email", "ana@example.org")
    assert place.target == ANA


BOSS = "email/boss@example.org"


def _as_reader_and_admin(world: World) -> None:
    boss = "  - {name: Boss, email: boss@example.org, rules: [ice], when: right away}\n"
    world.reload("admins: [boss@example.org]\n" + world.yaml + boss)


def _say(world: World) -> None:
    with world.database.write() as connection:
        notices.say(connection, world.parts, "Something happened", "Its words.")


def _subjects_to(world: World, place: str) -> list[str]:
    world.run()
    told = [str(mail["Subject"]) for mail in world.mails() if mail["To"] == place]
    world.transport.tries.clear()
    return told


def test_an_admin_who_stops_their_own_digest_still_gets_notices(world: World):
    _as_reader_and_admin(world)
    with world.database.write() as connection:
        stops.stop(connection, BOSS, stops.STOPPED, "with a link", world.clock.now())
    world.serve(world.item("ICE agents in Madison", "one"))
    _say(world)
    assert _subjects_to(world, "boss@example.org") == ["Something happened"]
    with world.database.read() as connection:
        config = world.parts.in_force.config
        rows = destinations(connection, config.admins, world.clock.now())
    assert rows[0]["state"] == "ok"


def test_a_notice_waits_for_no_pause_of_its_admin_s_digests(world: World):
    _as_reader_and_admin(world)
    with world.database.write() as connection:
        people.pause(connection, BOSS, world.clock.now() + 3600)
    world.serve(world.item("ICE agents in Madison", "one"))
    _say(world)
    assert _subjects_to(world, "boss@example.org") == ["Something happened"]


def test_an_admin_s_address_that_does_not_exist_gets_neither_digests_nor_notices(world: World):
    _as_reader_and_admin(world)
    no_such = classify.result("suppress", "bad_address", code="550 5.1.1", text="no such mailbox")
    world.transport.answers.append(no_such)
    _say(world)
    world.run()
    _say(world)
    world.serve(world.item("ICE agents in Madison", "one"))
    world.transport.tries.clear()
    assert _subjects_to(world, "boss@example.org") == []
    with world.database.read() as connection:
        assert {k: row.kind for k, row in stops.stops(connection).items()} == {
            BOSS: stops.BAD_ADDRESS
        }
        open_keys = set(notice_rows.open_ones(connection))
    assert f"address {BOSS}" in open_keys


def test_resuming_an_admin_s_address_makes_due_the_notices_that_it_missed(world: World):
    _as_reader_and_admin(world)
    with world.database.write() as connection:
        stops.stop(connection, BOSS, stops.BAD_ADDRESS, "no such mailbox", world.clock.now())
    _say(world)
    assert _subjects_to(world, "boss@example.org") == []
    with world.database.write() as connection:
        people.resume(connection, world.parts.in_force.config, BOSS, world.clock.now())
    assert "Something happened" in _subjects_to(world, "boss@example.org")


def test_erasing_an_admin_s_address_leaves_no_notice_of_theirs(world: World):
    _as_reader_and_admin(world)
    _say(world)
    world.run()
    with world.database.write() as connection:
        people.erase(connection, BOSS, world.clock.now(), world.clock.token())
    _say(world)
    assert _deliveries(world) == []
