"""Parse the values that settings are written in: units, lists, base URLs."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

Milliseconds = Annotated[int, Field(ge=1, le=10**10)]


def parts_of(value: object) -> object:
    """Split a text at its commas; anything else is left as it is."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def base_url(value: str) -> str:
    """Return the URL without a slash at its end.

    Raises:
        ValueError: It is not a base URL, or names a user, a password or a fragment.
    """
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise ValueError("must be a base URL such as https://stenolog.example")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("must have no user, password or fragment")
    return value.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(base_url)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parts_of)]
