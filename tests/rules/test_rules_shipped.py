"""The shipped rules keep what is demanded of them on news rows: ours, and the labelled ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_shipped_rules_miss_little_and_are_seldom_wrong():
    bench = [sys.executable, ROOT / "bench" / "quality.py", "--list"]
    done = subprocess.run(bench, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "shipped_rows.tsv" in done.stdout


def test_a_rule_that_falls_short_fails_the_bench(tmp_path):
    poor = tmp_path / "subscribers.yaml"
    poor.write_text("version: 1\nrules: {ice: ice, sanctuary: sanctuary, madison: Madison}\n")
    bench = [sys.executable, ROOT / "bench" / "quality.py", "--rules", poor]
    done = subprocess.run(bench, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
