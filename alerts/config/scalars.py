"""Readers of single values: text, flags, durations, addresses, times.

Each takes the reading, a node and the key's row, and returns the value, or None after it recorded
what is wrong. Strings with a grammar of their own go to the stage that owns it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from alerts import settings
from alerts.config.findings import quoted
from alerts.config.keys import Key
from alerts.config.nodes import MappingNode, Node, ScalarNode, SequenceNode, is_plain
from alerts.config.reading import Reading, one_of
from alerts.config.urls import feed_url
from alerts.config.variables import Filled
from alerts.digests import when as times
from alerts.errors import GrammarError
from alerts.model import Secret

BARE = frozenset({"yes", "no", "on", "off", "true", "false", "null", "~"})
_FLAGS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_NOTHING = frozenset({"none", "never", "no", "off"})
_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
_HASHTAG = re.compile(r"\s+#(?=\w)")
LANGUAGES = {
    "english": "en", "inglés": "en", "ingles": "en", "spanish": "es", "español": "es",
    "espanol": "es", "hmong": "hmn", "french": "fr", "german": "de", "portuguese": "pt",
    "chinese": "zh", "arabic": "ar", "somali": "so", "us": "en", "en-us": "en", "es-mx": "es",
}  # fmt: skip
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")

parse_when = lru_cache(maxsize=1024)(times.parse_when)
parse_window = lru_cache(maxsize=1024)(times.parse_window)


# --- scalars ---------------------------------------------------------------------------------


def scalar(reading: Reading, node: Node, subject: str) -> ScalarNode | None:
    """Return a scalar that holds something; records what else stands there."""
    findings = reading.findings
    if not isinstance(node, ScalarNode):
        kind = "a list" if isinstance(node, SequenceNode) else "a mapping with keys"
        hint = "Write the value on one line."
        if isinstance(node, MappingNode) and node.flow_style:
            hint = "A value that begins with { needs quotes."
        elif isinstance(node, SequenceNode) and node.flow_style:
            hint = "Take the brackets away, or put the whole value in quotes."
        findings.error(node, f"{subject} takes one value, not {kind}.", hint)
        return None
    if node.value.strip():
        return node
    _say_empty(reading, node, subject)
    return None


def _say_empty(reading: Reading, node: ScalarNode, subject: str) -> None:
    line = reading.findings.line(node.start_mark.name, node.start_mark.line + 1)
    rest = line[node.start_mark.column :]
    hashtag = re.match(r"\s*(#\S+(?:[^#\n]*\S)?)", rest)
    before = line[: node.start_mark.column].rstrip()
    is_item = not node.style and before.endswith("-")
    subject = "This list item" if is_item else subject
    if node.style or not hashtag:
        told = f"{subject} is empty."
        hint = "Write a value, or delete the line." if is_item else "Write a value after the colon."
    else:
        told = f'{subject} is empty: everything after " #" is a comment.'
        tag, lead = hashtag[1].strip(), "- " if is_item else f"{before.strip().removeprefix('- ')} "
        hint = f'Put hashtags in quotes: {lead}"{tag}"'
    reading.findings.error(node, told, hint)


def word(reading: Reading, node: Node, subject: str) -> ScalarNode | None:
    """Return a scalar where a name or query is due, written out: `literal` without variables."""
    found = literal(reading, node, subject)
    at = -1 if found is None else found.value.find("${")
    if found is None or at < 0:
        return found
    end = found.value.find("}", at) + 1 or len(found.value)
    told = f"{subject} takes no variables: {found.value[at:end]} would stay as it is."
    hint = "Rules, titles, tags and names of files are written out here."
    reading.findings.error(found, told, hint, start=at, end=end)
    return None


def literal(reading: Reading, node: Node, subject: str) -> ScalarNode | None:
    """Return a scalar where a text is due: bare yes, no, null … are errors."""
    found = scalar(reading, node, subject)
    if found is None:
        return None
    value = found.value.strip()
    if is_plain(found) and value.casefold() in BARE:
        told = f"A bare {value} is not taken as text here."
        reading.findings.error(found, told, f'If you mean the word, put it in quotes: "{value}"')
        return None
    return found


def filled(reading: Reading, node: Node, row: Key) -> tuple[ScalarNode, Filled] | None:
    """Return a text with its variables filled in; None as well if an allowed one is unset."""
    found = literal(reading, node, what(row))
    if found is None:
        return None
    text = reading.variables.fill(found)
    return None if text is None else (found, text)


def what(row: Key) -> str:
    """Return how messages name a key."""
    return quoted(row.name)


def text(reading: Reading, node: Node, row: Key) -> str | None:
    """Read a text; a comment that may have eaten a hashtag is told."""
    found = filled(reading, node, row)
    if found is None or found[1].is_unset:
        return None
    eaten_hashtag(reading, found[0])
    return found[1].text.strip()


def eaten_hashtag(reading: Reading, node: ScalarNode, *, as_error: bool = False) -> bool:
    """Tell of a "#word" right after an unquoted value: YAML reads it as a comment."""
    if node.style or node.start_mark.line != node.end_mark.line:
        return False
    line = reading.findings.line(node.start_mark.name, node.end_mark.line + 1)
    rest = line[node.end_mark.column :]
    if not _HASHTAG.match(rest):
        return False
    value = f"{node.value}{rest.rstrip()}"
    whole = f"'{value}'" if "'" not in value else f'"{value}"'
    tell = reading.findings.error if as_error else reading.findings.warn
    told = 'Everything after " #" is a comment, so this value ends before it.'
    tell(node, told, f"If it is a hashtag, put the value in quotes: {whole}")
    return True


def parsed(reading: Reading, node: Node, row: Key, parse: Callable[[str], Any]) -> Any:
    """Read a text with a grammar of its own, which also judges a bare yes or no."""
    found = scalar(reading, node, what(row))
    value = None if found is None else reading.variables.fill(found)
    if found is None or value is None or value.is_unset:
        return None
    return _graded(reading, found, value, parse)


def _graded(
    reading: Reading, node: ScalarNode, value: Filled, parse: Callable[[str], Any]
) -> Any | None:
    try:
        return parse(value.text)
    except GrammarError as error:
        grammar_error(reading, node, value, error)
    return None


def grammar_error(reading: Reading, node: ScalarNode, value: Filled, error: GrammarError) -> None:
    """Record a stage's error; offsets hold only where nothing was filled in."""
    if value.is_literal:
        reading.findings.grammar(node, error)
        return
    reading.findings.error(node, value.hide(error.message), value.hide(error.hint))


