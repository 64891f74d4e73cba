"""`alerts web`: the web pages alone, beside a service that runs elsewhere."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from alerts import log
from alerts.cli.marking import Marking, marking
from alerts.cli.options import config_option
from alerts.clock import SystemClock
from alerts.delivery.transport import transports
from alerts.model import Config
from alerts.netguard import Guard
from alerts.pipeline import reload
from alerts.pipeline.optout import Desk
from alerts.store import configs
from alerts.web.app import create_app
from alerts.web.server import host_of, serve


@click.command()
@config_option
@click.option("--log-json", is_flag=True, help="Log lines as JSON.")
def web(*, path: Path | None, log_json: bool) -> None:
    """Serve the web pages: stop links of mails, /healthz and /metrics.

    `alerts run` serves them too; this is for a platform that wants a process for the web alone.
    It takes no lock. The port is PORT. Without BASE_URL only this machine can reach them.

    \b
    Examples:
      alerts web
      alerts web --log-json
    """
    log.configure(as_json=log_json)
    with marking(path) as opened:
        front = _Front(opened)
        served = serve(create_app(front.desk), host_of(opened.settings), opened.settings.port)
        click.echo(f"The web pages are at {served.url}")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _n, _f: stop.set())
        stop.wait()
        served.stop()


class _Front:
    """What the pages need, with the configuration that is in force when they are asked."""

    def __init__(self, opened: Marking) -> None:
        self._opened = opened
        self._config = opened.config
        self._clock = SystemClock()
        guard = Guard(opened.settings.allow_nets)
        self._transports = transports(opened.settings, guard, self._clock)

    def desk(self) -> Desk:
        """Return it."""
        return Desk(
            self._opened.database,
            self._clock,
            self._opened.settings,
            self._transports,
            self._current(),
        )

    def _current(self) -> Config:
        """Read the configuration anew if another came into force."""
        with self._opened.database.read() as connection:
            row = configs.latest(connection)
        if row is None or row.version == self._config.version:
            return self._config
        self._config = reload.stored(self._opened.settings, row).config or self._config
        return self._config
