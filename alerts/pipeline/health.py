"""What an admin has to know without asking: troubles that last, each told once, and their end.

Called every minute by a running service and at the end of `once`. Decides from rows alone, so that
a restart tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from alerts.clock import iso
from alerts.delivery import patience
from alerts.model import Article, Entry
from alerts.pipeline import notices
from alerts.pipeline.parts import InForce, Parts
from alerts.rules.fields import passes
from alerts.store import deliveries, feeds, stops
from alerts.store import notices as notice_rows
from alerts.store.schema import entry

#: A feed that fails for less than this may recover by itself.
FAILING_S = 24 * 3600.0

#: A mail server that refuses us for less than this may be restarting.
_MAIL_S = 3600.0
_MAIL = "mail"

#: A feed that had `_LIVELY` new articles in a month and none for this long has fallen silent.
_SILENT_S = 7 * 86_400.0
_LIVELY = 10
_MONTH_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that lasts: what it is about, and the words for it."""

    key: str
    subject: str
    text: str


def check(parts: Parts) -> None:
    """Tell the admins of troubles that began, and of those that are over."""
    with parts.database.write() as connection:
        now = parts.clock.now()
        found = {trouble.key: trouble for trouble in _troubles(connection, parts, now)}
        for trouble in found.values():
            notices.tell(connection, parts, trouble.key, trouble.subject, trouble.text)
        for key, row in notice_rows.open_ones(connection).items():
            if key.partition(" ")[0] in _KINDS and key not in found:
                subject = f"Over: {row.subject}"
                text = f"What we told you of on {iso(row.opened_at)} is over: {row.subject}."
                notices.over(connection, parts, key, subject, text)


#: First words of the keys that `check` opens and closes; others belong to who told of them.
_KINDS = frozenset({"feed", "silent", _MAIL, "webhook", "address"})


def _troubles(connection: Connection, parts: Parts, now: float) -> Iterator[Trouble]:
    rows = feeds.by_url(connection)
    for url in parts.in_force.feeds:
        row = rows.get(url)
        if row is None:
            continue
        if row.failing_since is not None and now - row.failing_since >= FAILING_S:
            yield _failing(row, _readers(parts.in_force, url, row.title))
        elif row.state == "ok" and _is_silent(connection, row, now):
            yield _silent(row)
    mail = mail_trouble(connection, now - _MAIL_S)
    if mail is None and _MAIL in notice_rows.open_ones(connection):  # told at once: see faults
        mail = mail_trouble(connection)
    if mail is not None:
        yield mail
    for gate in deliveries.failing_gates(connection, now - patience.FAILING_S):
        yield _failing_webhook(gate)
    for stop in stops.stops(connection).values():
        if stop.kind not in (stops.STOPPED, stops.ERASED):
            yield _gone(stop)


def _name(row: Row[Any]) -> str:
    return str(row.name or row.title or row.url)


def _readers(in_force: InForce, url: str, title: str | None) -> int:
    """Return how many subscribers have a rule that looks at this feed."""
    article = Article.of(Entry(), in_force.feeds[url], title)
    rules = [rule.name for rule in in_force.config.rules if passes(rule, article)]
    return len({person for name in rules for person in in_force.followers.get(name, ())})


def _failing(row: Row[Any], readers: int) -> Trouble:
    name = _name(row)
    people = "1 subscriber reads" if readers == 1 else f"{readers} subscribers read"
    return Trouble(
        f"feed {row.url}",
        f"Feed failing: {name} (since {iso(row.failing_since)})",
        f"{row.error_text}\n\n{people} it; the footer of their mails tells them."
        f"\n\n{row.error_hint or ''}\nSee it: alerts feeds. We go on asking, and tell you once when"
        " it works again.",
    )


def _is_silent(connection: Connection, row: Row[Any], now: float) -> bool:
    mine = (entry.c.feed_id == row.id) & entry.c.is_baseline.is_(False)
    last = connection.execute(select(func.max(entry.c.seen_at)).where(mine)).scalar()
    if last is None or now - last < _SILENT_S:
        return False
    lively = select(func.count()).where(mine, entry.c.seen_at >= last - _MONTH_S)
    return connection.execute(lively).scalar_one() >= _LIVELY


def _silent(row: Row[Any]) -> Trouble:
    name = _name(row)
    return Trouble(
        f"silent {row.url}",
        f"Feed silent: {name}",
        f"{name} can be read, but has had nothing new for over a week; before that it was lively."
        f"\n\nSee whether the site has moved its feed: {row.url}",
    )


def mail_trouble(connection: Connection, since: float | None = None) -> Trouble | None:
    """Return the words for a mail server that takes nothing (since then or longer); or None."""
    gate = deliveries.gate_of(connection, f"{deliveries.SERVER}email")
    if gate is None or gate.since is None or (since is not None and gate.since > since):
        return None
    return Trouble(
        _MAIL,
        f"Mails do not go out (since {iso(gate.since)})",
        f"The mail server has taken no mail since then. {gate.reason}\n\nNothing is lost: what"
        " waits is sent when it works again. See: alerts deliveries",
    )


def _failing_webhook(gate: Row[Any]) -> Trouble:
    what = "Mailbox" if "/email/" in gate.key else "Webhook"
    return Trouble(
        f"webhook {gate.key}",
        f"{what} failing: {gate.key} (since {iso(gate.since)})",
        f"{gate.reason}\n\nWhat is due there waits. See what it says: alerts deliveries. When it is"
        f" mended: alerts destinations resume {gate.key}",
    )


def _gone(stop: Row[Any]) -> Trouble:
    kind, _, place = stop.target.partition("/")
    if stop.kind == stops.BAD_ADDRESS and kind == "email":
        return Trouble(
            f"address {stop.target}",
            f"Address refused: {place}",
            f"The mail server takes nothing for {place}: {stop.reason}\n\nNothing more is sent"
            " there. Correct the line in subscribers.yaml, or send there again:"
            f" alerts destinations resume {place}",
        )
    return Trouble(
        f"webhook {stop.target}",
        f"Webhook gone: {stop.target}",
        f"{stop.target} is no more: {stop.reason}\n\nNothing more is sent there. Make a new webhook"
        f" and set its address; then: alerts destinations resume {stop.target}",
    )
