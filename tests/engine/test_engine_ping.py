"""Claims about the dead man's switch: asked after healthy minutes only, silent about its failures."""

from __future__ import annotations

import pytest

from alerts.clock import SystemClock
from alerts.demo.loopback import Answer, LoopbackServer
from alerts.engine.ping import Ping
from alerts.model import Secret


def test_it_is_requested_after_a_healthy_minute_and_not_after_another():
    with LoopbackServer() as watcher:
        healthy = [True, False, True]
        watcher.answer("/beat", Answer())
        ping = Ping(Secret(watcher.url("/beat")), SystemClock(), lambda: healthy.pop(0))
        for _ in range(3):
            ping.beat()
        assert [(r.method, r.path) for r in watcher.requests] == [("GET", "/beat")] * 2


def test_a_failure_is_told_once_without_the_address_and_again_only_after_its_end(
    capsys: pytest.CaptureFixture[str],
):
    with LoopbackServer() as watcher:
        ping = Ping(Secret(watcher.url("/secret-beat")), SystemClock(), lambda: True)
        watcher.answer("/secret-beat", Answer(500))
        for _ in range(3):
            ping.beat()
        watcher.answer("/secret-beat", Answer(200))
        ping.beat()
        watcher.answer("/secret-beat", Answer(500))
        for _ in range(2):
            ping.beat()
    out = "".join(capsys.readouterr())
    assert out.count("ping failed") == 2
    assert "it answers 500" in out
    assert "secret-beat" not in out


def test_a_watcher_that_is_gone_harms_nothing(capsys: pytest.CaptureFixture[str]):
    with LoopbackServer() as watcher:
        url = watcher.url("/beat")
    Ping(Secret(url), SystemClock(), lambda: True).beat()
    assert "no answer" in "".join(capsys.readouterr())
