"""Connect: every address of a host is checked, and only one that is allowed is connected to."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from math import inf
from typing import Any

import anyio
import httpcore
import structlog

from stenolog.egress.guard import Address, AddressPolicy, check_address, plain_host
from stenolog.egress.resolving import NoThread, Resolver
from stenolog.egress.small_reads import SmallReads
from stenolog.errors import ForbiddenAddress
from stenolog.repeated import Repeated

RESOLVE_MS_MAX = 5_000  # resolv.conf's default timeout for one question; from its thread's begin
# Of the time to connect, what a name may wait for a thread: the rest must do for everything else.
TURN_SHARE_MAX = 0.5
TURN_MS_MAX = 15_000
ADDRESSES_MAX = 32  # of one host; a longer answer is a hostile one
ATTEMPTS_MAX = 4  # addresses of one host that are tried

log = structlog.get_logger()


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only; no name is resolved after the check.

    httpcore asks for a host and a port. The address that was checked is the one that is connected
    to, so a name that changes in between (DNS rebinding) has no effect.
    """

    def __init__(self, policy: AddressPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._inner = httpcore.AnyIOBackend()
        self._repeated = Repeated()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; `timeout` (seconds) covers all of it.

        Raises:
            ForbiddenAddress: No address of the host is allowed.
            httpcore.ConnectError, httpcore.ConnectTimeout: No connection.
        """
        clock = anyio.current_time
        deadline = clock() + timeout if timeout is not None else inf
        addresses = await self._addresses(host, port, inf if timeout is None else timeout)
        failure: Exception = httpcore.ConnectError("the host has no address")
        tried = addresses[:ATTEMPTS_MAX]
        for index, address in enumerate(tried):
            remaining = deadline - clock()
            if remaining <= 0:
                raise httpcore.ConnectTimeout("no time left to connect")
            share = None if timeout is None else remaining / (len(tried) - index)
            try:
                return SmallReads(
                    await self._inner.connect_tcp(
                        str(address), port, share, local_address, socket_options
                    )
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refused: nothing of ours is reached by a path."""
        raise httpcore.UnsupportedProtocol("unix sockets are not reachable")

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks between its own attempts."""
        await anyio.sleep(seconds)

    async def _addresses(self, host: str, port: int, seconds: float) -> list[Address]:
        """Return the addresses of the host that are allowed.

        Raises:
            ForbiddenAddress: None of them is. What a name leads to is said in our log alone.
        """
        literal = _literal(host)
        mine = (plain_host(host), port) in self._policy.allow_origins
        if literal is not None:
            if not mine:
                check_address(literal, self._policy)
            return [literal]
        addresses = await self._resolve(host, port, seconds)
        if mine:
            return addresses
        allowed, refused = [], set()
        for address in addresses:
            try:
                check_address(address, self._policy)
                allowed.append(address)
            except ForbiddenAddress as exc:
                refused.add(str(exc))
        if refused and (times := self._repeated.times((host, port))):
            log.warning(
                "egress.address_refused",
                host=host,
                port=port,
                reasons=sorted(refused),
                times=times,
                advice="where it is meant, STENOLOG_ALLOW_NETWORKS allows a private network",
            )
        if refused and not allowed:
            raise ForbiddenAddress("the host is not allowed or cannot be reached", final=False)
        return allowed

    async def _resolve(self, host: str, port: int, seconds: float) -> list[Address]:
        try:
            with anyio.fail_after(None if seconds == inf else max(0.0, seconds)):
                rows = await self._resolver.addresses(
                    host,
                    port,
                    turn_seconds=min(TURN_MS_MAX / 1000, seconds * TURN_SHARE_MAX),
                    seconds=RESOLVE_MS_MAX / 1000,
                )
            if len(rows) > ADDRESSES_MAX:
                raise httpcore.ConnectError("the host has too many addresses")
            return [ip_address(row) for row in dict.fromkeys(rows)]
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout("the host's name was not resolved in time") from exc
        except NoThread as exc:
            raise httpcore.ConnectError("the host's name was not looked up") from exc
        except (OSError, ValueError) as exc:
            raise httpcore.ConnectError("the host's name is not known") from exc


def _literal(host: str) -> Address | None:
    """The address that the host is; None for a name, or what only the system reads as one."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
