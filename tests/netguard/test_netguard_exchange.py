"""One request and its answer at a scripted server on loopback."""

from __future__ import annotations

import gzip
import socket
from itertools import repeat
from pathlib import Path

import pytest
from certificates import authority
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from needs import free_port
from scripted import Raw, reply, serve

from alerts.netguard import Answer, Guard, NetError, Session, exchange

LOOPBACK = Guard(allow_nets=["127.0.0.0/8", "::1/128"])


def ask(
    url: str,
    using: Session | None = None,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    deadline_s: float = 60.0,
    max_wire_bytes: int = 100_000,
) -> Answer:
    using = using or Session(LOOPBACK, purpose="feed")
    return exchange(
        using,
        method,
        url,
        headers=headers or {"User-Agent": "t"},
        body=body,
        deadline_s=deadline_s,
        max_wire_bytes=max_wire_bytes,
        max_decoded_bytes=200_000,
    )


def failure(url: str, **options: object) -> NetError:
    with pytest.raises(NetError) as caught:
        ask(url, **options)  # type: ignore[arg-type]
    return caught.value


def test_an_answer_comes_whole_with_its_header_values_untouched() -> None:
    body = gzip.compress(b"<rss/>")
    headers = {"ETag": 'W/"x-gzip"', "Last-Modified": "banana \xe9", "Content-Encoding": "gzip"}
    with serve(reply(200, body, headers)) as server:
        answer = ask(server.url("/a?b=%2F&c"))
    assert (answer.status, answer.body) == (200, b"<rss/>")
    assert answer.headers["etag"] == 'W/"x-gzip"'
    assert answer.headers["last-modified"] == "banana \xe9"
    assert server.seen[0].line == "GET /a?b=%2F&c HTTP/1.1"


def test_exactly_the_given_headers_are_sent() -> None:
    with serve(reply()) as server:
        ask(
            server.url(),
            headers={"User-Agent": "t", "Accept-Encoding": "gzip", "If-None-Match": '"\xe9"'},
        )
    assert server.seen[0].headers == [
        ("Host", f"127.0.0.1:{server.port}"),
        ("User-Agent", "t"),
        ("Accept-Encoding", "gzip"),
        ("If-None-Match", '"\xe9"'),
    ]


