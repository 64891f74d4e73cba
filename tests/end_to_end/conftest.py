"""A service in an empty folder, with feeds, rooms and a mailbox around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from postgres import emptied, postgres_server

from alerts.demo.servers import FeedServer, MailSink, WebhookReceiver
from tests.end_to_end.service import Service

__all__ = ["postgres_server"]


@pytest.fixture
def service(
    tmp_path: Path, feed_server: FeedServer, receiver: WebhookReceiver, mail_sink: MailSink
) -> Service:
    return Service(tmp_path, feed_server, receiver, mail_sink)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, service: Service) -> str:
    """The empty database that the service works on."""
    found = f"sqlite:///{service.folder}/alerts.db"
    if request.param == "postgres":
        found = emptied(request.getfixturevalue("postgres_server"))
    service.environment["DATABASE_URL"] = found
    return found
