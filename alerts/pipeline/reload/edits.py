"""What a running service does about its configuration every second, and what it does at its start.

It meets the requests that `alerts reload` leaves in the database, and takes edits of the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from alerts import config, settings
from alerts.config import Loaded
from alerts.errors import UsageError
from alerts.log import get_logger
from alerts.model import Config, Destination
from alerts.pipeline.apply import bring
from alerts.pipeline.parts import InForce, Parts
from alerts.pipeline.reload import changes
from alerts.pipeline.reload.templates import TemplateEdits
from alerts.pipeline.reload.undo import undo
from alerts.pipeline.reload.versions import Taken, accept, take, texts
from alerts.pipeline.reload.watch import Watch
from alerts.settings import Settings
from alerts.store import configs
from alerts.store.erasure import BLOT


class Edits:
    """The configuration of a running service. `look` is for one thread, every second."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._watch = Watch(parts.settings.config, parts.clock)
        self._templates = TemplateEdits(parts)

    def look(self) -> Taken | None:
        """Take what is to be taken now; None if nothing is. `parts.in_force` is swapped."""
        self._templates.look()
        met = meet(self._parts, self._parts.clock.now())
        if met is not None and met.in_force is not None:
            return met
        if met is None and not self._watch.edited():
            return None
        loaded = load(self._parts.settings)
        taken = take(self._parts, loaded, self._parts.clock.now())
        self._watch.done()
        return taken


def load(env: Settings, examined: str = "") -> Loaded:
    """Read the files anew, with the variables as .env has them now.

    `examined`: a version whose examples held when it was taken; they are not run again.
    """
    return config.load(env.config, _environment(env), examined=examined)


def _environment(env: Settings) -> Mapping[str, str]:
    try:
        return settings.load(env.config).environment
    except UsageError:  # about a setting that this process has read long ago
        return env.environment


def stored(env: Settings, row: Row[Any]) -> Loaded:
    """Read a stored version; a variable that is no longer set stops nobody else's mail."""
    contents = {env.config.parent / name: text.encode() for name, text in row.files.items()}
    loaded = config.load(
        env.config, _environment(env), contents=contents, allow_unset=True, with_examples=False
    )
    return replace(loaded, config=loaded.config and _without_erased(loaded.config))


def last_good(env: Settings, row: Row[Any], loaded: Loaded) -> Config | None:
    """Return the version in force, without reading it twice if the files still say the same."""
    if loaded.config is not None and row.files == texts(loaded):
        return loaded.config
    return stored(env, row).config


def _without_erased(found: Config) -> Config:
    """Leave out addresses that were erased since, and subscribers who had no other."""
    people = tuple(
        person if kept == person.destinations else replace(person, destinations=kept)
        for person in found.subscribers
        if (kept := _kept(person.destinations)) or not person.destinations
    )
    return replace(found, subscribers=people, admins=_kept(found.admins))


def _kept(places: tuple[Destination, ...]) -> tuple[Destination, ...]:
    return tuple(place for place in places if place.place != BLOT)


def begin(parts: Parts, loaded: Loaded, now: float) -> Taken:
    """Do the same at the start of a service or pass; `parts.in_force` is the last good version.

    That is NOTHING where there is none yet. The rows are brought to what is in force in any case:
    they may have been written by an earlier version of this program.
    """
    met = meet(parts, now)
    taken = take(parts, loaded, now)
    if taken.in_force is not None:
        return taken
    if parts.in_force.config.version:
        with parts.database.write() as connection:
            bring(connection, parts.in_force.config, now)
    return met if met is not None and met.in_force is not None else taken


def meet(parts: Parts, now: float) -> Taken | None:
    """Meet a request of `alerts reload`; None if there is none.

    Without a version in force in the answer the files are to be read.
    """
    with parts.database.read() as connection:
        asked = configs.asked(connection)
        latest, waiting = configs.latest(connection), configs.waiting(connection)
        before = configs.before(connection, latest) if latest is not None else None
    if asked is None:
        return None
    request, row_id = asked
    taken = None
    if request == "confirm" and waiting is not None and waiting.id == row_id:
        taken = _confirm(parts, waiting, now)
    elif request == "previous" and latest is not None and before and latest.id == row_id:
        old = _compiled(parts, before)
        taken = undo(parts, latest, before, old, now) if old is not None else None
    with parts.database.write() as connection:
        configs.met(connection)
        if request == "look":
            configs.give_up(connection, configs.SET_ASIDE)
    return taken or Taken()


def _confirm(parts: Parts, waiting: Row[Any], now: float) -> Taken | None:
    new = _compiled(parts, waiting)
    if new is None:
        return None
    summary = changes.summary(parts.in_force.config, new.config, 0)
    return accept(parts, new, waiting.files, now, summary, waited=waiting)


def _compiled(parts: Parts, row: Row[Any]) -> InForce | None:
    loaded = stored(parts.settings, row)
    if loaded.config is None:  # written for an earlier version of this program
        mistakes = [error.message for error in loaded.errors]
        get_logger().error("stored configuration cannot be used", mistakes=mistakes)
        return None
    return InForce.of(loaded.config, {})
