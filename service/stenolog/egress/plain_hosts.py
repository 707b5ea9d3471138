"""Tell which hosts lead to forbidden addresses without a name server being asked. Pure."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from stenolog.egress.guard import Address, AddressPolicy, check_address, plain_host
from stenolog.errors import ForbiddenAddress

LOCALHOST = "localhost"  # RFC 6761, 6.3: it and every name under it are loopback
LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
LOOPBACK_NETWORK = "127.0.0.0/8"


def refused_host(url: str, policy: AddressPolicy) -> tuple[str, str] | None:
    """Return the host and the network to allow, where the URL can lead to no allowed address.

    That is told of addresses, of `localhost` and of names under it alone; None for any other URL.
    """
    try:
        host = plain_host(urlsplit(url).hostname or "")
    except ValueError:
        return None  # refused for what it is
    addresses = _addresses(host)
    if not addresses or any(_is_allowed(one, policy) for one in addresses):
        return None
    first = addresses[0]
    return host, LOOPBACK_NETWORK if first in LOOPBACK[:1] else f"{first}/{first.max_prefixlen}"


def _addresses(host: str) -> Sequence[Address]:
    if host == LOCALHOST or host.endswith(f".{LOCALHOST}"):
        return LOOPBACK
    try:
        return (ip_address(host),)
    except ValueError:
        pass
    # Look-ups take what inet_aton takes as an address: 127.1, 0x7f000001.
    try:
        return (IPv4Address(socket.inet_aton(host)),) if host[:1].isdigit() else ()
    except (OSError, UnicodeError):
        return ()


def _is_allowed(address: Address, policy: AddressPolicy) -> bool:
    try:
        check_address(address, policy)
    except ForbiddenAddress:
        return False
    return True
