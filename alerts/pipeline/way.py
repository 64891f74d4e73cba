"""The way of one stored article to one subscriber: how far it came, and what stopped it there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select

from alerts.clock import iso
from alerts.delivery import classify
from alerts.digests import slots
from alerts.feeds.items import Item
from alerts.model import Article, Config, Entry, Feed, Rule, Subscriber
from alerts.pipeline.history import Kept, of_rows
from alerts.rules import because
from alerts.rules.verdicts import Verdict, verdict
from alerts.store import (
    configs,
    entries,
    follow_ups,
    fulltext,
    held,
    history,
    outbox,
    subscribers,
    urgent,
)
from alerts.store.reach import destinations
from alerts.store.schema import delivery, digest

_MOST_FOUND = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule's verdict, and the article as the feed it was judged for carries it."""

    verdict: Verdict
    article: Article


def find(connection: Connection, asked: str) -> list[Kept]:
    """Return the stored articles of this id, link or words of a title; the last seen first."""
    if asked.isdecimal() and len(asked) < 10:
        ids = {int(asked)}
    elif "://" in asked:
        known = _known(connection, asked)
        ids = {row.entry_id for row in known} | history.with_links(connection, [asked])
    else:
        ids = {row.id for row in history.titled(connection, asked, _MOST_FOUND)}
    rows = entries.by_id(connection, ids)
    return sorted(of_rows(connection, list(rows.values())), key=lambda one: -one.seen_at)


def last_seen(connection: Connection, link: str) -> float | None:
    """Return when a feed was last seen to carry this link, also of what is no longer stored."""
    return max((row.last_seen for row in _known(connection, link)), default=None)


def _known(connection: Connection, link: str) -> list[Row[Any]]:
    keys = Item.of(Entry(link=link)).keys
    return history.by_keys(connection, [keys.k2] if keys.k2 else [])


def judged(kept: Kept, config: Config, rules: Sequence[Rule]) -> list[Judged]:
    """Return what each rule says of the article today, for a carrier it holds for if there is one.

    A feed that is no longer configured still says what the article is.
    """
    articles = kept.articles({feed.url: feed for feed in config.feeds})
    known = articles or (Article.of(kept.entry, Feed(url=""), None),)
    found = []
    for rule in rules:
        each = [Judged(verdict(rule, article, config.rules), article) for article in known]
        found.append(next((one for one in each if one.verdict.holds), each[0]))
    return found


def identity_of(connection: Connection, kept: Kept) -> dict[str, Any]:
    """Return under how many guids, links and wordings the article was seen, feed by feed."""
    feeds = history.feeds(connection)
    counts: dict[str, dict[str, Any]] = {}
    for row in history.names(connection, kept.entry_id):
        url = feeds[row.feed_id].url
        mine = counts.setdefault(
            url, {"feed": url, "guids": 0, "links": 0, "wordings": 0, "last_seen": None}
        )
        mine[{"1": "guids", "2": "links", "3": "wordings"}[row.key[0]]] += 1
        mine["last_seen"] = max(mine["last_seen"] or "", iso(row.last_seen) or "")
    return {"feeds": list(counts.values())}


def page_of(connection: Connection, kept: Kept) -> dict[str, Any] | None:
    """Return what came of the article's page, if its feed has `fulltext`."""
    row = fulltext.of_entry(connection, kept.entry_id)
    if row is None:
        return None
    waits = row.due_at is not None
    return {
        "state": "waiting" if waits else "read" if row.read_at is not None else "not read",
        "read": iso(row.read_at),
        "characters": row.chars,
        "tries": row.tries,
        "error": row.error_text,
    }


