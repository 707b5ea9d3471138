"""Clients that may reach loopback, and one that may reach nothing private."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy

LOOPBACK = AddressPolicy.of(networks=("127.0.0.0/8", "::1/128"))

Open = Callable[..., Egress]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Opens clients, which are closed at the end."""
    clients: list[Egress] = []

    def open_client(policy: AddressPolicy = LOOPBACK, **more: Any) -> Egress:
        clients.append(Egress(policy, **more))
        return clients[-1]

    yield open_client
    for client in clients:
        await client.aclose()
