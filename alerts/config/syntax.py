"""YAML syntax errors in words that help: what stands there, and what to write instead.

The C parser says where it stopped; why it stopped is read from the line itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from alerts.config.nodes import split_lines

_FIELDS = frozenset(
    ("title", "summary", "content", "author", "tag", "link", "feed", "place", "lang", "rule", "i")
)
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a file's syntax breaks; line and column count from 1."""

    line: int
    column: int
    message: str
    suggestion: str
    width: int = 1


@dataclass(frozen=True, slots=True)
class _Spot:
    """The parser's words and the lines around them; line and column count from 0."""

    problem: str
    lines: list[str]
    line: int
    column: int
    context_line: int
    context_column: int

    @property
    def text(self) -> str:
        return self.lines[self.line] if self.line < len(self.lines) else ""

    @property
    def before(self) -> str:
        return self.text[: self.column]

    @property
    def rest(self) -> str:
        return self.text[self.column :]

    def broken(self, message: str, suggestion: str, *, column: int = -1, width: int = 1) -> Broken:
        at = self.column if column < 0 else column
        return Broken(self.line + 1, at + 1, message, suggestion, width)


def explain(error: yaml.YAMLError, text: str) -> Broken:
    """Return one broken place with its explanation."""
    lines = split_lines(text)
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _unreadable(error, text)
    context = getattr(error, "context_mark", None) or mark
    line = min(mark.line, len(lines) - 1)
    column = mark.column if line == mark.line else len(lines[line])
    problem = str(getattr(error, "problem", "") or error)
    spot = _Spot(problem, lines, line, column, context.line, context.column)
    for look in _LOOKS:
        found = look(spot)
        if found:
            return found
    return spot.broken(
        f"This is no YAML: {spot.problem}.",
        "Look at the blanks, colons and quotes of this line and of the one above it.",
    )


def is_alias_of(error: yaml.YAMLError, text: str, unread: str) -> bool:
    """Whether an alias in `text` lacks its anchor only because that stands in what is `unread`."""
    mark = getattr(error, "problem_mark", None)
    if mark is None or "undefined alias" not in str(getattr(error, "problem", "")):
        return False
    line = split_lines(text)[mark.line]
    alias = re.search(r"\*([\w-]+)", line[max(0, line.rfind("*", 0, mark.column + 2)) :])
    return alias is not None and re.search(rf"&{alias[1]}\b", unread) is not None


def _unreadable(error: yaml.YAMLError, text: str) -> Broken:
    """A character that YAML forbids: the reader gives its position, not its line."""
    position = getattr(error, "position", 0) or 0
    code = getattr(error, "character", None)
    if not isinstance(code, int):
        found = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]", text)
        position, code = (found.start(), ord(found[0])) if found else (0, 0)
    before = split_lines(text[:position])
    line, column = len(before), len(before[-1]) + 1
    told = f"There is an invisible character here (U+{code:04X}) that YAML does not take."
    return Broken(line, column, told, "Delete it; it often comes with text pasted from elsewhere.")


def _end(spot: _Spot) -> Broken | None:
    """`...`: what follows it is another document."""
    if "<document start>" not in spot.problem:
        return None
    line = next((n for n in range(spot.line, -1, -1) if spot.lines[n].startswith("...")), None)
    if line is None:
        return None
    told = 'A line that begins with "..." ends the file for YAML.'
    return Broken(line + 1, 1, told, "Take these dots away, or put them in quotes.", 3)


def _unspaced(spot: _Spot) -> Broken | None:
    """`-ICE` or `name:Ana`, in this line or the one above: plain text, so the next breaks."""
    if not re.search("mapping values|did not find expected (key|'-')|expected ':'", spot.problem):
        return None
    here = spot.context_line if "expected ':'" in spot.problem else spot.line
    above = next((n for n in range(here - 1, -1, -1) if spot.lines[n].strip()), here)
    for line in (here, above):
        text = spot.lines[line]
        dash = re.match(r"\s*-(?=[^\s\d-])", text)
        if dash:
            told, write = 'A list item needs a blank after "-".', f"- {text[dash.end() :].strip()}"
            return Broken(line + 1, dash.end(), told, f"Write: {write}")
        key = re.match(r"(\s*(?:- +)*)([A-Za-z_][\w-]*):(?=[^\s:/])", text)
        if key and not re.search(r":(\s|$)", text) and not ("-" in key[1] and key[2] in _FIELDS):
            told = f'"{key[2]}:" needs a blank after its colon.'
            write = f"{key[0].strip()} {text[key.end() :].strip()}"
            return Broken(line + 1, key.start(2) + 1, told, f"Write: {write}", len(key[2]) + 1)
    return None


