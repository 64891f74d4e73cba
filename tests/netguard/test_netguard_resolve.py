"""Look-ups end in time and failures are remembered for a minute."""

from __future__ import annotations

import socket
import threading

import pytest

from alerts.clock import FakeClock
from alerts.netguard import NetError
from alerts.netguard.resolve import Names


def test_a_failed_name_is_not_asked_again_for_a_minute() -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    clock = FakeClock()
    names = Names(resolver, clock)
    for _ in range(3):
        with pytest.raises(NetError, match="Name or service not known"):
            names.addresses("gone.example", 443, 5)
    assert asked == ["gone.example"]
    clock.advance(61)
    with pytest.raises(NetError):
        names.addresses("gone.example", 443, 5)
    assert len(asked) == 2


def test_a_hanging_resolver_holds_one_thread_and_nobody_longer_than_asked() -> None:
    release = threading.Event()
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        release.wait(10)
        return ["8.8.8.8"]

    clock = FakeClock()
    names = Names(resolver, clock)
    for _ in range(3):
        with pytest.raises(NetError, match="did not answer in time") as caught:
            names.addresses("slow.example", 443, 0.02)
        assert caught.value.kind == "dns"
        clock.advance(61)
    assert asked == ["slow.example"]
    release.set()


def test_a_success_is_not_remembered() -> None:
    answers = [["8.8.8.8"], ["1.1.1.1"]]
    names = Names(lambda host, port: answers.pop(0), FakeClock())
    assert names.addresses("a.example", 443, 5) == ["8.8.8.8"]
    assert names.addresses("a.example", 443, 5) == ["1.1.1.1"]


def test_a_name_that_cannot_be_written_in_dns_is_a_dns_error() -> None:
    with pytest.raises(NetError) as caught:
        Names(lambda host, port: list(host.encode("idna").decode()), FakeClock()).addresses(
            "a" * 70, 80, 5
        )
    assert caught.value.kind == "dns"


def test_numeric_addresses_need_no_resolver() -> None:
    names = Names(lambda host, port: [], FakeClock())
    assert names.addresses("127.0.0.1", 80, 1) == ("127.0.0.1",)
    with pytest.raises(NetError, match="no address"):
        names.addresses("empty.example", 80, 1)
