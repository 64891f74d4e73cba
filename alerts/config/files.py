"""Which files make up a configuration: the main one and what it includes, each read once.

From the disk, or from bytes that were stored (`contents`): the last good configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import pairwise
from os.path import normpath
from pathlib import Path
from typing import cast

import yaml

from alerts.config import keys, syntax, torn
from alerts.config.findings import quoted
from alerts.config.nodes import (
    MAX_BYTES,
    Node,
    Refused,
    ScalarNode,
    documents,
    refusal,
    split_lines,
)
from alerts.config.reading import Entry, Reading
from alerts.config.sigils import say_sigils
from alerts.config.values import texts

MAX_FILES = 1000
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Part:
    """One file, opened: the keys at its top."""

    path: Path
    name: str  # as messages call it
    at: Node
    entries: Mapping[str, Entry]
    is_main: bool = False


@dataclass
class Files:
    """Reads files and what they include."""

    reading: Reading
    contents: Mapping[Path, bytes] | None = None
    bytes_by_name: dict[str, bytes] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _told: dict[str, set[int]] = field(default_factory=dict)  # lines of broken YAML
    _root: Path = field(default_factory=Path)

    def read(self, main: Path) -> list[Part]:
        """Return the main file and everything included, in the order it is named."""
        self._root = main.parent
        parts: list[Part] = []
        waiting: list[tuple[Path, Node | None]] = [(main, None)]
        above: dict[str, tuple[str, ...]] = {}  # place -> the places that led to it
        while waiting:
            path, named_at = waiting.pop(0)
            place = normpath(path.absolute())  # by name alone: whatever it is, opening it will tell
            if place in self._seen:
                continue
            self._seen.add(place)
            if len(self._seen) > MAX_FILES:
                told, hint = f"More than {MAX_FILES} files are included.", "Name fewer files."
                self.reading.findings.error(cast("Node", named_at), told, hint)
                break
            part = self._open(path, named_at)
            if part is not None:
                parts.append(part)
                chain = (*above.get(place, ()), place)
                for found in self._included(part):
                    inner = normpath(found[0].absolute())
                    above.setdefault(inner, chain)
                    self._say_circle(found, inner in chain)
                    waiting.append(found)
        return parts

    def _say_circle(self, named: tuple[Path, Node | None], is_above: bool) -> None:
        """Warn of a file that names itself, or one that included it; a pattern may match it."""
        at = named[1]
        if is_above and isinstance(at, ScalarNode) and not _PATTERN.search(at.value):
            told = f"{shown(named[0])} includes itself here, by itself or by way of others."
            self.reading.findings.warn(at, told, "It is read once; take it out of this list.")

    def _open(self, path: Path, named_at: Node | None) -> Part | None:
        findings, name = self.reading.findings, shown(path)
        data = self._bytes(path, name, named_at)
        if data is None:
            findings.tear(*keys.BY_NAME["top"])
            return None
        self.bytes_by_name[self._relative(path)] = data
        self.reading.variables.folders[name] = path.parent
        why = refusal(data)
        text = data.decode("utf-8-sig", errors="replace")
        findings.opened(name, text)
        if why:
            findings.tear(*keys.BY_NAME["top"])
            line = re.match(r"Line (\d+)", why[0])
            findings.at_line(name, int(line[1]) if line else 1, 1, *why)
            return None
        if self.contents is None and is_in_work_tree(path):
            findings.tracked.add(name)
        return self._part(path, name, text, is_main=named_at is None)

    def _relative(self, path: Path) -> str:
        try:
            return path.absolute().relative_to(self._root.absolute()).as_posix()
        except ValueError:
            return path.absolute().as_posix()

    def _bytes(self, path: Path, name: str, named_at: Node | None) -> bytes | None:
        try:
            if self.contents is not None:
                return self.contents[path]
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except KeyError:
            reason = "it is not among the stored files"
        except FileNotFoundError:
            reason = ""
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
        told = (
            f"{name} cannot be read: {reason}." if reason else f"There is no file {quoted(name)}."
        )
        if named_at is not None:
            hint = "Paths under include: are relative to the file they stand in."
            self.reading.findings.error(named_at, told, hint)
            return None
        hint = "Make one: alerts init. Or name another: ALERTS_CONFIG or --config."
        self.reading.findings.at_line(name, 1, 1, told, hint)
        return None

    # --- one file -----------------------------------------------------------------------------

    def _part(self, path: Path, name: str, text: str, *, is_main: bool) -> Part | None:
        findings = self.reading.findings
        roots = self._roots(name, text)
        if not roots and is_main and not findings.errors:
            told, hint = "The file is empty.", "Begin it with: version: 1"
            findings.at_line(name, 1, 1, told, hint)
            findings.tear(*keys.BY_NAME["top"])
        entries: dict[str, Entry] = {}
        for root in roots:
            found = self.reading.entries(root)
            if found is None:
                told, hint = "The file is a mapping of keys.", "Begin with: version: 1"
                findings.error(root, told, hint)
                findings.tear(*keys.BY_NAME["top"])
                continue
            entries.update(found)
        at = roots[0] if roots else _beginning(name)
        return Part(path, name, at, entries, is_main)

    def _roots(self, name: str, text: str) -> list[Node]:
        """Return the documents; of a broken file, of all that can be read."""
        findings, lines = self.reading.findings, split_lines(text)
        roots: list[Node] = []
        unread = ""
        for _ in range(torn.MAX_PARTS):
            try:
                roots = documents(name, text)
                break
            except Refused as refused:
                findings.error(
                    refused.node or _beginning(name), refused.message, refused.suggestion
                )
                findings.tear(*keys.BY_NAME["top"])
                return []
            except yaml.YAMLError as error:
                broken = syntax.explain(error, text)
                if not syntax.is_alias_of(error, text, unread):
                    self._say_broken(name, broken)
            part = torn.part(lines, min(broken.line, len(lines)) - 1)
            part.tell(findings)
            for rule in part.names:
                self.reading.unreadable.setdefault(rule, _beginning(name))
            unread += "\n".join((*lines[part.start : part.end], ""))
            lines = part.blanked(lines)
            text = "\n".join(lines)
        else:
            findings.tear(*keys.BY_NAME["top"])
        self._say_documents(roots)
        say_sigils(findings, text, roots)
        return roots

    def _say_broken(self, name: str, broken: syntax.Broken) -> None:
        is_known = broken.line in self._told.setdefault(name, set())
        self._told[name].add(broken.line)
        if not is_known:
            self.reading.findings.at_line(
                name, broken.line, broken.column, broken.message, broken.suggestion, broken.width
            )

    def _say_documents(self, roots: list[Node]) -> None:
        """Tell of lines that end the document: this program reads one."""
        for before, root in pairwise(roots):
            file, findings = root.start_mark.name, self.reading.findings
            lines = range(before.end_mark.line, root.start_mark.line + 1)
            at = next(n for n in lines if findings.line(file, n + 1).startswith("---"))
            told = 'A line "---" ends the file for YAML. Everything below it is another document.'
            findings.at_line(file, at + 1, 1, told, "Take this line away.", 3)

    # --- include ------------------------------------------------------------------------------

    def _included(self, part: Part) -> list[tuple[Path, Node | None]]:
        if "include" not in part.entries:
            return []
        found: list[tuple[Path, Node | None]] = []
        row = keys.BY_NAME["top"]["include"]
        for at, pattern in texts(self.reading, part.entries["include"][1], row) or ():
            found += [(path, at) for path in self._matching(part.path.parent, pattern, at)]
        return found

    def _matching(self, folder: Path, pattern: str, at: ScalarNode) -> list[Path]:
        if not _PATTERN.search(pattern):
            return [folder / pattern]
        try:
            found = sorted(self._glob(folder, pattern))
        except (ValueError, OSError, NotImplementedError, IndexError):
            told = f"{quoted(pattern)} is no pattern of file names."
            self.reading.findings.error(at, told, "Write for example subscribers.d/*.yaml")
            return []
        if not found:
            told = f"No file matches {quoted(pattern)}."
            self.reading.findings.warn(at, told, "Paths are relative to the file they stand in.")
        return found

    def _glob(self, folder: Path, pattern: str) -> Iterator[Path]:
        if self.contents is not None:
            wanted = str(folder / pattern)
            return (path for path in self.contents if fnmatch(str(path), wanted))
        path = Path(pattern)
        if path.is_absolute():
            folder, pattern = Path(path.anchor), str(path.relative_to(path.anchor))
        return (found for found in folder.glob(pattern) if found.is_file())


def _beginning(name: str) -> Node:
    mark = yaml.Mark(name, 0, 0, 0, None, 0)
    return ScalarNode("", " ", mark, mark, style='"')


def shown(path: Path) -> str:
    """Return a path as messages show it: relative to the working folder where it can be."""
    try:
        return path.relative_to(Path.cwd()).as_posix() if path.is_absolute() else path.as_posix()
    except ValueError:
        return path.as_posix()


def is_in_work_tree(path: Path) -> bool:
    """Return whether a .git lies in a folder above: then the file is probably tracked."""
    return any((folder / ".git").exists() for folder in path.absolute().parents)
