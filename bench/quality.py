"""How good the shipped rules are on labelled news, beside what plain keyword matchers find.

    python bench/quality.py [--list] [--labels FILE]

Each row of a labelled file says of one article whether it is about a topic. The rules run through
`alerts match`; a plain matcher looks for the topic's one keyword: as a substring, as a whole word,
or as a word with its case. "In passing" are rows that only mention the topic: a reader decides
whether they are wanted, so they count apart.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LABELLED = HERE.parents[1] / "shared" / "data" / "labels_dev.tsv"
OWN = HERE.parent / "tests" / "rules" / "shipped_rows.tsv"
RULES = HERE.parent / "subscribers.yaml"

KEYWORDS = {"ice": "ICE", "sanctuary": "sanctuary", "madison": "Madison"}

Row = Mapping[str, str]
Finder = Callable[[str], bool]


@dataclass(frozen=True)
class Score:
    """What one matcher did on the rows of one topic."""

    told: int
    relevant: int
    missed: Sequence[str]
    wrong: Sequence[str]
    passing: int
    passing_told: int

    @property
    def allows(self) -> tuple[int, int]:
        """Return how many may be missed and wrong: max(1, 3 %) each."""
        return max(1, self.relevant * 3 // 100), max(1, self.told * 3 // 100)

    def line(self, name: str) -> str:
        """Return the score as a line of the table."""
        right = self.told - len(self.wrong) - self.passing_told
        judged = right + len(self.wrong)
        precision = right / judged if judged else 0.0
        recall = 1 - len(self.missed) / self.relevant if self.relevant else 0.0
        passing = f"{self.passing_told}/{self.passing}" if self.passing else "-"
        return (
            f"  {name:<24}{self.told:>6}{self.relevant:>10}{len(self.missed):>8}"
            f"{len(self.wrong):>7}{precision:>11.3f}{recall:>8.3f}{passing:>12}"
        )


HEAD = (
    f"  {'':<24}{'told':>6}{'relevant':>10}{'missed':>8}{'wrong':>7}"
    f"{'precision':>11}{'recall':>8}{'in passing':>12}"
)


def plain(keyword: str) -> dict[str, Finder]:
    """Return what peers do, for one keyword."""
    word = rf"\b{re.escape(keyword)}\b"
    return {
        "substring": lambda text: keyword.casefold() in text.casefold(),
        "whole word": lambda text: re.search(word, text, re.IGNORECASE) is not None,
        "case-sensitive word": lambda text: re.search(word, text) is not None,
    }


def read(path: Path) -> list[Row]:
    """Return the rows of a labelled file, quoted as a csv writer does."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def judged(rows: Sequence[Row], topic: str) -> list[tuple[int, str]]:
    """Return (row, y/n/i) of what was judged for a topic; rows of one topic name it instead."""
    told = [(n, row.get(topic, "")) for n, row in enumerate(rows)]
    if rows and "topic" in rows[0]:
        told = [(n, row["is_about"]) for n, row in enumerate(rows) if row["topic"] == topic]
    return [(n, label) for n, label in told if label in ("y", "n", "i")]


def matched(rows: Sequence[Row], rules: Path) -> list[frozenset[str]]:
    """Return the names of the rules that hold for each row, by the command that people use."""
    keys = ("title", "summary", "link", "source")
    lines = "".join(json.dumps({key: row.get(key) or None for key in keys}) + "\n" for row in rows)
    command = [sys.executable, "-m", "alerts", "match", "--json", "--config", str(rules), "-"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    names: dict[int, frozenset[str]] = {}
    for line in done.stdout.splitlines():
        found = json.loads(line)
        names[found["n"]] = frozenset(found["rules"])
    return [names.get(n, frozenset()) for n in range(len(rows))]


def score(rows: Sequence[Row], labels: Sequence[tuple[int, str]], told: set[int]) -> Score:
    """Compare what a matcher told with the labels."""

    def titles(wanted: str, *, was_told: bool) -> list[str]:
        return [shown(rows[n]) for n, y in labels if y == wanted and (n in told) == was_told]

    return Score(
        told=sum(n in told for n, _ in labels),
        relevant=sum(label == "y" for _, label in labels),
        missed=titles("y", was_told=False),
        wrong=titles("n", was_told=True),
        passing=sum(label == "i" for _, label in labels),
        passing_told=len(titles("i", was_told=True)),
    )


def shown(row: Row) -> str:
    """Return an article on one line."""
    return f"{row['title']} | {row.get('summary') or ''}"[:400]


def scores(path: Path, rules: Path = RULES) -> dict[str, dict[str, Score]]:
    """Return each topic's scores by matcher, the shipped rules first."""
    rows = read(path)
    names = matched(rows, rules)
    texts = [f"{row['title']}\n{row.get('summary') or ''}" for row in rows]
    found: dict[str, dict[str, Score]] = {}
    for topic, keyword in KEYWORDS.items():
        labels = judged(rows, topic)
        by_rules = {n for n, _ in labels if topic in names[n]}
        found[topic] = {f"the rule {topic}": score(rows, labels, by_rules)}
        for name, finds in plain(keyword).items():
            told = {n for n, _ in labels if finds(texts[n])}
            found[topic][f"{name} {keyword}"] = score(rows, labels, told)
    return found


def main() -> int:
    """Print the table for each labelled file; 1 if a rule falls short of what is demanded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--list", action="store_true", help="Name what was missed and wrong.")
    parser.add_argument("--labels", type=Path, default=LABELLED, help="Another labelled file.")
    parser.add_argument("--rules", type=Path, default=RULES, help="Another subscribers.yaml.")
    args = parser.parse_args()
    is_short = False
    for path in (args.labels, OWN):
        if not path.exists():
            print(f"{path} is not here.")
            continue
        print(f"\n{path.name}{', rows of ours that the rules were written on' * (path == OWN)}")
        for topic, by_matcher in scores(path, args.rules).items():
            print(f"\n{HEAD}")
            for name, each in by_matcher.items():
                print(each.line(name))
            ours = by_matcher[f"the rule {topic}"]
            may_miss, may_err = ours.allows
            is_short |= len(ours.missed) > may_miss or len(ours.wrong) > may_err
            for what, rows in (("missed", ours.missed), ("wrong", ours.wrong)):
                for row in rows if args.list else ():
                    print(f"    {what}: {row}")
    return int(is_short)


if __name__ == "__main__":
    sys.exit(main())
