"""`alerts reload --previous`: the version before comes into force again, and nothing was missed.

What the undone edit gave up is owed again, and articles that came meanwhile are put to the rules
that it had ended.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, select

from alerts.log import get_logger
from alerts.model import Article, Match
from alerts.pipeline import notices
from alerts.pipeline.apply import REMOVED, bring, wake
from alerts.pipeline.parts import InForce, Parts
from alerts.pipeline.reload import changes, words
from alerts.pipeline.reload.versions import Taken
from alerts.store import alerts as alert_rows
from alerts.store import configs, entries
from alerts.store import undo as records
from alerts.store.claims import chunks
from alerts.store.schema import entry, feed

#: What came longer ago while an edit was in force is old news when it is undone.
CATCH_UP_S = 7 * 86_400.0


def undo(parts: Parts, row: Row[Any], before: Row[Any], old: InForce, now: float) -> Taken:
    """Undo the version of `row`: `before`, compiled as `old`, comes into force again."""
    undone = parts.in_force.config
    summary = changes.summary(undone, old.config, 0)
    with parts.database.write() as connection:
        given_up = records.kept(connection, row.id)
        brought = bring(connection, old.config, now, running=undone, undone=given_up)
        in_force = dataclasses.replace(old, since=brought.since)
        people = {who for who, _ in given_up.followed} & old.people.keys()
        records.reopen_deliveries(connection, people, REMOVED, row.loaded_at, now)
        since = max(row.loaded_at, now - CATCH_UP_S)
        catch_up(connection, in_force, given_up.followed.keys(), since, now)
        configs.set_state(connection, row.id, configs.SET_ASIDE)
        configs.met(connection)
        edited, goes_on = (words.moment(old.config, r.loaded_at, now) for r in (row, before))
        ours = dataclasses.replace(parts, in_force=in_force)
        notices.say(connection, ours, *words.undone(edited, goes_on, summary))
    parts.in_force = in_force
    get_logger().info("configuration undone", version=row.version, summary=summary)
    return Taken(in_force, summary)


def catch_up(
    connection: Connection,
    in_force: InForce,
    pairs: Collection[tuple[str, str]],
    since: float,
    now: float,
) -> int:
    """Owe what was seen since then to those who should have followed; return how many alerts."""
    if not pairs:
        return 0
    query = select(entry.c.id).where(entry.c.seen_at >= since, entry.c.is_baseline.is_(False))
    made = 0
    for some in chunks(connection.execute(query).scalars().all()):
        owed = [
            item
            for row in entries.by_id(connection, some).values()
            for item in _owed(connection, in_force, pairs, row)
        ]
        added = alert_rows.add(connection, owed, now)
        made += len(added)
        for item in added:
            rules = {match.rule for match in item.matches}
            wake(connection, in_force.people[item.subscriber], rules, now)
    return made


def _owed(
    connection: Connection,
    in_force: InForce,
    pairs: Collection[tuple[str, str]],
    row: Row[Any],
) -> list[alert_rows.Owed]:
    url, title = connection.execute(
        select(feed.c.url, feed.c.title).where(feed.c.id == row.feed_id)
    ).one()
    configured = in_force.feeds.get(url)
    if configured is None:
        return []
    article = Article.of(entries.to_entry(row), configured, title)
    names = in_force.matcher.match(article)
    marked = {match.rule: match for match in in_force.matcher.spans(article, names)}
    by_person: defaultdict[str, list[Match]] = defaultdict(list)
    for name in names:
        for who in in_force.followers.get(name, ()):
            if (who, name) in pairs and in_force.since[who, name] <= row.seen_at:
                by_person[who].append(marked.get(name, Match(name)))
    return [alert_rows.Owed(who, row.id, tuple(mine)) for who, mine in by_person.items()]
