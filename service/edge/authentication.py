"""Who asks: an API key found by its public prefix, compared in constant time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from service.commands.api_keys import ApiKey, ApiKeys, matches, prefix_of
from service.errors import Forbidden, Unauthenticated

CACHED_MS_MAX = 1_000  # a revoked key is refused after at most this long (design §6)
CACHED_MAX = 4_096
HEADER_CHARS_MAX = 256  # a key has 55
BEARER = "bearer "


class Authenticator:
    """Finds keys, and remembers those that it found for at most a second."""

    def __init__(self, api_keys: ApiKeys, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._api_keys = api_keys
        self._monotonic = monotonic
        self._cached: OrderedDict[str, tuple[float, ApiKey]] = OrderedDict()

    async def caller(self, header: str | None, scope: str) -> ApiKey:
        """The key in an `Authorization` header, bare or as `Bearer`.

        Raises:
            Unauthenticated: There is none, or none that we know, or it was revoked.
            Forbidden: It does not have `scope`.
            StoreUnavailable: Keys cannot be read.
        """
        secret = _secret(header)
        prefix = prefix_of(secret)
        key = None if prefix is None else await self._known(prefix)
        if key is None or not matches(secret, key):
            raise Unauthenticated("Give an API key in the Authorization header")
        if scope not in key.scopes:
            raise Forbidden(f"The API key lacks the scope {scope}")
        return key

    def forget(self, prefix: str) -> None:
        """The key with this prefix is read anew when it is next used."""
        self._cached.pop(prefix, None)

    async def _known(self, prefix: str) -> ApiKey | None:
        now = self._monotonic()
        cached = self._cached.get(prefix)
        if cached is not None and (now - cached[0]) * 1000 < CACHED_MS_MAX:
            return cached[1]
        key = await self._api_keys.api_key(prefix)
        if key is None:
            # Not remembered: a new key works at once, and strangers cannot fill the cache.
            self._cached.pop(prefix, None)
            return None
        self._cached[prefix] = (now, key)
        self._cached.move_to_end(prefix)
        if len(self._cached) > CACHED_MAX:
            self._cached.popitem(last=False)
        return key


def _secret(header: str | None) -> str:
    if header is None or len(header) > HEADER_CHARS_MAX:
        return ""
    given = header.strip()
    if given[: len(BEARER)].lower() == BEARER:
        given = given[len(BEARER) :].strip()
    return given
