"""The real service, month-long in minutes: its own parts and crew, over a clock that jumps.

Only the ends are the world's: outlets answer what they are asked, servers take what is sent, the
file is edited, the process is killed and started again over the same database.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sim_calendar import local
from sim_newsroom import Newsroom
from sim_people import START
from sim_script import Deed, Script
from sim_servers import Died, Servers
from sim_truth import HOUR_S, Ledger, Place, Spell, Window, Wish
from sqlalchemy import event

from alerts.clock import FakeClock
from alerts.digests.render import Renderer
from alerts.engine import boot, housekeeping
from alerts.engine.crew import LEASE_S, Crew
from alerts.log import get_logger
from alerts.model import Secret
from alerts.pipeline import Parts, Tried, health, optout, people, poll, record, rests, send
from alerts.pipeline.reload import Edits
from alerts.settings import Settings
from alerts.store import claims, deliveries, feeds, postponed
from alerts.store.database import migrate, open_database

_LONGEST_S = 1_800.0
_HEALTH_S = 4 * HOUR_S
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Meanwhile(Renderer):
    """The product's renderer, while whose work feeds may be polled by another thread."""

    def __init__(self) -> None:
        super().__init__()
        self.armed: Callable[[], None] | None = None

    def _begin(self) -> None:
        act, self.armed = self.armed, None
        if act is not None:
            act()

    def mails(self, *values: Any) -> Any:
        self._begin()
        return super().mails(*values)

    def slack(self, *values: Any) -> Any:
        self._begin()
        return super().slack(*values)

    def webhook(self, *values: Any) -> Any:
        self._begin()
        return super().webhook(*values)


