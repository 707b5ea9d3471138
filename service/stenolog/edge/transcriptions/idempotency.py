"""Do a create that carries an idempotency key once, and give repetitions the first answer.

The key itself is never kept. The log's table of dedupe keys, which is outside the hashed bytes,
holds an HMAC of tenant and key. It is kept as long as the log, so a late retry is never paid a
second time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass

from stenolog.commands.handler import CommandHandler
from stenolog.edge.transcriptions.beside import BesideLoop
from stenolog.errors import KeyMissing, RequestError
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.facts import IDEMPOTENCY
from stenolog.log.store import EventStore

REPLAYED = {"Idempotent-Replayed": "true"}
DOMAIN = b"stenolog idempotency key\0"


class IdempotencyKeyReused(RequestError, code="idempotency-key-reused"):
    """The idempotency key was used before, for another request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The transcription that a key was first used for, and the provider that it named first."""

    id: str
    provider: str


class Idempotency:
    """Finds the transcription that a key was first used for."""

    def __init__(
        self, secret: bytes, handler: CommandHandler, events: EventStore, beside: BesideLoop
    ) -> None:
        self._beside = beside
        self._secret = secret
        self._handler = handler
        self._events = events

    def dedupe_key(self, tenant: str, key: str) -> str:
        """Return what the log keeps in the place of a tenant's key."""
        signed = DOMAIN + tenant.encode() + b"\0" + key.encode()
        # DECISIONS 16: a dedupe key of the log: the writing thread says who was first.
        return IDEMPOTENCY + hmac.digest(self._secret, signed, hashlib.sha256).hex()

    async def first(self, dedupe_key: str, surface: str, payload: bytes) -> First | None:
        """Return the transcription that the key was first used for; None: never used.

        `payload` is the request's, as it would be recorded.

        Raises:
            IdempotencyKeyReused: It was used for another request, or for one erased since.
            StoreUnavailable: The log cannot be read.
        """
        position = await self._events.position_of(dedupe_key)
        if position is None:
            return None
        (event,) = await self._events.read(after=position - 1, limit=1)
        try:
            recorded = await self._handler.payload_of(event.id, position)
        except KeyMissing as exc:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was used for a request that was erased since"
            ) from exc
        same = event.data.get("surface") == surface and (
            recorded == payload
            # Both were written by one function: where they say the same, they are as long.
            or (
                len(recorded or b"") == len(payload)
                and await self._beside.run(len(payload), _say_the_same, recorded, payload)
            )
        )
        if not same:
            raise IdempotencyKeyReused("This Idempotency-Key was used for another request")
        return First(
            id=event.stream.removeprefix(TRANSCRIPTION), provider=str(event.data["provider"])
        )


def _say_the_same(recorded: bytes | None, payload: bytes) -> bool:
    return _ordered(recorded) == _ordered(payload)


def _ordered(payload: bytes | None) -> str:
    return json.dumps(json.loads(payload or b"null"), sort_keys=True)
