"""A folder in which the service has run, and a hand on the commands that people type there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from pipeline_world import World

from alerts.cli import cli
from alerts.clock import SystemClock
from alerts.delivery import classify

YAML = """\
version: 1
defaults: {timezone: UTC}
admins:
  - email: boss@example.org
feeds:
  - {name: Courier, url: "https://courier.example/rss"}
rules:
  ice: ICE
subscribers:
  - {name: Ana, email: ana@example.org, rules: [ice], when: right away}
"""
ROOM = (
    YAML
    + """\
  - name: Room
    webhook: {url: "https://hooks.example/topsecret", secret: "whsec_bWFkaXNvbi13aXNjb25zaW4tbmV3cy1hbGVydHM="}
    rules: [ice]
    when: right away
"""
)

#: When the service began, so that there is a past.
DAYS_AGO = 40

NO_SUCH = classify.result(
    "suppress", "bad_address", "destination", code="550 5.1.1", text="no such mailbox"
)
REFUSED = classify.result("refused", "refused", code="554", text="not this message")
GONE = classify.result("suppress", "gone", "destination", code="410", text="gone")
DOWN = classify.result("retry", "http", "destination", code="503", text="down")


class Folder:
    """A real SQLite file and configuration; what is sent goes to the memory transport."""

    def __init__(self, folder: Path, yaml: str = YAML) -> None:
        self.folder = folder
        (folder / "subscribers.yaml").write_text(yaml)
        begun = SystemClock().now() - DAYS_AGO * 86_400
        self.world = World(f"sqlite:///{folder / 'alerts.db'}", yaml, begun)

    def send(self, title: str, *answers: Any) -> None:
        """Have an article found, and these answers given to what is sent of it."""
        self.world.transport.answers.extend(answers)
        slug = title.lower().replace(" ", "-")
        self.world.later(1)
        self.world.serve(self.world.item(title, slug, hours_ago=0.1))
        self.world.run(force=True)

    def catch_up(self) -> None:
        """Let the service's clock be that of the commands, and a little later."""
        self.world.clock.advance(SystemClock().now() + 1 - self.world.clock.now())

    def command(self, *arguments: str) -> Result:
        """Call the command line; errors of ours are its result's exception."""
        return CliRunner().invoke(cli, arguments, env={})

    def json(self, *arguments: str) -> Any:
        """Return what the command says with --json."""
        result = self.command(*arguments, "--json")
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return json.loads(result.stdout)

    def digests(self) -> Any:
        """Return the rows of `alerts deliveries` that are digests, not notices."""
        return [row for row in self.json("deliveries") if row["articles"]]

    def close(self) -> None:
        self.world.database.close()
