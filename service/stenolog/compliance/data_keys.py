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
HEADER_BYTES = len(WRAPPED) + MASTER_KEY_ID_BYTES


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
    """Wraps all data keys; stored beside them only when the operator set no other place.

    While it is rotated, boxes of the earlier one open, too; nothing is wrapped by that any more.
    """

    def __init__(self, secret: bytes, earlier: bytes | None = None) -> None:
        """`earlier` is the key that this one replaces, until every box is wrapped anew."""
        self._wrappings: dict[bytes, Cipher] = {}
        if earlier is not None:
            self.turn_to(earlier)
        self.turn_to(secret)

    @property
    def key_id(self) -> bytes:
        """8 bytes that name this master key and tell nothing about it; in each box it wraps."""
        return key_id_of(self._secret)

    @property
    def in_rotation(self) -> bool:
        """Whether boxes of an earlier key open, too."""
        return len(self._wrappings) > 1

    def turn_to(self, secret: bytes) -> None:
        """Wrap with this key from now on; boxes of all the keys before it open."""
        assert len(secret) == KEY_BYTES
        self._secret = secret
        self._header = WRAPPED + key_id_of(secret)
        self._wrappings[self._header] = Cipher(derived_key(secret, b"stenolog wrap"))

    def forget_earlier(self) -> None:
        """Open boxes of this key alone."""
        self._wrappings = {self._header: self._wrappings[self._header]}

    def derive(self, purpose: bytes) -> bytes:
        """Return a key of 32 bytes of its own for `purpose`."""
        return derived_key(self._secret, purpose)

    def wrap(self, secret: bytes, name: bytes) -> bytes:
        """`secret`, encrypted and bound to `name`.

        A box is its format (1), the master key's id, then a nonce and AES-256-GCM's output;
        associated data: format, id and `name`.
        """
        return self._header + self._wrappings[self._header].box(secret, self._header + name)

    def unwrap(self, box: bytes, name: bytes) -> bytes:
        """Return what `wrap` was given.

        Raises:
            PayloadDamaged: The box, its name or this master key is another.
        """
        header = box[:HEADER_BYTES]
        wrapping = self._wrappings.get(header)
        if wrapping is None:
            raise PayloadDamaged("a stored key was wrapped by another master key, or is damaged")
        try:
            return wrapping.unbox(box[HEADER_BYTES:], header + name)
        except PayloadDamaged as exc:
            raise PayloadDamaged("a stored key does not open under this master key") from exc

    def rewrapped(self, box: bytes, name: bytes) -> bytes | None:
        """Return the same secret in a new box; None: it is wrapped by the present key already.

        Raises:
            PayloadDamaged: As `unwrap`.
        """
        return None if box.startswith(self._header) else self.wrap(self.unwrap(box, name), name)


def key_id_of(secret: bytes) -> bytes:
    """Return what names a master key in the boxes that it wraps."""
    return derived_key(secret, b"stenolog master key id")[:MASTER_KEY_ID_BYTES]


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
