"""Cookies within one fetch, each for the host alone that has set it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

COOKIES_MAX = 50  # of one host; RFC 6265, 6.1
COOKIE_CHARS_MAX = 4_096  # name and value; RFC 6265, 6.1
HEADER_CHARS_MAX = 8_192  # of what is sent; servers refuse longer lines
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
AGE = re.compile(r"-?[0-9]+")  # RFC 6265, 5.2.2; of what else stands there nothing is heeded
VALUE = re.compile(r"[\x21-\x3a\x3c-\x7e]*")  # wider than RFC 6265, 4.1.1: as it is in use


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cookie:
    value: str
    path: str
    secure: bool


class Cookies:
    """What the hosts of one fetch have set; forgotten with it.

    Narrower than RFC 6265: `Domain` is not heeded, so no host gets what another has set, and
    nothing of it is remembered for a later fetch.
    """

    def __init__(self) -> None:
        self._of_host: dict[bytes, dict[tuple[str, str], _Cookie]] = {}

    def note(self, url: httpx.URL, set_cookie: Iterable[str], answered_at: str = "") -> None:
        """Take the `Set-Cookie` lines of an answer from `url`; `answered_at` is its `Date`.

        A line that cannot be read is passed over, as are those beyond the limits.
        """
        kept = self._of_host.setdefault(url.raw_host, {})
        for line in set_cookie:
            pair, _, rest = line.partition(";")
            name, _, value = (part.strip() for part in pair.partition("="))
            if len(pair) > COOKIE_CHARS_MAX or not (
                NAME.fullmatch(name) and VALUE.fullmatch(value)
            ):
                continue
            attributes = dict(_attributes(rest))
            path = attributes.get("path", "")
            path = path if path.startswith("/") else _folder(url)
            kept.pop((name, path), None)
            if _is_over(attributes, answered_at) or len(kept) >= COOKIES_MAX:
                continue
            kept[name, path] = _Cookie(value=value, path=path, secure="secure" in attributes)

    def header_for(self, url: httpx.URL) -> str:
        """Return the `Cookie` header for a request of `url`; empty: none is sent."""
        sent, size = [], 0
        for (name, path), cookie in self._of_host.get(url.raw_host, {}).items():
            if (cookie.secure and url.scheme != "https") or not _is_within(url.path, path):
                continue
            size += len(name) + len(cookie.value) + len("=; ")
            if size <= HEADER_CHARS_MAX:
                sent.append(f"{name}={cookie.value}")
        return "; ".join(sent)


def _attributes(text: str) -> Iterable[tuple[str, str]]:
    for part in text.split(";"):
        name, _, value = part.partition("=")
        yield name.strip().lower(), value.strip()


def _is_over(attributes: dict[str, str], answered_at: str) -> bool:
    """Tell whether the cookie is to be dropped, which is how a server takes one back."""
    age = attributes.get("max-age", "")
    if AGE.fullmatch(age):
        return age.startswith("-") or not age.strip("0")
    try:
        expires = parsedate_to_datetime(attributes.get("expires", ""))
        return expires <= parsedate_to_datetime(answered_at)
    except (ValueError, TypeError, OverflowError):  # TypeError: one has a time zone, one has none
        return False


def _folder(url: httpx.URL) -> str:
    """RFC 6265, 5.1.4: the path up to its last slash."""
    return url.path.rpartition("/")[0] or "/"


def _is_within(path: str, folder: str) -> bool:
    """RFC 6265, 5.1.4: whether a path is the folder or lies in it."""
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")
