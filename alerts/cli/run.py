"""`alerts run`: the whole service in one process, until it is told to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import click

from alerts import log, settings
from alerts.cli.options import config_option
from alerts.cli.output import Progress, show_boot, show_env_mistakes
from alerts.clock import SystemClock
from alerts.engine import boot
from alerts.engine.embedded import Embedded
from alerts.pipeline.optout import Desk
from alerts.web.app import create_app
from alerts.web.health import disk_of, health
from alerts.web.server import host_of, serve


@click.command()
@config_option
@click.option("--log-json", is_flag=True, help="Log lines as JSON.")
def run(*, path: Path | None, log_json: bool) -> None:
    """Run the service: poll, match and send as things fall due, until SIGTERM or Ctrl-C.

    One process works on a database; a second one ends with exit code 3 and names the first. An
    edit of subscribers.yaml is taken within 5 seconds; one with mistakes changes nothing.

    \b
    Examples:
      alerts run
      alerts run --config /etc/alerts/subscribers.yaml --log-json
    """
    log.configure(as_json=log_json)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _n, _f: stop.set())
    env, clock = settings.load(path), SystemClock()
    show_env_mistakes(env)
    with boot.working(env, clock, wait_s=0) as (database, keep):
        booted = boot.boot(env, clock, database)
        show_boot(booted)
        parts = booted.parts
        folder = disk_of(database)
        service = Embedded(parts, keep, lambda pulse: health(database, clock, pulse, folder)[0])
        pages = create_app(lambda: Desk.of(parts), pulse=service.pulse)
        served = serve(pages, host_of(env), env.port)
        service.start()
        config = parts.in_force.config
        log.get_logger().info(
            "running",
            feeds=len(config.feeds),
            subscribers=len(config.subscribers),
            pid=os.getpid(),
            pages=served.url,
        )
        with Progress() as progress:
            while not stop.wait(1.0):
                crew = service.crew
                progress.say(f"{crew.polling} polls and {crew.sending} sends under way")
        log.get_logger().info("stopping")
        is_clean = service.stop()
        served.stop(timeout_s=1.0)
        log.get_logger().info("stopped", clean=is_clean)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that still wait for a server must not hold the process up
