"""How fast rules are read, compiled and matched, alone and as the whole command `alerts match`.

    python bench/matching.py [--quick] [--news FILE.jsonl[.gz]]

Made-up rules of nine kinds, from the words of the news they run over (six complete days if they are
at hand, else made-up news). Everything is CPU time of one core. "first" reads each article with an
empty memory of words, "again" with a full one. Beside it on the same rules and articles: the floor
(cut into pieces and look each up), a loop of one regular expression a rule as most programs do it,
and the Aho-Corasick automaton of ahocorasick_rs if it is installed; both know single words and
phrases only and have no AND, NOT, NEAR or EXCEPT.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import math
import re
import resource
import subprocess
import sys
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module, util
from itertools import chain
from pathlib import Path
from time import process_time

from alerts import config
from alerts.clock import FakeClock
from alerts.model import Article, Rule
from alerts.rules import query
from alerts.rules.matcher import Matcher
from alerts.rules.shapes import positives
from alerts.tree import Term

NEWS = Path(__file__).parents[2] / "shared" / "data" / "news_days_dev.jsonl.gz"
COMMON_WORDS = 200  # the most frequent words of the news, which nobody makes a rule of
VOCABULARY = 20_000  # words that rules are made of
EDITS = 900  # rules that are added and removed again
SAMPLE = 200  # articles for the loop of regular expressions, which takes a while


class World:
    """Articles, and rules made of their words; always the same ones."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = lines
        self.articles = [article(json.loads(line)) for line in lines]
        self._clock = FakeClock(seed=7)
        self._texts = [f"{one.title} {one.summary}" for one in self.articles]
        words = Counter(w for text in self._texts for w in re.findall(r"\b[a-z]{4,12}\b", text))
        common = [word for word, _ in words.most_common(COMMON_WORDS + VOCABULARY)]
        self._words = common[COMMON_WORDS:] if len(common) > 2 * COMMON_WORDS else common

    def queries(self, count: int) -> list[str]:
        """Return `count` queries, each kind as often as the others."""
        w, p = self._word, self._phrase
        kinds: list[Callable[[], str]] = [
            w, p,
            lambda: f"{w()} AND {w()}",
            lambda: f"{w()} OR {w()} OR {w()}",
            lambda: f"{w()} NEAR/8 ({w()} | {w()})",
            lambda: f"{p()} NOT {w()}",
            lambda: f"title:{w()}",
            lambda: f"({w()} | {p()}) AND {w()}",
            lambda: f"{w()} EXCEPT {p()}",
        ]  # fmt: skip
        return [kinds[n % len(kinds)]() for n in range(count)]

    def _word(self) -> str:
        """Return a word: half of them from the frequent ones, half from any."""
        power = 2 if self._clock.random() < 0.5 else 1
        return self._words[int(len(self._words) * self._clock.random() ** power)]

    def _phrase(self) -> str:
        """Return two words that stand next to each other in an article."""
        while True:
            text = self._texts[int(len(self._texts) * self._clock.random())]
            pairs = re.findall(r"\b(?=([A-Za-z]{4,12} [A-Za-z]{4,12})\b)", text)
            if pairs:
                return f'"{pairs[int(len(pairs) * self._clock.random())]}"'


def article(value: dict[str, str | None]) -> Article:
    """Return a line of the news as an article."""
    return Article(
        title=value.get("title") or "",
        summary=value.get("summary") or "",
        link=value.get("link"),
        lang=value.get("lang"),
    )


