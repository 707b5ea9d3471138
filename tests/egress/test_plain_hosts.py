"""What leads to a forbidden address is known without a name server where the URL says it."""

from __future__ import annotations

import pytest

from stenolog.egress.guard import AddressPolicy
from stenolog.egress.plain_hosts import refused_host

NOWHERE_PRIVATE = AddressPolicy.of()


@pytest.mark.parametrize(
    ("url", "host", "network"),
    [
        ("http://127.0.0.1:5055/hook", "127.0.0.1", "127.0.0.0/8"),
        ("http://localhost:5055", "localhost", "127.0.0.0/8"),
        ("http://LOCALHOST./hook", "localhost", "127.0.0.0/8"),
        ("https://hooks.localhost/x", "hooks.localhost", "127.0.0.0/8"),
        ("http://10.1.2.3/", "10.1.2.3", "10.1.2.3/32"),
        ("http://169.254.169.254/latest", "169.254.169.254", "169.254.169.254/32"),
        ("http://[::1]:80/", "::1", "::1/128"),
        ("http://[fd00::7]/", "fd00::7", "fd00::7/128"),
        ("http://127.1/", "127.1", "127.0.0.0/8"),
        ("http://2130706433/", "2130706433", "127.0.0.0/8"),
        ("http://0x7f000001/", "0x7f000001", "127.0.0.0/8"),
    ],
)
def test_a_private_literal_is_refused(url: str, host: str, network: str) -> None:
    assert refused_host(url, NOWHERE_PRIVATE) == (host, network)
    assert refused_host(url, AddressPolicy.of(networks=[network])) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/x",
        "http://8.8.8.8/",
        "http://[2606:4700::1]/",
        "http://localhost.example/",
        "http://notlocalhost/",
        "http://1.example/",
        "http://[broken",
        "nothing",
    ],
)
def test_what_a_name_server_must_say_is_not_judged(url: str) -> None:
    assert refused_host(url, NOWHERE_PRIVATE) is None
