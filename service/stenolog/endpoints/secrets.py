"""Make, keep and read the secrets with which messages are signed; each is shown once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from stenolog.bounded import BoundedMemory
from stenolog.clock import NowMs
from stenolog.endpoints.boxes import SecretBoxes, Wrapping, name_of
from stenolog.endpoints.secret_state import SecretState
from stenolog.endpoints.signatures import SECRET_BYTES, Signing
from stenolog.endpoints.tenant_keys import TenantKeys
from stenolog.errors import KeyLost, WrongExpectedVersion
from stenolog.log.events.signing import SigningSecretMade
from stenolog.log.recorder import Fact

REMEMBERED_MAX = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSecret:
    """A secret that is stored and not yet in use, and the fact that brings it in use."""

    secret: bytes = field(repr=False)
    fact: Fact


class SigningSecrets:
    """Keeps the secrets of streams: of a tenant's own webhooks, and of each endpoint.

    A secret is durable before the event that brings it in use. What a crash leaves in between
    signs nothing, and goes after the next one was made.
    """

    def __init__(
        self, boxes: SecretBoxes, wrapping: Wrapping, keys: TenantKeys, now_ms: NowMs
    ) -> None:
        """`keys` makes `v1a` signatures."""
        self._boxes = boxes
        self._wrapping = wrapping
        self._keys = keys
        self._now_ms = now_ms
        self._opened: BoundedMemory[tuple[str, int], bytes] = BoundedMemory(REMEMBERED_MAX)

    async def make(
        self,
        stream: str,
        state: SecretState,
        *,
        overlap_ms: int,
        asymmetric: bool,
        given: bytes | None = None,
    ) -> MadeSecret:
        """Store a secret for a stream, and destroy those that sign no more.

        The caller appends the fact at the version of `state`: only then is it in use.

        Raises:
            WrongExpectedVersion: Somebody else makes one at this moment.
            StoreUnavailable: It may have been stored; it is not in use.
        """
        purpose = _purpose(stream)
        held = await self._boxes.secrets(purpose)
        # Never a newer one: somebody may be about to bring it in use.
        oldest = min((one.number for one in state.signing(self._now_ms())), default=0)
        if ended := [number for number in held if number < oldest]:
            await self._boxes.drop_secrets(purpose, ended)
        number = max([*held, *(one.number for one in state.secrets)], default=0) + 1
        secret = os.urandom(SECRET_BYTES) if given is None else given
        box = self._wrapping.wrap(secret, name_of(purpose, number))
        if await self._boxes.add_secret(purpose, number, box) != box:
            raise WrongExpectedVersion("another secret is being made at this moment: try again")
        fact = SigningSecretMade(number=number, overlap_ms=overlap_ms, asymmetric=asymmetric)
        return MadeSecret(secret=secret, fact=Fact(data=fact))

    async def forget(self, stream: str) -> None:
        """Destroy all secrets of a stream.

        Raises:
            StoreUnavailable: They may still be there.
        """
        purpose = _purpose(stream)
        held = await self._boxes.secrets(purpose)
        await self._boxes.drop_secrets(purpose, list(held))
        for number in held:
            self._opened.pop((stream, number))

    async def signing(self, stream: str, state: SecretState, tenant: str) -> Signing | None:
        """Return with what is signed now; None: there is no secret.

        Raises:
            KeyLost: `keys.db` has none of the secrets.
            StoreError: The keys cannot be read.
        """
        numbers = [one.number for one in state.signing(self._now_ms())]
        if not numbers:
            return None
        secrets = [one for number in numbers if (one := await self._open(stream, number))]
        if not secrets:
            raise KeyLost("the signing secret is missing: restore the newest keys.db, or rotate it")
        key = await self._keys.key(tenant) if state.asymmetric else None
        return Signing(secrets=secrets, key=key)

    async def _open(self, stream: str, number: int) -> bytes | None:
        secret = self._opened.get((stream, number))
        if secret is None:
            purpose = _purpose(stream)
            box = (await self._boxes.secrets(purpose)).get(number)
            if box is None:
                return None
            secret = self._wrapping.unwrap(box, name_of(purpose, number))
            self._opened.put((stream, number), secret)
        return secret


def _purpose(stream: str) -> str:
    return f"signing {stream}"
