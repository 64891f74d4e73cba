"""The benches run, with small sizes: what they measure is no claim of a test."""

from __future__ import annotations

import subprocess
import sys

import pytest
from needs import ROOT


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("delivery.py", "| ours, near "),
        ("service.py", "| peak MB "),
        ("polling.py", "| 100   | each one new entry"),
    ],
)
def test_a_bench_runs_and_prints_its_last_table(name: str, row: str) -> None:
    bench = [sys.executable, ROOT / "bench" / name, "--quick"]
    done = subprocess.run(bench, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert row in done.stdout
