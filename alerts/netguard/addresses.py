"""Which IP addresses are the public internet; pure, and no guess is ever made in doubt.

Python's `is_global` calls 224.0.0.1, 64:ff9b::7f00:1, 2002:7f00:1::1, fec0::1 and 192.0.0.8 global,
so this is an own table of the IANA special-purpose registries (RFC 6890 and its updates).
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_DENIED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT; metadata of some clouds
            "127.0.0.0/8",
            "168.63.129.16/32",  # a cloud's internal service on a public-looking address
            "169.254.0.0/16",  # link-local: cloud metadata
            "172.16.0.0/12",
            "192.0.0.0/24",  # IETF protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays, withdrawn
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")  # all that IANA has given out; the rest is not the internet
_DENIED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
        ),
    )
)
_6TO4 = IPv6Network("2002::/16")
_NAT64 = IPv6Network("64:ff9b::/96")


def read(text: str) -> Address:
    """Return the address of a numeric string, IPv4-mapped ones as IPv4; ValueError if none."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _carried(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that 6to4 or NAT64 would deliver to."""
    if address in _6TO4:
        return IPv4Address((int(address) >> 80) & 0xFFFF_FFFF)
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def is_public(address: Address) -> bool:
    """Whether packets to `address` leave for the public internet and nowhere else."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _DENIED_V4)
    carried = _carried(address)
    if carried is not None:
        return is_public(carried)
    if address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in _DENIED_V6)


def is_inside(address: Address, networks: tuple[Network, ...]) -> bool:
    """Whether `address` lies in one of `networks` (an address of the other family never does)."""
    return any(address.version == net.version and address in net for net in networks)
