"""${NAME}, $NAME and ${file:/run/secrets/x}: what the environment puts into a value.

The values themselves never stand in a message.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.config.findings import Findings
from alerts.config.nodes import ScalarNode

_VARIABLE = re.compile(r"\$\{([^}]*)\}|^\$([A-Z_][A-Z0-9_]*)$")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_SECRET_BYTES = 65_536
_SHORTEST_HIDDEN = 4  # hiding "a" wherever it stands would only spoil the message


@dataclass(frozen=True, slots=True)
class Filled:
    """A value with its variables filled in; `hidden`: what came from them -> what was written."""

    text: str
    hidden: Mapping[str, str]
    is_unset: bool = False  # a variable is not set, and that is allowed now

    @property
    def is_literal(self) -> bool:
        """Whether all of it stands in the file."""
        return not self.hidden and not self.is_unset

    def hide(self, message: str) -> str:
        """Return the message with what was written instead of what it was filled with."""
        for value, written in self.hidden.items():
            message = message.replace(value, written)
        return message


class Variables:
    """The environment as the configuration sees it."""

    def __init__(
        self, environment: Mapping[str, str], findings: Findings, *, allow_unset: bool
    ) -> None:
        self._environment = environment
        self._findings = findings
        self._allow_unset = allow_unset
        self.folders: dict[str, Path] = {}  # name of a file in messages -> its folder

    def fill(self, node: ScalarNode) -> Filled | None:
        """Return the value with every variable filled in; None after an error was recorded."""
        written = node.value
        if "$" not in written:
            return Filled(written, {})
        hidden: dict[str, str] = {}
        parts, at, is_bad, is_unset = [], 0, False, False
        for found in _VARIABLE.finditer(written):
            value = self._value(node, found)
            is_bad |= value is None
            is_unset |= value == ""
            parts += [written[at : found.start()], value or ""]
            at = found.end()
            if value and len(value) >= _SHORTEST_HIDDEN:
                hidden[value] = found[0]
        is_bad |= self._is_open(node, at)
        text = "".join((*parts, written[at:]))
        if hidden:
            hidden[text] = written
        longest_first = sorted(hidden.items(), key=lambda pair: -len(pair[0]))
        return None if is_bad else Filled(text, dict(longest_first), is_unset)

    def _is_open(self, node: ScalarNode, start: int) -> bool:
        """Tell of "${NAME" without its end after `start`."""
        at = str(node.value).find("${", start)
        if at >= 0:
            told = f"{node.value[at : at + 40]} has no closing }}."
            self._findings.error(node, told, "Write ${NAME}.", start=at, end=len(node.value))
        return at >= 0

    def _value(self, node: ScalarNode, found: re.Match[str]) -> str | None:
        """Return one variable's value, "" for one that may be unset, None after an error."""
        name = found[1] if found[1] is not None else found[2]
        if name.startswith("file:"):
            return self._secret_file(node, name.removeprefix("file:").strip(), found)
        if not _NAME.fullmatch(name):
            told = f"${{{name}}} is no variable."
            write = "Write ${NAME} with letters, digits and _, or ${file:/path/to/secret}."
            self._findings.error(node, told, write, start=found.start(), end=found.end())
            return None
        value = self._environment.get(name, "").strip()
        if value or self._allow_unset:
            return value
        told = f"{name} is {'empty' if name in self._environment else 'not set'}."
        hint = f"On this machine: add it to .env. On Heroku: heroku config:set {name}=…"
        near = difflib.get_close_matches(name, self._set_names(), n=1, cutoff=0.8)
        if near:
            hint += f" (Is {near[0]}, which is set, the same thing misspelt?)"
        self._findings.error(node, told, hint, start=found.start(), end=found.end())
        return None

    def _set_names(self) -> list[str]:
        return [name for name, value in self._environment.items() if value]

    def _secret_file(self, node: ScalarNode, name: str, found: re.Match[str]) -> str | None:
        folder = self.folders.get(node.start_mark.name, Path())
        try:
            with (folder / name).open("rb") as file:
                value = file.read(_MAX_SECRET_BYTES).decode("utf-8").strip()
        except (OSError, ValueError) as error:
            if self._allow_unset:
                return ""
            reason = getattr(error, "strerror", None) or "it is no text"
            told = f"The file {name} cannot be read: {reason}."
            hint = "Make it readable for this user, or name another one."
            self._findings.error(node, told, hint, start=found.start(), end=found.end())
            return None
        if value or self._allow_unset:
            return value
        told, hint = f"The file {name} is empty.", "Write the secret into it, on one line."
        self._findings.error(node, told, hint, start=found.start(), end=found.end())
        return None
