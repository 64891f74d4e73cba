"""Random rule trees and articles from a small world of words full of traps.

Twice: as hypothesis strategies, which shrink what they find, and as `World`, made from a number,
which is fifty times as fast.
"""

from __future__ import annotations

from hypothesis import strategies as st

from alerts.clock import FakeClock
from alerts.model import Article, Rule
from alerts.tree import And, Except, Fact, Near, Not, Or, Regex, RuleRef, Scope, Term, Word

RULE_WORDS = [
    Word("raid"), Word("raids"), Word("city"), Word("sanctuary"), Word("ICE", "acronym"),
    Word("ICE"), Word("ice"), Word("US", "acronym"), Word("e-mail"), Word("anti-ICE"),
    Word("Madison", "exact"), Word("madison"), Word("Ice", "exact"), Word("ICE", "exact"),
    Word("deport", "stem"), Word("dep", "prefix"), Word("287(g)"), Word("AT&T"), Word("C++"),
    Word("cafe"), Word("café", "exact"), Word("O'Brien"), Word("移民"), Word("3,000"),
    Word("#AbolishICE"), Word("the"), Word("abol", "prefix"), Word("—"), Word("mas", "prefix"),
    Word("Madison's", "exact"), Word("T"),
]  # fmt: skip

TEXT_WORDS = [
    "raid", "Raids", "raid's", "city", "cities", "sanctuary", "ICE", "I.C.E.", "Ice", "ice", "ICEs",
    "ICE's", "US", "U.S.", "us", "e-mail", "email", "anti-ICE", "MADISON", "Madison", "madison",
    "Madison’s", "deported", "deportation", "deport", "287(g)", "AT&T", "AT", "T", "C++", "C",
    "café", "cafe", "cafe\u0301", "CAFÉ", "O’Brien", "OBrien", "移民局", "移", "民", "3,000", "3000",
    "#AbolishICE", "@ICEgov", "abolish", "the", "The", "—", "RAIDS", "SANCTUARY", "CITY", "THE",
    "https://x.example/ICE-raid", "ＩＣＥ", "ra\u00adid", "agent(s)", "x",
]  # fmt: skip
JOINTS = [" ", " ", " ", " ", " ", "-", ", ", ". ", "\n", "<p>", "</p> <p>", "<b>", "&nbsp;", "\u200b ", "<br>"]  # fmt: skip

words = st.sampled_from(RULE_WORDS)
terms = st.lists(words, min_size=1, max_size=3).map(lambda found: Term(tuple(found)))
single = words.map(lambda word: Term((word,)))
FACTS = [
    Fact("feed", "Courier"), Fact("feed", "local"), Fact("place", "madison"), Fact("lang", "es"),
]  # fmt: skip
FIELDS = ["title", "summary", "content", "author", "tag", "link"]
facts = st.sampled_from(FACTS)
REGEXES = [
    Regex("ic[e]"), Regex("ICE", match_case=True), Regex(r"raids?\s+\w+"), Regex("x*"), Regex("[—!]"),
]  # fmt: skip
regexes = st.sampled_from(REGEXES)
scopes = st.lists(
    st.sampled_from(FIELDS),
    min_size=1, max_size=3, unique=True,
).map(tuple)  # fmt: skip


def _grown(children):
    pairs = st.lists(children, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        pairs.map(And),
        pairs.map(Or),
        st.builds(Not, children, st.one_of(children, children, children, st.none())),
        st.builds(Near, children, children, st.integers(1, 5)),
        st.builds(Except, children, st.lists(terms, min_size=1, max_size=2).map(tuple)),
        st.builds(lambda term, some: Except(term, (some,)), children, children),
        st.builds(Scope, scopes, children),
    )


def trees(names=()):
    """Trees, with references to the rules `names`."""
    leaves = [single, single, terms, terms, facts, regexes]
    if names:
        leaves.append(st.sampled_from(names).map(RuleRef))
    return st.recursive(st.one_of(leaves), _grown, max_leaves=6)


@st.composite
def rule_lists(draw, count=5):
    """Rules r0 ... that refer to earlier ones only."""
    made = []
    for number in range(count):
        tree = draw(trees([rule.name for rule in made]))
        made.append(
            Rule(
                f"r{number}",
                "",
                tree,
                caps=draw(st.sampled_from(["accept", "accept", "reject"])),
                feeds=draw(st.sampled_from([(), (), (), ("courier",)])),
                places=draw(st.sampled_from([(), (), (), ("Madison",)])),
                langs=draw(st.sampled_from([(), (), (), ("es",), ("en", "es")])),
            )
        )
    return made


