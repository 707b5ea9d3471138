"""Seal payloads under one key per stream, so that a stream can be erased.

Erasing destroys the stream's data key and salt. The ciphertext and the commitment stay in the log,
and nothing can be learned from either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace

from stenolog.bounded import BoundedMemory
from stenolog.compliance.data_keys import (
    DataKey,
    DataKeys,
    MasterKey,
    NewKey,
    WrappedKey,
    bound_to,
    new_wrapped_key,
    unwrap_key,
)
from stenolog.compliance.payloads import (
    PLAINTEXT_BYTES_MAX,
    open_with,
    seal_with,
)
from stenolog.compliance.sealings import Sealings
from stenolog.errors import KeyLost, KeyMissing, PayloadDamaged, StenologError
from stenolog.log.event import SealedPayload

KEYS_CACHED_MAX = 4_096
DESTROYED_REMEMBERED_MAX = 4_096  # the key store knows them all; this closes a race with it
KEYS_KEPT_AT_ONCE_MAX = 16
OPENED_PER_TURN = 32  # a millisecond, then others have the event loop
KEY_LOST = "The key of this content is missing: the operator must restore the newest keys.db"
INLINE_BYTES_MAX = 128 << 10  # larger payloads are sealed and opened beside the event loop


class Vault:
    """Keeps `Sealer`'s promise: the key is committed before the first payload sealed under it."""

    def __init__(self, master: MasterKey, keys: DataKeys, log: Sealings) -> None:
        """`log` says which streams have a key: it is never made twice."""
        self._master = master
        self._keys = keys
        self._log = log
        self._by_stream: BoundedMemory[str, DataKey] = BoundedMemory(KEYS_CACHED_MAX)
        self._destroyed: BoundedMemory[str, None] = BoundedMemory(DESTROYED_REMEMBERED_MAX)

    async def seal(self, stream: str, event_id: str, plaintext: bytes) -> SealedPayload:
        """Makes and stores the stream's key when the log has nothing sealed for the stream."""
        assert len(plaintext) <= PLAINTEXT_BYTES_MAX
        key = await self._known(stream) or await self._made(stream)
        if len(plaintext) <= INLINE_BYTES_MAX:
            return seal_with(key, event_id, plaintext)
        return await asyncio.to_thread(seal_with, key, event_id, plaintext)

    async def open(self, event_id: str, sealed: SealedPayload) -> bytes:
        """Reads the key anew each time: once it is destroyed, nothing opens any more."""
        wrapped = await self._keys.data_key(sealed.key_id)
        if wrapped is None:
            raise await self._no_key(await self._log.stream_of(event_id))
        key = unwrap_key(self._master, wrapped)
        if len(sealed.box) <= INLINE_BYTES_MAX:
            return open_with(key, event_id, sealed)
        return await asyncio.to_thread(open_with, key, event_id, sealed)

    async def open_all(
        self, sealed: Mapping[str, SealedPayload]
    ) -> Mapping[str, bytes | StenologError]:
        """Reads the keys anew as `open`, in one call."""
        wrapped = {
            key.key_id: key
            for key in await self._keys.data_keys({one.key_id for one in sealed.values()})
        }
        opened: dict[str, bytes | StenologError] = {}
        for number, (event_id, one) in enumerate(sealed.items(), start=1):
            if number % OPENED_PER_TURN == 0:
                await asyncio.sleep(0)
            try:
                if one.key_id not in wrapped:
                    raise await self._no_key(await self._log.stream_of(event_id))
                key = unwrap_key(self._master, wrapped[one.key_id])
                opened[event_id] = open_with(key, event_id, one)
            except (KeyMissing, KeyLost, PayloadDamaged) as exc:
                opened[event_id] = exc
        return opened

    async def key_of(self, stream: str) -> DataKey:
        """Return the data key that the stream has; none is made.

        Raises:
            KeyMissing: It was destroyed.
            KeyLost: It is not there, and the log knows of no reason.
            StoreUnavailable: It cannot be read now.
        """
        key = await self._known(stream)
        if key is None:
            raise await self._no_key(stream)
        return key

    async def known_keys(self, streams: Collection[str]) -> Mapping[str, DataKey]:
        """Return the data keys that these streams have, in clear; none is made.

        A key that was destroyed or lost is missing, and so is one that does not unwrap.

        Raises:
            StoreUnavailable: They cannot be read now.
        """
        found: dict[str, DataKey] = {}
        unknown: list[str] = []
        for stream in streams:
            key = self._by_stream.get(stream)
            if key is None:
                unknown.append(stream)
            else:
                found[stream] = key
        if unknown:
            for wrapped in await self._keys.data_keys_of(unknown):
                with suppress(PayloadDamaged):
                    found[wrapped.stream] = unwrap_key(self._master, wrapped)
        for stream in unknown:
            # It may have been destroyed while it was read. Many at once are a pass over the log:
            # they must not push out those that are in use.
            if stream in self._destroyed:
                found.pop(stream, None)
            elif stream in found and len(unknown) <= KEYS_KEPT_AT_ONCE_MAX:
                self._by_stream.put(stream, found[stream])
        return found

    def new_key(self, stream: str) -> NewKey:
        """Return a key for a stream that has none and never had; it is nowhere but here."""
        wrapped = new_wrapped_key(self._master, stream)
        return NewKey(key=unwrap_key(self._master, wrapped), wrapped=wrapped)

    async def keep(self, new: NewKey) -> None:
        """Store the key durably as its stream's.

        Raises:
            StoreUnavailable: It could not be made durable.
        """
        wrapped = new.wrapped
        name = bound_to(wrapped.key_id, wrapped.stream)
        box = self._master.rewrapped(wrapped.box, name)  # it may have been rotated meanwhile
        kept = await self._keys.add_data_key(wrapped if box is None else replace(wrapped, box=box))
        assert kept.key_id == wrapped.key_id, "the stream had a key"

    async def destroy(self, stream: str) -> None:
        """Destroy the stream's key and salt in memory and on disk; it never gets others.

        From the call on nothing is sealed for the stream. Repeating changes nothing.

        Raises:
            StoreUnavailable: They may still be on the disk; try again.
        """
        self._destroyed.put(stream, None)
        self._by_stream.pop(stream)
        await self._keys.destroy_data_key(stream)

    async def _known(self, stream: str) -> DataKey | None:
        """Return the key that the stream has.

        Raises:
            KeyMissing: It was destroyed in this process.
        """
        self._refuse_destroyed(stream)
        key = self._by_stream.get(stream)
        if key is not None:
            return key
        wrapped = await self._keys.data_key_of(stream)
        return None if wrapped is None else self._remembered(wrapped)

    async def _made(self, stream: str) -> DataKey:
        """Make the key of a stream that has none, and store it."""
        sealed = await self._log.sealed_in(stream)
        if sealed.any:
            # Somebody made one and sealed with it meanwhile; or it was here and is not any more.
            return await self.key_of(stream)
        new = new_wrapped_key(self._master, stream)
        return self._remembered(await self._keys.add_data_key(new, head=sealed.head))

    def _remembered(self, wrapped: WrappedKey) -> DataKey:
        self._refuse_destroyed(wrapped.stream)  # it may have been while it was read
        key = unwrap_key(self._master, wrapped)
        self._by_stream.put(wrapped.stream, key)
        return key

    async def _no_key(self, stream: str | None) -> KeyMissing | KeyLost:
        """Say why a key is not there: only who destroyed it, or the log, can tell."""
        if stream is not None and (
            stream in self._destroyed
            or await self._keys.is_destroyed(stream)
            or await self._log.is_forgotten(stream)
        ):
            return KeyMissing("the key of this content was destroyed")
        return KeyLost(KEY_LOST)

    def _refuse_destroyed(self, stream: str) -> None:
        if stream in self._destroyed:
            raise KeyMissing("the key of this stream was destroyed")
