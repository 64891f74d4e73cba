"""Small words and signs between the words of a query that were meant as operators.

They are not: words side by side are a phrase, whatever stands between them. It reads the text as
it was written; what the tree says is for `lint`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, pairwise

from alerts.rules import lexer
from alerts.rules.mistakes import LintWarning

_LOOSE_OPERATORS = frozenset(("and", "or", "not", "near", "except"))
_MEANT = {"&": "AND", "+": "AND"}
_APART = frozenset(",;&+")
_DISTANCE_DIGITS = 3
_INSIDE = re.compile(r"(?<=[^\W_])[,;+](?=[^\W\d_])")  # "raid,jail"; not 3,000

Token = re.Match[str]


def query_warnings(text: str, rule: str = "", *, is_item: bool = False) -> Iterator[LintWarning]:
    """Yield a warning for each small and/or/not and each loose comma between unquoted words.

    `is_item`: `text` is an item of a list; without any operator it is a phrase, and meant so
    ("law and order"; "Madison, Wis."). A name ("Health and Human Services", "Johnson & Johnson")
    is no mistake, nor is anything in quotes.
    """
    tokens = [*lexer.tokens(text)]
    yield from _bare_distances(tokens, rule)
    yield from _signs_of_others(tokens, rule)
    is_phrase = is_item and not any(token.lastindex in lexer.OPERATORS for token in tokens)
    for kind, group in groupby(tokens, key=lambda token: token.lastindex):
        if kind != lexer.WORD:
            continue
        run = list(group)
        if not is_phrase:
            yield from _small_words(run, rule)
        yield from _signs(run, rule, is_phrase=is_phrase)


def _bare_distances(tokens: list[Token], rule: str) -> Iterator[LintWarning]:
    """Tell of "NEAR 8": the number is looked for as a word."""
    for near, number in pairwise(tokens):
        if near.lastindex == lexer.NEAR and near[lexer.NEAR].strip() == "NEAR":
            word = number[lexer.WORD] or ""
            if word.isdecimal() and len(word) <= _DISTANCE_DIGITS:
                yield LintWarning(
                    rule,
                    f"`NEAR {word}` looks for the number {word} as a word.",
                    f"Write NEAR/{word}, without a blank.",
                    near.start(lexer.NEAR),
                    number.end(lexer.WORD),
                )


def _signs_of_others(tokens: list[Token], rule: str) -> Iterator[LintWarning]:
    """Tell of signs that mean something in other programs: +ICE, raid?."""
    for token in tokens:
        word = token[lexer.WORD] or ""
        sign, hint = "", ""
        if word[:1] == "+" and word[1:2].isalnum():
            sign, hint = "+", "Words that must both be there are joined by AND: ICE AND raid."
        elif word[-1:] == "?" and word[:-1].isalnum():
            sign, hint = "?", f"For any ending write {word[:-1]}*."
        if sign:
            start, end = token.span(lexer.WORD)
            yield LintWarning(rule, f"`{sign}` has no meaning at a word.", hint, start, end)


def _small_words(run: list[Token], rule: str) -> Iterator[LintWarning]:
    for before, token, after in zip(run, run[1:], run[2:], strict=False):
        word = token[lexer.WORD]
        is_name = word == "and" and _is_name(before[lexer.WORD]) and _is_name(after[lexer.WORD])
        if word not in _LOOSE_OPERATORS or is_name:
            continue
        start, end = token.span(lexer.WORD)
        yield LintWarning(
            rule,
            f"`{word}` in small letters is a word to look for, not an operator.",
            f'Write {word.upper()} in capitals, or for a phrase "{_whole(run)}".',
            start,
            end,
        )


def _signs(run: list[Token], rule: str, *, is_phrase: bool) -> Iterator[LintWarning]:
    """Tell of the first loose sign of a run: the others were meant alike."""
    for before, sign, after, at in _signs_between(run):
        is_named = _is_name(before) and _is_name(after)
        if is_named and (is_phrase or sign == "&"):
            continue
        meant = _MEANT.get(sign, "OR")
        yield LintWarning(
            rule,
            f"`{sign}` between words is no operator: `{_whole(run)}` is looked for as one phrase.",
            f"Write {before} {meant} {after}"
            + (" for either, AND for both" if meant == "OR" else "")
            + f'; for the phrase, put it in quotes: "{_whole(run)}".',
            at,
            at + 1,
        )
        return


def _signs_between(run: list[Token]) -> Iterator[tuple[str, str, str, int]]:
    """Yield the word before, the sign, the word after and where the sign stands."""
    words = [token[lexer.WORD] for token in run]
    starts = [token.start(lexer.WORD) for token in run]
    for n, word in enumerate(words):
        before = _bare(words[n - 1]) if n else ""
        after = _bare(words[n + 1]) if n + 1 < len(words) else ""
        for found in _INSIDE.finditer(word):
            yield word[: found.start()], found[0], word[found.end() :], starts[n] + found.start()
        if word in _APART:
            if before and after:
                yield before, word, after, starts[n]
        elif word[-1] in ",;" and after:
            yield _bare(word), word[-1], after, starts[n] + len(word) - 1
        elif word[0] in ",;" and before:
            yield before, word[0], _bare(word), starts[n]


def _bare(word: str) -> str:
    return word.strip(",;")


def _is_name(word: str) -> bool:
    return bool(word) and not word[0].islower()


def _whole(run: list[Token]) -> str:
    return " ".join(token[lexer.WORD] for token in run)[:80]