def flag(reading: Reading, node: Node, row: Key) -> bool | None:
    """Read true or false."""
    found = scalar(reading, node, what(row))
    if found is None:
        return None
    value = _FLAGS.get(found.value.strip().casefold())
    if value is None:
        reading.findings.error(found, f"{what(row)} is true or false.", "Write true or false.")
    return value


def choice(reading: Reading, node: Node, row: Key) -> str | None:
    """Read one of the row's choices, in any case."""
    found = scalar(reading, node, what(row))
    if found is None:
        return None
    value = " ".join(found.value.split()).casefold().replace("_", " ")
    if value in row.choices:
        return value
    meant = LANGUAGES.get(value) if row.name == "language" else None
    hint = f"Write {meant}." if meant in row.choices else one_of(value, row.choices)
    told = f"{quoted(found.value)} is no value of {what(row)}."
    reading.findings.error(found, told, hint)
    return None


def number(reading: Reading, node: Node, row: Key) -> float | None:
    """Read a number above 0."""
    found = scalar(reading, node, what(row))
    if found is None:
        return None
    if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", found.value.strip()) and float(found.value) > 0:
        return float(found.value)
    told = f"{what(row)} is a number above 0."
    reading.findings.error(found, told, "Write for example 1, 2 or 0.5.")
    return None


def distance(reading: Reading, node: Node, row: Key) -> int | None:
    """Read a distance in words."""
    found = scalar(reading, node, what(row))
    if found is None:
        return None
    if re.fullmatch(r"\d{1,3}", found.value.strip()) and 0 < int(found.value) <= 100:
        return int(found.value)
    told = f"{what(row)} is a number of words from 1 to 100."
    reading.findings.error(found, told, "Write for example within: 8")
    return None


def duration(reading: Reading, node: Node, row: Key) -> float | None:
    """Read seconds from 90s, 5m, 24h, 30d, 2w or 0."""

    def parse(value: str) -> float:
        try:
            found = settings.duration_s(value)
        except ValueError:
            raise GrammarError(
                f"{quoted(value)} is no duration.",
                end=len(value),
                hint=_duration_hint(value),
            ) from None
        if row.most and found > settings.duration_s(row.most):
            told = f"{what(row)} is at most {row.most}."
            raise GrammarError(told, end=len(value), hint=f"Write for example {row.example}.")
        return found

    return cast("float | None", parsed(reading, node, row, parse))


def _duration_hint(value: str) -> str:
    found = re.fullmatch(r"\s*(\d+)\s*([a-z]*)\s*", value, re.IGNORECASE)
    unit = found[2][:1].lower() if found else ""
    if found and (not unit or unit in "smhdw"):
        return f"Write {found[1]}{unit or 'm'}" + (
            "." if unit else f", {found[1]}h or {found[1]}d."
        )
    return "Write for example 90s, 5m, 24h, 30d, 2w, or 0 for none."


