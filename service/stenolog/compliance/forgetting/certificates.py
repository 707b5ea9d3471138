"""Say of erasures what became of every copy, as the log has it, and sign that.

A certificate is made of events each time; what it says can be looked up in them, and proven.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from stenolog.clock import microseconds, rfc3339
from stenolog.commands.erasure_order import ErasureOrder
from stenolog.compliance.forgetting.copies import Copies, copies_in
from stenolog.compliance.forgetting.orders import ErasureOrders
from stenolog.encryption import SigningKey
from stenolog.errors import NotFound, RecordDamaged
from stenolog.log.canonical import canonical_bytes
from stenolog.log.event import Event
from stenolog.log.events.uploads import UPLOAD, UploadReleased
from stenolog.log.format import LogIdentity
from stenolog.log.store import EventStore

SIGNED_AS = b"stenolog erasure certificate 1\n"
"""What the signed bytes begin with, so that no signature of ours means two things."""

DAY_US = int(timedelta(days=1).total_seconds()) * 1_000_000
UNKNOWN = "There is no such erasure"
Json = Mapping[str, object]


class DestroyedKeys(Protocol):
    """Tells which keys were destroyed; `stores/*/keys` keeps this promise."""

    async def is_destroyed(self, stream: str) -> bool:
        """Tell whether the stream's key was destroyed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSigner:
    """Signs certificates of one log with Ed25519, by the key that signs its tree heads."""

    identity: LogIdentity
    key: SigningKey

    def signed(self, said: Json) -> Json:
        """Return it with `signature`, which is over all other members, as RFC 8785 writes them."""
        value = self.key.sign(SIGNED_AS + canonical_bytes(said))
        signature = {
            "algorithm": "ed25519",
            "public_key": _base64(self.key.public),
            "value": _base64(value),
        }
        return {**said, "signature": signature}


class Certificates:
    """Makes certificates of erasures."""

    def __init__(
        self,
        orders: ErasureOrders,
        events: EventStore,
        keys: DestroyedKeys,
        stream_of: Callable[[str], Awaitable[Sequence[Event]]],
        signer: CertificateSigner,
        key_backup_days: int | None,
    ) -> None:
        """`stream_of` reads a transcription; None: nobody said how long keys' backups are kept."""
        self._orders = orders
        self._events = events
        self._keys = keys
        self._stream_of = stream_of
        self._signer = signer
        self._key_backup_days = key_backup_days

    async def certificate(self, tenant: str, erasure_id: str, *, after: int, limit: int) -> Json:
        """Return the certificate, with at most `limit` of its transcriptions behind the first few.

        Raises:
            NotFound: The tenant has no such erasure.
            StoreUnavailable: The log cannot be read now.
        """
        order = await self._orders.load(erasure_id)
        if order.version == 0 or order.tenant != tenant:
            raise NotFound(UNKNOWN)
        shown = order.listed[after : after + limit]
        items = [await self._item(order, one) for one in shown]
        said: dict[str, object] = {
            **self.summary(order),
            "log": {
                "id": self._signer.identity.log_id,
                "epoch": self._signer.identity.epoch_name,
                "position": order.position,
            },
            "key_backups": self._key_backups(order),
            "first_item": after + 1,
            "items": items,
        }
        return self._signer.signed(said)

    async def page(self, tenant: str, *, before: str, limit: int) -> Sequence[Json]:
        """Return at most `limit` summaries of the tenant's erasures, newest first.

        Raises:
            StoreError: They cannot be read.
        """
        orders = self._orders.page(tenant, before=before, limit=limit)
        return [self.summary(one) async for one in orders]

    def summary(self, order: ErasureOrder) -> Json:
        """Return what an erasure is of, and how far it is."""
        outcomes = Counter(one.outcome for one in order.performed.values())
        return {
            "id": order.id,
            "scope": order.scope,
            "status": _status(order),
            "ordered_at": order.ordered_at,
            "ordered_by": order.actor,
            "ended_at": order.ended_at,
            "transcripts": len(order.listed),
            "erased": outcomes["erased"],
            "held": outcomes["held"],
            "missing": outcomes["missing"],
            "more": order.more,
        }

    def _key_backups(self, order: ErasureOrder) -> Json:
        """Say when the last backup is gone that can have a key which was destroyed."""
        days = self._key_backup_days
        last = max((one.at for one in order.performed.values()), default=None)
        gone_at = None
        if days is not None and last is not None and not order.left:
            gone_at = rfc3339(microseconds(last) + days * DAY_US)
        return {"kept_days": days, "gone_at": gone_at}

    async def _item(self, order: ErasureOrder, transcription_id: str) -> Json:
        performed = order.performed.get(transcription_id)
        outcome = "pending" if performed is None else performed.outcome
        item: dict[str, object] = {"transcript_id": transcription_id, "outcome": outcome}
        if outcome == "missing":
            return item
        try:
            events = await self._stream_of(transcription_id)
        except RecordDamaged as exc:
            return {**item, "damaged_at": exc.position}
        if not events:  # its subject was noted, and its request never recorded
            return item
        copies = copies_in(events)
        here = performed.at if performed is not None and outcome == "erased" else None
        return {
            **item,
            "requested_at": copies.requested_at,
            "requested_position": copies.requested_position,
            "erased_here_at": here,
            "completed_at": copies.completed_at,
            "completed_position": copies.completed_position,
            "copies": [
                *await self._here(copies, here),
                *copies.jobs,
            ],
            "deliveries": list(copies.deliveries),
        }

    async def _here(self, copies: Copies, erased_at: str | None) -> Sequence[Json]:
        destroyed = await self._keys.is_destroyed(copies.stream)
        at = erased_at if destroyed else None
        found: list[Json] = [
            {"copy": "payloads", "count": copies.payloads, "gone": destroyed, "at": at},
            {"copy": "views", "gone": erased_at is not None, "at": erased_at},
            {"copy": "search_index", "gone": erased_at is not None, "at": erased_at},
        ]
        if copies.upload is not None:
            found.append(await self._upload(copies.upload))
        return found

    async def _upload(self, upload: str) -> Json:
        """Say of a file whether it is there: it stays while another transcription needs it."""
        stream = UPLOAD + upload
        said: dict[str, object] = {"copy": "upload", "upload_id": upload}
        try:
            version = await self._events.version(stream)
            last = await self._events.read_stream(stream, after=max(version - 1, 0), limit=1)
        except RecordDamaged as exc:
            return {**said, "gone": False, "at": None, "damaged_at": exc.position}
        released = last[0] if last and last[0].type == UploadReleased.type else None
        return {**said, "gone": released is not None, "at": released.time if released else None}


def _status(order: ErasureOrder) -> str:
    """`erasing`: some can be read here yet; `erased`: it is gone here; `completed`: everywhere."""
    if order.ended_at is not None:
        return "completed"
    return "erasing" if order.left else "erased"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
