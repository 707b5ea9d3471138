"""Limit how often somebody may ask, by token buckets that refill evenly."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from stenolog.bounded import BoundedMemory
from stenolog.commands.api_keys import MANAGING, ApiKey
from stenolog.errors import RateLimited

MINUTE_S = 60.0
BUCKETS_MAX = 10_000  # the least recently used one starts anew
# DECISIONS 126: new keys are no new allowance.
KEYS_PER_TENANT = 10  # that many times the limit of a key, where a tenant has none of its own
MANAGING_PER_MINUTE_MIN = 60  # however small the limit: whoever manages keys can revoke some
STRANGERS_PER_MINUTE = 120  # failed authentications of one address
IPV6_BITS = 64  # of an address; the rest is the client's to choose


class TooManyStrangers(RateLimited):
    """Too many requests of one address had no key that we know; the connection is closed."""


class RateLimit:
    """Allows `per_minute` requests in a burst, and as many a minute in the long run; 0: any."""

    def __init__(
        self,
        per_minute: int,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        what: str = "This API key may make {} requests a minute",
    ) -> None:
        """`what` is the sentence of a refusal, with {} for the limit."""
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._sentence = what.format(per_minute)
        self._buckets: BoundedMemory[str, tuple[float, float]] = BoundedMemory(BUCKETS_MAX)

    def take(self, whose: str) -> None:
        """Count one request.

        Raises:
            RateLimited: The bucket is empty; says when there will be one request in it.
        """
        if not self._per_minute:
            return
        now, per_second = self._monotonic(), self._per_minute / MINUTE_S
        filled_at, level = self._buckets.get(whose) or (now, float(self._per_minute))
        level = min(float(self._per_minute), level + (now - filled_at) * per_second)
        if level < 1.0:
            self._buckets.put(whose, (now, level))
            raise RateLimited(self._sentence, int((1.0 - level) / per_second * 1000) + 1)
        self._buckets.put(whose, (now, level - 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """The limits that a request passes.

    Attributes:
        of_key: Requests with one key.
        of_tenant: Requests with all keys of a tenant together.
        managing: Requests with one key that manages keys. They have buckets of their own: whoever
            floods with another key, or with this one elsewhere, does not keep it from revoking.
        strangers: Requests of one address that had no key that we know.
    """

    of_key: RateLimit
    of_tenant: RateLimit
    managing: RateLimit
    strangers: RateLimit

    def admit(self, key: ApiKey, scope: str) -> None:
        """Count a request with this key, for what needs this scope.

        Raises:
            RateLimited: There were too many.
        """
        if scope == MANAGING and key.may(MANAGING):
            self.managing.take(key.id)
            return
        self.of_key.take(key.id)
        self.of_tenant.take(key.tenant)

    def refuse_stranger(self, address: str) -> None:
        """Count a failed authentication.

        It is counted once the key has been looked for, so that a good one never waits, whoever
        else comes from its address; behind a proxy that is everybody.

        Raises:
            TooManyStrangers: There were too many from this address.
        """
        try:
            self.strangers.take(network_of(address))
        except RateLimited as exc:
            raise TooManyStrangers(str(exc), exc.retry_in_ms) from exc


def rate_limits(per_minute: int, tenant_per_minute: int) -> RateLimits:
    """Return the limits; `per_minute` 0: keys have none, `tenant_per_minute` 0: ten times it."""
    managing = max(per_minute, MANAGING_PER_MINUTE_MIN) if per_minute else 0
    return RateLimits(
        of_key=RateLimit(per_minute),
        of_tenant=RateLimit(
            tenant_per_minute or KEYS_PER_TENANT * per_minute,
            what="The API keys of this tenant may make {} requests a minute together",
        ),
        managing=RateLimit(managing),
        strangers=RateLimit(
            STRANGERS_PER_MINUTE,
            what="Over {} requests a minute had no API key that is known: check the key",
        ),
    )


def network_of(address: str) -> str:
    """Return what an address counts as: itself, or the network that one client of IPv6 has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> IPV6_BITS << IPV6_BITS))
    return address