def url(reading: Reading, node: Node, row: Key) -> str | None:
    """Read the address of a feed."""
    return cast("str | None", parsed(reading, node, row, feed_url))


def file(reading: Reading, node: Node, row: Key) -> str | None:
    """Read the path of a file that is there; relative to the file it stands in."""
    found = scalar(reading, node, what(row))
    value = None if found is None else reading.variables.fill(found)
    if found is None or value is None or value.is_unset:
        return None
    wanted = value.text.strip()
    if wanted.casefold() in ("false", "no", "off"):
        told = "The server's certificate is always checked."
        hint = "Name the file of the authority that signed it: verify: own-ca.pem"
        reading.findings.error(found, told, hint)
        return None
    if wanted.casefold() in ("true", "yes", "on", "system"):
        return None
    path = reading.variables.folders.get(found.start_mark.name, Path()) / wanted
    try:
        if path.is_file():
            return str(path)
    except (OSError, ValueError):
        pass  # a name that no file can have is told like one that no file has
    reading.findings.error(
        found,
        f"There is no file {quoted(wanted)}.",
        "Paths are relative to the file they stand in.",
    )
    return None


def secret(reading: Reading, node: Node, row: Key) -> Secret | None:
    """Read user and password."""
    found = filled(reading, node, row)
    if found is None or found[1].is_unset:
        return None
    value = found[1].text.strip()
    if ":" in value:
        return Secret(value)
    told = "User and password are joined by a colon."
    reading.findings.error(found[0], told, f"Write: {row.name}: {row.example}")
    return None


def language(reading: Reading, node: Node, row: Key) -> str | None:
    """Read a language code."""

    def parse(value: str) -> str:
        code = value.strip()
        meant = LANGUAGES.get(code.casefold())
        if LANGUAGE.fullmatch(code) and (not meant or "-" in code):
            return code.lower()
        hint = f"Write {meant}." if meant else "Write a code like en, es or hmn."
        raise GrammarError(f"{quoted(code)} is no language code.", end=len(value), hint=hint)

    return cast("str | None", parsed(reading, node, row, parse))


def when(reading: Reading, node: Node, row: Key) -> Any:
    """Read a cadence: words, or {cron: "…"}."""
    if isinstance(node, MappingNode):
        entries = reading.entries(node) or {}
        if set(entries) == {"cron"}:
            cron = Key("cron", "when", "")
            return parsed(reading, entries["cron"][1], cron, times.parse_cron)
        hint = 'Write for example when: weekdays at 7:30 am, or when: {cron: "30 7 * * mon-fri"}'
        reading.findings.error(node, "A mapping here holds the one key cron.", hint)
        return None
    return parsed(reading, node, row, parse_when)


def zone(reading: Reading, node: Node, row: Key) -> str | None:
    """Read a time zone's name."""
    return cast("str | None", parsed(reading, node, row, times.parse_timezone))


def quiet(reading: Reading, node: Node, row: Key) -> Any:
    """Read a window, or "none" for none."""
    if isinstance(node, ScalarNode) and node.value.strip().casefold() in _NOTHING:
        return "none"
    return parsed(reading, node, row, parse_window)


def urgent_window(reading: Reading, node: Node, row: Key) -> Any:
    """Read always, never or a window."""
    if isinstance(node, ScalarNode):
        value = node.value.strip().casefold()
        if value in ("always", "never"):
            return value

    def parse(value: str) -> Any:
        meant = _FLAGS.get(value.strip().casefold())
        try:
            return parse_window(value)
        except GrammarError as error:
            hint = f"Write always or never, or two times. {error.hint}"
            if meant is not None:
                hint = f"Write {'always' if meant else 'never'}."
            raise GrammarError(error.message, hint=hint, start=error.start, end=error.end) from None

    return parsed(reading, node, row, parse)


def identifier(reading: Reading, node: Node, row: Key) -> str | None:
    """Read an id: small letters, digits, - and _."""

    def parse(value: str) -> str:
        if _ID.fullmatch(value) and value != "admin":
            return value
        told = f"{quoted(value)} cannot be an id."
        near = slug(value)
        hint = f"Write: {near}" if near and near != "admin" else "Use a to z, 0 to 9, - and _."
        raise GrammarError(told, end=len(value), hint=hint)

    return cast("str | None", parsed(reading, node, row, parse))


def slug(name: str) -> str:
    """Return a name as an id: "Ana Flores" -> "ana-flores"; "" if nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def version(reading: Reading, node: Node, row: Key) -> int | None:
    """Read the format's version."""
    found = scalar(reading, node, what(row))
    if found is None:
        return None
    if found.value.strip() in ("1", "1.0"):
        return 1
    told = f"This program reads version 1 of the format, not {quoted(found.value, 20)}."
    reading.findings.error(found, told, "Write: version: 1")
    return None
