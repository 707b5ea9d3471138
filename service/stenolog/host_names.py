"""What may stand as the host of a URL: a name that DNS can hold, or an address."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

import idna

HOST_CHARS_MAX = 1_024  # before it is encoded; what is longer is not even looked at
NAME_CHARS_MAX = 253  # RFC 1035, 2.3.4, without the final dot
LABEL_CHARS_MAX = 63  # RFC 1035, 2.3.4
LABEL = re.compile(r"[A-Za-z0-9_-]+")  # underscores are no host name's, and yet are in use
IPV4_LIKE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
A_LABEL = "xn--"  # RFC 5890, 2.3.2.1


def ascii_host(host: str) -> str:
    """Return a URL's host as it is looked up: lower case, in A-labels, no brackets, final dot kept.

    An A-label must be Punycode of characters that can be seen. Of which scripts they are is not
    asked: such names are registered and resolve, beyond what IDNA 2008 allows.

    Raises:
        ValueError: It can be no host; the message says why and repeats nothing of it.
    """
    if not host:
        raise ValueError("the host is empty")
    if len(host) > HOST_CHARS_MAX:
        raise ValueError(f"the host is longer than {HOST_CHARS_MAX} characters")
    if ":" in host or host[0] == "[" or host[-1] == "]":
        return _ipv6(host)
    if IPV4_LIKE.fullmatch(host):
        return _ipv4(host)
    name = host.lower() if host.isascii() else _encoded(host.lower())
    labels = name.removesuffix(".").split(".")
    if sum(map(len, labels)) + len(labels) - 1 > NAME_CHARS_MAX:
        raise ValueError(f"the host is longer than {NAME_CHARS_MAX} characters")
    for label in labels:
        _check(label)
    return name


def _ipv6(host: str) -> str:
    text = host.removeprefix("[").removesuffix("]")
    try:
        if "%" in text:  # a scope names one of our own interfaces
            raise ValueError
        return str(IPv6Address(text))
    except ValueError:
        raise ValueError("the host is no IPv6 address") from None


def _ipv4(host: str) -> str:
    try:
        return str(IPv4Address(host))
    except ValueError:
        raise ValueError("the host is no IPv4 address") from None


def _encoded(host: str) -> str:
    try:
        return idna.encode(host).decode("ascii")
    except UnicodeError:  # `IDNAError` is one
        raise ValueError("the host has characters that a name cannot have") from None


def _check(label: str) -> None:
    """Return when DNS can hold the label.

    Raises:
        ValueError: It cannot.
    """
    if not label:
        raise ValueError("the host has an empty part between dots")
    if len(label) > LABEL_CHARS_MAX:
        raise ValueError(f"the host has a part of more than {LABEL_CHARS_MAX} characters")
    if not LABEL.fullmatch(label):
        raise ValueError("the host has characters that a name cannot have")
    if label.startswith(A_LABEL) and not _is_punycode(label.removeprefix(A_LABEL)):
        raise ValueError("the host has a part that begins with xn-- and is not Punycode")


def _is_punycode(text: str) -> bool:
    try:
        decoded = text.encode("ascii").decode("punycode")
        back = decoded.encode("punycode").decode("ascii")
    except (UnicodeError, ValueError, OverflowError):
        return False
    return back == text and decoded.isprintable() and not decoded.isascii()
