"""The service as its users meet it: a folder, an environment, commands, and the world around it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from alerts.clock import SystemClock
from alerts.demo.documents import Item, rss
from alerts.demo.servers import FeedServer, MailSink, ReceivedMail, WebhookReceiver
from alerts.settings import VARIABLES

SECRET = "whsec_bWFkaXNvbi13aXNjb25zaW4tbmV3cy1hbGVydHM="  # "madison-wisconsin-news-alerts"
RULES = """\
rules:
  ice:
    title: ICE
    any: [ICE, Immigration and Customs Enforcement]
    except: [ICE Arena, ICE train]
  sanctuary: sanctuary NEAR/6 (city | county | policy)
  madison: Madison AND (Wisconsin | Dane County)
"""
ANA = """\
  - name: Ana Flores
    email: ana@example.org
    rules: [ice, sanctuary, madison]
"""
ROOM = """\
  - name: "#ice-watch"
    id: ice-watch
    slack: ${SLACK_URL}
    when: right away
    rules: [ice, madison]
"""
HOOK = """\
  - name: Newsroom
    webhook: {url: "${HOOK_URL}", secret: "${HOOK_SECRET}"}
    rules: [ice, sanctuary]
"""


def ago(hours: float) -> float:
    """Return the moment that many hours ago."""
    return SystemClock().now() - hours * 3600


def item(
    title: str, slug: str, text: str = "", hours_ago: float = 1.0, guid: str | None = None
) -> Item:
    """Return an item of courier.example, not long ago."""
    link = slug if ":" in slug else f"https://courier.example/{slug}"
    return Item(title, link, text, ago(hours_ago), guid)


@dataclass(frozen=True, slots=True)
class Run:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


class Service:
    """A folder with a configuration, and `python -m alerts` to run in it."""

    def __init__(
        self, folder: Path, feeds: FeedServer, rooms: WebhookReceiver, mail: MailSink
    ) -> None:
        self.folder = folder
        self.feeds = feeds
        self.rooms = rooms
        self.mail = mail
        kept = {k: v for k, v in os.environ.items() if k not in VARIABLES}  # noqa: TID251 - for a child
        self.environment = kept | {
            "ALERTS_ALLOW_NETS": "127.0.0.0/8",
            "ALERTS_HOST_GAP": "0s",
            "ALERTS_MIN_POLL": "0s",
            "SMTP_URL": mail.url,
            "MAIL_FROM": "Madison Alerts <alerts@example.org>",
            "SLACK_URL": rooms.url("/services/T0/B0/room"),
            "HOOK_URL": rooms.url("/hook"),
            "HOOK_SECRET": SECRET,
            "PYTHONWARNINGS": "error",
        }

    # --- setting up --------------------------------------------------------------------------

    def configure(
        self,
        *subscribers: str,
        feeds: Mapping[str, str] | None = None,
        rules: str = RULES,
        look_back: str = "24h",
    ) -> None:
        """Write subscribers.yaml; `feeds` is name -> URL (one feed, "Courier", by default)."""
        urls = feeds or {"Courier": self.feeds.url("/courier")}
        lines = "".join(
            f"  - {{name: {name}, url: '{url}', look_back: {look_back}}}\n"
            for name, url in urls.items()
        )
        text = (
            "version: 1\nadmins: [{email: editor@example.org}]\n"
            f"defaults: {{timezone: America/Chicago}}\nfeeds:\n{lines}{rules}"
            f"subscribers:\n{''.join(subscribers or (ANA,))}"
        )
        (self.folder / "subscribers.yaml").write_text(text, encoding="utf-8")

    def publish(self, *items: Item, path: str = "/courier", title: str = "The Courier") -> str:
        """Let a feed hold these items from now on; returns its URL."""
        return self.feeds.put(path, rss(title, items))

    # --- running -----------------------------------------------------------------------------

    def run(self, *arguments: str, timeout_s: float = 120, **environment: str | None) -> Run:
        """Run `alerts …` to its end; a variable given as None is unset."""
        found = subprocess.run(
            self._command(arguments),
            cwd=self.folder,
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout_s,
            check=False,
        )
        assert "Traceback" not in found.stderr + found.stdout, found.stderr + found.stdout
        return Run(found.returncode, found.stdout, found.stderr)

    def start(
        self, *arguments: str, stderr: IO[bytes] | None = None, **environment: str | None
    ) -> subprocess.Popen[bytes]:
        """Start `alerts …` and let it run; its log goes to `stderr`, if that is a file."""
        return subprocess.Popen(
            self._command(arguments),
            cwd=self.folder,
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr or subprocess.DEVNULL,
        )

    def _command(self, arguments: Iterable[str]) -> list[str]:
        return [sys.executable, "-m", "alerts", *arguments]

    def _environment(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        wanted = self.environment | changes
        return {name: value for name, value in wanted.items() if value is not None}

    def once(self, *arguments: str, code: int = 0, **environment: str | None) -> dict[str, Any]:
        """Run a pass with `--force --send-now` and return its counters."""
        done = self.run("once", "--json", "--force", "--send-now", *arguments, **environment)
        assert done.code == code, f"exit {done.code}: {done.err}{done.out}"
        counters: dict[str, Any] = done.json
        return counters

    def feed(self, name: str) -> dict[str, Any]:
        """Return the row of `alerts feeds --json` of that name."""
        rows = self.run("feeds", "--json").json
        return next(row for row in rows if row["name"] == name)

    def deliveries(self, *arguments: str) -> list[dict[str, Any]]:
        """Return the rows of `alerts deliveries --json`."""
        rows: list[dict[str, Any]] = self.run("deliveries", "--json", *arguments).json
        return rows

    def let_retries_fall_due(self) -> None:
        """Move the waiting deliveries' next try to the past, as hours would."""
        database = sqlite3.connect(self.folder / "alerts.db")
        with database:
            database.execute("UPDATE delivery SET due_at = 1 WHERE state = 'delayed'")
            database.execute("UPDATE gate SET next_at = 1")
        database.close()

    # --- what came of it ---------------------------------------------------------------------

    def mails(self) -> list[ReceivedMail]:
        """Return what Ana got since the last call."""
        found = self.mail.to("ana@example.org")
        self.mail.forget()
        return found


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process as a power cut would."""
    process.send_signal(signal.SIGKILL)
    process.wait(60)
