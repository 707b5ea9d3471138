"""Check a customer's webhook: its address, and a header that nobody can misuse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stenolog.wire.assemblyai.checks import Complaint
from stenolog.wire.assemblyai.parameters import WEBHOOK_PARAMETERS
from stenolog.wire.assemblyai.urls import url_complaint

HEADER_NAME_CHARS_MAX = 128
HEADER_VALUE_CHARS_MAX = 4_096
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: a token
HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")  # RFC 9110, 5.5, no tabs
# They frame or describe the message, belong to one connection, or are ours to set (RFC 9110, 7.6.1
# and 8.6; HTTP2-Settings: RFC 7540, 3.2.1).
HEADERS_FORBIDDEN = frozenset(
    [
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "date",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "via",
    ]
)


def webhook_complaints(params: Mapping[str, object]) -> Iterator[Complaint]:
    """Yield what is wrong with the customer's endpoint and with the header that it asks for."""
    url = params.get("webhook_url")
    if url is not None:
        complaint = url_complaint("webhook_url", url, "webhook_url should start with http")
        if complaint is not None:
            yield "webhook_url", complaint
    name, value = (params.get(key, "") for key in WEBHOOK_PARAMETERS[1:])
    if (name == "") != (value == ""):
        key = WEBHOOK_PARAMETERS[1] if name == "" else WEBHOOK_PARAMETERS[2]
        yield key, f"{WEBHOOK_PARAMETERS[1]} and {WEBHOOK_PARAMETERS[2]} must be used together"
    if name != "":
        yield from _header_name(name)
    if value != "":
        yield from _header_value(value)


def _header_name(name: object) -> Iterator[Complaint]:
    field = WEBHOOK_PARAMETERS[1]
    if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
        yield field, f"{field} must be the name of an HTTP header"
    elif len(name) > HEADER_NAME_CHARS_MAX:
        yield field, f"{field} must be at most {HEADER_NAME_CHARS_MAX} characters"
    elif name.lower() in HEADERS_FORBIDDEN:
        yield field, f"{field} must not be {name}"


def _header_value(value: object) -> Iterator[Complaint]:
    field = WEBHOOK_PARAMETERS[2]
    if not isinstance(value, str) or not HEADER_VALUE.fullmatch(value):
        yield field, f"{field} must be visible ASCII characters, with no blanks around them"
    elif len(value) > HEADER_VALUE_CHARS_MAX:
        yield field, f"{field} must be at most {HEADER_VALUE_CHARS_MAX} characters"
