"""Resolve names and connect: every address of a host is checked, then one is connected to."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from math import inf
from typing import Any

import anyio
import anyio.to_thread
import httpcore

from stenolog.egress.guard import Address, AddressPolicy, check_address, plain_host

RESOLVE_MS_MAX = 5_000  # resolv.conf's default timeout for one question
RESOLVES_MAX = 16  # threads; a hostile name server may hold each as long as the system lets it
ADDRESSES_MAX = 32  # of one host; a longer answer is a hostile one
ATTEMPTS_MAX = 4  # addresses of one host that are tried

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host, best first; blocks, and raises OSError for a name that nobody knows."""


def system_resolve(host: str, port: int) -> list[str]:
    """Return the system's own answer, scope ids kept.

    Raises:
        OSError: The name is not known.
    """
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(row[4][0]) for row in rows]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only; no name is resolved after the check.

    httpcore asks for a host and a port. The address that was checked is the one that is connected
    to, so a name that changes in between (DNS rebinding) has no effect.
    """

    def __init__(self, policy: AddressPolicy, resolve: Resolve = system_resolve) -> None:
        self._policy = policy
        self._resolve_name = resolve
        self._inner = httpcore.AnyIOBackend()
        self._resolvers = anyio.CapacityLimiter(RESOLVES_MAX)

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
            ForbiddenAddress: Any address of the host is not allowed.
            httpcore.ConnectError, httpcore.ConnectTimeout: No connection.
        """
        clock = anyio.current_time
        deadline = clock() + timeout if timeout is not None else inf
        addresses = await self._addresses(
            host, port, min(RESOLVE_MS_MAX / 1000, deadline - clock())
        )
        failure: Exception = httpcore.ConnectError("the host has no address")
        tried = addresses[:ATTEMPTS_MAX]
        for index, address in enumerate(tried):
            remaining = deadline - clock()
            if remaining <= 0:
                raise httpcore.ConnectTimeout("no time left to connect")
            share = None if timeout is None else remaining / (len(tried) - index)
            try:
                return await self._inner.connect_tcp(
                    str(address), port, share, local_address, socket_options
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
        """Resolve the host, and return every address once all are allowed."""
        addresses = await self._resolve(host, port, seconds)
        if (plain_host(host), port) not in self._policy.allow_origins:
            for address in addresses:
                check_address(address, self._policy)
        return addresses

    async def _resolve(self, host: str, port: int, seconds: float) -> list[Address]:
        """Ask the resolver, in a thread that is left behind when it takes too long."""
        try:
            return [ip_address(host.strip("[]"))]
        except ValueError:
            pass  # a name, or a number that only the system reads as an address: it is asked
        try:
            with anyio.fail_after(max(0.0, seconds)):
                rows = await anyio.to_thread.run_sync(
                    self._resolve_name, host, port, abandon_on_cancel=True, limiter=self._resolvers
                )
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout("the host's name was not resolved in time") from exc
        except (OSError, UnicodeError) as exc:
            raise httpcore.ConnectError("the host's name is not known") from exc
        if len(rows) > ADDRESSES_MAX:
            raise httpcore.ConnectError("the host has too many addresses")
        return [ip_address(row) for row in dict.fromkeys(rows)]
