"""Claims about `netguard.handshake`: a connection that is opened and closed."""

from __future__ import annotations

from pathlib import Path

import pytest
from certificates import authority
from scripted import serve

from alerts.clock import SystemClock
from alerts.netguard import Guard, NetError, handshake

GUARD = Guard(["127.0.0.0/8"])


def shake(url: str, guard: Guard = GUARD, ca_file: str | None = None):
    return handshake(
        guard, url, purpose="webhook", deadline_s=5, clock=SystemClock(), ca_file=ca_file
    )


def test_plain_http_says_who_answered_and_sends_nothing() -> None:
    with serve(b"") as server:
        found = shake(server.url("/secret"))
    assert (found.address, found.port, found.tls) == ("127.0.0.1", server.port, "")
    assert not server.seen


def test_tls_is_agreed_on_and_the_certificate_s_end_is_told(tmp_path: Path) -> None:
    made = authority(tmp_path)
    with serve(b"", tls=made.server("127.0.0.1")) as server:
        found = shake(server.url(), ca_file=made.ca_file)
    assert found.tls.startswith("TLSv1.")
    assert found.valid_until is not None
    assert 0 < found.valid_until - SystemClock().now() < 3 * 86_400
    assert not server.seen


def test_a_certificate_of_nobody_known_is_refused(tmp_path: Path) -> None:
    made = authority(tmp_path)
    with serve(b"", tls=made.server("127.0.0.1")) as server, pytest.raises(NetError) as caught:
        shake(server.url())
    assert caught.value.kind == "tls"


def test_the_guard_is_asked() -> None:
    with pytest.raises(NetError) as caught:
        shake("https://127.0.0.1/", Guard())
    assert caught.value.kind == "blocked"


def test_a_port_where_nobody_listens_is_named() -> None:
    with serve(b"") as server:
        port = server.port
    with pytest.raises(NetError) as caught:
        shake(f"http://127.0.0.1:{port}/topsecret")
    assert caught.value.kind == "connect"
    assert "topsecret" not in str(caught.value)
