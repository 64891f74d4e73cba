"""`alerts demo`: the real service at work on sample news, on this machine alone.

It starts the demo's world, runs `alerts once` twice as a user would, and prints what came of it;
with --keep it goes on with `alerts run`.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

import click

from alerts import config
from alerts.cli.opening import open_page
from alerts.clock import SystemClock
from alerts.demo import screen
from alerts.demo.commands import Commands, stop, wait_until_healthy
from alerts.demo.decisions import decisions
from alerts.demo.files import Files
from alerts.demo.mailbox import stop_link_of
from alerts.demo.screen import Screen
from alerts.demo.servers import ReceivedMail, free_port
from alerts.demo.world import World
from alerts.errors import CannotWork
from alerts.model import Config
from alerts.settings import Settings

_LOOK_S = 0.5


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put the files (made if missing); by default a new temporary folder.",
)
@click.option("--open", "opens", is_flag=True, help="Show Ana's digest in the browser.")
@click.option("--keep", is_flag=True, help="Leave the service running, with its web pages.")
def demo(*, folder: Path | None, opens: bool, keep: bool) -> None:
    """See the whole service at work on sample news: no network, nothing to set up.

    A feed server, a mail server, a Slack-like receiver and a webhook start on this machine; the
    real service polls, matches and sends; then this prints what was told, what was not, and why.

    \b
    Examples:
      alerts demo
      alerts demo --open
      alerts demo --keep --folder /tmp/alerts-demo
    """
    stopping = threading.Event()
    if keep:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _n, _f: stopping.set())
    place = folder or Path(tempfile.mkdtemp(prefix="alerts-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    if (place / "subscribers.yaml").exists():
        raise click.UsageError(f"{place} holds a subscribers.yaml already; name another folder.")
    pages = f"http://127.0.0.1:{free_port()}" if keep else ""
    with World(place, SystemClock(), pages) as world:
        shown = _Demo(world)
        digest = shown.show()
        if opens:
            open_page(digest)
        if keep:
            shown.keep(stopping)


class _Demo:
    """One run of the demo: it acts and prints; the lines are made in `demo.screen`."""

    def __init__(self, world: World) -> None:
        self._world = world
        machine = Settings(config=world.folder / "subscribers.yaml").environment
        self._environment = world.environment(machine)
        self._alerts = Commands(world.folder, self._environment)
        self._files = Files(world)

    def show(self) -> Path:
        """Play two passes, print what came of them, and return the page of the first digest."""
        world, stories = self._world, self._world.stories
        first = self._alerts.json("once", "--send-now")
        feeds = self._alerts.json("feeds")
        mails, room = self._files.mails(), world.rooms.accepted(world.room)
        world.move_on()
        second = self._alerts.json("once", "--force", "--send-now")
        later = self._files.mails()
        self._files.posts()
        decided = decisions(stories, self._config(), _words(mail for mail, _ in mails))
        page = Screen(shutil.get_terminal_size((100, 60)).columns)
        _say(page.outcome(decided, [first, second]), bold=True)
        _say(page.polled(feeds))
        _part("What was told, and because of which words", page.told(decided))
        _part("What was not, and what the rules say of it", page.not_told(decided))
        _part("The same in Slack, for who follows ICE and sanctuary",
              (line for post in room for line in page.slack(post)))  # fmt: skip
        subjects = [str(mail.message["Subject"]) for mail, _ in later]
        _part("Then the day went on", page.moved_on(second, subjects))
        _part(
            "Look for yourself", screen.files(world.folder, [page for _, page in mails], _command())
        )
        return mails[0][1]

    def _config(self) -> Config:
        return config.require(self._world.folder / "subscribers.yaml", self._environment)

    def keep(self, stopping: threading.Event) -> None:
        """Leave the service running until `stopping` is set; say which mails come meanwhile."""
        folder, pages = self._world.folder, self._world.pages
        with self._alerts.service(folder / "service.log") as service:
            try:
                wait_until_healthy(service, pages, SystemClock())
                stop_link = stop_link_of(self._world.mail.to("ana@example.org")[0])
                _part("The service goes on", screen.kept(folder, pages, stop_link))
                while service.poll() is None and not stopping.wait(_LOOK_S):
                    _say(screen.came(mail, page) for mail, page in self._files.mails())
                    self._files.posts()
            finally:
                code = stop(service)
        if code != 0 or not stopping.is_set():
            raise CannotWork(
                f"The service ended with {code}.", hint=f"Its words: {folder / 'service.log'}"
            )
        click.echo("Stopped.")


def _command() -> str:
    """Return how this program is called from any folder."""
    if shutil.which("alerts"):
        return "alerts"
    own = Path(sys.argv[0]).absolute()
    return str(own) if own.name == "alerts" else f"{sys.executable} -m alerts"


def _words(mails: Iterable[ReceivedMail]) -> set[str]:
    """Return the words of the mails' text parts, whole links among them."""
    return {word for mail in mails for word in mail.part("plain").split()}


def _part(title: str, lines: Iterable[str]) -> None:
    click.echo()
    click.secho(title, bold=True)
    _say(lines)


def _say(lines: Iterable[str], *, bold: bool | None = None) -> None:
    for line in lines:
        click.secho(line, bold=bold)
