"""Payloads sealed under a key per stream."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest

from stenolog.compliance.data_keys import MasterKey, WrappedKey, new_wrapped_key, unwrap_key
from stenolog.compliance.payloads import open_with, seal_with
from stenolog.compliance.sealings import Sealed, Told
from stenolog.compliance.vault import INLINE_BYTES_MAX, KEYS_CACHED_MAX, Vault
from stenolog.errors import KeyLost, KeyMissing, PayloadDamaged, StoreError, StoreUnavailable
from stenolog.log.event import SealedPayload

MASTER = MasterKey(bytes(range(32)))
EVENT = "018f2f9e-7c1a-7d3b-8a4e-5b6c7d8e9f0a"
STREAM = "transcription-1"


class KeysInMemory:
    """`DataKeys` in a dictionary, for as long as the test runs."""

    def __init__(self) -> None:
        self.by_stream: dict[str, WrappedKey] = {}
        self.failing = False

    async def add_data_key(self, key: WrappedKey, *, head: int = 0) -> WrappedKey:
        await asyncio.sleep(0)
        if self.failing:
            raise StoreUnavailable("injected: disk full")
        return self.by_stream.setdefault(key.stream, key)

    async def data_key_of(self, stream: str) -> WrappedKey | None:
        await asyncio.sleep(0)
        return self.by_stream.get(stream)

    async def is_destroyed(self, stream: str) -> bool:
        return False  # that is asked of the real store

    async def destroy_data_key(self, stream: str) -> None:
        if self.failing:
            raise StoreUnavailable("injected: disk full")
        self.by_stream.pop(stream, None)

    async def data_keys_of(self, streams: Collection[str]) -> Sequence[WrappedKey]:
        await asyncio.sleep(0)
        return [self.by_stream[stream] for stream in streams if stream in self.by_stream]

    async def data_keys(self, key_ids: Collection[str]) -> Sequence[WrappedKey]:
        return [one for one in self.by_stream.values() if one.key_id in key_ids]

    async def data_key(self, key_id: str) -> WrappedKey | None:
        return next((k for k in self.by_stream.values() if k.key_id == key_id), None)


class LogInMemory:
    """`Sealings` of a log that has one event with a payload in each of these streams."""

    def __init__(self, sealed: Collection[str] = (), forgotten: Collection[str] = ()) -> None:
        self.sealed, self.forgotten = set(sealed), set(forgotten)

    async def sealed_in(self, stream: str) -> Sealed:
        await asyncio.sleep(0)
        return Sealed(any=stream in self.sealed, head=7)

    async def is_forgotten(self, stream: str) -> bool:
        return stream in self.forgotten

    async def stream_of(self, event_id: str) -> str | None:
        kind, _, number = event_id.partition("-")
        return f"s-{number}" if kind == "event" else {EVENT: STREAM}.get(event_id)

    async def told(self, *, after: int, until: int) -> Sequence[Told]:
        raise AssertionError("a vault compares nothing")


@pytest.mark.parametrize("size", [0, 1, 1_000, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 3 << 20])
async def test_what_is_sealed_opens_as_it_was(size: int) -> None:
    vault = Vault(MASTER, KeysInMemory(), LogInMemory())
    plaintext = bytes(n % 251 for n in range(size))
    sealed = await vault.seal(STREAM, EVENT, plaintext)
    assert await vault.open(EVENT, sealed) == plaintext


async def test_the_key_is_stored_before_anything_is_sealed_under_it() -> None:
    keys = KeysInMemory()
    keys.failing = True
    vault = Vault(MASTER, keys, LogInMemory())
    with pytest.raises(StoreUnavailable):
        await vault.seal(STREAM, EVENT, b"secret")
    keys.failing = False
    sealed = await vault.seal(STREAM, EVENT, b"secret")
    assert keys.by_stream[STREAM].key_id == sealed.key_id


async def test_a_stream_has_one_key_however_many_seal_at_once() -> None:
    keys = KeysInMemory()
    first, second = Vault(MASTER, keys, LogInMemory()), Vault(MASTER, keys, LogInMemory())
    sealed = await asyncio.gather(
        *(vault.seal(STREAM, EVENT, b"secret") for vault in (first, second) for _ in range(10))
    )
    assert {each.key_id for each in sealed} == {keys.by_stream[STREAM].key_id}
    other = await first.seal("transcription-2", EVENT, b"secret")
    assert other.key_id != sealed[0].key_id
    assert other.commitment != sealed[0].commitment


@pytest.mark.parametrize("event_id", [EVENT, "of no event in the log"])
async def test_a_key_that_nobody_destroyed_is_lost(event_id: str) -> None:
    keys = KeysInMemory()
    vault = Vault(MASTER, keys, LogInMemory(sealed=[STREAM]))
    keys.by_stream[STREAM] = new_wrapped_key(MASTER, STREAM)
    sealed = await vault.seal(STREAM, event_id, b"secret")
    keys.by_stream.clear()
    with pytest.raises(KeyLost):
        await vault.open(event_id, sealed)
    assert isinstance((await vault.open_all({event_id: sealed}))[event_id], KeyLost)
    with pytest.raises(KeyLost):
        await Vault(MASTER, keys, LogInMemory()).key_of(STREAM)


async def test_a_key_that_the_log_knows_to_be_destroyed_is_not_lost() -> None:
    keys = KeysInMemory()
    sealed = await Vault(MASTER, keys, LogInMemory()).seal(STREAM, EVENT, b"secret")
    keys.by_stream.clear()
    vault = Vault(MASTER, keys, LogInMemory(sealed=[STREAM], forgotten=[STREAM]))
    with pytest.raises(KeyMissing):
        await vault.open(EVENT, sealed)
    assert isinstance((await vault.open_all({EVENT: sealed}))[EVENT], KeyMissing)
    with pytest.raises(KeyMissing):
        await vault.seal(STREAM, EVENT, b"more")
    assert keys.by_stream == {}


async def test_a_stream_that_has_payloads_gets_no_second_key() -> None:
    keys = KeysInMemory()
    vault = Vault(MASTER, keys, LogInMemory(sealed=[STREAM]))
    with pytest.raises(KeyLost):
        await vault.seal(STREAM, EVENT, b"more")
    assert keys.by_stream == {}


async def test_a_key_that_was_made_and_used_meanwhile_is_not_taken_for_lost() -> None:
    keys = KeysInMemory()
    log = LogInMemory()
    vault = Vault(MASTER, keys, log)
    sealing = asyncio.create_task(vault.seal(STREAM, EVENT, b"said"))
    await asyncio.sleep(0)  # it has found no key
    keys.by_stream[STREAM] = new_wrapped_key(MASTER, STREAM)
    log.sealed.add(STREAM)
    assert (await sealing).key_id == keys.by_stream[STREAM].key_id


async def test_more_streams_than_are_cached_keep_their_keys() -> None:
    vault = Vault(MASTER, KeysInMemory(), LogInMemory())
    first = await vault.seal(STREAM, EVENT, b"secret")
    for number in range(KEYS_CACHED_MAX + 1):
        await vault.seal(f"upload-{number}", EVENT, b"")
    assert (await vault.seal(STREAM, EVENT, b"secret")).key_id == first.key_id


async def test_another_master_key_opens_nothing() -> None:
    keys = KeysInMemory()
    sealed = await Vault(MASTER, keys, LogInMemory()).seal(STREAM, EVENT, b"secret")
    with pytest.raises(PayloadDamaged):
        await Vault(MasterKey(bytes(32)), keys, LogInMemory()).open(EVENT, sealed)
    assert issubclass(PayloadDamaged, StoreError)


KEY = unwrap_key(MASTER, new_wrapped_key(MASTER, STREAM))
SEALED = seal_with(KEY, EVENT, b"secret" * 10)


@pytest.mark.parametrize(
    "damaged",
    [
        replace(SEALED, box=SEALED.box[:-1] + bytes([SEALED.box[-1] ^ 1])),
        replace(SEALED, box=bytes([SEALED.box[0] ^ 1]) + SEALED.box[1:]),
        replace(SEALED, box=b""),
        replace(SEALED, box=SEALED.box[:11]),
        replace(SEALED, box=SEALED.box[:12]),
        replace(SEALED, commitment="0" * 64),
        replace(SEALED, commitment=SEALED.commitment.upper()),
        replace(SEALED, commitment="é"),
        replace(SEALED, commitment=""),
    ],
)
def test_a_payload_that_is_not_what_was_sealed_does_not_open(damaged: SealedPayload) -> None:
    with pytest.raises(PayloadDamaged):
        open_with(KEY, EVENT, damaged)


def test_a_payload_opens_for_its_own_event_alone() -> None:
    with pytest.raises(PayloadDamaged):
        open_with(KEY, EVENT[:-1] + "b", SEALED)
    with pytest.raises(PayloadDamaged):
        open_with(replace(KEY, key_id="other"), EVENT, SEALED)


def test_the_commitment_is_keyed_with_a_salt_of_the_event() -> None:
    """What proves one payload is no help with the others: equal ones are committed to apart."""
    salt = hmac.new(KEY.salt, EVENT.encode(), hashlib.sha256).digest()
    assert SEALED.commitment == hmac.new(salt, b"secret" * 10, hashlib.sha256).hexdigest()
    assert KEY.salt not in (KEY.secret, salt)
    other = seal_with(KEY, "018f2f9e-7c1a-7d3b-8a4e-5b6c7d8e9f0b", b"secret" * 10)
    assert other.commitment != SEALED.commitment


def test_a_box_begins_with_its_format_and_a_key_box_names_its_master_key() -> None:
    assert SEALED.box[0] == 1
    wrapped = new_wrapped_key(MASTER, STREAM)
    assert wrapped.box[:9] == b"\x01" + MASTER.key_id
    assert len(MASTER.key_id) == 8
    other = MasterKey(b"other" + bytes(27))
    assert other.key_id != MASTER.key_id
    with pytest.raises(PayloadDamaged, match="another master key"):
        unwrap_key(other, wrapped)
    for box in (b"\x02" + SEALED.box[1:], SEALED.box[1:], b""):
        with pytest.raises(PayloadDamaged):
            open_with(KEY, EVENT, replace(SEALED, box=box))


def test_a_wrapped_key_opens_under_its_own_name_alone() -> None:
    wrapped = new_wrapped_key(MASTER, STREAM)
    assert len(unwrap_key(MASTER, wrapped).salt) == 32
    for other in (
        replace(wrapped, stream="transcription-2"),
        replace(wrapped, key_id="other"),
        replace(wrapped, box=b""),
        replace(wrapped, box=wrapped.box[:-1]),
        replace(wrapped, box=bytes([wrapped.box[0] ^ 1]) + wrapped.box[1:]),
    ):
        with pytest.raises(PayloadDamaged):
            unwrap_key(MASTER, other)


def test_keys_for_two_purposes_have_nothing_in_common() -> None:
    assert MASTER.derive(b"one") == MASTER.derive(b"one")
    assert MASTER.derive(b"one") != MASTER.derive(b"two")
    assert len(MASTER.derive(b"one")) == 32


async def test_once_the_key_is_destroyed_nothing_opens_and_nothing_is_sealed() -> None:
    keys = KeysInMemory()
    vault = Vault(MASTER, keys, LogInMemory())
    sealed = await vault.seal(STREAM, EVENT, b"said")
    await vault.destroy(STREAM)
    await vault.destroy(STREAM)
    assert keys.by_stream == {}
    with pytest.raises(KeyMissing):
        await vault.open(EVENT, sealed)
    with pytest.raises(KeyMissing):
        await vault.seal(STREAM, EVENT, b"more")
    assert await vault.open(EVENT, await vault.seal("transcription-2", EVENT, b"x")) == b"x"


async def test_a_key_that_is_being_read_while_it_is_destroyed_is_not_kept() -> None:
    vault = Vault(MASTER, KeysInMemory(), LogInMemory())
    sealing = asyncio.create_task(vault.seal(STREAM, EVENT, b"said"))
    await asyncio.sleep(0)
    await vault.destroy(STREAM)
    with pytest.raises(KeyMissing):
        await sealing


async def test_nothing_is_sealed_either_while_destroying_fails() -> None:
    keys = KeysInMemory()
    vault = Vault(MASTER, keys, LogInMemory())
    await vault.seal(STREAM, EVENT, b"said")
    keys.failing = True
    with pytest.raises(StoreUnavailable):
        await vault.destroy(STREAM)
    with pytest.raises(KeyMissing):
        await vault.seal(STREAM, EVENT, b"more")


async def test_the_keys_that_are_known_are_found_and_none_is_made() -> None:
    keys = KeysInMemory()
    vault = Vault(MASTER, keys, LogInMemory())
    await vault.seal(STREAM, EVENT, b"")
    key = await vault.key_of(STREAM)
    found = await Vault(MASTER, keys, LogInMemory()).known_keys([STREAM, "transcription-2"])
    assert found == {STREAM: key}
    assert keys.by_stream.keys() == {STREAM}


async def test_a_key_that_is_destroyed_is_known_no_more() -> None:
    vault = Vault(MASTER, KeysInMemory(), LogInMemory())
    await vault.seal(STREAM, EVENT, b"")
    await vault.destroy(STREAM)
    assert await vault.known_keys([STREAM]) == {}


async def test_a_key_that_is_destroyed_while_it_is_read_is_not_remembered() -> None:
    keys = KeysInMemory()
    await Vault(MASTER, keys, LogInMemory()).seal(STREAM, EVENT, b"")
    vault = Vault(MASTER, keys, LogInMemory())
    wrapped = keys.by_stream[STREAM]
    reading = asyncio.create_task(vault.known_keys([STREAM]))
    await asyncio.sleep(0)  # it is being read
    await vault.destroy(STREAM)
    keys.by_stream[STREAM] = wrapped  # the read found it just before
    assert await reading == {}


async def test_a_key_that_does_not_unwrap_is_missing_without_the_others() -> None:
    keys = KeysInMemory()
    vault = Vault(MASTER, keys, LogInMemory())
    await vault.seal(STREAM, EVENT, b"")
    key = await vault.key_of(STREAM)
    keys.by_stream["transcription-2"] = replace(keys.by_stream[STREAM], stream="transcription-2")
    assert await Vault(MASTER, keys, LogInMemory()).known_keys([STREAM, "transcription-2"]) == {
        STREAM: key
    }


async def test_several_payloads_are_opened_together_each_with_its_own_error() -> None:
    vault = Vault(MASTER, KeysInMemory(), LogInMemory())
    sealed = {f"event-{n}": await vault.seal(f"s-{n}", f"event-{n}", b"%d" % n) for n in range(70)}
    sealed["event-1"] = replace(sealed["event-1"], box=b"another box than what was sealed")
    await vault.destroy("s-2")
    opened = dict(await vault.open_all(sealed))
    assert isinstance(opened.pop("event-1"), PayloadDamaged)
    assert isinstance(opened.pop("event-2"), KeyMissing)
    assert opened == {f"event-{n}": b"%d" % n for n in range(70) if n not in (1, 2)}
