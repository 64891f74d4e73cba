"""The query language: text -> tree, by recursive descent over the tokens of `lexer`.

Binding, tightest first: EXCEPT, NOT, NEAR, AND, OR. Every mistake is a QueryError with its place
and what to write; nothing else is ever raised. `start` and `end` of Near, Not and Except are those
of the operator. The YAML form is put together in `build`, the way back to text is `write`.
"""

from __future__ import annotations

from typing import NoReturn

from alerts.rules import field_names, lexer, shapes
from alerts.rules.lexer import (
    AND,
    CLOSE,
    END,
    EXCEPT,
    FIELD,
    NEAR,
    NOT,
    OPEN,
    OPERATORS,
    OR,
    QUOTED,
    REGEX,
    UNCLOSED,
    VALUE,
    WORD,
)
from alerts.rules.mistakes import QueryError, nearest
from alerts.rules.shapes import subnodes
from alerts.tree import Near, Node, Not, Regex, Scope, Term

__all__ = ["QueryError", "nearest", "parse", "subnodes"]

LONGEST_QUERY = 10_000  # characters; a longer one is a pasted article
DEEPEST_GROUP = 50  # parentheses inside parentheses

_OPERANDS = frozenset((OPEN, QUOTED, REGEX, VALUE, FIELD, WORD, UNCLOSED))  # what can begin one


def parse(text: str, *, key: str = "query") -> Node:
    """Return the tree of one query; QueryError with start, end and hint if it is not one.

    `key` is that of the rule it stands under. An item of `all` may say only what must not be there.
    """
    if len(text) > LONGEST_QUERY:
        raise QueryError(
            f"This query is {len(text):,} characters long; {LONGEST_QUERY:,} is the most.",
            start=LONGEST_QUERY,
            end=len(text),
            hint="Make several rules of it, or several items of a list under any:.",
        )
    return _Parser(text).whole(key)


