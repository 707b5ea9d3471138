"""Which addresses may be reached."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.egress.guard import AddressPolicy, check_address, origin
from stenolog.errors import ForbiddenAddress

PUBLIC_ONLY = AddressPolicy()

FORBIDDEN = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:20::1",
    "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "2a00:1450:4001::5efe:7f00:1", "2a00:1450:4001:0:200:5efe:a00:1",
)  # fmt: skip
PUBLIC = (
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
    "192.0.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "2606:4700:4700::1111",
    "2001:4860:4860::8888", "2a00:1450:4001:82b::200e", "64:ff9b::808:808",
)  # fmt: skip


@pytest.mark.parametrize("text", FORBIDDEN)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    with pytest.raises(ForbiddenAddress) as refused:
        check_address(ip_address(text), PUBLIC_ONLY)
    assert text not in str(refused.value)


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_allowed(text: str) -> None:
    check_address(ip_address(text), PUBLIC_ONLY)


@given(st.ip_addresses(v=4))
def test_no_address_is_allowed_that_python_knows_to_be_private(ip: object) -> None:
    address = ip_address(str(ip))
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        with pytest.raises(ForbiddenAddress):
            check_address(address, PUBLIC_ONLY)


def test_an_allowed_network_is_reachable_and_its_neighbour_is_not() -> None:
    policy = AddressPolicy.of(networks=("10.1.0.0/16", "fd00::/8"))
    check_address(ip_address("10.1.2.3"), policy)
    check_address(ip_address("fd12::1"), policy)
    check_address(ip_address("64:ff9b::10.1.2.3"), policy)
    for text in ("10.2.0.1", "fc00::1", "127.0.0.1", "::ffff:10.1.2.3"):
        with pytest.raises(ForbiddenAddress):
            check_address(ip_address(text), policy)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://LOCALHOST:8080/v2", ("localhost", 8080)),
        ("https://api.example.com./x", ("api.example.com", 443)),
        ("http://[::1]/", ("::1", 80)),
    ],
)
def test_an_origin_is_a_plain_host_and_a_port(url: str, expected: tuple[str, int]) -> None:
    assert origin(url) == expected
    assert AddressPolicy.of(origins=(url,)).allow_origins == {expected}


@pytest.mark.parametrize("url", ["ftp://x/", "http:///x", "x", "http://a:99999/"])
def test_what_is_no_origin_is_said_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        origin(url)
