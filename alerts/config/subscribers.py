"""subscribers: and defaults: of the file -> Subscriber values, with the rules written at them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from alerts.config import keys
from alerts.config.destinations import Destinations
from alerts.config.findings import quoted
from alerts.config.keys import BY_NAME, ROOMS
from alerts.config.nodes import MappingNode, Node, ScalarNode, SequenceNode
from alerts.config.reading import Entry, Fields, Reading
from alerts.config.rules import Draft, RuleBook, from_fields
from alerts.config.scalars import filled, grammar_error, parse_when, slug, word
from alerts.config.values import READERS, items
from alerts.digests.when import parse_date_or_time
from alerts.errors import GrammarError
from alerts.model import Cadence, Destination, Subscriber, Subscription, Window
from alerts.rules.mistakes import nearest

DEFAULT_WHEN = "daily at 7:30 am"
DEFAULT_URGENT = Window(6 * 60, 22 * 60, "6 am to 10 pm")
_UNTOUCHED = {key.name: key.default for key in keys.TABLE["subscriber"] if not key.in_effect}


@dataclass
class SubscriberList:
    """The subscribers of all files."""

    reading: Reading
    book: RuleBook
    destinations: Destinations
    found: dict[str, Subscriber] = field(default_factory=dict)
    followed: list[dict[Subscription, Node]] = field(default_factory=list)
    _places: dict[str, Node] = field(default_factory=dict)
    _without_zone: list[Node] = field(default_factory=list)

    def read(self, node: Node, defaults: Mapping[str, Entry]) -> None:
        """Read the list of one file."""
        if not isinstance(node, SequenceNode):
            told, hint = "subscribers is a list.", 'Begin each subscriber with "- name: …".'
            self.reading.findings.error(node, told, hint)
            return
        for item in node.value:
            self._read_one(item, defaults)

    def read_defaults(self, node: Node, above: Mapping[str, Entry]) -> dict[str, Entry]:
        """Check the defaults of one file by themselves; return them on top of those `above`."""
        entries = self.reading.entries(node)
        if entries is None:
            told, hint = (
                "defaults is a mapping of a subscriber's keys.",
                "Write for example timezone: America/Chicago",
            )
            self.reading.findings.error(node, told, hint)
            return dict(above)
        for name in ("name", "id"):
            if name in entries:
                told = f"{quoted(name)} belongs to one subscriber; all of them would share it."
                self.reading.findings.error(entries[name][0], told, "Write it at each subscriber.")
                del entries[name]
        self._check_names(entries)
        checked = self.reading.read(Fields(node, entries), "subscriber", READERS)
        self._say_later(checked, "defaults", "")
        known = {name: entry for name, entry in entries.items() if name in BY_NAME["subscriber"]}
        return {**above, **known}

    def _check_names(self, entries: Mapping[str, Entry]) -> None:
        """Check the names of rules in defaults, whether or not a subscriber takes them over."""
        node = entries["rules"][1] if "rules" in entries else None
        for item in node.value if isinstance(node, SequenceNode) else ():
            at = word(self.reading, item, "An item of rules") if _is_scalar(item) else None
            if at is not None:
                self._named(at, at.value.strip(), None)

    def say_without_zone(self) -> None:
        """Warn once of all subscribers for whom no time zone is written."""
        if not self._without_zone:
            return
        rest = len(self._without_zone) - 1
        told = "No timezone is written for this subscriber"
        told += f" and {rest} more: their times are UTC." if rest else ": its times are UTC."
        hint = "Write under defaults: timezone: America/Chicago"
        self.reading.findings.warn(self._without_zone[0], told, hint)

    def _read_one(self, node: Node, defaults: Mapping[str, Entry]) -> None:
        own = self.reading.entries(node)
        if own is None:
            told, hint = (
                "A subscriber is a mapping of keys.",
                "Write - name: Ana, and its keys below.",
            )
            self.reading.findings.error(node, told, hint)
            return
        fields = Fields(node, {**defaults, **own})
        self.reading.read(fields, "subscriber", READERS)
        name, key = self._identity(fields)
        places = self.destinations.read(fields, key)
        self._say_unreachable(fields, name, places)
        zone = self._zone(fields)
        subscriber = Subscriber(
            id=key,
            name=name,
            subscriptions=self._subscriptions(fields, key),
            destinations=places,
            when=fields.get("when") or parse_when(DEFAULT_WHEN),
            timezone=zone,
            pause_until=self._moment(fields, zone),
        )
        subscriber = replace(subscriber, **_settings(fields, places))
        self._say_unheard(fields, subscriber)
        self._add(fields, subscriber)
        self._say_later(Fields(node, own, fields.values), "subscriber", key)

    def _add(self, fields: Fields, subscriber: Subscriber) -> None:
        first = self._places.get(subscriber.id)
        at = (
            fields.value("id")
            if "id" in fields
            else fields.value("name")
            if "name" in fields
            else fields.at
        )
        if first is None:
            self._places[subscriber.id] = at
            self.found[subscriber.id] = subscriber
            return
        if not subscriber.id:
            return
        where = self.reading.findings.where(first, at)
        told = f"The id {quoted(subscriber.id)} is already taken at {where}."
        hint = f"Rename one, or write an id of its own: id: {subscriber.id}-2"
        self.reading.findings.error(at, told, hint)

    def _identity(self, fields: Fields) -> tuple[str, str]:
        """Return name and id; either is made from the other."""
        name, key = fields.get("name"), fields.get("id")
        if "name" not in fields and "id" not in fields:
            told, hint = "A subscriber needs a name.", "Write for example name: Ana Flores"
            self.reading.findings.error(fields.at, told, hint)
        if key is None and name and "id" not in fields:
            key = slug(name)
            if not key or key == "admin":
                told = f"No id can be made from the name {quoted(name)}."
                self.reading.findings.error(
                    fields.value("name"), told, "Write an id of its own: id: …"
                )
        return name or key or "", key or ""

    def _say_unreachable(self, fields: Fields, name: str, places: tuple[Destination, ...]) -> None:
        if places or fields.is_meant(*keys.DESTINATION_KINDS):
            return
        at = fields.value("name") if "name" in fields else fields.at
        told = (
            f"{quoted(name)} has no address: nothing can be sent."
            if name
            else "A subscriber without an address gets nothing."
        )
        hint = "Write for example email: ana@example.org or slack: ${SLACK_URL}"
        self.reading.findings.error(at, told, hint)

    def _say_unheard(self, fields: Fields, subscriber: Subscriber) -> None:
        """Warn of who wants only what is urgent, and never that."""
        kinds = {cadence.kind for cadence in subscriber.cadences().values()}
        if "urgent only" in kinds and subscriber.urgent == "never":
            at = fields.value("name") if "name" in fields else fields.at
            told = f"{quoted(subscriber.name)} is told only what is urgent, and that never."
            hint = "Write urgent: always or a window, or another when."
            self.reading.findings.warn(at, told, hint)

    def _zone(self, fields: Fields) -> str:
        if "timezone" not in fields:
            self._without_zone.append(fields.value("name") if "name" in fields else fields.at)
        return str(fields.get("timezone", "UTC"))

    def _moment(self, fields: Fields, zone: str) -> float | None:
        if "pause_until" not in fields:
            return None
        row = BY_NAME["subscriber"]["pause_until"]
        found = filled(self.reading, fields.value("pause_until"), row)
        if found is None or found[1].is_unset:
            return None
        at, value = found
        try:
            moment = parse_date_or_time(value.text, zone)
        except GrammarError as error:
            grammar_error(self.reading, at, value, error)
            return None
        if self.reading.now is not None and moment <= self.reading.now:
            told = "This pause is over: nothing is held back any more."
            self.reading.findings.warn(at, told, "Delete the line, or write a day to come.")
        return moment

    # --- what they follow ---------------------------------------------------------------------

    def _subscriptions(self, fields: Fields, key: str) -> tuple[Subscription, ...]:
        node = fields.value("rules") if "rules" in fields else None
        if node is None and fields.is_meant("rules"):
            return ()
        if node is None or (isinstance(node, SequenceNode) and not node.value):
            name_at = fields.value("name") if "name" in fields else fields.at
            told, hint = (
                "This subscriber follows no rule, so nothing is ever sent.",
                "Write for example rules: [ice]",
            )
            self.reading.findings.warn(name_at, told, hint)
            return ()
        found: dict[Subscription, None] = {}
        at: dict[Subscription, Node] = {}
        for item in items(self.reading, node, BY_NAME["subscriber"]["rules"], commas=True) or ():
            made = self._subscription(item, key)
            if made is None:
                continue
            if made in found:
                told = f"{quoted(made.rule)} stands twice in this list."
                self.reading.findings.warn(item, told, "Delete one of the two.")
            found.setdefault(made)
            at.setdefault(made, item)
        self.followed.append(at)
        return tuple(found)

    def _subscription(self, item: Node, key: str) -> Subscription | None:
        if isinstance(item, ScalarNode):
            at = word(self.reading, item, "An item of rules")
            return None if at is None else self._named(at, at.value.strip(), None)
        if not isinstance(item, MappingNode):
            hint = "Write names: [ice, sanctuary], or {rule: ice, when: right away}"
            self.reading.findings.error(item, "A list stands inside the list of rules.", hint)
            return None
        if self._is_time_of(item):
            return None
        fields = self.reading.fields(item, "subscription", READERS)
        if fields is None:
            return None
        when: Cadence | None = fields.get("when")
        if "rule" in fields:
            return self._referred(fields, key, when)
        return self._written_here(item, fields, key, when)

    def _is_time_of(self, item: MappingNode) -> bool:
        """Tell of "- ice: hourly": a rule's name where the keys rule and when are due."""
        (key, value), *others = item.value or [(item, item)]
        if others or not isinstance(key, ScalarNode) or not isinstance(value, ScalarNode):
            return False
        near = nearest(key.value, list(self.book.named))
        name = key.value if key.value in self.book.named else near
        if key.value in BY_NAME["subscription"] or not (name and _is_when(value.value)):
            return False
        told = f"{quoted(key.value)} is no key here; a rule with a time of its own has two."
        hint = f"Write: {{rule: {name}, when: {value.value or 'hourly'}}}"
        self.reading.findings.error(key, told, hint)
        return True

    def _named(self, at: Node, name: str, when: Cadence | None) -> Subscription | None:
        if name in self.book.named:
            return Subscription(name, when)
        if name in self.book.misnamed or self.reading.findings.is_unsure("rules", at):
            return None
        near = nearest(name, list(self.book.named))
        hint = f"Did you mean {quoted(near)}?  " if near else ""
        if not near and self.book.named:
            hint = f"Known rules: {', '.join(list(self.book.named)[:12])}.  "
        shown = name.replace('"', "'")
        hint += f'(A search written in place looks so: {{query: "{shown}"}})'
        self.reading.findings.error(at, f"There is no rule {quoted(name)}.", hint)
        return None

    def _referred(self, fields: Fields, key: str, when: Cadence | None) -> Subscription | None:
        """{rule: madison, when: …}; with a title of its own it becomes a rule of its own."""
        extra = [name for name in fields.nodes if name not in ("rule", "when", "title")]
        for name in extra:
            if name in BY_NAME["subscription"]:
                told = (
                    f"{quoted(name)} cannot stand beside rule: here; it belongs to the rule itself."
                )
                hint = "Write it at the rule, or write query: rule:… instead of rule:"
                self.reading.findings.error(fields.key(name), told, hint)
        name = fields.get("rule")
        found = None if name is None else self._named(fields.value("rule"), name, when)
        title: Mapping[str, str] | None = fields.get("title")
        draft = self.book.named.get(name or "")
        if found is None or not title or draft is None or draft.rule is None:
            return found
        own = self._free_name(key, next(iter(title.values()), found.rule))
        self.book.inline[own] = replace(
            draft, name=own, rule=replace(draft.rule, name=own, titles=title), examples=()
        )
        return Subscription(own, when)

    def _written_here(
        self, item: Node, fields: Fields, key: str, when: Cadence | None
    ) -> Subscription | None:
        title: Mapping[str, str] = fields.get("title") or {}
        name = self._free_name(key, title.get("en") or next(iter(title.values()), ""))
        draft: Draft = from_fields(self.reading, name, item, fields)
        self.book.inline[name] = draft
        return Subscription(name, when) if draft.rule else None

    def _free_name(self, key: str, title: str) -> str:
        """Return "ana-flores/jail"; "ana-flores/query-2" without a title."""
        base = slug(title)
        count = 1 + sum(1 for name in self.book.inline if name.startswith(f"{key}/"))
        name = f"{key}/{base or f'query-{count}'}"
        return name if name not in self.book.inline else f"{name}-{count}"

    def _say_later(self, fields: Fields, what: str, key: str) -> None:
        """Remember the keys that are set to something whose behaviour is still to come."""
        for name, default in _UNTOUCHED.items():
            value = fields.get(name)
            if name not in fields or value == default or (value is False and default == "false"):
                continue
            self.reading.later(f"{what} {name}" + (f" ({key})" if key else ""))


