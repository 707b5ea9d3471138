"""Find the API key of a request by its public prefix, and compare it in constant time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from stenolog.bounded import BoundedMemory
from stenolog.commands.api_keys import ApiKey, ApiKeys, matches, prefix_of
from stenolog.errors import Forbidden, Unauthenticated

CACHED_MS_MAX = 1_000  # a revoked key is refused after at most this long
CACHED_MAX = 4_096
HEADER_CHARS_MAX = 256  # a key has 55
BEARER = re.compile(r"bearer[ \t]+", re.IGNORECASE)  # RFC 6750; a tab is a blank in RFC 9110
BLANKS = " \t"


class Authenticator:
    """Finds keys, and remembers a found key for at most a second."""

    def __init__(self, api_keys: ApiKeys, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._api_keys = api_keys
        self._cached: BoundedMemory[str, ApiKey] = BoundedMemory(
            CACHED_MAX, age_ms_max=CACHED_MS_MAX, monotonic=monotonic
        )

    async def caller(self, header: str | None) -> ApiKey:
        """Return the key in an `Authorization` header, bare or as `Bearer`.

        Raises:
            Unauthenticated: There is none, or none that we know, or it was revoked.
            StoreUnavailable: Keys cannot be read.
        """
        secret = _secret(header)
        prefix = prefix_of(secret)
        key = None if prefix is None else await self._known(prefix, secret)
        if key is None:
            raise Unauthenticated("Give an API key in the Authorization header")
        return key

    def forget(self, prefix: str) -> None:
        """Read the key with this prefix anew when it is next used."""
        self._cached.pop(prefix)

    def forget_tenant(self, tenant: str) -> None:
        """Read every key of this tenant anew, because something changed for all of them."""
        self._cached.pop_where(lambda key: key.tenant == tenant)

    async def _known(self, prefix: str, secret: str) -> ApiKey | None:
        cached = self._cached.get(prefix)
        if cached is not None and matches(secret, cached):
            return cached
        # Whoever does not have the secret is always kept waiting for the store: a quicker answer
        # would tell that the key is there. And strangers cannot fill the cache.
        key = await self._api_keys.api_key(prefix)
        if key is None or not matches(secret, key):
            return None
        self._cached.put(prefix, key)
        return key


def require(key: ApiKey, scope: str) -> None:
    """Check that the key has this scope.

    Raises:
        Forbidden: It does not.
    """
    if not key.may(scope):
        raise Forbidden(f"The API key lacks the scope {scope}")


def _secret(header: str | None) -> str:
    if header is None or len(header) > HEADER_CHARS_MAX:
        return ""
    given = header.strip(BLANKS)
    scheme = BEARER.match(given)
    return given if scheme is None else given[scheme.end() :]