class World:
    """One run of a script; `ledger` holds what came of it."""

    def __init__(self, made: Script, folder: Path) -> None:
        self.script = made
        self.clock = FakeClock(START)
        self.ledger = Ledger(made.rules)
        for key, spell in made.spells:
            self.ledger.add_spell(key, spell)
        self.newsroom = Newsroom(self.clock, self.ledger, made.outlets)
        self.servers = Servers(self.clock, self.ledger)
        self.newsroom.is_dead = self.servers.is_dead = lambda: self.is_dead
        self.database = open_database("sqlite://")
        migrate(self.database)
        event.listen(self.database.engine, "commit", self._at_commit)
        self.renderer = Meanwhile()
        self.settings = Settings(
            config=folder / "subscribers.yaml",
            base_url="https://news.example",
            secret_key=Secret("k" * 40),
        )
        self.is_dead = False
        self._commits = -1  # so many more until the process dies in one
        self._down_s = 0.0
        self._frozen: list[Tried] = []
        self._freezes = False
        self._looked_at = START
        self.parts: Parts
        self.crew: Crew
        self.edits: Edits

    # --- the process ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start the service over the database as it is."""
        self.is_dead = False
        boot.release(self.database, self.clock)
        booted = boot.boot(self.settings, self.clock, self.database)
        assert not booted.mistakes, booted.mistakes
        self.parts = booted.parts
        self.parts.fetcher = self.newsroom
        self.parts.renderer = self.renderer
        self.parts.transports = dict.fromkeys(("email", "slack", "webhook"), self.servers)
        self.crew = Crew(self.parts)
        self.edits = Edits(self.parts)

    def run(self) -> Ledger:
        """Live through the script."""
        with self._errors_noted():
            self._live()
        return self.ledger

    @contextmanager
    def _errors_noted(self) -> Iterator[None]:
        """Note each error that the service writes into its log: a job that failed is a fault."""
        logger = get_logger()
        plain = logger.render, logger.quietest

        def noted(line: Mapping[str, Any]) -> str:
            self.ledger.errors.append(f"{line}")
            return plain[0](line)

        logger.render, logger.quietest = noted, "error"
        try:
            yield
        finally:
            logger.render, logger.quietest = plain

    def _live(self) -> None:
        self.write(self.script.wishes)
        self.start()
        deeds = list(self.script.deeds)[::-1]
        while (now := self.clock.now()) < self.script.end:
            at = min(self._next(), deeds[-1].at if deeds else math.inf, self.script.end)
            self.clock.advance(max(at - now, 0.0))
            while deeds and deeds[-1].at <= self.clock.now():
                self._alive(partial(self.do, deeds.pop()))
            self._alive(self.work)

    def _next(self) -> float:
        """Return the moment of the grid at which something is due, later than now."""
        now, armed = self.clock.now(), self._commits
        self._commits = -1  # it is we who look, not the process that a kill is meant for
        with self.database.read() as connection:
            due = claims.next_due(connection) or math.inf
        self._commits = armed
        due = min(due, now + _LONGEST_S)
        grid_s = self.script.grid_s
        return max(math.ceil(due / grid_s), math.floor(now / grid_s) + 1) * grid_s

    def work(self) -> None:
        """Do what a tick does, until nothing is left that can be done now."""
        if self.clock.now() - self._looked_at >= _HEALTH_S:
            self._looked_at = self.clock.now()
            health.check(self.parts)
            housekeeping.prune(self.parts)
        self._thaw()
        while True:
            self.crew.poll_due(self.clock.now())
            self.crew.make_due()
            if self._freezes:
                self._freeze()
            self.crew.send_due()
            if not self.crew.busy:
                return
            while self.crew.busy:
                self.crew.settle(5.0)

    def _alive(self, act: Callable[[], None]) -> None:
        """Act; if the process is killed meanwhile, start it again after its time."""
        try:
            act()
            return
        except Died:
            self.is_dead = True
        while self.crew.busy:
            try:
                self.crew.settle(5.0)
            except Died:
                continue
        self.crew.close()
        self._commits = -1
        self._frozen.clear()
        self.servers.armed, self.newsroom.armed, self.renderer.armed = None, False, None
        self.ledger.deaths += 1
        died_at = self.clock.now()
        self.clock.advance(self._down_s)
        self.ledger.add_spell("process", Spell("dead", died_at, self.clock.now()))
        self.start()
        self._alive(self.work)

    def _at_commit(self, _connection: object) -> None:
        if self.is_dead:
            raise Died
        if self._commits >= 0:
            self._commits -= 1
            if self._commits < 0:
                self.is_dead = True
                raise Died

    # --- hands ---------------------------------------------------------------------------------

    def do(self, deed: Deed) -> None:
        """Do what the script says."""
        getattr(self, f"_do_{deed.what}")(deed.about)

    def write(self, wishes: tuple[Wish, ...] | list[Wish]) -> None:
        """Write the file, and note what it says as of now."""
        lines = ["version: 1", "admins: [{email: desk@example.org}]", "feeds:"]
        lines += [outlet.yaml() for outlet in self.script.outlets]
        rules = [rule for rule in self.script.rules.values() if rule.since <= self.clock.now()]
        lines += ["rules:", *(rule.yaml() for rule in rules)]
        lines += ["subscribers:", *map(wish_yaml, wishes)]
        self.settings.config.write_text("\n".join(lines) + "\n")
        self.ledger.note_wishes(self.clock.now(), wishes)

    def _do_reload(self, wishes: tuple[Wish, ...]) -> None:
        self.edits.look()
        self.clock.advance(2.0)
        self.edits.look()
        self.write(wishes)
        self.edits.look()
        self.clock.advance(2.0)
        taken = self.edits.look()
        assert taken is not None, "the edit was not seen"
        assert taken.in_force is not None, f"the edit was not taken: {taken}"

    def _do_crash(self, about: tuple[str, float]) -> None:
        how, self._down_s = about
        if how == "commit":
            self._commits = 7
        elif how == "fetch":
            self.newsroom.armed = True
        else:
            self.servers.armed = how

    def _do_pause(self, about: tuple[Place, float]) -> None:
        place, until = about
        with self.database.write() as connection:
            people.pause(connection, f"email/{place.address}", until)
        self.ledger.add_spell(place.key, Spell("paused", self.clock.now(), until))

    def _do_resume(self, about: tuple[Place, float]) -> None:
        place, _ = about
        self.ledger.end_spell(place.key, "paused", self.clock.now())
        config = self.parts.in_force.config
        with self.database.write() as connection:
            people.resume(connection, config, f"email/{place.address}", self.clock.now())

    def _do_stop(self, about: tuple[Place, float]) -> None:
        place, until = about
        self.ledger.add_spell(place.key, Spell("stopped", self.clock.now(), until))
        optout.stop(optout.Desk.of(self.parts), f"email/{place.address}")

    def _do_again(self, about: tuple[Place, float]) -> None:
        place, _ = about
        self.ledger.end_spell(place.key, "stopped", self.clock.now())
        optout.start_again(optout.Desk.of(self.parts), f"email/{place.address}")

    def _do_meanwhile(self, _about: None) -> None:
        self.renderer.armed = self._poll_all

    def _poll_all(self) -> None:
        """Poll every feed that may be asked, as another thread would just now."""
        gaps = feeds.Gaps(0.0, self.settings.min_poll_s)
        now = self.clock.now()
        with self.database.write() as connection:
            feeds.hurry(connection, now, self.settings.min_poll_s)
            rows = feeds.claim(connection, now=now, horizon=now, lease="meanwhile",
                               lease_s=LEASE_S, limit=100, gaps=gaps)  # fmt: skip
        for row in rows:
            poll(self.parts, row, "meanwhile")

    def _do_freeze(self, _about: None) -> None:
        self._freezes = True

    def _freeze(self) -> None:
        """Take a delivery, be told that its server hangs, and say so only when others have it."""
        now = self.clock.now()
        with self.database.write() as connection:
            postponed.postpone(connection, now)
            deliveries.suppress_stopped(connection, now)
            rows = deliveries.claim(connection, now=now, lease="frozen", lease_s=LEASE_S, limit=1)
            rows = rests.put_off(connection, self.parts.in_force, rows, now)
        if not rows or rows[0].digest_id is None:
            if rows:
                with self.database.write() as connection:
                    claims.put_back(connection, deliveries.delivery, rows[0], "frozen", {})
            return
        self._freezes = False
        keys = self.ledger.sharers(rows[0].destination)
        for key in keys:
            self.ledger.spells.setdefault(key, []).insert(0, Spell("hangs", now, now + 1.0))
        self._frozen.append(send(self.parts, rows[0], "frozen"))
        for key in keys:
            self.ledger.add_spell(key, Spell("frozen", now, now + LEASE_S + _LONGEST_S))

    def _thaw(self) -> None:
        """Let results come in whose leases are long over."""
        frozen = [one for one in self._frozen if one.at + LEASE_S + _LONGEST_S <= self.clock.now()]
        if frozen:
            record(self.parts, frozen)
            self._frozen = [one for one in self._frozen if one not in frozen]


def wish_yaml(wish: Wish) -> str:
    """Return a subscriber as the admin writes one."""

    def rule(name: str, when: Any) -> str:
        return name if when is None else f"{{rule: {name}, when: {when.text}}}"

    parts = [f"name: {wish.id}", f"timezone: {wish.zone}", f"when: {wish.when.text}"]
    parts.append(f"rules: [{', '.join(rule(*pair) for pair in wish.rules)}]")
    parts.append(f"spread: {wish.spread_s:.0f}s")
    for place in wish.places:
        if place.kind == "webhook":
            parts.append(f'webhook: {{url: "{place.address}", secret: {_SECRET}}}')
        else:
            parts.append(f'{place.kind}: "{place.address}"')
    if wish.quiet is not None:
        parts.append(f'quiet: "{_hours(wish.quiet)}"')
    urgent = _hours(wish.urgent) if isinstance(wish.urgent, Window) else wish.urgent
    parts.append(f'urgent: "{urgent}"')
    if wish.pause_until is not None:
        parts.append(f'pause_until: "{local(wish.pause_until, wish.zone):%Y-%m-%d %H:%M}"')
    return f"  - {{{', '.join(parts)}}}"


def _hours(window: Window) -> str:
    start, end = window.start, window.end
    return f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"
