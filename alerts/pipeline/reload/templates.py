"""An admin's own templates: taken when they work; if not, the last good ones stay and admins hear.

The last good ones are a row of the database, so that a restart goes on with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection

from alerts.digests.render import Renderer
from alerts.digests.templates import own_files, own_templates
from alerts.errors import TemplateError
from alerts.log import get_logger
from alerts.model import Mistake
from alerts.pipeline import notices
from alerts.pipeline.parts import Parts
from alerts.pipeline.reload.watch import REST_S
from alerts.settings import Settings
from alerts.store import configs
from alerts.store import notices as notice_rows
from alerts.store.database import Database

_KEY, _FAILED = "templates", "templates failed"  # of the notices
_GOOD = "templates"  # what is in force
_REFUSED = "templates_refused"  # what admins were told of

_Stat = tuple[int, int]  # modified, size


class TemplateEdits:
    """The templates of a running service. `look` is for one thread, every second."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._taken: Mapping[Path, _Stat] | None = None  # None: what is there may be newer
        self._seen: Mapping[Path, _Stat] = {}
        self._seen_at = parts.clock.monotonic()

    def look(self) -> None:
        """Take an edit that rests; `parts.renderer` is swapped. Tell of digests that failed."""
        check(self._parts)
        now, found = self._parts.clock.monotonic(), _stats(self._parts.settings.config)
        if found != self._seen:
            self._seen, self._seen_at = found, now
        if found == self._taken or now - self._seen_at < REST_S:
            return
        self._taken = found
        take(self._parts)


def _stats(config: Path) -> dict[Path, _Stat]:
    found = {}
    for path in own_files(config).values():
        try:
            stat = path.stat()
        except OSError:
            continue
        found[path] = (stat.st_mtime_ns, stat.st_size)
    return found


def first(settings: Settings, database: Database) -> tuple[Renderer, TemplateError | None]:
    """Return what a service begins with, and why that is not what the folder holds."""
    try:
        return Renderer(own_templates(settings.config), is_lenient=True), None
    except TemplateError as error:
        with database.read() as connection:
            kept = configs.value(connection, _GOOD)
        try:
            return Renderer(json.loads(kept or "{}"), is_lenient=True), error
        except TemplateError:  # an earlier version of this program liked them
            return Renderer(), error


def begin(parts: Parts, refused: TemplateError | None) -> tuple[Mistake, ...]:
    """Keep what `first` found to be good, or tell the admins; return the mistakes."""
    with parts.database.write() as connection:
        if refused is None:
            _accept(connection, parts, parts.renderer.own)
            return ()
        _refuse(connection, parts, refused)
    return (Mistake(refused.message, refused.hint, refused.file, max(1, refused.line)),)


def take(parts: Parts) -> None:
    """Put the templates as they lie there in force, if they work."""
    try:
        own = own_templates(parts.settings.config)
        renderer = parts.renderer if own == parts.renderer.own else Renderer(own, is_lenient=True)
    except TemplateError as error:
        with parts.database.write() as connection:
            _refuse(connection, parts, error)
        return
    with parts.database.write() as connection:
        _accept(connection, parts, own)
    if renderer is not parts.renderer:
        parts.renderer = renderer
        get_logger().info("templates in force", own=sorted(own))


def check(parts: Parts) -> None:
    """Tell the admins of a digest that their templates could not make."""
    failure, parts.renderer.failure = parts.renderer.failure, None
    if failure is None:
        return
    subject = f"A template of yours failed: {failure.file}"
    text = (
        f"{failure.message}\n\nIt worked on the sample, not on a real digest. That one was made"
        " with the shipped templates; nothing is missing."
    )
    with parts.database.write() as connection:
        notices.tell(connection, parts, _FAILED, subject, text)


def _accept(connection: Connection, parts: Parts, own: Mapping[str, str]) -> None:
    content = json.dumps(own, sort_keys=True)
    if (configs.value(connection, _GOOD) or "{}") != content:
        configs.keep(connection, _GOOD, content)
        notice_rows.end(connection, _FAILED, parts.clock.now())
    configs.forget(connection, _REFUSED)
    told = "what lies in your templates folder" if own else "the shipped ones"
    notices.over(connection, parts, _KEY, "Your templates work", f"In force: {told}.")


def _refuse(connection: Connection, parts: Parts, error: TemplateError) -> None:
    """Tell the admins, once of the same mistake."""
    if configs.value(connection, _REFUSED) == error.message:
        return
    configs.keep(connection, _REFUSED, error.message)
    notice_rows.end(connection, _KEY, parts.clock.now())
    where = f"{error.file}, line {error.line}" if error.line else error.file
    goes_on = "The templates before it go on" if parts.renderer.own else "The shipped ones are used"
    text = f"{error.message}\n\n{error.hint} {goes_on}. To try it: alerts templates check"
    notices.tell(connection, parts, _KEY, f"Your edit of a template was NOT taken ({where})", text)