def _after_bracket(spot: _Spot) -> Broken | None:
    """`[raid] AND jail`."""
    closer = spot.before.rstrip()[-1:]
    if "did not find expected" not in spot.problem or closer not in ("]", "}"):
        return None
    if not spot.rest.strip() or spot.rest[0] in "]},":
        return None
    what = "list" if closer == "]" else "mapping"
    told = f"Text goes on after the {closer} that ends this {what}."
    hint = f"Put all of it inside the {what}, or write one query without brackets: raid AND jail"
    return spot.broken(told, hint, width=len(spot.rest.split()[0]))


def _colon_inside(spot: _Spot) -> Broken | None:
    """`{title: ICE: raids}`: the second colon, not the bracket, is the fault."""
    if "expected ',' or '" not in spot.problem or not spot.rest.startswith(":"):
        return None
    if spot.line != spot.context_line:
        return None
    start = max(spot.before.rfind(char) for char in "[{,") + 1
    key = re.match(r"\s*([\w-]+:\s+)?", spot.text[start:])
    start += key.end() if key else 0
    value = re.split(r",\s|[\]}]", spot.text[start:], maxsplit=1)[0].strip()
    whole = f"'{value}'" if "'" not in value else f'"{value}"'
    told = "There is a second colon with a blank after it in this value."
    write = f"Put the value in quotes: {key[1] if key and key[1] else ''}{whole}"
    return spot.broken(told, write)


def _tab(spot: _Spot) -> Broken | None:
    lead = re.match(r" *\t[ \t]*", spot.text)
    if not lead or spot.column > lead.end():
        return None
    column = spot.text.index("\t")
    told = "This line is indented with a tab; use spaces."
    return spot.broken(told, "Replace each tab by two spaces.", column=column)


def _reserved(spot: _Spot) -> Broken | None:
    """`@`, a backtick and % cannot begin a word; * and & mean something else."""
    char = spot.rest[:1]
    if "cannot start any token" in spot.problem and char in "@`%":
        who = "YAML keeps it for itself"
        word = re.match(r"[@`%]?([^\s,\]}`]*)", spot.rest)
        bare = word[1] if word else ""
        fixed = f"{spot.before}{bare}{spot.rest[len(word[0]) if word else 1 :].lstrip('`')}"
        quoted = f'"{char}{bare}"' if char != "`" else f'"{bare}"'
        told = f"A word cannot begin with {char} here ({who})."
        return spot.broken(told, f"Write: {_item(fixed)}  (or in quotes: {quoted})")
    if "undefined alias" in spot.problem:
        star = max(0, spot.text.rfind("*", 0, spot.column + 2))
        word = re.match(r"\*?([^\s,\]}]*)", spot.text[star:])
        name = word[1] if word else ""
        told = f'"*{name}" stands for an anchor "&{name}", and there is none above.'
        return spot.broken(told, f'Put the word in quotes: "*{name}"', column=star)
    if "alphabetic or numeric" in spot.problem or "anchor" in spot.problem:
        told = "A word that begins with * or & is an anchor or alias to YAML."
        column = max(spot.before.rfind("&"), spot.before.rfind("*"))
        return spot.broken(told, 'Put it in quotes: "*" or "&".', column=column)
    return None


def _item(line: str) -> str:
    return line.strip().removeprefix("- ")


