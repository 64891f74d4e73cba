"""A service in memory with its pages: the world of the pipeline tests, and a browser."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from flask.testing import FlaskClient

sys.path.append(str(Path(__file__).parent.parent / "pipeline"))
from pipeline_world import World

from alerts.pipeline.optout import Desk
from alerts.settings import Settings
from alerts.web.app import create_app

BASE = "https://alerts.example"
KEY = "k" * 32


class Site:
    """World, pages and what the mails say."""

    def __init__(self, url: str = "sqlite://", **settings: str) -> None:
        self.world = World(url)
        self.use(**({"BASE_URL": BASE, "SECRET_KEY": KEY} | settings))

    def use(self, **settings: str) -> None:
        """Restart with another environment."""
        self.world.parts.settings = Settings.of(
            {"ALERTS_HOST_GAP": "0", "MAIL_FROM": "Madison Alerts <alerts@news.example>"} | settings
        )
        self.app = create_app(self.desk)
        self.browser: FlaskClient = self.app.test_client()

    def desk(self) -> Desk:
        return Desk.of(self.world.parts)

    def find(self, title: str, slug: str) -> None:
        """Let a feed carry an article, and be due."""
        self.world.later(3)
        self.world.serve(self.world.item(title, slug))

    def told(self) -> list[str]:
        """One pass; return the subjects of the mails that went out in it."""
        before = len(self.world.transport.tries)
        self.world.run(send_now=True)
        return [str(mail["Subject"]) for mail in self.world.mails()[before:]]

    def links(self) -> list[str]:
        """Return every link of ours in the last mail, as paths."""
        body = self.world.mails()[-1].get_body(("plain",))
        assert body is not None
        return re.findall(rf"{BASE}(/\S+)", body.get_content())
