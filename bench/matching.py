"""How fast rules are read, compiled and matched, beside other engines, and as `alerts match`.

    python bench/matching.py [--quick] [--write] [--news FILE.jsonl[.gz]]
                             [--peers FOLDER] [--lucene JARS]

Made-up rules of nine kinds, from the words of the news they run over (six complete days if they are
at hand, else made-up news). Everything is CPU of one core. "first" reads each article with an empty
memory of words, "again" with a full one. From 30,000 rules on the clauses stand in arrays (the
extra `fast`). Beside ours on the same rules and articles: Lucene's Monitor if JARS, a Java class
path, has Lucene 8 with its module monitor; ahocorasick_rs if it is installed (or in FOLDER); a loop
of regular expressions; and the floor, to cut a text into pieces and look each up.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import resource
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

import matching_peers as peers
from made_rules import NEWS, World, article, news, parsed, plainer
from report import Report, exponent

from alerts import config
from alerts.model import Article, Rule
from alerts.rules import query
from alerts.rules.matcher import Matcher
from alerts.rules.pause import collector_paused

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
QUICK = (100, 1_000)
EDITS = 900  # rules that are added and removed again
TRACED = 100_000  # rules: up to here each byte is counted, beyond the process is weighed
LOOPED = 10_000  # rules: with more, the loop of regular expressions takes hours
ASKED = 2_000_000  # of Lucene's Monitor: rules times articles, at least 100 articles


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the CPU seconds of the fastest of some runs."""
    best = math.inf
    for _ in range(times):
        gc.collect()
        began = process_time()
        work()
        best = min(best, process_time() - began)
    return best