def _variable(spot: _Spot) -> Broken | None:
    """`${X}` inside [ ] or { }."""
    if not spot.rest.startswith(("{", "}")) or "${" not in spot.text:
        return None
    if spot.rest.startswith("{") and not spot.before.endswith("$"):
        return None
    written = _VARIABLE.sub(lambda v: f'"{v[0]}"', re.sub(r'"(\$\{\w+\})"', r"\1", spot.text))
    return spot.broken("{ and } need quotes inside [ ] and { }.", f"Write: {_item(written)}")


def _after_quote(spot: _Spot) -> Broken | None:
    """`- "Ice agents" OR raid`."""
    if "did not find expected" not in spot.problem or not spot.rest.strip():
        return None
    if not re.search(r"[\"']\s*$", spot.before):
        return None
    opened = re.search(r"(?:^|[\s\[,{])([\"'])(?=[^\"']*[\"']\s*$)", spot.before)
    if not opened:
        return None
    value = spot.text[opened.start(1) :].rstrip()
    value = re.sub(r"\s+#.*$", "", value)
    if value[0] == value[-1] == "'" and len(value) > 2:
        value = value[1:-1]  # 'it's fine': the quotes were meant to hold all of it
    whole = f"'{value}'" if "'" not in value else '"' + value.replace('"', '\\"') + '"'
    lead = _lead(spot.text[: opened.start(1)])
    word = re.match(r"\S+", spot.rest)
    return spot.broken(
        "Text goes on after the closing quote.",
        f"Put the whole value in {'single' if whole[0] == chr(39) else 'double'} quotes: "
        f"{lead}{whole}",
        width=len(word[0]) if word else 1,
    )


def _lead(text: str) -> str:
    """Return "- " or "key: " before a value."""
    found = re.search(r"(-\s+|[\w\"']+:\s+)$", text)
    return found[1] if found else ""


def _indentation(spot: _Spot) -> Broken | None:
    """A key whose column fits no line above it."""
    if "did not find expected" not in spot.problem and "mapping values" not in spot.problem:
        return None
    here = re.match(r"( *)(- )?([\w.\"'-]+)\s*:(\s|$)", spot.text)
    if not here or spot.column > here.end(3):
        return None
    above = _key_above(spot)
    if above is None or above[1] == len(here[1]):
        return None
    name, depth = above
    spaces = "1 space" if len(here[1]) == 1 else f"{len(here[1])} spaces"
    told = f'This line is indented by {spaces}; "{name}" above it by {depth}.'
    write = "Lines of one block must start in the same column."
    return spot.broken(told, write, column=len(here[1]), width=len(here[3]))


def _key_above(spot: _Spot) -> tuple[str, int] | None:
    """Return the nearest key above and the column it starts in."""
    for line in reversed(spot.lines[: spot.line]):
        found = re.match(r"( *(?:- +)*)([\w.\"'-]+)\s*:(?:\s|$)", line)
        if found:
            return found[2], len(found[1])
        if line.strip() and not line.lstrip().startswith(("#", "-")):
            return None
    return None


def _colon(spot: _Spot) -> Broken | None:
    """`title: Re: foo`: a second colon with a blank after it."""
    if "mapping values are not allowed" not in spot.problem:
        return None
    first = re.match(r"\s*(?:- +)*[\w.\"'-]+\s*:\s+", spot.text)
    if first and first.end() <= spot.column:
        value = spot.text[first.end() :].rstrip()
        whole = f"'{value}'" if "'" not in value else f'"{value}"'
        told = "There is a second colon with a blank after it in this line."
        return spot.broken(told, f"Put the value in quotes: {_item(first[0])} {whole}")
    told = "A key cannot begin here: the line above is a value already."
    return spot.broken(
        told, "Indent it like the other keys of this block.", column=_first(spot.text)
    )


def _first(line: str) -> int:
    return len(line) - len(line.lstrip())