def _is_when(text: str) -> bool:
    try:
        parse_when(text or "hourly")
    except GrammarError:
        return False
    return True


def _is_scalar(node: Node) -> bool:
    return isinstance(node, ScalarNode)


def say_unheard(reading: Reading, book: RuleBook, people: Iterable[Subscriber]) -> None:
    """Warn of a rule with urgent stories that nobody follows."""
    followed = {s.rule for subscriber in people for s in subscriber.subscriptions}
    for draft in book.named.values():
        if draft.rule is None or draft.rule.urgent is None or draft.name in followed:
            continue
        if "subscribers" not in reading.findings.torn:
            told = f"Nobody follows {quoted(draft.name)}, so its urgent stories reach no one."
            reading.findings.warn(draft.at, told, "Name it under rules: of a subscriber.")


def _settings(fields: Fields, places: tuple[Destination, ...]) -> dict[str, Any]:
    """Return the settings that were written, and the defaults that depend on who reads."""
    is_for_people = any(place.is_person for place in places) or not any(k in fields for k in ROOMS)
    names = ("language", "nothing_new", "style", "welcome", "mention", "subject", "corrections")
    given = {name: fields.get(name) for name in names if fields.get(name) is not None}
    given.setdefault("style", "full" if is_for_people else "brief")
    given["urgent"] = fields.get("urgent") or (DEFAULT_URGENT if is_for_people else "always")
    quiet = fields.get("quiet")
    given["quiet"] = quiet if isinstance(quiet, Window) else None
    if fields.get("spread") is not None:
        given["spread_s"] = fields.get("spread")
    return given
