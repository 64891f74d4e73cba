"""A service in an empty folder, with feeds, rooms and a mailbox around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.demo.servers import FeedServer, MailSink, WebhookReceiver
from tests.end_to_end.service import Service


@pytest.fixture
def service(
    tmp_path: Path, feed_server: FeedServer, receiver: WebhookReceiver, mail_sink: MailSink
) -> Service:
    return Service(tmp_path, feed_server, receiver, mail_sink)
