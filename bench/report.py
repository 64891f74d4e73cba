"""What a bench measured, as tables: printed, and kept in bench/README.md with the machine's words.

    report = Report("delivery", argv)        # --write: keep it
    report.table(("what", "CPU ms"), rows)   # a Markdown table that reads well in a terminal too
    report.close()

Each bench has a section of its own there, between two marks; the rest of the page is left alone.
"""

from __future__ import annotations

import math
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

PAGE = Path(__file__).with_name("README.md")


class Report:
    """The lines of one bench's section."""

    def __init__(self, name: str, *, write: bool = False) -> None:
        self.name = name
        self._write = write
        self._lines: list[str] = []
        self.say(machine())

    def say(self, *lines: str) -> None:
        """Print a paragraph."""
        self._add(*lines, "")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table; numbers stand on the right."""
        cells = [[str(cell) for cell in row] for row in (head, *rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        ruled = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        for row in (cells[0], ruled, *cells[1:]):
            first, *others = zip(row, widths, strict=True)
            told = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
            self._add(f"| {' | '.join(told)} |")
        self._add("")

    def _add(self, *lines: str) -> None:
        print(*lines, sep="\n", flush=True)
        self._lines += lines

    def close(self) -> None:
        """Put the section into the page, if that was asked for."""
        if not self._write:
            return
        begin, end = f"<!-- {self.name}: begin -->", f"<!-- {self.name}: end -->"
        section = "\n".join([begin, "", *self._lines, end])
        page = PAGE.read_text(encoding="utf-8")
        marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not marked.search(page):
            raise SystemExit(f"{PAGE} has no place for {self.name}: write {begin} and {end} there.")
        PAGE.write_text(marked.sub(lambda _: section, page), encoding="utf-8")


def machine() -> str:
    """Return "Intel Xeon, 2 cores, 24 GB; Python 3.11.7, Linux; commit a1b2c3d"."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    name = re.sub(r"\((?:R|TM)\)", "", found[1]) if found else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=PAGE.parent, capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    return (
        f"{name}, {os.cpu_count()} cores, {memory:.0f} GB; Python {platform.python_version()}, "
        f"{platform.system()}" + (f"; commit {head}" if head else "")
    )


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the growth of a cost with size: 1 is as much more as there is more to do."""
    return math.log(costs[-1] / costs[0]) / math.log(sizes[-1] / sizes[0])
