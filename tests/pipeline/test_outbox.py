"""Claims about deliveries tried again by hand, on both databases."""

from __future__ import annotations

from typing import Any

from pipeline_world import World

from alerts.delivery import classify
from alerts.store import outbox, stops, tables

REFUSED = classify.result("refused", "refused", code="554", text="not this message")
DOWN = classify.result("retry", "temporary", code="451", text="later")
NO_SUCH = classify.result("suppress", "bad_address", "destination", code="550 5.1.1")


def tell(world: World, number: int, *answers: Any) -> None:
    world.transport.answers.extend(answers)
    world.serve(world.item(f"ICE story {number}", f"story-{number}", hours_ago=0.1))
    world.run(force=True)


def retry(world: World, *ids: str) -> tuple[list[str], list[outbox.Skipped]]:
    known = world.parts.in_force.config.destination
    with world.database.write() as connection:
        return outbox.retry(
            connection,
            ids or outbox.ids_of(connection, ["failed"]),
            lambda key: known(key) is not None,
            world.clock.now(),
            asked_for=bool(ids),
        )


def rows(world: World, **options: Any) -> list[dict[str, Any]]:
    with world.database.read() as connection:
        return tables.deliveries(connection, **options)


def test_a_retry_keeps_the_id_and_the_bytes_and_the_failure_stays_on_record(world: World):
    tell(world, 1, REFUSED)
    (failed,) = rows(world, failed=True)
    assert f"alerts deliveries retry {failed['id']}" in failed["hint"]
    world.later(24)
    assert retry(world) == ([failed["id"]], [])
    world.run()
    first, second = world.transport.tries
    assert (first.id, first.payload) == (second.id, second.payload)
    (row,) = rows(world, failed=True)
    assert (row["state"], row["code"], row["class"]) == ("delivered", "554", "refused")
    assert row["failed_at"] == failed["failed_at"]
    assert retry(world) == ([], [])


def test_the_age_of_a_retried_delivery_counts_from_the_retry(world: World):
    tell(world, 1, REFUSED)
    world.later(24 * 20)
    retry(world)
    world.transport.answers.append(DOWN)
    world.run()
    (row,) = rows(world)
    assert (row["state"], row["attempts"]) == ("delayed", 2)
    with world.database.read() as connection:
        tries = outbox.show(connection, row["id"])["tries"]
    assert [one["code"] for one in tries] == ["554", "451"]
    assert tries[1]["next_try"] == row["next_try"]


def test_a_dead_address_is_left_out_until_it_is_lifted(world: World):
    tell(world, 1, NO_SUCH)
    due, (skipped,) = retry(world)
    assert due == []
    assert skipped.lift == "alerts people resume ana@example.org"
    with world.database.write() as connection:
        stops.lift(connection, "email/ana@example.org")
    assert retry(world) == ([skipped.id], [])


def test_an_expired_digest_takes_its_articles_back_when_tried_again(world: World):
    tell(world, 1, DOWN)
    world.later(24 * 5 + 1)
    world.transport.answers.append(DOWN)
    world.run()
    (failed,) = rows(world, failed=True)
    assert failed["state"] == "failed"
    assert world.pending() == 1
    assert retry(world)[0] == [failed["id"]]
    assert world.pending() == 0
    world.later(1)
    world.run()
    subjects = [mail["Subject"] for mail in world.mails()]
    assert len(subjects) == 3
    assert [row["state"] for row in rows(world)] == ["delivered"]


def test_ids_are_found_by_their_beginning_and_by_nothing_else(world: World):
    tell(world, 1)
    (row,) = rows(world)
    with world.database.read() as connection:
        assert outbox.ids_like(connection, row["id"][:3].upper()) == [row["id"]]
        for text in ("", "%", "_" * 32, "x"):
            assert outbox.ids_like(connection, text) == []