@st.composite
def texts(draw, most=12):
    found = draw(
        st.lists(st.tuples(st.sampled_from(TEXT_WORDS), st.sampled_from(JOINTS)), max_size=most)
    )
    text = "".join(word + joint for word, joint in found)
    return text.upper() if draw(st.integers(0, 7)) == 0 else text


@st.composite
def articles(draw):
    """Articles; some repeat their summary in their content, some shout."""
    title, summary, content = draw(texts(8)), draw(texts()), draw(texts())
    repeats = draw(st.integers(0, 5))
    if repeats == 0:
        content = f"{content} {summary} the end"
    elif repeats == 1:
        summary = f"the {content}"
    elif repeats == 2:
        summary = content = ""
    return Article(
        title=title,
        summary=summary,
        content=content,
        author=draw(st.sampled_from(["", "", "O'Brien", "ICE"])),
        tags=draw(
            st.sampled_from([(), (), ("ICE",), ("sanctuary", "city"), ("caf&eacute;", "raid")])
        ),
        link=draw(st.sampled_from([None, "https://x.example/ice-raid/287(g)?q=city", "raid"])),
        sources=draw(st.sampled_from([(), ("Courier", "local")])),
        place=draw(st.sampled_from([None, "Madison"])),
        lang=draw(st.sampled_from([None, "en-US", "es"])),
    )


class World:
    """Rules and articles made from a number, always the same ones."""

    def __init__(self, number: int) -> None:
        self._clock = FakeClock(seed=number)

    def below(self, most: int) -> int:
        return int(self._clock.random() * most)

    def one(self, choices):
        return choices[self.below(len(choices))]

    def term(self) -> Term:
        return Term(tuple(self.one(RULE_WORDS) for _ in range(self.one([1, 1, 1, 2, 2, 3]))))

    def leaf(self, names):
        kind = self.below(12)
        if kind == 0 and names:
            return RuleRef(self.one(names))
        return self.one(FACTS) if kind == 1 else self.one(REGEXES) if kind == 2 else self.term()

    def tree(self, names, depth=3):
        if depth == 0 or self.below(4) == 0:
            return self.leaf(names)

        def part():
            return self.tree(names, depth - 1)

        parts = tuple(part() for _ in range(2 + self.below(2)))
        fields = tuple(dict.fromkeys(self.one(FIELDS) for _ in range(1 + self.below(3))))
        return self.one([
            lambda: And(parts),
            lambda: Or(parts),
            lambda: Not(part(), part() if self.below(4) else None),
            lambda: Near(part(), part(), 1 + self.below(5)),
            lambda: Except(part(), tuple(self.term() for _ in range(1 + self.below(2)))),
            lambda: Except(part(), (part(),)),
            lambda: Scope(fields, part()),
        ])()  # fmt: skip

    def rules(self, count):
        made = []
        for number in range(count):
            names = [rule.name for rule in made]
            rule = Rule(
                f"r{number}",
                "",
                self.tree(names, self.below(4)),
                caps=self.one(["accept", "accept", "reject"]),
                feeds=self.one([(), (), (), ("courier",)]),
                places=self.one([(), (), (), ("Madison",)]),
                langs=self.one([(), (), (), ("es",), ("en", "es")]),
            )
            made.append(rule)
        return made

    def text(self, most=14):
        text = "".join(self.one(TEXT_WORDS) + self.one(JOINTS) for _ in range(self.below(most)))
        return text.upper() if self.below(8) == 0 else text

    def article(self):
        title, summary, content = self.text(9), self.text(), self.text()
        repeats = self.below(6)
        if repeats == 0:
            content = f"{content} {summary} the end"
        elif repeats == 1:
            summary = f"the {content}"
        elif repeats == 2:
            summary = content = ""
        return Article(
            title=title,
            summary=summary,
            content=content,
            author=self.one(["", "", "O'Brien", "ICE"]),
            tags=self.one([(), (), ("ICE",), ("sanctuary", "city"), ("caf&eacute;", "raid")]),
            link=self.one([None, "https://x.example/ice-raid/287(g)?q=city", "raid"]),
            sources=self.one([(), ("Courier", "local")]),
            place=self.one([None, "Madison"]),
            lang=self.one([None, "en-US", "es"]),
        )
