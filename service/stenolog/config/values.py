"""Parse the values that settings are written in: units, lists, base URLs, keys."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from stenolog.host_names import ascii_host

KEY_CHARS_MAX = 1_024
# RFC 9110, 5.5: what every header can hold; blanks around a value are lost on the way.
# RFC 3986, 2: nothing else is in a URL; Python's parser takes line breaks out of one unseen.
VISIBLE = re.compile(r"[!-~]+")

CLASS = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
DAYS = re.compile(r"[1-9][0-9]{0,3}|[12][0-9]{4}|3[0-5][0-9]{3}|36[0-4][0-9]{2}|36500")
CLASSES_MAX = 100
KEEP = "keep"
"""In the place of a retention class: kept until it is deleted, whatever the defaults are."""

MILLISECONDS_MAX = 10**10  # some 115 days
Milliseconds = Annotated[int, Field(ge=1, le=MILLISECONDS_MAX)]


def parts_of(value: object) -> object:
    """Split a text at its commas; anything else is left as it is."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def classes_of(value: object) -> object:
    """Return the days of each class in a text such as `short:30,long:365`; else what was given.

    Raises:
        ValueError: A name or a number cannot be one.
    """
    parts = parts_of(value)
    if not isinstance(parts, list):
        return value
    found: dict[str, int] = {}
    for part in parts:
        name, _, days = str(part).partition(":")
        if not CLASS.fullmatch(name) or name == KEEP or not DAYS.fullmatch(days) or name in found:
            raise ValueError("must be names and days such as short:30,long:365, each name once")
        found[name] = int(days)
    if len(found) > CLASSES_MAX:
        raise ValueError(f"must have at most {CLASSES_MAX} classes")
    return found


def lower_case(value: object) -> object:
    """Return a text in lower case; anything else is left as it is."""
    return value.lower() if isinstance(value, str) else value


def base_url(value: str) -> str:
    """Return the URL without a slash at its end.

    Raises:
        ValueError: It is not a base URL, cannot be asked, or names a user, a password, a query or
            a fragment.
    """
    if not VISIBLE.fullmatch(value):
        raise ValueError(f"must be visible ASCII characters without blanks; {_odd(value)}")
    try:
        parts = urlsplit(value)
    except ValueError as exc:
        raise ValueError("must be a base URL such as https://stenolog.example") from exc
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a base URL such as https://stenolog.example")
    if "@" in parts.netloc or "?" in value or "#" in value:
        raise ValueError("must have no user, password, query or fragment")
    ascii_host(parts.hostname)
    try:
        possible = parts.port != 0
    except ValueError:
        possible = False
    if not possible:
        raise ValueError("must have a port from 1 to 65535, or none")
    return value.rstrip("/")


def sendable_key(value: SecretStr) -> SecretStr:
    """Return the key, which a header can carry as it is.

    Raises:
        ValueError: It has a blank, a line break or a character that is not ASCII, or is too long.
            The message repeats nothing of it.
    """
    key = value.get_secret_value()
    if len(key) > KEY_CHARS_MAX:
        raise ValueError(f"must have at most {KEY_CHARS_MAX} characters")
    if not VISIBLE.fullmatch(key):
        raise ValueError(f"must be visible ASCII characters without blanks; {_odd(key)}")
    return value


def _odd(text: str) -> str:
    """Say what stands in a text that should be visible ASCII, and nothing else of it."""
    if not text:
        return "it is empty"
    if text.endswith(("\r", "\n")):
        return "it ends with a line break: is it from a file with Windows line ends?"
    if text != text.strip():
        return "it begins or ends with a blank"
    if not text.isascii():
        return "it has a character that is not ASCII"
    return "it has a blank or a control character within"


BaseUrl = Annotated[str, AfterValidator(base_url)]
Key = Annotated[SecretStr, AfterValidator(sendable_key)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parts_of)]
