"""What every test gets: a clean environment, no way off this machine, servers on loopback."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import tables_of_claims
from hypothesis import settings as hypothesis_settings

from alerts.demo.servers import FeedServer, MailSink, WebhookReceiver
from alerts.settings import VARIABLES

# A busy machine must not turn a slow example into a failure; the suite has its own time limit.
hypothesis_settings.register_profile("house", deadline=None, print_blob=True)
hypothesis_settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    tables_of_claims.register(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tables_of_claims.note(items)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    whole = tables_of_claims.is_whole(config)
    for line in tables_of_claims.lines(terminalreporter.stats, whole=whole):
        terminalreporter.write_line(line)


class LeftTheMachine(AssertionError):
    """A test tried to reach an address that is not loopback."""


def _only_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if not isinstance(address, tuple):  # a Unix socket
        return
    host = str(address[0]).partition("%")[0]
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        if host == "localhost":
            return
    raise LeftTheMachine(f"tests may dial loopback addresses only, not {address!r}")


sys.addaudithook(_only_loopback)


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the developer's shell reach a test."""
    for name in VARIABLES:
        if name in os.environ:  # noqa: TID251 - emptied here so that no test depends on it
            monkeypatch.delenv(name)


@pytest.fixture
def feed_server() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as server:
        yield server


@pytest.fixture
def mail_sink() -> Iterator[MailSink]:
    with MailSink() as sink:
        yield sink
