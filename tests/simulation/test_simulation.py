"""A month of a simulated world, lived by the real service and judged by an independent oracle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import needs
import pytest
from mutate import MUTATIONS, Mutation, said_of
from sim_oracle import Oracle, Verdict
from sim_script import Scale, script
from sim_world import World

#: Small enough to be lived once for each mutation of the product, and rich enough to show it.
SMALL = Scale(people=36, outlets=5, entries=200, days=12, grid_s=120.0, crashes=8)
SEED = 2

#: What trust.md asks for: a thousand subscribers, a hundred thousand articles.
WHOLE = Scale(
    people=1_000,
    outlets=38,
    entries=3_400,
    topics=360,
    matched=0.004,
    size=80,
    crashes=4,
    shared=25,
    grid_s=600.0,
    kept_h=14.0,
    edits=4,
    meanwhile=12,
    ages_h=(None, *(8,) * 5, *(12,) * 13),
)

#: As much of it as `make test` has time for: the people, the pace and every kind of trouble.
WEEK = replace(WHOLE, days=6, entries=750, crashes=3, edits=6, followings=2)


def live(scale: Scale, seed: int, folder: Path, times: Path | None) -> Verdict:
    made = script(scale, seed, times)
    world = World(made, folder)
    try:
        return Oracle(world.run(), made.end).judge()
    finally:
        world.database.close()


def test_a_simulated_week_of_a_thousand_subscribers_brings_each_article_owed_once_and_in_time(
    tmp_path: Path,
) -> None:
    times = needs.shared_if_there("publish_times_dev.jsonl.gz")
    scale = WEEK if times is not None else replace(WEEK, entries=500)
    found = live(scale, 3, tmp_path, times)
    assert not found.wrong, found
    assert found.counts["entries"] > 12_000
    assert found.counts["judged"] > 2_000
    assert found.counts["judged as urgent"] > 100


def test_a_simulated_fortnight_brings_each_article_owed_once_and_in_time(tmp_path: Path) -> None:
    needs.soak()
    found = live(SMALL, SEED, tmp_path, None)
    assert not found.wrong, found
    assert found.counts["judged"] > 100


def test_a_simulated_month_at_real_publish_times_is_right(tmp_path: Path) -> None:
    needs.soak()
    found = live(Scale(), 2, tmp_path, needs.shared("publish_times_dev.jsonl.gz"))
    assert not found.wrong, found


def test_a_month_of_a_thousand_subscribers_and_a_hundred_thousand_articles_is_right(
    tmp_path: Path,
) -> None:
    needs.soak()
    found = live(WHOLE, 3, tmp_path, needs.shared("publish_times_dev.jsonl.gz"))
    assert not found.wrong, found
    assert found.counts["entries"] > 80_000


def test_every_mutation_changes_the_product_as_it_reads_today() -> None:
    assert [mutation.name for mutation in MUTATIONS if not mutation.fits()] == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_oracle_sees_a_fault_of_the_product(mutation: Mutation) -> None:
    needs.soak()
    assert said_of(mutation)