def news(path: Path, most: int) -> list[bytes]:
    """Return lines of the file, or made-up ones: frequent words and a long tail of rare ones."""
    if path.exists():
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines(True)[:most]
    clock = FakeClock(seed=3)

    def text(words: int) -> str:
        ranks = (int(30_000 ** clock.random()) for _ in range(words))
        return " ".join("".join(chr(97 + rank // 5**n % 26) for n in range(5)) for rank in ranks)

    made = ({"title": text(10).capitalize(), "summary": text(45)} for _ in range(most))
    return [f"{json.dumps(value)}\n".encode() for value in made]


# --- measures ----------------------------------------------------------------------------------


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """Return the CPU seconds of the fastest of some runs."""
    best = math.inf
    for _ in range(times):
        gc.collect()
        began = process_time()
        work()
        best = min(best, process_time() - began)
    return best


def matcher_line(world: World, count: int) -> tuple[float, str]:
    """Measure the matcher alone; return the µs of an article, read again, and the table's line."""
    queries = world.queries(count)
    parsing = seconds(lambda: [query.parse(text) for text in queries])
    rules = [Rule(f"r{n}", text, query.parse(text)) for n, text in enumerate(queries)]
    building = seconds(lambda: Matcher(rules))
    tracemalloc.start()
    matcher = Matcher(rules)
    memory = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    found: list[int] = []
    first = seconds(lambda: found.extend(len(matcher.match(one)) for one in world.articles))
    again = seconds(lambda: [matcher.match(one) for one in world.articles], 3)
    adding, removing = edits(world, matcher)
    several = len(world.articles)
    return again / several * 1e6, (
        f"{count:>7,}{parsing / count * 1e6:>10.1f}{building:>9.3f}{memory:>7.1f}"
        f"{several / first:>11,.0f}{several / again:>11,.0f}{sum(found) / several:>9.2f}"
        f"{adding:>8.1f}{removing:>8.1f}"
    )


def edits(world: World, matcher: Matcher) -> tuple[float, float]:
    """Return the µs of adding one rule and of removing one, in a matcher at work."""
    made = enumerate(world.queries(EDITS))
    rules = [Rule(f"edit{n}", text, query.parse(text)) for n, text in made]
    adding = seconds(lambda: [matcher.add(rule) for rule in rules])
    removing = seconds(lambda: [matcher.remove(rule.name) for rule in rules])
    return adding / EDITS * 1e6, removing / EDITS * 1e6


def peers(world: World, count: int) -> Iterator[tuple[str, float]]:
    """Yield what stands beside the matcher, with its µs an article."""
    texts = [f"{one.title}\n{one.summary}" for one in world.articles]
    known = {piece: None for text in texts for piece in text.split()}

    def floor() -> None:
        for text in texts:
            for _ in map(known.__getitem__, text.split()):
                pass

    yield "floor", seconds(floor, 3) / len(texts) * 1e6
    literals = [words_of(text) for text in world.queries(count)]
    if util.find_spec("ahocorasick_rs"):
        automaton = import_module("ahocorasick_rs").AhoCorasick(list(chain(*literals)))
        search = automaton.find_matches_as_indexes
        took = seconds(lambda: [search(text.lower(), overlapping=True) for text in texts], 3)
        yield "ahocorasick_rs", took / len(texts) * 1e6
    loop = [re.compile(rf"\b(?:{'|'.join(map(re.escape, own))})\b", re.I) for own in literals]
    some = texts[:SAMPLE]
    took = seconds(lambda: [[one for one in loop if one.search(text)] for text in some])
    yield "loop of re", took / len(some) * 1e6


def words_of(text: str) -> list[str]:
    """Return the words and phrases that can make a query hold, in small letters."""
    terms = (leaf for leaf in positives(query.parse(text)) if isinstance(leaf, Term))
    return [" ".join(word.text for word in term.words).lower() for term in terms]


def command(world: World, count: int, folder: Path) -> str:
    """Measure `alerts match --json` as a whole process, and how long it takes to do nothing."""
    rules = [f"  r{n}: '{text}'" for n, text in enumerate(world.queries(count))]
    (folder / "rules.yaml").write_text("\n".join(["version: 1", "rules:", *rules]))
    (folder / "news.jsonl").write_bytes(b"".join(world.lines))
    (folder / "one.jsonl").write_bytes(world.lines[0])
    whole = min(process(folder, "news.jsonl") for _ in range(3))
    start = min(process(folder, "one.jsonl") for _ in range(3))
    several = len(world.lines)
    return f"{count:>7,}{start:>9.2f}{whole:>9.2f}{several / whole:>13,.0f}"


def process(folder: Path, name: str) -> float:
    """Return the CPU seconds of one `alerts match`."""
    asked = ["match", "--json", "--config", "rules.yaml", name]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "alerts", *asked],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def loading(path: Path) -> tuple[float, float]:
    """Return the seconds from YAML to rules, and from rules to a matcher."""
    rules: list[Rule] = []

    def load() -> None:
        rules.extend(config.require(path, {}, with_examples=False).rules)

    return seconds(load), seconds(lambda: Matcher(rules))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    parser.add_argument("--news", type=Path, default=NEWS)
    asked = parser.parse_args()
    sizes = [100, 1_000] if asked.quick else [100, 1_000, 10_000]
    world = World(news(asked.news, 2_000 if asked.quick else 20_000))
    source = asked.news.name if asked.news.exists() else "made-up news"
    print(f"{len(world.articles):,} articles of {source}\n\nThe matcher alone")
    print(
        "  rules  parse µs  build s     MB  first/s    again/s  matches  add µs  remove µs".rstrip()
    )
    cost: dict[int, float] = {}
    for count in sizes:
        cost[count], line = matcher_line(world, count)
        print(line, flush=True)
    growth = math.log(cost[sizes[-1]] / cost[sizes[0]]) / math.log(sizes[-1] / sizes[0])
    print(f"growth of the cost from {sizes[0]:,} to {sizes[-1]:,} rules: exponent {growth:.2f}")
    print("\nBeside it, µs an article and how many times ours (again)")
    for count in sizes[:2]:
        told = [
            f"{name} {took:.0f} ({took / cost[count]:.1f}x)" for name, took in peers(world, count)
        ]
        print(f"{count:>7,}  ours {cost[count]:.0f}   " + "   ".join(told), flush=True)
    print("\nThe whole command: alerts match --json\n  rules  start s  whole s   articles/s")
    with tempfile.TemporaryDirectory() as name:
        for count in sizes:
            print(command(world, count, Path(name)), flush=True)
        read, compiled = loading(Path(name) / "rules.yaml")
    print(f"{sizes[-1]:,} rules from YAML to compiled: {read:.2f} + {compiled:.2f} s")


if __name__ == "__main__":
    main()