def _bracket(spot: _Spot) -> Broken | None:
    """A list or mapping in brackets that is not closed, or closed twice."""
    kind = re.search(r"expected ',' or '([\]}])'", spot.problem)
    if kind:
        opener = "[" if kind[1] == "]" else "{"
        at = spot.context_line
        line = spot.lines[at] if at < len(spot.lines) else ""
        told = f"The {opener} that is opened here is never closed."
        return Broken(at + 1, spot.context_column + 1, told, f"Write: {_closed(line, kind[1])}")
    if spot.rest[:1] in "]}" and spot.rest:
        told = f"This {spot.rest[0]} closes nothing."
        return spot.broken(told, "Take it away, or put the value in quotes.")
    return None


def _closed(line: str, bracket: str) -> str:
    return _item(line).rstrip(" ,") + bracket


def _open_quote(spot: _Spot) -> Broken | None:
    if "quoted scalar" not in spot.problem and "end of stream" not in spot.problem:
        return None
    line, column = spot.context_line, spot.context_column
    if line >= len(spot.lines):
        return None
    told = "The quote that is opened here is never closed."
    value = spot.lines[line][column:].strip()
    quote = value[:1]
    inner = value[1:]
    return Broken(
        line + 1,
        column + 1,
        told,
        f"Write: {_lead(spot.lines[line][:column])}{quote}{inner}{quote}",
    )


def _open_in_brackets(spot: _Spot) -> Broken | None:
    """`['ice]`: the quote takes in the bracket, and whatever follows up to the next quote."""
    line = spot.lines[spot.context_line] if spot.context_line < len(spot.lines) else ""
    inside = line[spot.context_column + (line[spot.context_column :][:1] in ("[", "{")) :]
    found = re.search(r"(?:^|[\[{,:]\s*)(([\"'])(?:(?!\2).)*?)\s*([\]}]+\s*)$", inside)
    if not found or not re.search("quoted scalar|end of stream|expected ','", spot.problem):
        return None
    if not re.search(r"[\[{]", line):
        return None
    column = len(line) - len(inside) + found.start(1)
    told = "The quote that is opened here is never closed."
    hint = f"Write: {_item(line[:column])} {found[1]}{found[2]}{found[3]}".replace("[ ", "[")
    return Broken(spot.context_line + 1, column + 1, told, hint)


def _escape(spot: _Spot) -> Broken | None:
    if "unknown escape" not in spot.problem:
        return None
    told = "A backslash means something else inside double quotes."
    return spot.broken(told, "Use single quotes: '…'")


def _keyless(spot: _Spot) -> Broken | None:
    """A line in a block of keys that has no colon, or a list item among keys."""
    if "could not find expected ':'" in spot.problem:
        line = spot.lines[spot.context_line].strip()
        told = f'"{line[:60]}" has no colon: every line here is a key and a value.'
        return Broken(
            spot.context_line + 1, spot.context_column + 1, told, f"Write: {line[:60]}: …"
        )
    if "block sequence entries" in spot.problem:
        told = "A list item cannot begin in the line of its key."
        return spot.broken(told, "Put it on a line of its own, or write [ … ].")
    if "did not find expected key" in spot.problem and spot.rest.startswith("-"):
        told = "A list item stands here among keys."
        return spot.broken(told, "Put it under the key it belongs to, indented by two spaces.")
    if "did not find expected '-'" in spot.problem:
        told = "This line is no item of the list above it."
        return spot.broken(told, 'Begin it with "- ", or move it to the column of its own block.')
    return None


def _start(spot: _Spot) -> Broken | None:
    """A value that begins with a character that means something to YAML."""
    char = spot.text[spot.context_column : spot.context_column + 1]
    if "block scalar" in spot.problem or char in "|>":
        char = char or ">"
        told = f"A value cannot begin with {char} on the same line."
    elif "expected node content" in spot.problem:
        told = f"A value cannot begin with {spot.rest[:1] or 'nothing'} here."
    else:
        return None
    return spot.broken(told, "Put the value in quotes.", column=spot.context_column)


_LOOKS: tuple[Callable[[_Spot], Broken | None], ...] = (
    _end,
    _tab,
    _reserved,
    _variable,
    _unspaced,
    _after_quote,
    _after_bracket,
    _colon_inside,
    _open_in_brackets,
    _bracket,
    _indentation,
    _colon,
    _open_quote,
    _escape,
    _keyless,
    _start,
)
