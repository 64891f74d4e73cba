"""Where a subscriber or admin is told: addresses and webhooks, read by `delivery.places`.

Also the two things only the whole file shows: one address twice, and a webhook's address written
where git keeps it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import cast

from alerts.config.findings import quoted
from alerts.config.keys import BY_NAME, DESTINATION_KINDS
from alerts.config.nodes import MappingNode, Node, ScalarNode, is_plain
from alerts.config.reading import Fields, Reading
from alerts.config.scalars import filled, grammar_error
from alerts.config.values import READERS, as_node, items
from alerts.config.variables import Filled
from alerts.delivery.places import read_destination
from alerts.errors import GrammarError
from alerts.model import Destination, DestinationKind

#: Addresses that let whoever has them post into a channel.
_CHAT_WEBHOOK = re.compile(
    r"https://(?:hooks\.slack\.com|(?:\w+\.)?discord(?:app)?\.com/api/webhooks|[\w.-]+\.webhook\.office\.com"
    r"|[\w.-]+\.logic\.azure\.com|[\w.-]+\.powerplatform\.com|chat\.googleapis\.com|api\.telegram\.org)",
    re.IGNORECASE,
)
_MAKE_SECRET = "make a secret with: echo whsec_$(openssl rand -base64 32)"  # noqa: S105


@dataclass
class Destinations:
    """Reads destinations and remembers who has which address."""

    reading: Reading
    _seen: dict[str, tuple[str, Node]] = field(default_factory=dict)

    def read(self, fields: Fields, owner: str) -> tuple[Destination, ...]:
        """Return the destinations of one subscriber (or "admin") in the order of the table."""
        found: dict[str, Destination] = {}
        for kind in DESTINATION_KINDS:
            if kind not in fields:
                continue
            row = BY_NAME["subscriber"][kind]
            for item in items(self.reading, fields.value(kind), row) or ():
                for part in self._parts(item, kind):
                    made = (
                        self._webhook(part, owner, found)
                        if kind == "webhook"
                        else self._one(part, kind, owner, found)
                    )
                    if made is not None:
                        found.setdefault(made.key, made)
        return tuple(found.values())

    def _parts(self, node: Node, kind: str) -> list[Node]:
        """Take "ana@x, ben@x" without brackets apart, with a warning."""
        if kind not in ("email", "people") or not isinstance(node, ScalarNode):
            return [node]
        if not is_plain(node) or node.value.count("@") < 2 or "$" in node.value:
            return [node]
        row = BY_NAME["subscriber"][kind]
        return items(self.reading, node, row, commas=True) or []

    def _one(
        self, node: Node, kind: str, owner: str, found: dict[str, Destination]
    ) -> Destination | None:
        row = BY_NAME["subscriber"][kind]
        text = filled(self.reading, node, row)
        if text is None:
            return None
        at, value = text
        if value.is_unset:
            return _unset(kind, at.value, owner)
        made = self._place(at, value, kind, owner, found)
        if made is None:
            return None
        if made.kind == "email":
            return self._address(at, made, owner, found)
        self._say_tracked(at, value, kind, owner)
        return made

    def _place(
        self,
        at: ScalarNode,
        value: Filled,
        kind: str,
        owner: str,
        found: dict[str, Destination],
        secret: tuple[ScalarNode, Filled] | None = None,
    ) -> Destination | None:
        taken = [d.place for d in found.values() if d.kind == kind]
        try:
            return read_destination(kind, value.text, owner, taken)
        except GrammarError as error:
            grammar_error(self.reading, at, value, error)
            return None

    def _address(
        self, at: ScalarNode, made: Destination, owner: str, found: dict[str, Destination]
    ) -> Destination | None:
        """Warn of an address that stands twice; at one subscriber it counts once."""
        folded = made.place.casefold()
        if owner == "admin":
            return made
        first = self._seen.setdefault(folded, (owner, at))
        if first[1] is at:
            return made
        where = self.reading.findings.where(first[1], at)
        if first[0] == owner:
            told, hint = (
                f"{made.place} stands here twice; it gets one mail.",
                "Delete one of the two.",
            )
        else:
            told = f"{made.place} also stands at {quoted(first[0])} ({where}); one mail per slot."
            hint = "If one is enough, delete the other."
        self.reading.findings.warn(at, told, hint)
        is_double = any(d.kind == "email" and d.place.casefold() == folded for d in found.values())
        return None if is_double else made

    def _webhook(self, node: Node, owner: str, found: dict[str, Destination]) -> Destination | None:
        findings = self.reading.findings
        if not isinstance(node, MappingNode):
            hint = f"Write webhook: {{url: …, secret: …}}; {_MAKE_SECRET}"
            findings.error(
                node, "A webhook needs a secret that its deliveries are signed with.", hint
            )
            return None
        fields = self.reading.fields(node, "webhook", {**READERS, "text": as_node})
        if fields is None or "url" not in fields or "secret" not in fields:
            return None
        url = filled(self.reading, fields.value("url"), BY_NAME["webhook"]["url"])
        secret = filled(self.reading, fields.value("secret"), BY_NAME["webhook"]["secret"])
        if url is None or secret is None:
            return None
        if url[1].is_unset or secret[1].is_unset:
            return _unset("webhook", url[0].value, owner)
        self._say_tracked(*secret, "webhook", owner, is_secret=True)
        return self._signed(url, secret, owner, found)

    def _signed(
        self,
        url: tuple[ScalarNode, Filled],
        secret: tuple[ScalarNode, Filled],
        owner: str,
        found: dict[str, Destination],
    ) -> Destination | None:
        """Read address and secret one after the other, so that each mistake stands at its own."""
        if self._place(*url, "webhook", owner, found) is None:
            return None
        taken = [d.place for d in found.values() if d.kind == "webhook"]
        try:
            return read_destination("webhook", url[1].text, owner, taken, secret=secret[1].text)
        except GrammarError as error:
            grammar_error(self.reading, secret[0], secret[1], error)
            return None

    def _say_tracked(
        self, at: ScalarNode, value: Filled, kind: str, owner: str, *, is_secret: bool = False
    ) -> None:
        """Warn of a channel's address in a file that lies in a git work tree."""
        if not value.is_literal or at.start_mark.name not in self.reading.findings.tracked:
            return
        if not is_secret and not _CHAT_WEBHOOK.match(value.text.strip()):
            return
        name = f"{kind}_{owner}_{'secret' if is_secret else 'url'}".upper().replace("-", "_")
        key = "secret" if is_secret else kind
        told = "This address is a password: who has it can post in your channel."
        if is_secret:
            told = "This is a password: who has it can sign messages as you."
        again = "make a new webhook" if not is_secret else "make a new secret"
        hint = (
            f"This file lies in a git repository. Put it into .env as {name}=…, "
            f"write {key}: ${{{name}}} here, and {again} if the file was ever pushed."
        )
        self.reading.findings.warn(at, f"{told}", hint)


def _unset(kind: str, written: str, owner: str) -> Destination:
    """Stand in for a place whose variable is not set, where that is allowed."""
    known = cast("DestinationKind", "email" if kind == "people" else kind)
    return Destination(owner, known, written.strip())
