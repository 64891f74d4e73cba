"""Which addresses the guard lets anybody dial."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from alerts.netguard import Guard, NetError, addresses, system_resolver

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.0.3",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:53aa:64c::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "192.0.1.1",
    "2606:4700::1111",
    "2a00:1450::1",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("ip", PRIVATE)
@pytest.mark.fault("20")
def test_no_inside_address_is_dialled(ip: str) -> None:
    with pytest.raises(NetError) as caught:
        Guard().check_address(ip, 443, "feed")
    assert caught.value.kind == "blocked"


@pytest.mark.parametrize("ip", PUBLIC)
def test_a_public_address_may_be_dialled(ip: str) -> None:
    Guard().check_address(ip, 443, "webhook")


@pytest.mark.parametrize(
    "spelling",
    ["2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.1", "0", "017700000001", "127.0.1"],
)
def test_odd_spellings_of_loopback_resolve_to_addresses_that_are_refused(spelling: str) -> None:
    for ip in system_resolver(spelling, 80):
        assert not addresses.is_public(addresses.read(ip))


@pytest.mark.parametrize("port", [1, 22, 25, 6379, 8000, 8081, 65535])
def test_only_web_ports_are_open(port: int) -> None:
    with pytest.raises(NetError, match="refused"):
        Guard().check_address("8.8.8.8", port, "feed")


def test_a_webhook_goes_over_https_unless_its_network_is_allowed() -> None:
    with pytest.raises(NetError, match="https"):
        Guard().check_address("8.8.8.8", 80, "webhook", is_tls=False)
    Guard(allow_nets=["10.1.0.0/16"]).check_address("10.1.2.3", 9000, "webhook", is_tls=False)


def test_an_allowed_network_opens_every_port_of_it_and_nothing_else() -> None:
    guard = Guard(allow_nets=[ipaddress.ip_network("127.0.0.0/8")])
    guard.check_address("127.0.0.1", 25, "feed", is_tls=False)
    guard.check_address("::ffff:127.0.0.1", 25, "feed", is_tls=False)
    for ip in ("::1", "10.0.0.1", "2002:7f00:1::1", "64:ff9b::7f00:1"):
        with pytest.raises(NetError):
            guard.check_address(ip, 443, "feed")


def test_text_that_is_no_address_is_refused() -> None:
    with pytest.raises(NetError):
        Guard().check_address("localhost", 443, "feed")


class Network:
    """A fake resolver and dialer: names lead where it says, dials are only written down."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.dialled: list[str] = []

    def resolve(self, host: str, port: int) -> list[str]:
        if not self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def dial(self, ip: str, port: int, timeout_s: float) -> socket.socket:
        self.dialled.append(ip)
        if ip.startswith("9."):
            raise TimeoutError
        return socket.socket()


def dial(network: Network, host: str = "news.example.org") -> None:
    guard = Guard(resolver=network.resolve, dialer=network.dial)
    guard.dial(host, 443, purpose="feed", is_tls=True, remaining=lambda: 5.0).close()


def test_a_name_that_leads_to_public_and_private_addresses_is_dialled_at_the_public_one() -> None:
    network = Network(["127.0.0.1", "10.0.0.1", "8.8.8.8"])
    dial(network)
    assert network.dialled == ["8.8.8.8"]


@pytest.mark.fault("19")
def test_a_name_that_rebinds_between_two_dials_is_refused_at_the_second() -> None:
    network = Network(["8.8.8.8"], ["127.0.0.1"])
    guard = Guard(resolver=network.resolve, dialer=network.dial)
    guard.dial("a.example", 443, purpose="feed", is_tls=True, remaining=lambda: 5.0).close()
    with pytest.raises(NetError, match=r"a\.example leads to 127\.0\.0\.1"):
        guard.dial("a.example", 443, purpose="feed", is_tls=True, remaining=lambda: 5.0)
    assert network.dialled == ["8.8.8.8"]


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    network = Network(["9.1.1.1", "8.8.8.8"])
    dial(network)
    assert network.dialled == ["9.1.1.1", "8.8.8.8"]


def test_no_address_that_answers_is_a_connect_error() -> None:
    with pytest.raises(NetError, match="no answer") as caught:
        dial(Network(["9.1.1.1", "9.1.1.2"]))
    assert caught.value.kind == "connect"
