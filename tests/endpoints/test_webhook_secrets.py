"""What is remembered of a tenant's secrets is what is committed, whoever reads meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stenolog.endpoints.secrets import SigningSecrets
from stenolog.endpoints.tenant_keys import TenantKeys
from stenolog.endpoints.webhook_secrets import WebhookSecrets
from stenolog.log.event import Event
from stenolog.log.recorder import Cause, new_id
from tests.house.composed import Composed, composed


class HeldUp:
    """A log of which one read comes back late."""

    def __init__(self, service: Composed) -> None:
        self._log = service.events
        self.holds = False
        self.read, self.passing = asyncio.Event(), asyncio.Event()

    async def read_stream(self, stream: str, **given: Any) -> Sequence[Event]:
        page = await self._log.read_stream(stream, **given)
        if self.holds:
            self.holds = False
            self.read.set()
            await self.passing.wait()
        return page


def secrets_over(service: Composed, log: Any, boxes: Any = None) -> WebhookSecrets:
    stores, endpoints = service.stores, service.edge.endpoints
    keys = TenantKeys(stores.keys, stores.master)
    signing = SigningSecrets(boxes or stores.keys, stores.master, keys, endpoints.now_ms)
    return WebhookSecrets(log, endpoints.facts, signing)


async def test_a_read_that_comes_late_does_not_bring_back_what_was_before(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        log = HeldUp(service)
        secrets = secrets_over(service, log)
        cause = Cause(tenant=new_id(), actor="a", correlation_id=new_id())
        await secrets.rotate(cause, overlap_ms=0, asymmetric=False, given=b"1" * 32)
        log.holds = True
        late = asyncio.create_task(secrets.webhook_signing(cause.tenant))
        await log.read.wait()
        await secrets.rotate(cause, overlap_ms=0, asymmetric=False, given=b"2" * 32)
        log.passing.set()
        await late
        signing = await secrets.webhook_signing(cause.tenant)
        assert signing is not None
        assert signing.secrets == [b"2" * 32]


class HeldBoxes:
    """Keys of which one look comes late."""

    def __init__(self, service: Composed) -> None:
        self._keys = service.stores.keys
        self.holds = False
        self.asked, self.passing = asyncio.Event(), asyncio.Event()

    async def secrets(self, purpose: str) -> Mapping[int, bytes]:
        if self.holds:
            self.holds = False
            self.asked.set()
            await self.passing.wait()
        return await self._keys.secrets(purpose)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keys, name)


async def test_who_removes_a_secret_destroys_none_that_is_made_meanwhile(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        boxes = HeldBoxes(service)
        secrets = secrets_over(service, service.events, boxes)
        cause = Cause(tenant=new_id(), actor="a", correlation_id=new_id())
        await secrets.rotate(cause, overlap_ms=0, asymmetric=False, given=None)
        boxes.holds = True
        removing = asyncio.create_task(secrets.remove(cause))
        await boxes.asked.wait()  # the removal is in the log, the secret is not destroyed yet
        rotating = asyncio.create_task(
            secrets.rotate(cause, overlap_ms=0, asymmetric=False, given=None)
        )
        await asyncio.wait({rotating}, timeout=0.2)  # whoever does not wait for the removal is done
        boxes.passing.set()
        await removing
        made = await rotating
        signing = await secrets.webhook_signing(cause.tenant)
        assert signing is not None
        assert signing.secrets == [made]
