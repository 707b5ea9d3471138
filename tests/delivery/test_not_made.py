"""A call that this machine cannot make is no attempt, and costs its customer nothing."""

from __future__ import annotations

import os
import resource

from stenolog.delivery.rules import Answered, NotMade
from stenolog.delivery.sender import Sender
from stenolog.delivery.webhook import Webhook
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from tests.egress.scripted import always, answer, serving


async def test_without_a_file_descriptor_no_call_is_made() -> None:
    egress = Egress(AddressPolicy.of(networks=["127.0.0.0/8"]), connections_max=8)
    sender = Sender(egress, timeout_ms=10_000)
    async with serving(always(answer())) as server:
        webhook = Webhook(url=f"http://127.0.0.1:{server.port}/")
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
        try:
            made = await sender.send(webhook, b"{}", tenant="a")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert isinstance(made, NotMade), made
        assert await sender.send(webhook, b"{}", tenant="a") == Answered(status=200)
    await egress.aclose()
