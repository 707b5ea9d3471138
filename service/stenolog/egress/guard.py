"""Decide which addresses an outgoing connection may reach. Pure; asked when connecting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from urllib.parse import urlsplit

from stenolog.errors import ForbiddenAddress

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DEFAULT_PORTS = {"http": 80, "https": 443}

# IANA IPv4 Special-Purpose Address Registry, and two that registries do not know.
FORBIDDEN_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(text), kind)
    for text, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's metadata"),  # Azure, in public address space
        ("169.254.0.0/16", "link-local"),  # every other cloud's metadata is here
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "a tunnel"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)

# IPv6 is the other way round: only global unicast is allowed, less these parts of it
# (IANA IPv6 Special-Purpose Address Registry).
GLOBAL_UNICAST = IPv6Network("2000::/3")
FORBIDDEN_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(text), kind)
    for text, kind in (
        ("2001::/23", "a tunnel or reserved"),  # Teredo, ORCHID, benchmarking
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "a tunnel"),  # 6to4
        ("3fff::/20", "documentation"),
    )
)
# Named only for a better message: all of them lie outside of 2000::/3.
V6_KINDS: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(text), kind)
    for text, kind in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "a mapped address"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)
# RFC 6052: what DNS64 answers for every IPv4 host. It is what it embeds.
NAT64 = IPv6Network("64:ff9b::/96")
# RFC 5214: an ISATAP interface identifier embeds an IPv4 address to tunnel to.
ISATAP_IDS = (0x0000_5EFE, 0x0200_5EFE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """What may be reached: public addresses, and what is named here although it is not public.

    Attributes:
        allow_public: Whether public addresses are reachable.
        allow_networks: Networks that are reachable although private.
        allow_origins: Pairs of a lower-case host and a port, as `origin` makes them, that are
            reachable wherever their name leads: the operator's own provider or engine.
    """

    allow_public: bool = True
    allow_networks: tuple[Network, ...] = ()
    allow_origins: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def of(
        cls, *, public: bool = True, networks: Iterable[str] = (), origins: Iterable[str] = ()
    ) -> AddressPolicy:
        """Return the policy for CIDR texts and URLs as an operator writes them.

        Raises:
            ValueError: A text is not a network, or a URL has no host.
        """
        return cls(
            allow_public=public,
            allow_networks=tuple(ip_network(text, strict=False) for text in networks),
            allow_origins=frozenset(origin(url) for url in origins),
        )


def origin(url: str) -> tuple[str, int]:
    """Return the host (lower case, no brackets, no final dot) and the port that a URL leads to.

    Raises:
        ValueError: The URL is not http or https, or has no host or an impossible port.
    """
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("not an http or https URL with a host")
    port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return plain_host(parts.hostname), port


def plain_host(host: str) -> str:
    """Return a host as `AddressPolicy.allow_origins` spells it."""
    return host.lower().strip("[]").rstrip(".")


def check_address(ip: Address, policy: AddressPolicy) -> None:
    """Return when a connection to `ip` is allowed.

    Raises:
        ForbiddenAddress: It is not allowed by the policy. The message names the kind of address:
            tell it to whoever gave the address, but not to who gave a name.
    """
    if any(ip.version == net.version and ip in net for net in policy.allow_networks):
        return
    if isinstance(ip, IPv6Address) and ip in NAT64:
        check_address(IPv4Address(int(ip) & 0xFFFF_FFFF), policy)
        return
    kind = _forbidden_kind(ip) or ("" if policy.allow_public else "public")
    if kind:
        raise ForbiddenAddress(f"the host leads to an address that is not allowed ({kind})")


def _forbidden_kind(ip: Address) -> str:
    """Return why an address is not public; empty when it is."""
    if isinstance(ip, IPv4Address):
        return next((kind for net, kind in FORBIDDEN_V4 if ip in net), "")
    if ip not in GLOBAL_UNICAST:
        return next((kind for net, kind in V6_KINDS if ip in net), "reserved")
    if (int(ip) >> 32) & 0xFFFF_FFFF in ISATAP_IDS:
        return "a tunnel"
    return next((kind for net, kind in FORBIDDEN_V6 if ip in net), "")
