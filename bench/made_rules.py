"""News and made-up rules of its words, always the same ones: what `matching` runs on."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from alerts.clock import FakeClock
from alerts.model import Article, Rule
from alerts.rules import query
from alerts.spelling import is_singular

NEWS = Path(__file__).parents[2] / "shared" / "data" / "news_days_dev.jsonl.gz"
COMMON_WORDS = 200  # the most frequent words of the news, which nobody makes a rule of
VOCABULARY = 20_000  # words that rules are made of

#: Each kind of rule, as it is written; {} stands for a word.
KINDS = {
    "word": "{}",
    "phrase": '"{} {}"',
    "and": "{} AND {}",
    "or": "{} OR {} OR {}",
    "near": "{} NEAR/8 ({} | {})",
    "not": '"{} {}" NOT {}',
    "title": "title:{}",
    "group": '({} | "{} {}") AND {}',
    "except": '{} EXCEPT "{} {}"',
}


class Made(NamedTuple):
    """One made-up rule: its kind and the words of it."""

    kind: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The query."""
        return KINDS[self.kind].format(*self.words)

    def literals(self) -> list[str]:
        """Return the words and phrases that can make it hold, for engines that know no more."""
        words = [word.lower() for word in self.words]
        if self.kind in ("phrase", "not"):
            return [" ".join(words[:2])]
        if self.kind == "group":
            return [words[0], " ".join(words[1:3]), words[3]]
        return words[:1] if self.kind == "except" else words


class World:
    """Articles, and rules made of their words."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles = articles
        self._clock = FakeClock(seed=7)
        self._texts = [f"{one.title} {one.summary}" for one in self.articles]
        self._pairs: dict[int, list[str]] = {}
        words = Counter(w for text in self._texts for w in re.findall(r"\b[a-z]{4,12}\b", text))
        common = [word for word, _ in words.most_common(COMMON_WORDS + VOCABULARY)]
        self._words = common[COMMON_WORDS:] if len(common) > 2 * COMMON_WORDS else common

    def made(self, count: int) -> list[Made]:
        """Return `count` rules, each kind as often as the others."""
        w, p = self._word, self._phrase
        kinds: dict[str, Callable[[], tuple[str, ...]]] = {
            "word": lambda: (w(),),
            "phrase": p,
            "and": lambda: (w(), w()),
            "or": lambda: (w(), w(), w()),
            "near": self._apart,  # Lucene takes a word for near itself
            "not": lambda: (*p(), w()),
            "title": lambda: (w(),),
            "group": lambda: (w(), *p(), w()),
            "except": lambda: (w(), *p()),
        }
        names = list(kinds)
        return [Made(k := names[n % len(names)], kinds[k]()) for n in range(count)]

    def _word(self) -> str:
        """Return a word: half of them from the frequent ones, half from any."""
        power = 2 if self._clock.random() < 0.5 else 1
        return self._words[int(len(self._words) * self._clock.random() ** power)]

    def _apart(self) -> tuple[str, ...]:
        """Return three words of which none is another."""
        while True:
            words = self._word(), self._word(), self._word()
            if len(set(words)) == len(words):
                return words

    def _phrase(self) -> tuple[str, ...]:
        """Return two words that stand next to each other in an article."""
        while True:
            number = int(len(self._texts) * self._clock.random())
            pairs = self._pairs.get(number)
            if pairs is None:
                found = re.findall(r"\b(?=([A-Za-z]{4,12} [A-Za-z]{4,12})\b)", self._texts[number])
                pairs = self._pairs[number] = found
            if pairs:
                return tuple(pairs[int(len(pairs) * self._clock.random())].split())


def parsed(made: Sequence[Made], begin: str = "r") -> list[Rule]:
    """Return them as rules, with names."""
    return [Rule(f"{begin}{n}", one.text, query.parse(one.text)) for n, one in enumerate(made)]


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


def article(line: bytes) -> Article:
    """Return a line of the news as an article."""
    value = json.loads(line)
    return Article(
        title=value.get("title") or "",
        summary=value.get("summary") or "",
        link=value.get("link"),
        lang=value.get("lang"),
    )


def plainer(one: Article) -> Article:
    """Return an article of small singular words only: in it every engine sees the same words."""
    return Article(title=_plain(one.title), summary=_plain(one.summary))


def _plain(text: str) -> str:
    words = re.findall(r"[a-z]+", text.lower())
    return " ".join(word if is_singular(word) else f"{word}o" for word in words)
