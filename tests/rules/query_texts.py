"""Hypothesis strategies for texts of the query language, each with its own valid grammar."""

from hypothesis import strategies as st

_PLAIN = (
    "raid Madison ICE I.C.E. anti-ICE 287(g) C++ AT&T O'Brien e-mail and Wis. $1.5m #ICE @ICEgov"
    " 移民局 24/7 Re: 7:30 ICE/CBP"
)
PLAIN = st.sampled_from(_PLAIN.split(" "))
MARKED = st.sampled_from(
    ["=Madison", "=ICE", "i:ICE", "i:raid", "deport*", "anti-deport*", "~deport", "=e-mail"]
)
QUOTED_ONLY = st.sampled_from(["AND", "NEAR/3", "near/8", "a|b", "x:y", "(a", "-b", "/c/", "!"])
RUN = st.lists(PLAIN | MARKED, min_size=1, max_size=3).map(" ".join)
QUOTED = st.builds(
    lambda mark, quotes, words: f"{mark}{quotes[0]}{' '.join(words)} x{quotes[1]}",
    st.sampled_from(["", "", "="]),
    st.sampled_from(['""', "“”", "„“", "«»"]),
    st.lists(PLAIN | QUOTED_ONLY, max_size=3),
)
TERM = RUN | QUOTED
OR_GROUP = st.lists(TERM, min_size=2, max_size=3).map(lambda parts: f"({' | '.join(parts)})")
PLACED = TERM | OR_GROUP  # what has a place in the text
SCOPED = st.builds(
    lambda field, node: f"{field}:{node}",
    st.sampled_from(["title", "summary", "content", "author", "tag", "link", "title,content"]),
    QUOTED | OR_GROUP,
)
FACT = st.sampled_from(
    [
        "place:madison",
        "feed:https://a.example/x",
        'feed:"Dane County Courier"',
        'feed:“The "Post"”',
        'place:("New York" | madison)',
        'place:"AND"',
        "lang:es",
    ]
)
LEAF = TERM | SCOPED | FACT | st.sampled_from(["rule:ice", "/ab+c/", r"/a\/b/c", "title:/x/"])
EXCEPT = st.builds("{} EXCEPT {}".format, PLACED, TERM | OR_GROUP)
NEAR = st.builds(
    "{} {} {}".format, PLACED | EXCEPT, st.sampled_from(["NEAR", "NEAR/3", "NEAR/10"]), PLACED
)


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = inner.map("({})".format)
    return st.one_of(
        st.lists(group | LEAF, min_size=2, max_size=3).map(" AND ".join),
        st.lists(group | LEAF, min_size=2, max_size=3).map(" OR ".join),
        st.lists(inner, min_size=2, max_size=3).map(" | ".join),
        st.builds("{} NOT {}".format, group | LEAF, group | LEAF),
        st.builds("{} AND NOT {}".format, group | LEAF, group | LEAF),
        st.builds("({} | x) EXCEPT {}".format, inner, TERM | OR_GROUP),
        st.builds("{} NEAR/4 {}".format, NEAR, PLACED),
    )


#: Valid queries of every form (a few may be refused: two negatives, an empty group of NEAR).
QUERIES = st.recursive(LEAF | EXCEPT | NEAR, _wider, max_leaves=8)
