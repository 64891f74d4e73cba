"""How the service stands, as lines of a screen: read from rows, the lock and the disk; asks nobody.

Each function looks at one topic. A trouble that mends itself is a note; what an admin has to act
on is wrong.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from alerts.cli.destinations import reason
from alerts.cli.lines import Level, Line, counted, span
from alerts.cli.output import sentences
from alerts.clock import iso
from alerts.delivery import classify
from alerts.delivery.server import read_smtp_url
from alerts.digests.dates import Dates
from alerts.errors import UsageError
from alerts.model import Config
from alerts.pipeline.health import FAILING_S
from alerts.pipeline.notices import home
from alerts.settings import Settings
from alerts.store import ahead, configs, deliveries, figures, outcomes, reach, tables
from alerts.store import feeds as feed_rows
from alerts.store import subscribers as subscriber_rows
from alerts.store.latency import latencies
from alerts.text import shown
from alerts.web.health import MAX_LATE_S, MIN_FREE_BYTES

_SHOWN = 5
_DAY_S = 86_400.0

#: Without a running process, passes from cron may be this far apart.
_BETWEEN_PASSES_S = 2 * 3_600.0

_SCARCE_BYTES = 5 * MIN_FREE_BYTES

#: States of destinations that somebody has to do something about.
_DEAD = ("gone", "bad_address", "unset")


@dataclass(frozen=True)
class Seen:
    """What the lines are made from."""

    settings: Settings
    config: Config
    connection: Connection
    now: float

    @cached_property
    def figures(self) -> dict[str, figures.Values]:
        """The figures of `/metrics`."""
        return figures.figures(self.connection, self.now)

    @property
    def dates(self) -> Dates:
        """The words for moments, in the zone of most subscribers."""
        return Dates(home(self.config), self.now)


# --- with a database ---------------------------------------------------------------------------


def process(seen: Seen, holder: str | None) -> Line:
    """Say what does the work, and whether it keeps up."""
    found = seen.figures
    late_s = found["oldest_due_seconds"][()]
    last = found["last_poll_timestamp_seconds"].get(())
    facts = {"running": holder, "oldest_due_seconds": round(late_s), "last_poll": iso(last)}
    polled = f"last poll {span(seen.now - last)} ago" if last is not None else "nothing polled yet"
    told = f"{holder} does the work" if holder else f"no process runs now; {polled}"
    if late_s > (MAX_LATE_S if holder else _BETWEEN_PASSES_S):
        hint = "Look at its log; restart it." if holder else "Start it: alerts run"
        return Line("process", "wrong", f"{told}; work due {span(late_s)} ago waits", hint, facts)
    if holder is None:
        hint = "Fine if alerts once comes from cron; else start: alerts run"
        return Line("process", "note", told, hint, facts)
    return Line("process", "ok", f"{told}; {polled}", facts=facts)


def feeds(seen: Seen) -> Line:
    """Say how many feeds are read, and which are not, since when and why."""
    rows = feed_rows.by_url(seen.connection)
    mine = [(feed, rows.get(feed.url)) for feed in seen.config.feeds]
    states = Counter("new" if row is None else str(row.state) for _, row in mine)
    bad = [(f, row) for f, row in mine if row is not None and row.failing_since is not None]
    facts = {"states": dict(states), "failing": [_failing(f.name, row) for f, row in bad]}
    if not mine:
        return Line("feeds", "note", "none", "Write them under feeds: in subscribers.yaml.", facts)
    if not bad:
        rest = f", {states['new']} not polled yet" if states["new"] else ""
        told = f"{counted(states.total() - states['new'], 'feed')} read{rest}"
        if count := states["quarantined"]:
            told += f"; of {counted(count, 'feed')} old stories that look new are held back"
            return Line("feeds", "note", told, "Send or discard them: alerts feeds", facts)
        return Line("feeds", "ok", told, facts=facts)
    more = tuple(
        f"{_name(feed.name, row)}: {row.error_text} (since"
        f" {seen.dates.near(row.failing_since)}) {row.error_hint or ''}".rstrip()
        for feed, row in bad[:_SHOWN]
    )
    lasts = any(r.state == "gone" or seen.now - r.failing_since >= FAILING_S for _, r in bad)
    told = f"{len(bad)} of {counted(len(mine), 'feed')} cannot be read"
    hint = "Look into one: alerts feeds check NAME. All of them: alerts feeds"
    return Line("feeds", "wrong" if lasts else "note", told, hint, facts, more)


def _name(name: str | None, row: Any) -> str:
    return name or shown(row.title or "") or str(row.url)


def _failing(name: str | None, row: Any) -> dict[str, Any]:
    return {
        "name": _name(name, row),
        "url": row.url,
        "state": row.state,
        "error": row.error_kind,
        "error_text": row.error_text,
        "since": iso(row.failing_since),
        "hint": row.error_hint or None,
    }


def mail(seen: Seen) -> Line:
    """Say where mails go, and whether they are taken."""
    line = mail_settings(seen.settings, seen.config)
    gate = deliveries.gate_of(seen.connection, f"{deliveries.SERVER}email")
    if line.level != "ok" or gate is None or gate.since is None:
        return line
    told = f"{line.text} takes no mail since {seen.dates.near(gate.since)}"
    last = outcomes.last_at(seen.connection, gate.key)
    said = classify.said(last.code, last.server_text) if last is not None else ""
    why = sentences(said, gate.reason)
    facts = {**line.facts, "since": iso(gate.since), "reason": gate.reason, "server_text": said}
    hint = "Nothing is lost. Find out why: alerts doctor"
    lasts: Level = "wrong" if seen.now - gate.since > MAX_LATE_S else "note"
    return Line("mail", lasts, told, hint, facts, (why,))


def places(seen: Seen) -> Line:
    """Say which addresses and webhooks get nothing just now."""
    rows = reach.destinations(seen.connection, seen.config.destinations, seen.now)
    states = Counter(row["state"] for row in rows)
    bad = [row for row in rows if row["state"] in (*_DEAD, "waiting")]
    facts = {"states": dict(states), "troubled": bad}
    rest = [f"{n} {state.replace('_', ' ')}" for state, n in states.items() if state != "ok"]
    admins = sum(place.is_admin for place in seen.config.destinations)
    told = f"{len(rows) - admins} of subscribers, {admins} of admins"
    told += f": {', '.join(rest)}" if rest else ", all well"
    more = tuple(f"{row['key']}: {row['state']}; {reason(row) or ''}" for row in bad[:_SHOWN])
    if not bad:
        return Line("destinations", "ok", told, facts=facts)
    is_dead = any(row["state"] in _DEAD for row in bad)
    hint = "What lifts it: alerts destinations" if is_dead else "Until when: alerts destinations"
    return Line("destinations", "wrong" if is_dead else "note", told, hint, facts, more)


def waiting(seen: Seen) -> Line:
    """Say what waits, and what failed lately."""
    found = seen.figures
    pending = int(found["pending_alerts"][()])
    states: Counter[str] = Counter()
    for (_, state), count in found["deliveries"].items():
        states[state] += int(count)
    since = iso(seen.now - _DAY_S) or ""
    lately = [r for r in tables.deliveries(seen.connection, failed=True)
              if r["failed_at"] and r["failed_at"] >= since]  # fmt: skip
    failed = [row for row in lately if row["state"] == "failed"]
    facts = {
        "alerts_pending": pending,
        "deliveries_pending": states["pending"] + states["sending"],
        "deliveries_delayed": states["delayed"],
        "failed_24h": len(lately),
        "failed_open_24h": len(failed),
    }
    told = f"{counted(pending, 'alert')} for the next digests"
    for count, words in ((facts["deliveries_pending"], "to be sent"),
                         (states["delayed"], "to be tried again")):  # fmt: skip
        told += f", {counted(count, 'delivery', 'deliveries')} {words}" if count else ""
    if failed:
        told += f"; {counted(len(failed), 'delivery', 'deliveries')} failed in the last 24 hours"
        hint = "See why: alerts deliveries --failed. Then: alerts deliveries retry --all"
        return Line("waiting", "wrong", told, hint, facts)
    return Line("waiting", "note" if states["delayed"] else "ok", told, facts=facts)


def latency(seen: Seen) -> Line:
    """Say how long stories took to their readers in the last week, by rule."""
    found = latencies(seen.connection, seen.now)
    facts = {
        rule: {
            stage.replace(" ", "_"): {
                "stories": one.stories,
                "median_s": round(one.median_s),
                "p90_s": round(one.p90_s),
            }
            for stage, one in stages.items()
        }
        for rule, stages in found.items()
    }
    seen_s = [s["published to seen"].median_s for s in found.values() if "published to seen" in s]
    if not seen_s:
        return Line("latency", "ok", "no story of this week tells it yet", facts={"rules": facts})
    told = f"half of the stories are seen within {span(max(seen_s))} of publication, by rule"
    return Line("latency", "ok", told, facts={"rules": facts})


def digests(seen: Seen) -> Line:
    """Say who gets the next digests, and when."""
    names = {person.id: person for person in seen.config.subscribers}
    rows = [row for row in subscriber_rows.slots(seen.connection) if row.due_at is not None]
    rows = sorted((r for r in rows if r.subscriber in names), key=lambda row: row.due_at)
    facts = {"next": [{"subscriber": r.subscriber, "at": iso(r.due_at)} for r in rows[:_SHOWN]]}
    if not names:
        hint = "Write them under subscribers: in subscribers.yaml."
        return Line("digests", "note", "no subscribers", hint, facts)
    if not rows:
        told = "none has an hour: they go out when something is found"
        return Line("digests", "ok", told, facts=facts)
    first = rows[0]
    at_once = [row for row in rows if row.due_at == first.due_at]
    who = names[first.subscriber].name
    others = f" and {len(at_once) - 1} more" if len(at_once) > 1 else ""
    at = (
        "as soon as the service works"
        if first.due_at <= seen.now
        else seen.dates.near(first.due_at)
    )
    told = f"next: {who}{others}, {at}"
    return Line("digests", "ok", told, facts=facts)


def configuration(seen: Seen, mistakes: int) -> Line:
    """Say since when which version is in force, and whether an edit is refused or waits."""
    latest, held = configs.latest(seen.connection), configs.waiting(seen.connection)
    since = seen.dates.near(latest.loaded_at) if latest is not None else ""
    facts = {
        "version": latest.version if latest is not None else None,
        "in_force_since": iso(latest.loaded_at) if latest is not None else None,
        "mistakes": mistakes,
        "waits": held.summary if held is not None else None,
    }
    if mistakes:
        told = f"refused: the file has {counted(mistakes, 'mistake')}"
        told += f"; the version of {since} goes on" if since else ""
        return Line("configuration", "wrong", told, "See them: alerts check", facts)
    if held is not None:
        hint = "If it is meant: alerts reload --confirm"
        told = f"the edit of {seen.dates.near(held.loaded_at)} waits: {held.summary}"
        return Line("configuration", "wrong", told, hint, facts)
    if latest is None:
        told = "read for the first time when the service starts"
        return Line("configuration", "note", told, "Start it: alerts run", facts)
    if latest.version != seen.config.version:
        told = f"edited since {since}; not in force yet"
        hint = "A running service takes it by itself, the next alerts once too."
        return Line("configuration", "note", told, hint, facts)
    summary = f" ({latest.summary})" if latest.summary else ""
    return Line("configuration", "ok", f"in force since {since}{summary}", facts=facts)


def clock(seen: Seen) -> Line:
    """Say what time it is, and whether anything was written later than that."""
    facts = {"now": iso(seen.now), "zone": home(seen.config).key}
    told = f"{seen.dates.full(seen.now)}, {facts['zone']}"
    if ahead.is_ahead(seen.connection, seen.now):
        hint = "Set the clock of this machine (or: it was ahead before, and is right now)."
        return Line("clock", "wrong", f"{told}; the database has seen a later time", hint, facts)
    return Line("clock", "ok", told, facts=facts)


# --- without one -------------------------------------------------------------------------------


def mail_settings(env: Settings, config: Config) -> Line:
    """Say where mails would go, by the settings alone."""
    has_readers = any(place.kind == "email" for place in config.destinations)
    if env.smtp_url is None:
        facts = {"server": None, "spool": str(env.spool)}
        told = f"no mail server: mails are only written to {env.spool}/, nobody gets them"
        hint = "Write SMTP_URL=smtp://user:password@host:587 into .env; try it: alerts doctor"
        return Line("mail", "wrong" if has_readers else "note", told, hint, facts)
    try:
        server = read_smtp_url(env.smtp_url.reveal())
    except UsageError as error:
        return Line("mail", "wrong", error.message, error.hint, {"server": None})
    where = f"{server.host}:{server.port}"
    return Line("mail", "ok", where, facts={"server": where, "encryption": server.encryption})


def address(env: Settings) -> Line:
    """Say whether mails can hold links to pages."""
    facts = {"base_url": env.base_url}
    if env.base_url is None:
        told = "none: mails say how to stop by reply, without a link"
        return Line(
            "public_address", "note", told, "Set BASE_URL when the pages are public.", facts
        )
    if env.base_url.startswith("http://") and not _is_loopback(env.base_url):
        hint = "Put a web server with a certificate before it, and write https://."
        return Line("public_address", "note", f"{env.base_url} is not encrypted", hint, facts)
    return Line("public_address", "ok", env.base_url, facts=facts)


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def disk(env: Settings, database: Path | None) -> Iterator[Line]:
    """Say how much room there is where the database and the spool folder lie, a line a disk."""
    folders = (existing(database.parent if database else Path()), existing(env.spool))
    for n, folder in enumerate({f.stat().st_dev: f for f in reversed(folders)}.values()):
        topic = "disk" if n == 0 else f"disk_{n + 1}"
        free = shutil.disk_usage(folder).free
        facts = {"folder": str(folder), "free_bytes": free}
        if free < MIN_FREE_BYTES:
            told = f"only {free // 1_000_000} MB free at {folder}"
            hint = "Make room: with a full disk nothing can be polled or sent."
            yield Line(topic, "wrong", told, hint, facts)
        else:
            level: Level = "note" if free < _SCARCE_BYTES else "ok"
            yield Line(topic, level, f"{free / 1e9:,.1f} GB free at {folder}", facts=facts)


def existing(path: Path) -> Path:
    """Return the nearest folder above (or at) a path that exists."""
    path = path.resolve()
    while not path.is_dir():
        path = path.parent
    return path
