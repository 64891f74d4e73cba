"""Files that were read become the version in force, wait, or are refused; admins are told which.

`take` is the whole decision: it changes rows in one transaction, then swaps `parts.in_force`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from alerts.config import Loaded
from alerts.log import get_logger
from alerts.model import Config
from alerts.pipeline import notices
from alerts.pipeline.apply import bring
from alerts.pipeline.parts import InForce, Parts
from alerts.pipeline.reload import brake, changes, volume, words
from alerts.store import configs, undo
from alerts.store import notices as notice_rows

_REFUSED = "config_refused"

#: So many versions can be undone, one after the other.
_KEPT = 50

#: What is in force before anything is.
NOTHING = InForce.of(Config(), {})


@dataclass(frozen=True)
class Taken:
    """What became of an edit."""

    in_force: InForce | None = None  # None: what was in force goes on
    summary: str = ""  # what is in force by it, or why it is not taken
    braked: str | None = None  # why it waits for `alerts reload --confirm`


@dataclass(frozen=True)
class _Rows:
    """The versions that matter."""

    latest: Row[Any] | None
    waiting: Row[Any] | None
    undone: Row[Any] | None


def take(parts: Parts, loaded: Loaded, now: float) -> Taken:
    """Take what was read from the files, if it is new and right and means no harm.

    `parts.in_force` is swapped when it is taken. Admins are told, but of the first configuration.
    """
    files = texts(loaded)
    rows = _rows(parts, files)
    if loaded.config is None:
        return _refuse(parts, loaded, rows.latest, now)
    if rows.latest is not None and rows.latest.version == loaded.config.version:
        return _same(parts, loaded.config, rows.latest, now)
    is_running = bool(parts.in_force.config.version)  # without that anything right is better
    if rows.undone is not None and is_running:
        return Taken(
            summary="the files are a version that was undone: change them, or alerts reload"
        )
    waiting = rows.waiting
    if waiting is not None and is_running and waiting.version == loaded.config.version:
        return Taken(braked=waiting.summary)
    return _judge(parts, InForce.of(loaded.config, {}), files, rows.latest, now)


def texts(loaded: Loaded) -> dict[str, str]:
    """Return the files as they are stored."""
    return {name: data.decode(errors="replace") for name, data in loaded.files.items()}


def _rows(parts: Parts, files: Mapping[str, str]) -> _Rows:
    """Return the versions that matter; an undone one does until the files say something else."""
    with parts.database.read() as connection:
        undone = configs.undone(connection)
        rows = _Rows(configs.latest(connection), configs.waiting(connection), undone)
    if undone is None or undone.files == files:
        return rows
    with parts.database.write() as connection:
        configs.give_up(connection, configs.SET_ASIDE)
    return dataclasses.replace(rows, undone=None)


# --- what is not taken -----------------------------------------------------------------------


def _refuse(parts: Parts, loaded: Loaded, latest: Row[Any] | None, now: float) -> Taken:
    """Tell the admins of mistakes, once for the same ones."""
    if latest is None:  # nobody is known yet who could be told
        return Taken()
    said = repr([(e.file, e.line, e.message) for e in loaded.errors]).encode()
    content = hashlib.sha256(repr(sorted(loaded.files.items())).encode() + said).hexdigest()
    config = parts.in_force.config
    edited = words.moment(config, now, now)
    goes_on = words.moment(config, latest.loaded_at, now)
    with parts.database.write() as connection:
        if configs.value(connection, _REFUSED) != content:
            configs.keep(connection, _REFUSED, content)
            notice_rows.end(connection, words.KEY, now)
            told = words.refused(edited, goes_on, loaded.errors)
            notices.tell(connection, parts, words.KEY, *told)
    return Taken()


def _same(parts: Parts, config: Config, latest: Row[Any], now: float) -> Taken:
    """Go on; an edit that was refused or waited is over. Variables may have other values."""
    with parts.database.write() as connection:
        configs.give_up(connection, configs.WAITS)
        configs.forget(connection, _REFUSED)
        told = words.restored(words.moment(config, latest.loaded_at, now))
        notices.over(connection, parts, words.KEY, *told)
        if parts.in_force.config == config:
            return Taken()
        brought = bring(connection, config, now, running=parts.in_force.config)
    parts.in_force = InForce.of(config, brought.since)
    return Taken(parts.in_force)


# --- what is new -------------------------------------------------------------------------------


def _judge(
    parts: Parts, new: InForce, files: Mapping[str, str], latest: Row[Any] | None, now: float
) -> Taken:
    """Put an edit in force, or let it wait."""
    old = parts.in_force
    if not old.config.version:  # nothing that runs could be harmed
        return accept(parts, new, files, now, "the first configuration", tell=latest is not None)
    reason = brake.removal(old.config, new.config)
    weekly = 0
    if reason is None and _may_tell_else(old, new):
        stored = volume.Stored(parts.database, parts.clock, now)
        before, after = volume.estimated(stored, old), volume.estimated(stored, new)
        weekly = round(after.total - before.total)
        made = volume.made(parts.database, now)
        rule = brake.flood(made, before, after)
        if rule is not None:
            culprit = brake.probable(stored, old, new, rule, files)
            reason = brake.flood_words(rule, made, after, culprit)
    if reason is not None:
        return _hold(parts, new.config, files, reason, latest, now)
    return accept(parts, new, files, now, changes.summary(old.config, new.config, weekly))


def _may_tell_else(old: InForce, new: InForce) -> bool:
    """Whether an edit may change who is told of what."""
    return (old.config.rules, old.feeds, old.followers) != (
        new.config.rules,
        new.feeds,
        new.followers,
    )


def _hold(
    parts: Parts,
    config: Config,
    files: Mapping[str, str],
    reason: str,
    latest: Row[Any] | None,
    now: float,
) -> Taken:
    """Store an edit that waits for a word of an admin."""
    running = parts.in_force.config
    began = latest.loaded_at if latest is not None else now
    edited, goes_on = words.moment(running, now, now), words.moment(running, began, now)
    with parts.database.write() as connection:
        configs.give_up(connection, configs.WAITS)
        configs.forget(connection, _REFUSED)
        configs.add(connection, config.version, files, now, state=configs.WAITS, summary=reason)
        notice_rows.end(connection, words.KEY, now)
        notices.tell(connection, parts, words.KEY, *words.waits(edited, goes_on, reason))
    get_logger().warning("edit waits", reason=reason)
    return Taken(braked=reason)


def accept(
    parts: Parts,
    new: InForce,
    files: Mapping[str, str],
    now: float,
    summary: str,
    *,
    tell: bool = True,
    waited: Row[Any] | None = None,
) -> Taken:
    """Put a version in force, in one transaction; `waited` is its row if it waited before."""
    with parts.database.write() as connection:
        row_id = _in_force(connection, new.config, files, now, summary, waited)
        brought = bring(connection, new.config, now, running=parts.in_force.config)
        undo.keep(connection, row_id, brought.given_up)
        configs.forget_old(connection, _KEPT)
        in_force = dataclasses.replace(new, since=brought.since)
        if tell:
            told = words.accepted(words.moment(new.config, now, now), summary)
            ours = dataclasses.replace(parts, in_force=in_force)
            if not notices.over(connection, ours, words.KEY, *told):
                notices.say(connection, ours, *told)
    parts.in_force = in_force
    get_logger().info("configuration in force", version=new.config.version, summary=summary)
    return Taken(in_force, summary)


def _in_force(
    connection: Connection,
    config: Config,
    files: Mapping[str, str],
    now: float,
    summary: str,
    waited: Row[Any] | None,
) -> int:
    """Write the version's row; return its id. What else waited is given up."""
    configs.forget(connection, _REFUSED)
    configs.give_up(connection, configs.WAITS)
    if waited is None:
        return configs.add(connection, config.version, files, now, summary=summary)
    values = {"loaded_at": now, "summary": summary}
    configs.set_state(connection, waited.id, configs.IN_FORCE, **values)
    return int(waited.id)
