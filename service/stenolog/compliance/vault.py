"""The vault: payloads sealed under a key per stream, so that a stream can be forgotten.

Erasing is destroying the stream's data key and salt: the ciphertext and the commitment stay in the
log, and neither says anything any more.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stenolog.errors import KeyMissing, PayloadDamaged
from stenolog.log.event import SealedPayload

KEY_BYTES = 32
SALT_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits for AES-GCM
ZSTD_LEVEL = 3
PLAINTEXT_BYTES_MAX = 256 << 20  # ten hours of speech with every feature are under 64 MiB
KEYS_CACHED_MAX = 4_096
DESTROYED_REMEMBERED_MAX = 4_096  # the key store knows them all; this closes a race with it
INLINE_BYTES_MAX = 128 << 10  # larger payloads are sealed and opened beside the event loop


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A data key as it is stored.

    Attributes:
        box: Nonce, then data key ‖ salt under the master key; associated data: key id and stream.
    """

    key_id: str
    stream: str
    box: bytes


class DataKeys(Protocol):
    """Where wrapped data keys are kept; `stores/*/keys` keeps this promise."""

    async def add_data_key(self, key: WrappedKey) -> WrappedKey:
        """The stream's key, durably: `key`, or the one that was there before.

        Raises:
            KeyMissing: The stream's key was destroyed: it gets no other.
            StoreUnavailable: Nothing was written.
        """
        ...

    async def destroy_data_key(self, stream: str) -> None:
        """The stream's key is in no file any more, and the stream never gets another.

        Repeating changes nothing.

        Raises:
            StoreUnavailable: It may still be there; try again.
        """
        ...

    async def data_key_of(self, stream: str) -> WrappedKey | None:
        """The stream's key; None when it has none, or none any more."""
        ...

    async def data_key(self, key_id: str) -> WrappedKey | None:
        """The key with this id; None when it was destroyed or never known."""
        ...


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key in clear, in memory only."""

    key_id: str
    secret: bytes
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A data key that is in no file yet."""

    key: DataKey
    wrapped: WrappedKey


class MasterKey:
    """The key that wraps all others; never stored beside them unless the operator left it to us."""

    def __init__(self, secret: bytes) -> None:
        assert len(secret) == KEY_BYTES
        self._secret = secret
        self._wrapping = AESGCM(self.derive(b"stenolog wrap"))

    def derive(self, purpose: bytes) -> bytes:
        """A key of 32 bytes of its own for `purpose`."""
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(
            self._secret
        )

    def wrap(self, secret: bytes, name: bytes) -> bytes:
        """`secret`, encrypted and bound to `name`."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, secret, name)

    def unwrap(self, box: bytes, name: bytes) -> bytes:
        """What `wrap` was given.

        Raises:
            PayloadDamaged: The box, its name or this master key is another.
        """
        try:
            return self._wrapping.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], name)
        except (InvalidTag, ValueError) as exc:
            raise PayloadDamaged("a stored key does not open under this master key") from exc


def new_wrapped_key(master: MasterKey, stream: str) -> WrappedKey:
    """A fresh data key and salt for `stream`."""
    key_id = str(uuid.uuid4())
    secret = os.urandom(KEY_BYTES + SALT_BYTES)
    return WrappedKey(
        key_id=key_id, stream=stream, box=master.wrap(secret, _bound_to(key_id, stream))
    )


def unwrap_key(master: MasterKey, wrapped: WrappedKey) -> DataKey:
    """The data key in clear.

    Raises:
        PayloadDamaged: The stored key is not what was stored.
    """
    secret = master.unwrap(wrapped.box, _bound_to(wrapped.key_id, wrapped.stream))
    return DataKey(wrapped.key_id, secret[:KEY_BYTES], secret[KEY_BYTES:])


def seal_with(key: DataKey, event_id: str, plaintext: bytes) -> SealedPayload:
    """Compressed, encrypted, and committed to under the key's salt."""
    nonce = os.urandom(NONCE_BYTES)
    packed = _zstd.compressor.compress(plaintext)
    box = nonce + AESGCM(key.secret).encrypt(nonce, packed, _bound_to(event_id, key.key_id))
    return SealedPayload(key_id=key.key_id, box=box, commitment=commitment(key, plaintext))