def some(articles: Sequence[Article], rules: int) -> Sequence[Article]:
    """Return as many articles as so many rules leave time for."""
    return articles[: min(len(articles), max(2_000, 200_000_000 // rules))]


# --- ours alone --------------------------------------------------------------------------------


def alone(world: World, sizes: Sequence[int], report: Report) -> None:
    """Measure the matcher alone."""
    rows, costs = [], []
    for count in sizes:
        took, row = measured(world, count)
        costs.append(took)
        rows.append(row)
        print(*row, flush=True, file=sys.stderr)
    report.table(
        ("rules", "parse µs", "build s", "MB", "bytes a rule", "first/s", "again/s", "µs",
         "matches", "add µs", "remove µs"),
        rows,
    )  # fmt: skip
    for begin, end in ((0, 2), (3, 4)):
        if end < len(sizes):
            grown = exponent((sizes[begin], sizes[end]), (costs[begin], costs[end]))
            report.say(
                f"Growth of the cost from {sizes[begin]:,} to {sizes[end]:,} rules: exponent"
                f" {grown:.2f}."
            )


def measured(world: World, count: int) -> tuple[float, tuple[str, ...]]:
    """Return the µs of an article, read again, and the table's row."""
    made = world.made(count)
    times = 3 if count <= TRACED else 1
    with collector_paused():  # as where a configuration is read
        parsing = seconds(lambda: [query.parse(one.text) for one in made], times)
        rules = parsed(made)
    gc.freeze()
    building = seconds(lambda: Matcher(rules), times)
    matcher, memory = weighed(rules)
    articles = some(world.articles, count)
    several = len(articles)
    found: list[int] = []
    first = seconds(lambda: found.extend(len(matcher.match(one)) for one in articles), 1)
    again = seconds(lambda: [matcher.match(one) for one in articles])
    adding, removing = edits(world, matcher)
    gc.unfreeze()
    return again / several * 1e6, (
        f"{count:,}", f"{parsing / count * 1e6:.1f}", f"{building:.3f}", f"{memory / 1e6:.1f}",
        f"{memory / count:,.0f}", f"{several / first:,.0f}", f"{several / again:,.0f}",
        f"{again / several * 1e6:.0f}", f"{sum(found) / several:,.2f}", f"{adding:.1f}",
        f"{removing:.1f}",
    )  # fmt: skip


def weighed(rules: Sequence[Rule]) -> tuple[Matcher, float]:
    """Return a matcher of the rules and the bytes it takes beside them."""
    if len(rules) > TRACED:
        before = resident()
        matcher = Matcher(rules)
        return matcher, resident() - before
    tracemalloc.start()
    matcher = Matcher(rules)
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return matcher, memory


def resident() -> int:
    """Return the bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def edits(world: World, matcher: Matcher) -> tuple[float, float]:
    """Return the µs of adding one rule and of removing one, in a matcher at work."""
    rules = parsed(world.made(EDITS), "edit")
    adding = removing = math.inf
    for _ in range(3):
        adding = min(adding, seconds(lambda: [matcher.add(rule) for rule in rules], 1))
        removing = min(removing, seconds(lambda: [matcher.remove(r.name) for r in rules], 1))
    return adding / EDITS * 1e6, removing / EDITS * 1e6


# --- beside others -----------------------------------------------------------------------------


def beside(world: World, sizes: Sequence[int], report: Report, jars: str | None) -> None:
    """Measure ours and the others on the same rules and articles, one after the other."""
    rows, mode = [], ""
    for count in sizes:
        made = world.made(count)
        articles = world.articles[: max(100, min(1_000, ASKED // count))]
        rules = parsed(made)
        matcher = Matcher(rules)
        ours = seconds(lambda m=matcher, a=articles: [m.match(one) for one in a])
        ours *= 1e6 / len(articles)
        numbers = {rule.name: number for number, rule in enumerate(rules)}
        found = [[numbers[name] for name in matcher.match(one)] for one in articles]
        del rules, matcher
        cells = [f"{count:,}", f"{ours:.0f}"]
        if jars:
            modes = (mode,) if mode and count > TRACED else ("term", "multipass")
            tried = [peers.lucene(jars, made, articles, one) for one in modes]
            best = min(tried, key=lambda one: one.article_us)
            mode = best.mode
            same = "the same" if best.found == found else told_apart(best.found, found)
            cells += [times(best.article_us, ours), f"{best.build_s:.1f}", f"{best.heap_mb:.0f}"]
            cells += [f"{sum(map(len, found)) / len(found):,.1f}, {same}"]
        cells.append(times(peers.aho_corasick(made, articles, seconds), ours))
        cells.append(times(peers.loop(made, articles, once) if count <= LOOPED else None, ours))
        cells.append(times(peers.floor(articles, seconds), ours))
        rows.append(cells)
        print(*cells, flush=True, file=sys.stderr)
    monitor = ("Lucene Monitor µs", "build s", "heap MB", "matches") if jars else ()
    report.table(("rules", "ours µs", *monitor, "ahocorasick_rs µs", "loop of re µs", "floor µs"),
                 rows)  # fmt: skip


def once(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one run."""
    return seconds(work, 1)


def times(took: float | None, ours: float) -> str:
    """Return "433 (11x)": the µs, and how many times ours that is."""
    return "-" if took is None else f"{took:,.0f} ({took / ours:.1f}x)"


def told_apart(theirs: list[list[int]], ours: list[list[int]]) -> str:
    """Return in how many articles two engines do not find the same."""
    return f"DIFFERENT in {sum(a != b for a, b in zip(theirs, ours, strict=True))} articles"


# --- the whole command -------------------------------------------------------------------------


def command(world: World, lines: Sequence[bytes], sizes: Sequence[int], report: Report) -> None:
    """Measure `alerts match --json` as a whole process, and how long it takes to do nothing."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "news.jsonl").write_bytes(b"".join(lines))
        (folder / "one.jsonl").write_bytes(lines[0])
        for count in (size for size in sizes if size <= LOOPED):
            rules = [f"  r{n}: '{one.text}'" for n, one in enumerate(world.made(count))]
            (folder / "rules.yaml").write_text("\n".join(["version: 1", "rules:", *rules]))
            start, whole = process(folder, "one.jsonl"), process(folder, "news.jsonl")
            reading, building = loading(folder / "rules.yaml")
            rows.append(
                (f"{count:,}", f"{start:.2f}", f"{whole:.2f}", f"{len(lines) / whole:,.0f}",
                 f"{reading:.2f}", f"{building:.2f}")
            )  # fmt: skip
    report.table(
        ("rules", "start s", "whole s", "articles/s", "YAML to rules s", "to a matcher s"), rows
    )


def process(folder: Path, name: str) -> float:
    """Return the CPU seconds of one `alerts match`, the best of three."""
    asked = ["match", "--json", "--config", "rules.yaml", name]
    best = math.inf
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "alerts", *asked],
            cwd=folder,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},  # noqa: TID251 - as installed
            check=True,
            stdout=subprocess.DEVNULL,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, sum(after[:2]) - sum(before[:2]))
    return best


def loading(path: Path) -> tuple[float, float]:
    """Return the seconds from YAML to rules, and from rules to a matcher."""
    rules = list(config.require(path, {}, with_examples=False).rules)
    reading = seconds(lambda: config.require(path, {}, with_examples=False))
    return reading, seconds(lambda: Matcher(rules))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    parser.add_argument("--write", action="store_true", help="keep the tables in bench/README.md")
    parser.add_argument("--news", type=Path, default=NEWS)
    parser.add_argument("--peers", type=Path, help="a folder with ahocorasick_rs")
    parser.add_argument("--lucene", metavar="JARS", help="a Java class path with Lucene 8")
    asked = parser.parse_args()
    if asked.peers:
        sys.path.append(str(asked.peers))
    sizes = QUICK if asked.quick else SIZES
    report = Report("matching", write=asked.write)
    lines = news(asked.news, 2_000 if asked.quick else 20_000)
    source = asked.news.name if asked.news.exists() else "made-up news"
    world = World([article(line) for line in lines])
    report.say(f"The matcher alone, over {len(lines):,} articles of {source}:")
    alone(world, sizes, report)
    report.say("Beside others, over articles of small singular words; µs an article, and how many"
               " times ours:")  # fmt: skip
    beside(World([plainer(one) for one in world.articles]), sizes, report, asked.lucene)
    report.say("The whole command, `alerts match --json`:")
    command(world, lines, sizes, report)
    report.close()


if __name__ == "__main__":
    main()
