"""The whole way from files to a frozen Config: files, feeds, rules, subscribers, then the checks
that need all of them.

A mistake anywhere leaves no Config; everything that is wrong is told at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alerts.config import keys
from alerts.config.asked import Ask, Judge, ask_nobody, no_judge, warn_of_feeds
from alerts.config.destinations import Destinations
from alerts.config.feeds import FeedList
from alerts.config.files import Files, Part
from alerts.config.findings import Findings
from alerts.config.nodes import Node, ScalarNode, SequenceNode
from alerts.config.reading import Entry, Fields, Reading
from alerts.config.rules import Draft, RuleBook, check
from alerts.config.subscribers import SubscriberList, say_unheard
from alerts.config.values import READERS
from alerts.config.variables import Variables
from alerts.errors import ConfigError
from alerts.model import Config, Destination, Mistake, Rule
from alerts.rules.mistakes import LintWarning
from alerts.rules.pause import collector_paused

_VERSION_CHARS = 16
_EXPECTED = ("feeds", "rules", "subscribers")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of reading a configuration; `config` is None if and only if there are errors."""

    config: Config | None
    errors: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # relative to the main file's folder
    not_in_effect: tuple[str, ...] = ()

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Errors and warnings in the order of files and lines."""
        return tuple(
            sorted((*self.errors, *self.warnings), key=lambda m: (m.file, m.line, m.column))
        )


def load(  # noqa: PLR0913 - each is the caller's to state, by name
    path: Path,
    environment: Mapping[str, str],
    *,
    allow_unset: bool = False,
    contents: Mapping[Path, bytes] | None = None,
    with_examples: bool = True,
    examined: str = "",
    judge: Judge = no_judge,
    ask: Ask = ask_nobody,
    now: float | None = None,
) -> Loaded:
    """Read a configuration with every mistake in it; nothing is ever raised for a wrong file.

    `environment` is what ${NAME} may name. `allow_unset`: a variable that is not set is no error;
    its destination has no URL. `contents` replaces the disk: the files that were stored, by path.
    `with_examples`: the rules' examples are run (one that does not hold is an error) and rules that
    are probably not meant are warned of; commands that only read leave that out, and so is it of a
    version that was `examined` before. `judge`: what else is to be warned of, told the rules and
    feeds. `ask`: asks the feeds, which is all that ever contacts anybody.
    `now`: epoch seconds, for warnings of what is over; None leaves them out.
    """
    findings = Findings()
    variables = Variables(environment, findings, allow_unset=allow_unset)
    reading = Reading(findings, variables, now=now, is_of_disk=contents is None)
    files = Files(reading, contents)
    with collector_paused():
        parts = files.read(path)
        version = _version(files.bytes_by_name)
        is_examined = with_examples and version != examined
        config = _config(reading, parts, judge if is_examined else None, ask)
    errors = findings.errors
    whole = None if errors else _with(config, reading, version)
    return Loaded(
        whole, errors, findings.warnings, files.bytes_by_name, tuple(reading.not_in_effect)
    )


def require(
    path: Path,
    environment: Mapping[str, str],
    *,
    allow_unset: bool = False,
    contents: Mapping[Path, bytes] | None = None,
    with_examples: bool = True,
) -> Config:
    """Return the configuration, or raise ConfigError with every mistake; arguments as in `load`."""
    loaded = load(
        path,
        environment,
        allow_unset=allow_unset,
        contents=contents,
        with_examples=with_examples,
    )
    if loaded.config is None:
        raise ConfigError(loaded.errors)
    return loaded.config


def _version(files: Mapping[str, bytes]) -> str:
    """Return which configuration this is: a hash of names and bytes, no secret's value in it."""
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:_VERSION_CHARS]


def _with(config: Config, reading: Reading, version: str) -> Config:
    return Config(
        config.feeds,
        config.rules,
        config.subscribers,
        config.admins,
        tuple(reading.not_in_effect),
        version,
    )


