"""Keep the secret that signs the webhooks which a tenant's requests name."""

from __future__ import annotations

import asyncio

from stenolog.bounded import BoundedMemory
from stenolog.endpoints.secret_state import SecretState, evolve_secrets
from stenolog.endpoints.secrets import SigningSecrets
from stenolog.endpoints.signatures import Signing
from stenolog.log.events.signing import WEBHOOK_SECRET, SigningSecretRemoved
from stenolog.log.recorder import Cause, Fact, FactRecorder
from stenolog.log.store import EVENTS_PER_READ_MAX, EventStore

REMEMBERED_MAX = 4_096


class WebhookSecrets:
    """Decides on what the log says of a tenant's secret.

    This process alone writes these streams, so that what it remembers of them is what is committed.
    """

    def __init__(self, log: EventStore, facts: FactRecorder, secrets: SigningSecrets) -> None:
        self._log = log
        self._facts = facts
        self._secrets = secrets
        self._states: BoundedMemory[str, SecretState] = BoundedMemory(REMEMBERED_MAX)
        self._changes = 0
        self._changing = asyncio.Lock()  # else a removal could destroy what was made meanwhile

    async def state(self, tenant: str) -> SecretState:
        """Return the secrets of the webhooks that a tenant's requests name.

        Raises:
            StoreError: The log cannot be read.
        """
        stream = WEBHOOK_SECRET + tenant
        state = self._states.get(stream)
        if state is None:
            state, changes = SecretState(), self._changes
            while page := await self._log.read_stream(stream, after=state.version):
                for event in page:
                    state = evolve_secrets(state, event)
                if len(page) < EVENTS_PER_READ_MAX:
                    break
            if changes == self._changes:  # else this may be what was before
                self._states.put(stream, state)
        return state

    async def webhook_signing(self, tenant: str) -> Signing | None:
        """Return with what the tenant's own webhooks are signed now; None: with nothing.

        Raises:
            KeyLost: With secrets that `keys.db` does not have.
            StoreError: Log or keys cannot be read.
        """
        state = await self.state(tenant)
        return await self._secrets.signing(WEBHOOK_SECRET + tenant, state, tenant)

    async def rotate(
        self, cause: Cause, *, overlap_ms: int, asymmetric: bool, given: bytes | None
    ) -> bytes:
        """Make another secret for the webhooks of the cause's tenant, or take the one `given`.

        Raises:
            WrongExpectedVersion: Somebody else did at the same time.
            StoreError: It may have been done.
        """
        stream = WEBHOOK_SECRET + cause.tenant
        async with self._changing:
            state = await self.state(cause.tenant)
            made = await self._secrets.make(
                stream, state, overlap_ms=overlap_ms, asymmetric=asymmetric, given=given
            )
            await self._recorded(stream, made.fact, cause, state)
        return made.secret

    async def remove(self, cause: Cause) -> None:
        """Sign the webhooks of the cause's tenant no more.

        Raises:
            WrongExpectedVersion: Somebody else changed it at the same time.
            StoreError: It may have been done.
        """
        stream = WEBHOOK_SECRET + cause.tenant
        async with self._changing:
            state = await self.state(cause.tenant)
            if state.secrets:
                await self._recorded(stream, Fact(data=SigningSecretRemoved()), cause, state)
            await self._secrets.forget(stream)

    async def _recorded(self, stream: str, fact: Fact, cause: Cause, state: SecretState) -> None:
        self._states.pop(stream)  # also when nobody can tell whether it was written
        try:
            await self._facts.record(stream, [fact], cause, expected=state.version)
        finally:
            self._changes += 1
            self._states.pop(stream)