def open_with(key: DataKey, event_id: str, sealed: SealedPayload) -> bytes:
    """The plaintext, once its commitment holds.

    Raises:
        PayloadDamaged: It is not what was sealed for this event under this key.
    """
    nonce, ciphertext = sealed.box[:NONCE_BYTES], sealed.box[NONCE_BYTES:]
    try:
        packed = AESGCM(key.secret).decrypt(nonce, ciphertext, _bound_to(event_id, key.key_id))
        plaintext = _zstd.decompressor.decompress(packed, max_output_size=PLAINTEXT_BYTES_MAX)
    except (InvalidTag, ValueError, zstandard.ZstdError) as exc:
        raise PayloadDamaged("a payload does not open under its key") from exc
    if not hmac.compare_digest(commitment(key, plaintext).encode(), sealed.commitment.encode()):
        raise PayloadDamaged("a payload is not what its event committed to")
    return plaintext


def commitment(key: DataKey, plaintext: bytes) -> str:
    """HMAC-SHA256(salt, plaintext) in hex."""
    # Not `hmac.digest`: it gives up the interpreter's lock, even for a plaintext of a few bytes.
    return hmac.new(key.salt, plaintext, "sha256").hexdigest()


class Vault:
    """Keeps `Sealer`'s promise: the key is committed before the first payload sealed under it."""

    def __init__(self, master: MasterKey, keys: DataKeys) -> None:
        self._master = master
        self._keys = keys
        self._by_stream: OrderedDict[str, DataKey] = OrderedDict()
        self._destroyed: OrderedDict[str, None] = OrderedDict()

    async def seal(self, stream: str, event_id: str, plaintext: bytes) -> SealedPayload:
        """Makes and stores the stream's key when there is none and never was.

        Raises:
            KeyMissing: The stream is erased: nothing is sealed for it any more.
        """
        assert len(plaintext) <= PLAINTEXT_BYTES_MAX
        key = await self.key_of(stream)
        if len(plaintext) <= INLINE_BYTES_MAX:
            return seal_with(key, event_id, plaintext)
        return await asyncio.to_thread(seal_with, key, event_id, plaintext)

    async def open(self, event_id: str, sealed: SealedPayload) -> bytes:
        """Reads the key anew each time: once it is destroyed, nothing opens any more."""
        wrapped = await self._keys.data_key(sealed.key_id)
        if wrapped is None:
            raise KeyMissing("the key of this payload was destroyed")
        key = unwrap_key(self._master, wrapped)
        if len(sealed.box) <= INLINE_BYTES_MAX:
            return open_with(key, event_id, sealed)
        return await asyncio.to_thread(open_with, key, event_id, sealed)

    async def key_of(self, stream: str) -> DataKey:
        """The stream's data key, durable.

        Raises:
            KeyMissing: It was destroyed.
            StoreUnavailable: It could not be made durable.
        """
        self._refuse_destroyed(stream)
        key = self._by_stream.get(stream)
        if key is not None:
            self._by_stream.move_to_end(stream)
            return key
        wrapped = await self._keys.data_key_of(stream)
        if wrapped is None:
            wrapped = await self._keys.add_data_key(new_wrapped_key(self._master, stream))
        self._refuse_destroyed(stream)  # it may have been while the key was read
        key = unwrap_key(self._master, wrapped)
        self._by_stream[stream] = key
        if len(self._by_stream) > KEYS_CACHED_MAX:
            self._by_stream.popitem(last=False)
        return key

    def new_key(self, stream: str) -> NewKey:
        """A key for a stream that has none and never had; it is nowhere but here."""
        wrapped = new_wrapped_key(self._master, stream)
        return NewKey(key=unwrap_key(self._master, wrapped), wrapped=wrapped)

    async def keep(self, new: NewKey) -> None:
        """The key is durable, and its stream's.

        Raises:
            StoreUnavailable: It could not be made durable.
        """
        kept = await self._keys.add_data_key(new.wrapped)
        assert kept.key_id == new.wrapped.key_id, "the stream had a key"

    async def destroy(self, stream: str) -> None:
        """The stream's key and salt are gone from memory and disk, and it never gets others.

        From the call on nothing is sealed for the stream. Repeating changes nothing.

        Raises:
            StoreUnavailable: They may still be on the disk; try again.
        """
        self._destroyed[stream] = None
        if len(self._destroyed) > DESTROYED_REMEMBERED_MAX:
            self._destroyed.popitem(last=False)
        self._by_stream.pop(stream, None)
        await self._keys.destroy_data_key(stream)

    def _refuse_destroyed(self, stream: str) -> None:
        if stream in self._destroyed:
            raise KeyMissing("the key of this stream was destroyed")


class _Zstd(threading.local):
    """One compressor and decompressor for each thread: their contexts cost more than a payload."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def _bound_to(first: str, second: str) -> bytes:
    return f"{first}\n{second}".encode()
