"""What every key store promises."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.commands.api_keys import DEFAULT_TENANT, SCOPES, ApiKey, LastManagingKey, Tenant
from stenolog.compliance.data_keys import WrappedKey
from stenolog.compliance.subjects import Subjects
from stenolog.errors import KeyLost, KeyMissing, StoreError
from tests.conformance.conftest import KeyOpener, KeyStore

KEY = WrappedKey(key_id="key-1", stream="transcription-1", box=b"\x00\xffbox")
API_KEY = ApiKey(
    prefix="AAAAAAAA",
    id="id-1",
    hash=b"\x01" * 32,
    tenant="tenant-1",
    tenant_name="default",
    name="ci \N{SNOWMAN}",
    scopes=("transcripts:read", "events:read"),
    created_at="2026-11-21T08:00:00.000000Z",
)


async def test_a_data_key_is_found_by_its_stream_and_its_id(keys: KeyStore) -> None:
    assert await keys.data_key_of(KEY.stream) is None
    assert await keys.data_key(KEY.key_id) is None
    assert await keys.add_data_key(KEY) == KEY
    assert await keys.data_key_of(KEY.stream) == KEY
    assert await keys.data_key(KEY.key_id) == KEY


async def test_the_first_data_key_of_a_stream_wins(keys: KeyStore) -> None:
    others = [replace(KEY, key_id=f"key-{n}", box=bytes([n])) for n in range(20)]
    kept = await asyncio.gather(*map(keys.add_data_key, others))
    assert set(kept) == {kept[0]}
    assert await keys.data_key_of(KEY.stream) == kept[0]
    assert await keys.add_data_key(kept[0]) == kept[0]
    for other in others:
        assert (await keys.data_key(other.key_id) == other) is (other == kept[0])


async def test_a_destroyed_key_is_gone_and_its_stream_gets_no_other(keys: KeyStore) -> None:
    other = replace(KEY, key_id="key-2", stream="transcription-2")
    await keys.add_data_key(KEY)
    await keys.add_data_key(other)
    found = await keys.data_keys_of([KEY.stream, other.stream, "transcription-3"])
    assert sorted(one.key_id for one in found) == ["key-1", "key-2"]
    await keys.destroy_data_key(KEY.stream)
    await keys.destroy_data_key(KEY.stream)
    assert await keys.data_keys_of([KEY.stream, other.stream]) == [other]
    assert await keys.data_keys([KEY.key_id, other.key_id]) == [other]
    assert await keys.data_key_of(KEY.stream) is None
    assert await keys.data_key(KEY.key_id) is None
    outcomes = await asyncio.gather(
        keys.add_data_key(replace(KEY, key_id="key-3")),
        keys.add_secret("callbacks", 1, b"of the same batch"),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], KeyMissing)
    assert outcomes[1] == b"of the same batch"
    assert await keys.data_key_of(KEY.stream) is None
    assert await keys.data_key_of(other.stream) == other


async def test_a_stream_that_never_had_a_key_can_be_forbidden_one(keys: KeyStore) -> None:
    await keys.destroy_data_key(KEY.stream)
    with pytest.raises(KeyMissing):
        await keys.add_data_key(KEY)


async def test_secrets_are_kept_once_for_purpose_and_number(keys: KeyStore) -> None:
    assert await keys.secrets("callbacks") == {}
    assert await keys.add_secret("callbacks", 1, b"one") == b"one"
    assert await keys.add_secret("callbacks", 1, b"other") == b"one"
    assert await keys.add_secret("callbacks", 2, b"two") == b"two"
    assert await keys.add_secret("subjects", 1, b"three") == b"three"
    assert await keys.secrets("callbacks") == {1: b"one", 2: b"two"}


async def test_a_tenant_has_one_id_for_ever(keys: KeyStore) -> None:
    names = await asyncio.gather(*(keys.tenant("default", f"id-{n}") for n in range(10)))
    assert set(names) == {names[0]}
    assert await keys.tenant("other", "id-other") == Tenant(id="id-other")


async def test_a_tenants_region_is_the_last_one_given(keys: KeyStore) -> None:
    assert await keys.tenant(API_KEY.tenant_name, API_KEY.tenant, "us") == Tenant(
        id="tenant-1", region="us"
    )
    await keys.add_api_key(replace(API_KEY, region="us"))
    assert await keys.tenant(API_KEY.tenant_name, "unused", "eu") == Tenant(
        id="tenant-1", region="eu"
    )
    assert await keys.tenant(API_KEY.tenant_name, "unused") == Tenant(id="tenant-1", region="eu")
    kept = replace(API_KEY, region="us", tenant_region="eu")
    assert await keys.api_key(API_KEY.prefix) == kept
    assert await keys.api_keys(None, after="", limit=1) == [kept]


async def test_a_tenants_providers_are_the_last_ones_given_in_their_order(keys: KeyStore) -> None:
    name, identifier = API_KEY.tenant_name, API_KEY.tenant
    made = await keys.tenant(name, identifier, providers=("local", "assemblyai"))
    assert made == Tenant(id=identifier, providers=("local", "assemblyai"))
    await keys.add_api_key(replace(API_KEY, provider="aimlapi"))
    assert await keys.tenant(name, "unused") == made, "none leaves them as they are"
    changed = await keys.tenant(name, "unused", providers=("aimlapi", "local"))
    assert changed.providers == ("aimlapi", "local")
    kept = await keys.api_key(API_KEY.prefix)
    assert kept == replace(API_KEY, provider="aimlapi", tenant_providers=changed.providers)


async def test_an_id_that_is_another_tenants_fails_only_its_own_call(keys: KeyStore) -> None:
    await keys.tenant("default", "id-1")
    outcomes = await asyncio.gather(
        keys.tenant("other", "id-1"),
        *(keys.tenant(f"tenant {n}", f"id of {n}") for n in range(10)),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], StoreError)
    assert outcomes[1:] == [Tenant(id=f"id of {n}") for n in range(10)]


async def test_an_api_key_is_read_as_it_was_added(keys: KeyStore) -> None:
    await keys.tenant(API_KEY.tenant_name, API_KEY.tenant)
    await keys.add_api_key(API_KEY)
    assert await keys.api_key(API_KEY.prefix) == API_KEY
    assert await keys.api_key("BBBBBBBB") is None


async def test_an_api_key_is_found_within_its_tenant_and_revoked_once(
    keys: KeyStore,
) -> None:
    await keys.tenant(API_KEY.tenant_name, API_KEY.tenant)
    await keys.add_api_key(API_KEY)
    assert await keys.revocable("BBBBBBBB", None) is None
    assert await keys.revocable(API_KEY.prefix, "tenant-2") is None
    for key, tenant in ((API_KEY.prefix, None), (API_KEY.id, API_KEY.tenant)):
        assert await keys.revocable(key, tenant) == API_KEY
    assert await keys.revoke_api_key("another", "then") is None
    revoked = await keys.revoke_api_key(API_KEY.id, "then")
    assert revoked == replace(API_KEY, revoked_at="then")
    assert await keys.revoke_api_key(API_KEY.id, "later") == revoked
    assert await keys.revocable(API_KEY.id, None) == revoked
    assert await keys.api_key(API_KEY.prefix) == revoked


async def test_of_keys_that_manage_all_the_last_one_stays(keys: KeyStore) -> None:
    await keys.tenant(DEFAULT_TENANT, "tenant-1")
    made = [replace(API_KEY, prefix=f"AAAAAAA{n}", id=f"id-{n}", scopes=SCOPES) for n in range(4)]
    for key in made:
        await keys.add_api_key(key)
    for key in made[:3]:
        assert await keys.revocable(key.id, None) == key
        await keys.revoke_api_key(key.id, "then")
    with pytest.raises(LastManagingKey):
        await keys.revocable(made[3].id, None)


async def test_an_api_key_that_cannot_be_fails_only_its_own_call(keys: KeyStore) -> None:
    await keys.tenant(API_KEY.tenant_name, API_KEY.tenant)
    await keys.add_api_key(API_KEY)
    outcomes = await asyncio.gather(
        keys.add_api_key(replace(API_KEY, id="id-2")),
        keys.add_api_key(replace(API_KEY, prefix="BBBBBBBB")),
        keys.add_api_key(replace(API_KEY, prefix="CCCCCCCC", id="id-3", tenant="nobody")),
        keys.add_api_key(replace(API_KEY, prefix="DDDDDDDD", id="id-4", scopes=())),
        return_exceptions=True,
    )
    for outcome in outcomes[:3]:
        assert isinstance(outcome, StoreError)
        assert not outcome.retryable
    assert outcomes[3] is None
    listed = await keys.api_keys(None, after="", limit=10)
    assert [key.prefix for key in listed] == ["DDDDDDDD", "AAAAAAAA"]
    assert listed[0].scopes == ()


async def test_api_keys_are_listed_newest_first_by_tenant_and_page(keys: KeyStore) -> None:
    for tenant in ("one", "two"):
        await keys.tenant(tenant, f"id-{tenant}")
        for n in range(3):
            key = replace(API_KEY, prefix=f"{n}{tenant}-aaa", id=f"id-{n}{tenant}")
            await keys.add_api_key(replace(key, tenant=f"id-{tenant}", tenant_name=tenant))
    everything = await keys.api_keys(None, after="", limit=10)
    assert [key.prefix[0] for key in everything] == ["2", "2", "1", "1", "0", "0"]
    of_two = await keys.api_keys("id-two", after="", limit=2)
    assert [key.prefix for key in of_two] == ["2two-aaa", "1two-aaa"]
    rest = await keys.api_keys("id-two", after=of_two[-1].id, limit=2)
    assert [(key.prefix, key.tenant_name) for key in rest] == [("0two-aaa", "two")]


async def test_everything_is_there_after_reopening(keys_opened: KeyOpener, tmp_path: Path) -> None:
    async with keys_opened(tmp_path) as keys:
        await keys.add_data_key(KEY)
        await keys.add_secret("callbacks", 1, b"one")
        await keys.tenant(API_KEY.tenant_name, API_KEY.tenant)
        await keys.add_api_key(API_KEY)
    async with keys_opened(tmp_path) as keys:
        assert await keys.data_key_of(KEY.stream) == KEY
        assert await keys.secrets("callbacks") == {1: b"one"}
        assert await keys.tenant(API_KEY.tenant_name, "another") == Tenant(id=API_KEY.tenant)
        assert await keys.api_key(API_KEY.prefix) == API_KEY


async def test_a_position_is_kept_with_each_key_and_moves_backwards_by_command_alone(
    keys: KeyStore,
) -> None:
    assert await keys.high_water() == 0
    await keys.add_data_key(KEY, head=7)
    assert await keys.high_water() == 7
    await keys.add_data_key(replace(KEY, key_id="key-2", stream="transcription-2"), head=5)
    assert await keys.high_water() == 7
    await keys.carried_out(3)
    assert await keys.high_water() == 3


async def test_a_stream_whose_key_is_lost_gets_no_other_until_it_is_erased(keys: KeyStore) -> None:
    await keys.carried_out(1, [KEY.stream, "transcription-2"])
    await keys.carried_out(2, [KEY.stream])
    assert await keys.lost_count() == 2
    with pytest.raises(KeyLost):
        await keys.add_data_key(KEY)
    await keys.destroy_data_key(KEY.stream)
    assert await keys.lost_count() == 1
    assert await keys.is_destroyed(KEY.stream)
    assert not await keys.is_destroyed("transcription-2")
    with pytest.raises(KeyMissing):
        await keys.add_data_key(KEY)


async def test_a_subject_leads_to_its_streams_until_they_are_erased(keys: KeyStore) -> None:
    async def found(
        tenant: str = "acme", subject: str = "Ada", after: str = "", limit: int = 9
    ) -> Sequence[str]:
        return await subjects.streams_of(tenant, subject, after=after, limit=limit)

    subjects = Subjects(bytes(range(32)), keys)
    for stream in ("transcription-2", "transcription-1", "transcription-3", "transcription-1"):
        await subjects.note("acme", "Ada", stream)
    await subjects.note("acme", "Bob", "transcription-4")
    await subjects.note("other", "Ada", "transcription-5")
    assert await found() == ["transcription-1", "transcription-2", "transcription-3"]
    assert await found(limit=1, after="transcription-1") == ["transcription-2"]
    assert await found("other") == ["transcription-5"]
    assert await found(subject="ada") == []
    await keys.destroy_data_key("transcription-2")
    assert await found() == ["transcription-1", "transcription-3"]
    with pytest.raises(KeyMissing):
        await subjects.note("acme", "Ada", "transcription-2")
    assert await Subjects(bytes(32), keys).streams_of("acme", "Ada") == []
