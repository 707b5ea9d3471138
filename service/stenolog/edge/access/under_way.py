"""Limit how many requests of one tenant are under way, so that it never has all connections."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from stenolog.commands.api_keys import MANAGING, ApiKey
from stenolog.errors import RateLimited

UNDER_WAY_MAX = 256  # an eighth of the connections that there may be
RETRY_IN_MS = 1_000


class UnderWay:
    """Counts the requests of each tenant from the key to the end of the answer.

    Those that manage keys are counted apart: whoever floods does not keep a key from being revoked.
    """

    def __init__(self, *, each_max: int = UNDER_WAY_MAX) -> None:
        self._each_max = each_max
        self._counts: Counter[tuple[str, bool]] = Counter()  # only of tenants that have some

    @contextlib.contextmanager
    def counted(self, key: ApiKey, scope: str) -> Iterator[None]:
        """Count one request with this key, for what needs this scope, while the block runs.

        Raises:
            RateLimited: The tenant has too many.
        """
        whose = (key.tenant, scope == MANAGING and key.may(MANAGING))
        if self._counts[whose] >= self._each_max:
            raise RateLimited(
                f"This tenant has {self._each_max} requests under way: wait for some to end",
                RETRY_IN_MS,
            )
        self._counts[whose] += 1
        try:
            yield
        finally:
            self._counts[whose] -= 1
            if not self._counts[whose]:
                del self._counts[whose]
