"""Which characters of a source line are secret: they are shown as asterisks, one for each.

As many as were written, since carets and columns under the line must fit it (and those tell the
length of a value anyway). Works on lines, for YAML may be too broken to have values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SECRET_KEYS = frozenset(("secret", "auth", "password", "token"))

_KEYS = "|".join(sorted(SECRET_KEYS))
_END = r"(?:(?!,\s|,$)[^\s'\"}\]])*"
_KEY = re.compile(rf"(?i)(?<![\w-])(?:{_KEYS})[\"']?\s*:(?:\s+|$)(?:[&!]\S*\s+)*(?:[>|]\S*\s*$)?")
_VALUE_IN_BRACES = re.compile(r"(?:(?!,\s|,$|[}\]]\s*(?:[,}\]]|$)).)*")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^']|'')*'?")
_HIDDEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<=://)(?P<hidden>[^/@\s:]+:[^/@\s]+)(?=@)",
        r"\b(?P<hidden>whsec_[^\s,'\"}\]]+)",
        r"(?:hooks\.slack\.com|discord(?:app)?\.com|[\w.-]{0,99}\.(?:logic\.azure|powerplatform"
        rf"|webhook\.office)\.com|chat\.googleapis\.com|api\.telegram\.org)/(?P<hidden>{_END})",
        rf"://[^\s'\"]{0, 99}?/(?:hooks|webhooks?)/(?P<hidden>{_END})",
        rf"\b(?:mattermost|matrix|notify)[\"']?:\s+[\"']?\w+://[^\s/]*/(?P<hidden>{_END})",
        r"[?&;](?:sig|token|key|secret|password)=(?P<hidden>[^&\s'\"}\],]+)",
        r"\b(?P<hidden>\d{6,}:[\w-]{16,})",
    )
)
_MAX_LINE = 2000  # a longer line is no one's secret, and costs too much time
_SHORTEST = 4  # hiding "a" wherever it stands would only spoil a message


def hidden(line: str, above: str = "") -> list[tuple[int, int]]:
    """Return the spans [start, end) of a line that are secret; `above`: the line before it."""
    line, above = line[:_MAX_LINE], above[:_MAX_LINE]
    found = [each.span("hidden") for rule in _HIDDEN for each in rule.finditer(line)]
    found += _values(line)
    key = _KEY.search(above.partition(" #")[0].rstrip())
    if key and not above.partition(" #")[0][key.end() :].strip():
        found.append((len(line) - len(line.lstrip()), len(line)))
    return [span for span in found if span[1] > span[0]]


def _values(line: str) -> Iterator[tuple[int, int]]:
    """Yield what stands after a key whose value is secret; a variable's name is not."""
    for key in _KEY.finditer(line):
        start = key.end()
        quoted = _QUOTED.match(line, start)
        is_flow = line.rfind("{", 0, start) > line.rfind("}", 0, start)
        if quoted:
            end = quoted.end()
        elif is_flow:
            end = start + sum(map(len, _VALUE_IN_BRACES.findall(line, start)[:1]))
        else:
            end = len(line.partition(" #")[0].rstrip())
        if not re.fullmatch(r"[\"']?(?:\$\{[^}]*\}:?)+[\"']?", line[start:end]):
            yield start + bool(quoted), end - (bool(quoted) and end - start > 1)


def starred(line: str, above: str = "") -> str:
    """Return a line with its secrets as asterisks."""
    chars = list(line)
    for start, end in hidden(line, above):
        chars[start:end] = "*" * (end - start)
    return "".join(chars)


def without(message: str, line: str, above: str = "") -> str:
    """Return a message about a line without the secrets of that line."""
    for start, end in hidden(line, above):
        secret = line[start:end].strip()
        if len(secret) >= _SHORTEST:
            message = message.replace(secret, "***")
    return message
