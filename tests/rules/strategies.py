"""Random rule trees and articles from a small world of words full of traps."""

from __future__ import annotations

from hypothesis import strategies as st

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
facts = st.sampled_from(
    [Fact("feed", "Courier"), Fact("feed", "local"), Fact("place", "madison"), Fact("lang", "es")]
)
regexes = st.sampled_from(
    [
        Regex("ic[e]"),
        Regex("ICE", match_case=True),
        Regex(r"raids?\s+\w+"),
        Regex("x*"),
        Regex("[—!]"),
    ]
)
scopes = st.lists(
    st.sampled_from(["title", "summary", "content", "author", "tag", "link"]),
    min_size=1, max_size=3, unique=True,
).map(tuple)  # fmt: skip


def _grown(children):
    pairs = st.lists(children, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        pairs.map(And),
        pairs.map(Or),
        st.builds(Not, children, st.one_of(children, children, children, st.none())),
        st.builds(Near, children, children, st.integers(1, 5)),
        st.builds(
            lambda term, some: Except(term, some),
            children,
            st.lists(terms, min_size=1, max_size=2).map(tuple),
        ),
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
