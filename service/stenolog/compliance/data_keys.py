"""Make and wrap data keys: one for each stream, wrapped under the master key."""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.encryption import KEY_BYTES, Cipher, derived_key
from stenolog.errors import PayloadDamaged

SALT_BYTES = 32
WRAPPED = b"\x01"
"""The first byte of a wrapped key's box: its format."""

MASTER_KEY_ID_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A data key as it is stored.

    Attributes:
        box: As `MasterKey.wrap` makes it, of data key ‖ salt; bound to the key's id and stream.
    """

    key_id: str
    stream: str
    box: bytes


class DataKeys(Protocol):
    """Keeps wrapped data keys; `stores/*/keys` keeps this promise."""

    async def add_data_key(self, key: WrappedKey, *, head: int = 0) -> WrappedKey:
        """Store `key` for the stream, durably, and return the stream's key: an earlier one wins.

        `head` is where the log ended before: the keys of all payloads up to there are stored. It
        is kept with the key, so that keys older than the log can be told (`KeyMarks`).

        Raises:
            KeyMissing: The stream's key was destroyed: it gets no other.
            KeyLost: The stream's key is lost: it gets no other.
            StoreUnavailable: Nothing was written.
        """
        ...

    async def destroy_data_key(self, stream: str) -> None:
        """Destroy the stream's key in every file; the stream never gets another.

        Repeating changes nothing.

        Raises:
            StoreUnavailable: It may still be there; try again.
        """
        ...

    async def is_destroyed(self, stream: str) -> bool:
        """Tell whether `destroy_data_key` was called for the stream."""
        ...

    async def data_key_of(self, stream: str) -> WrappedKey | None:
        """Return the stream's key; None when it has none, or none any more."""
        ...

    async def data_keys_of(self, streams: Collection[str]) -> Sequence[WrappedKey]:
        """Return the keys that these streams have, in any order."""
        ...

    async def data_keys(self, key_ids: Collection[str]) -> Sequence[WrappedKey]:
        """Return those that are known of the keys with these ids, in any order."""
        ...

    async def data_key(self, key_id: str) -> WrappedKey | None:
        """Return the key with this id; None when it was destroyed or never known."""
        ...


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key in clear; in memory only."""

    key_id: str
    secret: bytes
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A data key that is not stored yet."""

    key: DataKey
    wrapped: WrappedKey


class MasterKey:
    """Wraps all data keys; stored beside them only when the operator set no other place."""

    def __init__(self, secret: bytes) -> None:
        assert len(secret) == KEY_BYTES
        self._secret = secret
        self._wrapping = Cipher(self.derive(b"stenolog wrap"))
        self._header = WRAPPED + self.key_id

    @property
    def key_id(self) -> bytes:
        """8 bytes that name this master key and tell nothing about it; in each box it wraps."""
        return self.derive(b"stenolog master key id")[:MASTER_KEY_ID_BYTES]

    def derive(self, purpose: bytes) -> bytes:
        """Return a key of 32 bytes of its own for `purpose`."""
        return derived_key(self._secret, purpose)

    def wrap(self, secret: bytes, name: bytes) -> bytes:
        """`secret`, encrypted and bound to `name`.

        A box is its format (1), the master key's id, then a nonce and AES-256-GCM's output;
        associated data: format, id and `name`.
        """
        return self._header + self._wrapping.box(secret, self._header + name)

    def unwrap(self, box: bytes, name: bytes) -> bytes:
        """Return what `wrap` was given.

        Raises:
            PayloadDamaged: The box, its name or this master key is another.
        """
        if not box.startswith(self._header):
            raise PayloadDamaged("a stored key was wrapped by another master key, or is damaged")
        try:
            return self._wrapping.unbox(box[len(self._header) :], self._header + name)
        except PayloadDamaged as exc:
            raise PayloadDamaged("a stored key does not open under this master key") from exc


def new_wrapped_key(master: MasterKey, stream: str) -> WrappedKey:
    """Return a fresh data key and salt for `stream`."""
    key_id = str(uuid.uuid4())
    secret = os.urandom(KEY_BYTES + SALT_BYTES)
    return WrappedKey(
        key_id=key_id, stream=stream, box=master.wrap(secret, bound_to(key_id, stream))
    )


def unwrap_key(master: MasterKey, wrapped: WrappedKey) -> DataKey:
    """Return the data key in clear.

    Raises:
        PayloadDamaged: The stored key is not what was stored.
    """
    secret = master.unwrap(wrapped.box, bound_to(wrapped.key_id, wrapped.stream))
    return DataKey(wrapped.key_id, secret[:KEY_BYTES], secret[KEY_BYTES:])


def bound_to(first: str, second: str) -> bytes:
    """Two names as the associated data of a box: it opens with the same two alone."""
    return f"{first}\n{second}".encode()
