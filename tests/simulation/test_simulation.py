"""A month of a simulated world, lived by the real service and judged by an independent oracle."""

from __future__ import annotations

from pathlib import Path

import needs
from sim_oracle import Oracle, Verdict
from sim_script import Scale, script
from sim_world import World


def live(scale: Scale, seed: int, folder: Path, times: Path | None) -> Verdict:
    made = script(scale, seed, times)
    world = World(made, folder)
    try:
        return Oracle(world.run(), made.end).judge()
    finally:
        world.database.close()


def test_a_simulated_fortnight_brings_each_article_owed_once_and_in_time(tmp_path: Path) -> None:
    scale = Scale(people=30, outlets=4, entries=250, days=12)
    found = live(scale, 1, tmp_path, None)
    assert not found.wrong, found
    assert found.counts["judged"] > 50


def test_a_simulated_month_at_real_publish_times_is_right(tmp_path: Path) -> None:
    needs.soak()
    found = live(Scale(), 2, tmp_path, needs.shared("publish_times_dev.jsonl.gz"))
    assert not found.wrong, found