@pytest.mark.fault("21")
def test_cookies_userinfo_proxies_and_netrc_never_leave(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serve(reply(headers={"Set-Cookie": "id=1"})) as server:
        using = Session(LOOPBACK, purpose="feed")
        ask(server.url().replace("127", "me:secret@127"), using)
        ask(server.url(), using)
        using.close()
    assert len(server.seen) == 2
    for request in server.seen:
        assert request.header("cookie") is None
        assert request.header("authorization") is None


@pytest.mark.fault("8")
def test_a_server_that_resets_every_connection_is_asked_twice_and_not_for_ever() -> None:
    with serve(reply(200), Raw(b"", "reset")) as server:
        using = Session(LOOPBACK, purpose="feed")
        ask(server.url(), using)
        with pytest.raises(NetError):
            ask(server.url(), using)
        using.close()
        assert len(server.seen) == 3


def test_a_connection_is_kept_alive_and_one_that_died_idle_is_replaced() -> None:
    with serve(reply(), reply(), Raw(b""), reply()) as server:
        using = Session(LOOPBACK, purpose="feed")
        for _ in range(3):  # the third answer is a close without a byte: sent once more
            assert ask(server.url(), using).status == 200
        using.close()
    assert server.connections == 2
    assert len(server.seen) == 4


def test_a_post_on_a_dead_connection_is_not_sent_twice() -> None:
    with serve(reply(), Raw(b""), reply()) as server:
        using = Session(LOOPBACK, purpose="webhook")
        ask(server.url(), using, "POST", b"{}")
        error = failure(server.url(), using=using, method="POST", body=b"{}")
        using.close()
    assert len(server.seen) == 2
    assert error.kind == "connect"
    assert error.was_sent


FAULTS: dict[str, tuple[Raw, str]] = {
    "silence": (Raw(b"", "hold"), "timeout"),
    "dribbled header": (Raw(b"HTTP/1.1 200 OK\r\n", "close", repeat(b"X"), 0.02), "timeout"),
    "dribbled body": (Raw(b"HTTP/1.1 200 OK\r\n\r\n", "close", repeat(b"X"), 0.02), "timeout"),
    "dribbled chunks": (
        Raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "close",
            repeat(b"1\r\nX\r\n"),
            0.02,
        ),
        "timeout",
    ),
    "dribbled 1xx": (Raw(b"", "close", repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), 0.02), "timeout"),
    "endless body": (Raw(b"HTTP/1.1 200 OK\r\n\r\n", "close", repeat(b"X" * 65_536)), "too_big"),
    "endless header line": (
        Raw(b"HTTP/1.1 200 OK\r\nA: ", "close", repeat(b"X" * 8_192)),
        "protocol",
    ),
    "endless headers": (Raw(b"HTTP/1.1 200 OK\r\n", "close", repeat(b"A: b\r\n" * 10)), "protocol"),
    "long headers": (
        Raw(b"HTTP/1.1 200 OK\r\n", "close", repeat(b"A: " + b"b" * 2_000 + b"\r\n")),
        "too_big",
    ),
    "endless chunk extension": (
        Raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
            "close",
            repeat(b"x" * 8_192),
        ),
        "protocol",
    ),
    "stated too big": (
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", "hold"),
        "too_big",
    ),
    "close before answer": (Raw(b""), "connect"),
    "reset": (Raw(b"", "reset"), "connect"),
    "reset in body": (
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "reset"),
        "truncated",
    ),
    "short body": (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), "truncated"),
    "cut chunk": (
        Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"),
        "truncated",
    ),
    "no last chunk": (
        Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
        "truncated",
    ),
    "cut gzip": (
        Raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"abc" * 99)[:-9]),
        "truncated",
    ),
    "bomb": (
        Raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(9_000_000))),
        "too_big",
    ),
    "hints for ever": (Raw(b"HTTP/1.1 103 Hints\r\nX: y\r\n\r\n" * 4_000, "hold"), "too_big"),
    "HTTP/0.9": (Raw(b"<rss></rss>"), "protocol"),
    "bad status": (Raw(b"HTTP/1.1 abc OK\r\n\r\n"), "protocol"),
    "two lengths": (
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 9\r\n\r\nabc"),
        "protocol",
    ),
    "bad chunk": (
        Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
        "truncated",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_server_is_named(name: str) -> None:
    answer, kind = FAULTS[name]
    with serve(answer) as server:
        error = failure(server.url("/secret-path"), deadline_s=0.4 if kind == "timeout" else 60)
    assert error.kind == kind
    assert error.message.endswith(".")
    assert "secret" not in error.message + error.hint


def test_a_body_that_ends_with_the_connection_is_complete() -> None:
    with serve(Raw(b"HTTP/1.0 200 OK\r\n\r\n<rss/>")) as server:
        assert ask(server.url()).body == b"<rss/>"


@pytest.mark.parametrize("before", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_what_is_provisional_before_an_answer_is_passed_over(before: str) -> None:
    hint = f"HTTP/1.1 {before}\r\nLink: </style.css>\r\n\r\n".encode()
    with serve(Raw(2 * hint + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>")) as server:
        answer = ask(server.url())
    assert (answer.status, answer.body) == (200, b"<rss/>")
    assert "link" not in answer.headers


def test_a_folded_header_cannot_carry_a_line_break() -> None:
    with serve(Raw(b'HTTP/1.1 200 OK\r\nETag: "a\r\n b"\r\nContent-Length: 0\r\n\r\n')) as server:
        assert ask(server.url()).headers["etag"] == '"a b"'


def test_a_closed_port_and_an_unsent_request_are_known_as_such() -> None:
    error = failure(f"http://127.0.0.1:{free_port()}/")
    assert error.kind == "connect"
    assert "refused" in error.message
    assert not error.was_sent


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "0",
        "[::1]",
        "127.1",
        "0177.0.0.1",
    ],
)
def test_loopback_is_refused_in_every_spelling_when_it_is_not_allowed(host: str) -> None:
    error = failure(f"http://{host}:8080/", using=Session(Guard(), purpose="feed"))
    assert error.kind in ("blocked", "dns")
    assert not error.was_sent


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("file:///etc/passwd", "blocked"),
        ("ftp://a/b", "blocked"),
        ("gopher://a", "blocked"),
        ("data:,x", "blocked"),
        ("//host/x", "blocked"),
        ("", "blocked"),
        ("http://", "protocol"),
        ("http:///x", "protocol"),
        ("http://a:99999/", "protocol"),
        ("http://[::1/", "protocol"),
        ("http://a b/", "dns"),
        ("http://" + "a" * 80 + ".example/", "dns"),
        ("http://é.\x00/", "dns"),
        ("http://" + "é" * 80 + "/", "dns"),
    ],
)
def test_an_address_that_cannot_be_used_is_an_error_and_not_an_exception(
    url: str, kind: str
) -> None:
    network = Guard(resolver=lambda host, port: [])
    error = failure(url, using=Session(network, purpose="feed"))
    assert error.kind in (kind, "dns", "protocol") if kind == "dns" else error.kind == kind