# --- to one subscriber -------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """Answers why one subscriber did or did not get an article."""

    connection: Connection
    config: Config
    now: float

    def to(self, kept: Kept, person: Subscriber, rules: Sequence[Judged]) -> dict[str, Any]:
        """Return the outcome, each step in a sentence, and the rows behind them."""
        followed = {s.rule for s in person.subscriptions}
        mine = [one for one in rules if one.verdict.rule.name in followed]
        found = history.owed(self.connection, kept.entry_id)
        alert = next((row for row in found if row.subscriber == person.id), None)
        if alert is None:
            outcome, why = self._not_owed(kept, person, mine)
            sent: list[dict[str, Any]] = []
        else:
            outcome, why, sent = self._owed(alert, person)
        return {
            "id": person.id,
            "name": person.name,
            "outcome": outcome,
            "why": why,
            "rules": [] if alert is None else [match["rule"] for match in alert.matches],
            "alert": None if alert is None else _alert(alert),
            "deliveries": sent,
        }

    def to_removed(self, alert: Row[Any]) -> dict[str, Any]:
        """Return the same for an alert of somebody who is no longer in the configuration."""
        said = f" Given up: {alert.reason}." if alert.reason else ""
        return {
            "id": alert.subscriber,
            "name": alert.subscriber,
            "outcome": "given up" if alert.state == "suppressed" else "removed since",
            "why": [f"Owed since {iso(alert.created_at)}.{said}", "No longer in subscribers.yaml."],
            "rules": [match["rule"] for match in alert.matches],
            "alert": _alert(alert),
            "deliveries": self._deliveries(alert),
        }

    def _deliveries(self, alert: Row[Any]) -> list[dict[str, Any]]:
        mine = select(delivery.c.id).where(delivery.c.digest_id == alert.digest_id)
        ids = self.connection.execute(mine.order_by(delivery.c.destination, delivery.c.part))
        return [outbox.show(self.connection, key) for key in ids.scalars()]

    # --- no alert ------------------------------------------------------------------------------

    def _not_owed(
        self, kept: Kept, person: Subscriber, rules: Sequence[Judged]
    ) -> tuple[str, list[str]]:
        holding = [one.verdict.rule.name for one in rules if one.verdict.holds]
        if not rules:
            return "follows nothing", [f"{person.name} follows no rule."]
        if not holding:
            return "no rule holds", [
                f"{one.verdict.rule.name} does not hold: {because.reason(one.verdict, one.article)}"
                for one in rules
            ]
        if held.among(self.connection, [kept.entry_id]):
            why = "Its site renamed what it had published before, and it looks like an old story."
            return "held back", [f"{why} To send it or leave it out: alerts feeds release"]
        if kept.is_baseline:
            why = "It was there before its feed's first poll, and older than look_back:"
            return "old story", [f"{why} old stories are not sent."]
        late = [self._too_late(kept, person, name) for name in holding]
        told = [said for said in late if said]
        if len(told) == len(holding):
            return "seen before", told
        urgent = {
            s.rule for s in person.subscriptions if (s.when or person.when).kind == "urgent only"
        }
        if urgent.issuperset(holding):
            return "urgent only", [f"{person.name} gets only what is urgent of these rules."]
        return "not owed", [self._changed(kept, holding)]

    def _too_late(self, kept: Kept, person: Subscriber, name: str) -> str:
        since = subscribers.following_since(self.connection).get((person.id, name))
        if since is not None and since <= kept.seen_at:
            return ""
        seen = self._moment(kept.seen_at, person)
        if since is None:
            return f"{name} holds, but that {person.name} follows it is no edit in force yet."
        begun = self._moment(since, person)
        return f"{name} holds, but {person.name} follows it since {begun}, and it was seen {seen}."

    def _changed(self, kept: Kept, holding: Sequence[str]) -> str:
        latest = configs.latest(self.connection)
        names = ", ".join(holding)
        if latest is not None and latest.loaded_at > kept.seen_at:
            at = iso(latest.loaded_at)
            return (
                f"{names} holds today, but the configuration was changed at {at}, after the article"
                " was read. Stored articles are not judged again."
            )
        return (
            f"{names} holds for the article as it is stored, but was not found when it was read:"
            " subscribers.yaml may have an edit that is not in force yet (alerts reload)."
        )

    # --- an alert ------------------------------------------------------------------------------

    def _owed(
        self, alert: Row[Any], person: Subscriber
    ) -> tuple[str, list[str], list[dict[str, Any]]]:
        begin = f"Owed since {self._moment(alert.created_at, person)}."
        if alert.is_late:
            begin += " It comes late: the delivery it was in before expired."
        if alert.state == "suppressed":
            return "given up", [begin, f"Given up: {alert.reason}."], []
        if alert.state == "pending":
            rules = {match["rule"] for match in alert.matches}
            return (
                "waiting",
                [
                    begin,
                    *self._waits(person, rules, alert_is_urgent=alert.urgent_at is not None),
                    *self._held(person),
                ],
                [],
            )
        query = select(digest).where(digest.c.id == alert.digest_id)
        made = self.connection.execute(query).one_or_none()
        sent = self._deliveries(alert)
        why = [begin]
        if made is not None:
            at = self._moment(made.created_at, person)
            why.append(f"In the digest of {at} ({made.cadence}; {made.articles} articles).")
        if not sent:
            return "in a digest", [*why, "Nothing is kept of its delivery."], []
        why += [_sent(row) for row in sent]
        why += self._told_again(alert, person)
        states = {row["state"] for row in sent}
        outcome = next(iter(states)) if len(states) == 1 else "partly " + ", ".join(sorted(states))
        held = [] if states <= {"delivered", "written"} else self._held(person)
        return outcome, [*why, *held], sent

    def _told_again(self, alert: Row[Any], person: Subscriber) -> list[str]:
        """Say what was told again of an urgent story, and what became of that."""
        said = []
        for row in follow_ups.of_alert(self.connection, alert.subscriber, alert.entry_id):
            what = "withdrawn" if row.is_withdrawal else "its headline changed"
            said.append(f"Told again {self._moment(row.created_at, person)}: {what}.")
            said += [_sent(one) for one in self._deliveries(row)]
        return said

    def _waits(self, person: Subscriber, rules: set[str], *, alert_is_urgent: bool) -> list[str]:
        """Say when the slots that tell of these rules are due, and why then."""
        said = []
        for row in subscribers.slots(self.connection, person.id, with_notes=True):
            is_urgent = row.cadence == urgent.CADENCE and alert_is_urgent
            if not (person.rules_of(row.cadence) & rules or is_urgent):
                continue
            if row.due_at is None:
                said.append(f"Its slot ({row.cadence}) has no moment yet.")
                continue
            due = f"Due {self._moment(row.due_at, person)} ({row.cadence})"
            if row.due_at <= self.now:
                said.append(f"{due}: the running service sends it, or alerts once.")
                continue
            said.append(f"{due}{self._why_then(person, row)}.")
        if person.pause_until is not None and person.pause_until > self.now:
            said.append(f"Paused until {self._moment(person.pause_until, person)}.")
        return said or ["No slot tells of it: the running service has not taken the edit yet."]

    def _why_then(self, person: Subscriber, row: Row[Any]) -> str:
        if row.cadence == urgent.CADENCE:
            return ": it is urgent" + (", and comes in a bundle" if row.flood else "")
        if row.flood is not None:
            return ": too much came at once, so it comes in bundles for a while"
        if row.name is None:
            if person.quiet and row.due_at > self.now + slots.GATHER_S:
                return f": after quiet hours ({person.quiet.text})"
            return ": stories within 5 minutes of the last digest come together"
        zone = ZoneInfo(person.timezone)
        nominal = dt.datetime.fromisoformat(row.name).replace(tzinfo=zone).timestamp()
        free = replace(person, pause_until=None)
        told = slots.right_away_at(free, None, nominal)
        why = (
            f": after quiet hours ({person.quiet.text})" if told > nominal and person.quiet else ""
        )
        spread = row.due_at - told
        return f"{why}; {spread:.0f} s of it are spread" if 1 <= spread <= person.spread_s else why

    def _held(self, person: Subscriber) -> list[str]:
        """Say which destinations get nothing just now, why, and what lifts that."""
        said = []
        for row in destinations(self.connection, person.destinations, self.now):
            if row["state"] == "ok":
                continue
            parts = [f"{row['kind']} {row['place']}: {row['state'].replace('_', ' ')}"]
            parts += [f"until {row['until']}"] if row["until"] else []
            parts += [f"since {row['since']}"] if row["since"] else []
            reason = f" ({row['reason'].rstrip('.')})" if row["reason"] else ""
            lift = f" To lift it: {row['lift']}" if row["lift"] else ""
            said.append(f"{' '.join(parts)}{reason}.{lift}")
        return said

    def _moment(self, at: float, person: Subscriber) -> str:
        local = dt.datetime.fromtimestamp(at, ZoneInfo(person.timezone))
        return local.strftime("%a %Y-%m-%d %H:%M %Z")


def _alert(row: Row[Any]) -> dict[str, Any]:
    return {
        "state": row.state,
        "reason": row.reason,
        "created": iso(row.created_at),
        "is_late": row.is_late,
        "digest": row.digest_id,
    }


def _sent(row: dict[str, Any]) -> str:
    tries = row["attempts"]
    words = classify.said(row["code"], row["server_text"])
    said = f': "{words}"' if words else ""
    when = f" at {row['ended']}" if row["ended"] else ""
    following = f"; next try {row['next_try']}" if row["next_try"] else ""
    tried = f" after {tries} tries" if tries > 1 else ""
    hint = f" {row['hint']}" if row["hint"] and row["state"] != "delivered" else ""
    place = row["destination"]
    return f"{place}: {row['state']}{when}{tried}{said}{following}.{hint} ({row['id'][:8]})"