def _config(reading: Reading, parts: list[Part], judge: Judge | None, ask: Ask) -> Config:
    feeds, book, destinations = FeedList(), RuleBook(), Destinations(reading)
    people = SubscriberList(reading, book, destinations)
    for part in parts:
        _check_top(reading, part)
    for at in _values(reading, parts, "feeds"):
        feeds.read(reading, at)
    for at in _values(reading, parts, "rules"):
        book.read(reading, at)
    for name, at in reading.unreadable.items():
        book.named.setdefault(name, Draft(name, at))
    admins = [
        a for at in _values(reading, parts, "admins") for a in _admins(reading, at, destinations)
    ]
    _subscribers(reading, parts, people)
    _say_absent(reading, parts)
    say_unheard(reading, book, people.found.values())
    warn_of_feeds(reading, feeds, ask)
    wrong = check(reading, book, feeds)
    reading.findings.say_unsure()
    rules = tuple(d.rule for d in book.drafts if d.rule is not None)
    if judge is not None:
        _examine(reading, book, wrong, people, lambda r: judge(r, tuple(feeds.feeds.values())))
    return Config(tuple(feeds.feeds.values()), rules, tuple(people.found.values()), tuple(admins))


def _examine(
    reading: Reading,
    book: RuleBook,
    wrong: frozenset[str],
    people: SubscriberList,
    judge: Callable[[Sequence[Rule]], Iterable[LintWarning]],
) -> None:
    """Warn of what is probably not meant, and run the rules' examples."""
    from alerts.config import lint
    from alerts.config.examples import run_examples

    right = [draft for draft in book.drafts if draft.name not in wrong]
    lint.warn(reading, right, judge)
    lint.warn_contained(reading, right, people.followed)
    run_examples(reading, book, wrong)


def _check_top(reading: Reading, part: Part) -> None:
    for name, (key, _) in part.entries.items():
        if name not in keys.BY_NAME["top"]:
            reading.unknown_key(key, name, "top")
    if "version" in part.entries:
        READERS["version"](reading, part.entries["version"][1], keys.BY_NAME["top"]["version"])
    elif part.is_main and "version" not in reading.findings.torn:
        told, hint = (
            "The file does not say which version of the format it is.",
            "Begin it with: version: 1",
        )
        reading.findings.at_line(part.name, 1, 1, told, hint)


def _values(reading: Reading, parts: list[Part], name: str) -> list[Node]:
    """Return the values of one top-level key in all files; empty ones are left out."""
    return [
        part.entries[name][1]
        for part in parts
        if name in part.entries and not _is_empty(part.entries[name][1])
    ]


def _is_empty(node: Node) -> bool:
    """Whether nothing is written after a top-level key."""
    return (
        isinstance(node, ScalarNode) and not node.style and node.value.strip() in ("", "~", "null")
    )


def _say_absent(reading: Reading, parts: list[Part]) -> None:
    """Warn of feeds, rules or subscribers that are empty or not there at all."""
    main = next((part for part in parts if part.is_main), None)
    if main is None:
        return
    for name in _EXPECTED:
        if name in reading.findings.torn or any(_holds(part, name) for part in parts):
            continue
        at = next((p.entries[name][0] for p in parts if name in p.entries), main.at)
        what = {"feeds": "nothing is polled", "rules": "nothing is looked for"}
        told = f"There are no {name}: {what.get(name, 'nobody is told')}."
        reading.findings.warn(at, told, f"Write them under {name}:")


def _holds(part: Part, name: str) -> bool:
    node = part.entries[name][1] if name in part.entries else None
    if node is None or _is_empty(node):
        return False
    return isinstance(node, ScalarNode) or bool(node.value)


def _admins(reading: Reading, node: Node, destinations: Destinations) -> list[Destination]:
    items = node.value if isinstance(node, SequenceNode) else [node]
    found: dict[str, Destination] = {}
    for item in items:
        if isinstance(item, ScalarNode):
            fields: Fields | None = Fields(item, {"email": (item, item)})
        else:
            fields = reading.fields(item, "admin", READERS)
        for place in destinations.read(fields, "admin") if fields else ():
            found.setdefault(place.key, place)
    return list(found.values())


def _subscribers(reading: Reading, parts: list[Part], people: SubscriberList) -> None:
    """Read the subscribers of each file with its own defaults on top of the main file's."""
    top: dict[str, Entry] = {}
    for part in parts:
        own = top
        if "defaults" in part.entries and not _is_empty(part.entries["defaults"][1]):
            own = people.read_defaults(part.entries["defaults"][1], top)
        if part.is_main:
            top = own
        if "subscribers" in part.entries and not _is_empty(part.entries["subscribers"][1]):
            people.read(part.entries["subscribers"][1], own)
    if "defaults" not in reading.findings.torn:
        people.say_without_zone()