@given(st.text(max_size=30), st.text(max_size=30))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_address_does_worse_than_a_net_error(host: str, path: str) -> None:
    network = Guard(resolver=lambda host, port: [])
    failure(f"http://{host}/{path}", using=Session(network, purpose="feed"))


def test_non_ascii_paths_are_percent_encoded_and_hosts_punycoded() -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with serve(reply()) as server:
        using = Session(Guard(["127.0.0.0/8"], resolver), purpose="feed")
        ask(f"http://bücher.example:{server.port}/a b/é?q=ü#frag", using)
        using.close()
    assert asked == ["xn--bcher-kva.example"]
    assert server.seen[0].path == "/a%20b/%C3%A9?q=%C3%BC"
    assert server.seen[0].header("host") == f"xn--bcher-kva.example:{server.port}"


def test_tls_is_verified_against_the_given_authority_and_never_downgraded(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    trusting = Session(LOOPBACK, purpose="feed", verify=ours.ca_file)
    with serve(reply(200, b"ok"), tls=ours.server("127.0.0.1")) as server:
        assert ask(server.url(), trusting).body == b"ok"
        assert ask(server.url(), trusting).body == b"ok"
        assert server.connections == 1
        assert "certificate is not valid" in failure(server.url()).message
    with serve(reply(), tls=ours.server("other.example")) as server:
        assert failure(server.url(), using=trusting).kind == "tls"
    with serve(reply(), tls=ours.server("127.0.0.1", days=-1)) as server:
        assert "expired" in failure(server.url(), using=trusting).message
    with serve(Raw(b"nonsense")) as server:
        assert failure(
            server.url().replace("http:", "https:"), using=trusting, deadline_s=1
        ).kind in ("tls", "timeout")
    trusting.close()


def test_a_tls_body_that_dribbles_ends_at_the_deadline(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    with serve(
        Raw(b"HTTP/1.1 200 OK\r\n\r\n", "close", repeat(b"X"), 0.02), tls=ours.server("127.0.0.1")
    ) as server:
        error = failure(
            server.url(),
            using=Session(LOOPBACK, purpose="feed", verify=ours.ca_file),
            deadline_s=1.5,
        )
    assert error.kind == "timeout"
    assert error.was_sent


def test_a_handshake_that_never_ends_is_a_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(f"https://127.0.0.1:{silent.getsockname()[1]}/", deadline_s=0.3)
    assert error.kind == "timeout"
    assert not error.was_sent


def test_a_body_that_nobody_reads_is_a_timeout_and_counts_as_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        error = failure(url, method="POST", body=bytes(20_000_000), deadline_s=1.0)
    assert error.kind == "timeout"
    assert error.was_sent


def test_a_missing_ca_file_is_a_clear_error() -> None:
    error = failure(
        "https://127.0.0.1/", using=Session(LOOPBACK, purpose="feed", verify="/nowhere/ca.pem")
    )
    assert error.kind == "tls"
    assert "CA file" in error.message


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", "/"),
        ("?q=1", "/?q=1"),
        ("//x.example/a", "/x.example/a"),
        ("/a/../b?c=%2F", "/a/../b?c=%2F"),
    ],
)
def test_a_path_is_asked_for_as_it_is_written(path: str, asked: str) -> None:
    with serve(reply()) as server:
        ask(server.url(path))
        assert server.seen[0].line.split()[1] == asked