class _Parser:
    __slots__ = ("at", "depth", "has_bare_not", "kinds", "text", "tokens")

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = lexer.tokens(text)
        self.kinds = [token.lastindex or END for token in self.tokens] + [END]
        self.at = 0
        self.depth = 0
        self.has_bare_not = False

    # --- from the loosest binding to the tightest ---------------------------------------------

    def whole(self, key: str) -> Node:
        if not self.tokens:
            raise QueryError(
                "The query is empty.",
                end=len(self.text),
                hint='Write the word or phrase to look for, such as ICE or "sanctuary city".',
            )
        node = self.alternatives()
        if self.kinds[self.at] != END:
            self.refuse_rest()
        if self.has_bare_not:
            shapes.require_positive(node, key)
        return node

    def alternatives(self) -> Node:
        first = self.conjunction()
        if self.kinds[self.at] != OR:
            return first
        parts = [first]
        while self.kinds[self.at] == OR:
            self.at += 1
            parts.append(self.conjunction())
        return shapes.any_of(parts)

    def conjunction(self) -> Node:
        first = self.exclusion()
        if self.kinds[self.at] != AND:
            return first
        parts = [first]
        while self.kinds[self.at] == AND:
            self.at += 1
            parts.append(self.exclusion())
        return shapes.all_of(parts)

    def exclusion(self) -> Node:
        """`NOT a`, and `a NOT b` after a NEAR chain, as `a NEAR (b NOT c)` would mean nothing."""
        kinds, first = self.kinds, self.at
        node = self.bare_not() if kinds[self.at] == NOT else self.exception()
        if kinds[self.at] == NEAR and not shapes.is_bare_not(node):
            node = self.chain(node)
        while kinds[self.at] == NOT:
            start, end = self.span()
            self.at += 1
            node = shapes.without(node, self.dropped(), start, end)
        if kinds[self.at] == NEAR:
            self.refuse_near_not(first)
        return node

    def bare_not(self) -> Node:
        start, end = self.span()
        self.at += 1
        self.has_bare_not = True
        return Not(self.dropped(), None, start, end)

    def dropped(self) -> Node:
        if self.kinds[self.at] == NOT:
            self.fail("NOT stands twice.", "Write NOT once, before what must not be there.")
        return self.exception()

    def chain(self, left: Node) -> Node:
        """`a NEAR b NEAR c` says: a near b, and b near c."""
        pairs: list[Node] = []
        while self.kinds[self.at] == NEAR:
            start, end = self.span()
            within = shapes.distance(self.text[start:end], start, end)
            shapes.near_operand(left, start, end)
            self.at += 1
            right = self.exception()
            shapes.near_operand(right, start, end)
            pairs.append(Near(left, right, within, start, end))
            left = right
        return shapes.all_of(pairs)

    def exception(self) -> Node:
        node = self.run() if self.kinds[self.at] == WORD else self.operand()
        while self.kinds[self.at] == EXCEPT:
            start, end = self.span()
            self.at += 1
            phrases = shapes.except_phrases(self.operand(), start, end)
            node = shapes.excepted(node, phrases, start, end)
        return node

    # --- operands -----------------------------------------------------------------------------

    def operand(self) -> Node:
        kind = self.kinds[self.at]
        if kind == WORD:
            return self.run()
        if kind == QUOTED:
            return self.quoted()
        if kind == OPEN:
            return self.group()
        if kind == VALUE:
            return self.value()
        if kind == FIELD:
            return self.run() if self.is_plain(self.at) else self.field()
        if kind != REGEX:
            self.refuse_operand()
        return self.regex()

    def run(self) -> Term:
        """Words side by side: one phrase."""
        kinds, tokens, at = self.kinds, self.tokens, self.at
        kind = kinds[at]
        start, end = tokens[at].span(kind)
        written = [tokens[at][kind]]
        at += 1
        kind = kinds[at]
        while kind == WORD or (kind == FIELD and self.is_plain(at)):
            written.append(tokens[at][kind])
            end = tokens[at].end()
            at += 1
            kind = kinds[at]
        self.at = at
        return Term(lexer.placed(written, "", start, end), start, end, self.text)

    def is_plain(self, at: int) -> bool:
        """Whether the word with a colon at `at` is no field: a blank follows ("Re: visas")."""
        token, kind = self.tokens[at], self.kinds[at + 1]
        is_glued = kind in _OPERANDS and self.tokens[at + 1].start(kind) == token.end()
        return not is_glued and not field_names.is_like(token[FIELD][:-1])

    def quoted(self) -> Term:
        start, end = self.span()
        self.at += 1
        mark, content = lexer.quoted(self.text[start:end])
        return Term(lexer.phrase(content, mark, start, end), start, end, self.text)

    def group(self) -> Node:
        opening = self.open_group()
        node = self.alternatives()
        self.close_group(opening)
        return node

    def open_group(self) -> int:
        opening = self.span()[0]
        self.depth += 1
        if self.depth > DEEPEST_GROUP:
            self.fail(
                f"More than {DEEPEST_GROUP} parentheses stand inside each other.",
                "Make rules of the inner parts and name them with rule:.",
            )
        self.at += 1
        if self.kinds[self.at] == CLOSE:
            self.fail("Nothing stands between these parentheses.", "Write a group: (raid | jail).")
        return opening

    def close_group(self, opening: int) -> None:
        if self.kinds[self.at] == END:
            raise QueryError(
                "This parenthesis is never closed.",
                start=opening,
                end=opening + 1,
                hint="Write ) where the group ends.",
            )
        if self.kinds[self.at] != CLOSE:
            self.refuse_rest()
        self.at += 1
        self.depth -= 1

    def regex(self) -> Regex:
        start, end = self.span()
        self.at += 1
        body, _, flag = self.text[start + 1 : end].rpartition("/")
        shapes.check_regex(body, start, end, match_case=flag == "c")
        return Regex(body, flag == "c", start, end)

    # --- fields -------------------------------------------------------------------------------

    def field(self) -> Node:
        start, end = self.span()
        name = self.text[start : end - 1]
        names = field_names.read(name, start, end)
        self.at += 1
        if self.kinds[self.at] in (FIELD, VALUE):
            self.fail(
                f"`{name}:` stands before another field.",
                "Write each field on its own and join them: title:raid AND place:madison.",
            )
        if names[0] in field_names.EXAMPLE:
            return self.fact_values(names[0], start)
        return field_names.text_scope(names, self.operand(), start, end)

    def value(self) -> Node:
        """A field with its value right after it: `place:madison`, `link:https://x.example/a`."""
        start, end = self.span()
        name, _, value = self.text[start:end].partition(":")
        self.at += 1
        if name != "link":
            return field_names.fact(name, value, start, end)
        address = value.removeprefix("https://").removeprefix("http://")
        words = lexer.placed([address], "", start, end)
        return Scope(("link",), Term(words, start, end, self.text))

    def fact_values(self, name: str, start: int) -> Node:
        if self.kinds[self.at] != OPEN:
            return self.fact_value(name, start)
        opening = self.open_group()
        parts = [self.fact_value(name, self.span()[0])]
        while self.kinds[self.at] == OR:
            self.at += 1
            parts.append(self.fact_value(name, self.span()[0]))
        self.close_group(opening)
        return shapes.any_of(parts)

    def fact_value(self, name: str, start: int) -> Node:
        kind = self.kinds[self.at]
        if kind not in (WORD, QUOTED):
            example = field_names.EXAMPLE[name]
            self.fail(f"`{name}:` has no value after it.", f"Write {name}:{example}.")
        begin, end = self.span()
        self.at += 1
        value = self.text[begin:end]
        if kind == QUOTED:
            mark, content = lexer.quoted(value)
            value = mark + " ".join(content.split())
        return field_names.fact(name, value, start, end)

    # --- mistakes -----------------------------------------------------------------------------

    def span(self) -> tuple[int, int]:
        """Where the present token stands; at the end of the text, its last character."""
        kind = self.kinds[self.at]
        if kind != END:
            return self.tokens[self.at].span(kind)
        end = self.tokens[-1].end()
        return end - 1, end

    def fail(self, message: str, hint: str) -> NoReturn:
        start, end = self.span()
        raise QueryError(message, start=start, end=end, hint=hint)

    def refuse_near_not(self, first: int) -> NoReturn:
        """NOT binds tighter than NEAR, but what it makes (from token `first`) has no place."""
        start = self.tokens[first].start(self.kinds[first])
        written = " ".join(self.text[start : self.span()[0]].split())
        self.fail(
            f"NEAR cannot join `{written[:60]}`: NOT drops whole articles and has no place in the"
            " text.",
            "Put one pair in parentheses: (a NEAR b) NOT c, or a NOT (b NEAR c).",
        )

    def refuse_operand(self) -> NoReturn:
        """The present token cannot begin an operand: say what is missing, and where."""
        kind = self.kinds[self.at]
        before = self.kinds[self.at - 1] if self.at else END
        if kind == UNCLOSED:
            self.refuse_unclosed()
        if before in OPERATORS or before == FIELD:
            self.at -= 1
            start, end = self.span()
            self.fail(f"`{self.text[start:end]}` needs something after it.", _AFTER[before])
        if kind == CLOSE:
            self.refuse_rest()
        start, end = self.span()
        if before == OPEN:
            self.fail(
                "This parenthesis is never closed.", "Write what belongs together, and ) after it."
            )
        written = self.text[start:end]
        example = 'ICE EXCEPT "ICE train"' if kind == EXCEPT else f"raid {written} jail"
        self.fail(
            f"`{written}` needs something before it.",
            f'Write {example}; for the word itself, put it in quotes: "{written}".',
        )

    def refuse_rest(self) -> NoReturn:
        """An operator is due at the present token, and it is none."""
        kind, before = self.kinds[self.at], self.kinds[self.at - 1]
        if kind == UNCLOSED:
            self.refuse_unclosed()
        if kind == CLOSE:
            self.fail("This parenthesis closes nothing.", "Take it away, or write ( before it.")
        if before == QUOTED:
            self.fail(
                "Text goes on after the closing quote.",
                "Write AND, OR or NEAR between, or one pair of quotes around the whole phrase.",
            )
        start, end = self.span()
        self.fail(
            f"An operator is missing before `{self.text[start:end][:40]}`.",
            "Write AND, OR, NOT, NEAR or EXCEPT between the two parts.",
        )

    def refuse_unclosed(self) -> NoReturn:
        start, _ = self.span()
        sign = self.text[start]
        if sign == "/":
            hint = "Write /…/ or /…/c with a blank after it, and \\/ for a / in it."
            message = "This regular expression is never closed."
        elif any(other in self.text[start + 1 :] for other in lexer.QUOTES):
            hint = 'Use the same kind on both sides: "Ice agents".'
            message = f"The quotation mark {sign} is closed by one of another kind, or not at all."
        else:
            hint = f"Write {lexer.CLOSING[sign]} where the phrase ends."
            message = "This quotation mark is never closed."
        raise QueryError(message, start=start, end=start + 1, hint=hint)


_AFTER = {
    OR: "Write the other word: raid | checkpoint.",
    AND: "Write what it joins: raid AND jail.",
    NOT: "Write what must not be there: ICE NOT hockey.",
    EXCEPT: 'Write the phrase that does not count: ICE EXCEPT "ICE train".',
    NEAR: "Write what it joins: ICE NEAR/8 (raid | checkpoint).",
    FIELD: "Write a word, a phrase in quotes or a group: title:raid, title:(raid | jail).",
}
