"""What stands beside our matcher in `matching`: other engines on the same rules and articles.

Lucene's Monitor is the engine inside Elasticsearch's percolator. It and ours read articles of small
singular words, in which both see the same words, and must find the same. The others know words and
phrases only, no AND, NOT, NEAR, title: or EXCEPT, and find more.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module, util
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from made_rules import Made

from alerts.model import Article

HARNESS = Path(__file__).with_name("LuceneMonitor.java")
LOOPED = 100  # articles for the loop of regular expressions, which takes a while


class Lucene(NamedTuple):
    """What its Monitor took, in CPU of one thread, and what it found in each article."""

    mode: str
    build_s: float
    article_us: float
    heap_mb: float
    found: list[list[int]]


def lucene(jars: str, made: Sequence[Made], articles: Sequence[Article], mode: str) -> Lucene:
    """Run it; `jars` is a Java class path with Lucene 8 and its module monitor."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["javac", "-nowarn", "-d", name, "-cp", jars, HARNESS], check=True)
        _write(folder / "rules", ("\t".join((one.kind, *one.words)) for one in made))
        _write(folder / "news", (f"{one.title}\t{one.summary}" for one in articles))
        told = subprocess.run(
            ["java", "-Xmx10g", "-XX:+UseSerialGC", "-cp", f"{name}:{jars}", HARNESS.stem,
             folder / "rules", folder / "news", folder / "found", mode],
            check=True, capture_output=True, text=True,
        ).stdout.split()  # fmt: skip
        lines = (folder / "found").read_text().split("\n")[: len(articles)]
    found = [[int(number) for number in line.split()] for line in lines]
    return Lucene(mode, float(told[0]), float(told[1]), float(told[2]), found)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


Seconds = Callable[[Callable[[], object]], float]


def floor(articles: Sequence[Article], seconds: Seconds) -> float:
    """Return the µs an article of cutting it into pieces and looking each up."""
    texts = _texts(articles)
    known = {piece: None for text in texts for piece in text.split()}

    def look_up() -> None:
        for text in texts:
            for _ in map(known.__getitem__, text.split()):
                pass

    return seconds(look_up) / len(texts) * 1e6


def aho_corasick(
    made: Sequence[Made], articles: Sequence[Article], seconds: Seconds
) -> float | None:
    """Return the µs an article of the automaton of ahocorasick_rs, None if it is not there."""
    if not util.find_spec("ahocorasick_rs"):
        return None
    texts = _texts(articles)
    literals = list(dict.fromkeys(chain(*(one.literals() for one in made))))
    search = import_module("ahocorasick_rs").AhoCorasick(literals).find_matches_as_indexes
    took = seconds(lambda: [search(text.lower(), overlapping=True) for text in texts])
    return took / len(texts) * 1e6


def loop(made: Sequence[Made], articles: Sequence[Article], seconds: Seconds) -> float:
    """Return the µs an article of one regular expression a rule, as most programs do it."""
    texts = _texts(articles)[:LOOPED]
    patterns = [
        re.compile(rf"\b(?:{'|'.join(map(re.escape, one.literals()))})\b", re.I) for one in made
    ]
    took = seconds(lambda: [[one for one in patterns if one.search(text)] for text in texts])
    return took / len(texts) * 1e6


def _texts(articles: Sequence[Article]) -> list[str]:
    return [f"{one.title}\n{one.summary}" for one in articles]
