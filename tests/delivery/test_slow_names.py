"""A tenant whose receivers' names resolve slowly holds up no other tenant's deliveries."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import anyio

from stenolog.delivery.rules import Answered
from stenolog.delivery.sender import Sender
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from tests.delivery.house import to
from tests.egress.scripted import always, answer, serving, until

SLOW = 100  # calls at once, each to a zone of its own
ANSWER_S_MAX = 3.0


async def test_slow_names_of_one_tenant_leave_the_others_their_time() -> None:
    let_go = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        if host.startswith("slow"):
            let_go.wait(30)
        return ["127.0.0.1"]

    egress = Egress(
        AddressPolicy.of(networks=["127.0.0.0/8"]), connections_max=2 * SLOW, resolve=resolve
    )
    sender = Sender(egress, timeout_ms=20_000)
    async with serving(always(answer())) as server:
        slow = [
            asyncio.create_task(
                sender.send(to(f"http://slow.{number}.example:{server.port}/"), at_ms=0, tenant="a")
            )
            for number in range(SLOW)
        ]
        try:
            await until(lambda: egress.resolver.waiting > SLOW // 2)
            with anyio.fail_after(ANSWER_S_MAX):
                quick = to(f"http://quick.example:{server.port}/")
                assert await sender.send(quick, at_ms=0, tenant="b") == Answered(status=200)
        finally:
            let_go.set()
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
            await egress.aclose()
