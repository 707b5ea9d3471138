"""Keys and limits: revoked within a second, counted evenly, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from stenolog.commands.api_keys import (
    PREFIX_BYTES,
    SECRET_BYTES,
    ApiKey,
    Tenant,
    digest_of,
    new_secret,
    prefix_of,
)
from stenolog.edge.access.authentication import CACHED_MAX, CACHED_MS_MAX, Authenticator, require
from stenolog.edge.access.rate_limit import (
    KEYS_PER_TENANT,
    MANAGING_PER_MINUTE_MIN,
    STRANGERS_PER_MINUTE,
    RateLimit,
    network_of,
)
from stenolog.edge.transcriptions.commit_times import COMMITS_MAX, CommitTimes
from stenolog.errors import Forbidden, RateLimited, StoreUnavailable, Unauthenticated
from stenolog.log.events.vocabulary import ProviderName, Region
from tests.house.composed import Composed, composed
from tests.house.waiting import DEADLINE_S

SCOPE = "transcripts:read"


class Clock:
    """Seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class MemoryKeys:
    """Keeps the reading half of `ApiKeys`."""

    def __init__(self) -> None:
        self.keys: dict[str, ApiKey] = {}
        self.reads = 0
        self.failing = False

    def add(self, *scopes: str) -> str:
        secret = new_secret(os.urandom(PREFIX_BYTES + SECRET_BYTES))
        prefix = prefix_of(secret)
        assert prefix is not None
        self.keys[prefix] = ApiKey(
            prefix=prefix,
            id=f"key {len(self.keys)}",
            hash=digest_of(secret),
            tenant="tenant",
            tenant_name="default",
            name="test",
            scopes=scopes or (SCOPE,),
            created_at="2026-11-21T00:00:00.000000Z",
        )
        return secret

    async def found(self, key: str, tenant: str | None) -> ApiKey | None:
        raise AssertionError("authentication looks for prefixes")

    async def revocable(self, key: str, tenant: str | None) -> ApiKey | None:
        raise AssertionError("authentication revokes nothing")

    async def revoke_api_key(self, key_id: str, at: str) -> ApiKey | None:
        raise AssertionError("authentication revokes nothing")

    def revoke(self, secret: str) -> None:
        prefix = prefix_of(secret) or ""
        revoked_at = "2026-11-21T00:00:01.000000Z"
        self.keys[prefix] = replace(self.keys[prefix], revoked_at=revoked_at)

    async def tenant(
        self,
        name: str,
        candidate: str,
        region: Region | None = None,
        providers: Sequence[ProviderName] = (),
        retention: str | None = None,
    ) -> Tenant:
        raise AssertionError("authentication makes nothing")

    async def add_api_key(self, key: ApiKey) -> None:
        raise AssertionError("authentication makes nothing")

    async def api_key(self, prefix: str) -> ApiKey | None:
        self.reads += 1
        if self.failing:
            raise StoreUnavailable("keys.db: injected")
        return self.keys.get(prefix)

    async def api_keys(self, tenant: str | None, *, after: str, limit: int) -> list[ApiKey]:
        raise AssertionError("authentication lists nothing")


async def test_a_revoked_key_is_refused_after_a_second_at_the_latest() -> None:
    keys, clock = MemoryKeys(), Clock()
    authenticator = Authenticator(keys, clock)
    secret = keys.add()
    await authenticator.caller(secret)
    keys.revoke(secret)
    clock.now += CACHED_MS_MAX / 1000
    with pytest.raises(Unauthenticated):
        await authenticator.caller(secret)


async def test_a_key_is_read_once_a_second_however_often_it_is_used() -> None:
    keys, clock = MemoryKeys(), Clock()
    authenticator = Authenticator(keys, clock)
    secret = keys.add()
    for _ in range(100):
        await authenticator.caller(secret)
    assert keys.reads == 1
    clock.now += 1.0
    await authenticator.caller(f"Bearer {secret}")
    assert keys.reads == 2


async def test_the_right_prefix_with_a_wrong_secret_is_refused_in_the_cache_too() -> None:
    keys = MemoryKeys()
    authenticator = Authenticator(keys, Clock())
    secret = keys.add()
    await authenticator.caller(secret)
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for header in (wrong, f"Bearer {wrong}", secret[:-1], secret + "A", None):
        with pytest.raises(Unauthenticated):
            await authenticator.caller(header)


async def test_an_unknown_key_is_not_remembered_so_that_a_new_one_works_at_once() -> None:
    keys = MemoryKeys()
    authenticator = Authenticator(keys, Clock())
    secret = keys.add()
    prefix = prefix_of(secret) or ""
    key = keys.keys.pop(prefix)
    with pytest.raises(Unauthenticated):
        await authenticator.caller(secret)
    keys.keys[prefix] = key
    assert await authenticator.caller(secret) == key


async def test_the_cache_is_bounded() -> None:
    keys = MemoryKeys()
    authenticator = Authenticator(keys, Clock())
    first = keys.add()
    await authenticator.caller(first)
    for _ in range(CACHED_MAX):
        await authenticator.caller(keys.add())
    reads = keys.reads
    await authenticator.caller(first)
    assert keys.reads == reads + 1


async def test_a_missing_scope_is_told_from_a_missing_key() -> None:
    keys = MemoryKeys()
    caller = await Authenticator(keys, Clock()).caller(keys.add())
    require(caller, SCOPE)
    with pytest.raises(Forbidden, match="events:read"):
        require(caller, "events:read")


async def test_a_key_that_exists_takes_strangers_as_long_as_one_that_does_not() -> None:
    """One read of the store each, also while its owner's requests are answered from memory."""
    keys = MemoryKeys()
    authenticator = Authenticator(keys, Clock())
    secret = keys.add()
    await authenticator.caller(secret)
    for guess in (secret[:-4] + "AAAA", new_secret(bytes(38))):
        reads = keys.reads
        for _ in range(3):
            with pytest.raises(Unauthenticated):
                await authenticator.caller(guess)
        assert keys.reads == reads + 3


async def test_keys_that_cannot_be_read_are_no_reason_to_say_401() -> None:
    keys = MemoryKeys()
    keys.failing = True
    with pytest.raises(StoreUnavailable):
        await Authenticator(keys, Clock()).caller(keys.add())


def test_a_limit_lets_a_burst_through_and_refills_evenly() -> None:
    clock = Clock()
    limit = RateLimit(60, clock)
    for _ in range(60):
        limit.take("key")
    with pytest.raises(RateLimited) as refused:
        limit.take("key")
    assert 0 < refused.value.retry_in_ms <= 1_001
    limit.take("another key")
    clock.now += refused.value.retry_in_ms / 1000
    limit.take("key")
    with pytest.raises(RateLimited):
        limit.take("key")
    clock.now += 3_600
    for _ in range(60):
        limit.take("key")
    with pytest.raises(RateLimited):
        limit.take("key")


def test_without_a_limit_nothing_is_counted() -> None:
    limit = RateLimit(0, Clock())
    for _ in range(1_000):
        limit.take("key")


async def test_over_the_limit_is_429_with_a_time_on_both_surfaces(tmp_path: Path) -> None:
    async with composed(tmp_path, rate_limit_per_minute=2) as service:
        for _ in range(2):
            assert (await service.client.get("/v2/transcript")).status_code == 200
        wire = await service.client.get("/v2/transcript")
        assert (wire.status_code, wire.json()) == (429, {"error": "Too Many Requests"})
        problem = await service.client.get("/api/v1/transcripts")
        assert (problem.status_code, problem.json()["title"]) == (429, "Too many requests")
        assert 1 <= int(problem.headers["Retry-After"]) <= 30
        assert (await service.client.get("/healthz")).status_code == 200


async def test_requests_that_a_scope_forbids_count_too(tmp_path: Path) -> None:
    async with composed(tmp_path, rate_limit_per_minute=2) as service:
        headers = {"Authorization": await service.new_key("default", "ops:read")}
        answers = [await service.client.get("/v2/transcript", headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [403, 403, 429]


async def test_who_manages_keys_may_do_so_over_the_limit_of_all_else(tmp_path: Path) -> None:
    async with composed(tmp_path, rate_limit_per_minute=1) as service:
        manager = {"Authorization": await service.new_key("default", "keys:write", "ops:read")}
        other = {"Authorization": await service.new_key("default", "ops:read")}
        for headers, statuses in ((manager, [200, 429, 200, 200]), (other, [200, 429, 429, 429])):
            answers = [
                await service.client.get(path, headers=headers)
                for path in ("/api/v1/projections", "/api/v1/projections", *["/api/v1/keys"] * 2)
            ]
            assert [answer.status_code for answer in answers] == statuses
        made = await service.client.get("/api/v1/keys", headers=manager)
        key = next(one["id"] for one in made.json()["items"] if one["scopes"] == ["ops:read"])
        revoked = await service.client.delete(f"/api/v1/keys/{key}", headers=manager)
        assert revoked.status_code == 200
        left = MANAGING_PER_MINUTE_MIN - 4
        statuses = [
            (await service.client.get("/api/v1/keys", headers=manager)).status_code
            for _ in range(left + 2)
        ]
        assert statuses[:left] == [200] * left
        assert 429 in statuses[left:], "managing is limited too"
        assert (await service.client.get("/api/v1/keys")).status_code == 200, "another manager"


async def test_new_keys_are_no_new_allowance_for_their_tenant(tmp_path: Path) -> None:
    async with composed(tmp_path, rate_limit_per_minute=1) as service:
        keys = [await service.new_key("acme") for _ in range(KEYS_PER_TENANT + 2)]
        statuses = [
            (await service.client.get("/v2/transcript", headers={"Authorization": key})).status_code
            for key in keys
        ]
        assert statuses == [200] * KEYS_PER_TENANT + [429] * 2
        assert (await service.client.get("/v2/transcript")).status_code == 200, "another tenant"
    async with composed(
        tmp_path, rate_limit_per_minute=0, tenant_rate_limit_per_minute=2
    ) as service:
        answers = [
            await service.client.get("/api/v1/transcripts", headers={"Authorization": key})
            for key in keys[:3]
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "keys of this tenant may make 2 requests" in answers[2].json()["detail"]


async def test_strangers_are_slowed_down_and_a_good_key_beside_them_is_not(
    service: Composed,
) -> None:
    stranger = {"Authorization": new_secret(bytes(38))}
    statuses = []
    async with asyncio.timeout(DEADLINE_S):
        while 429 not in statuses:
            refused = await service.client.get("/v2/transcript", headers=stranger)
            statuses.append(refused.status_code)
    # More where that took long: two a second come back.
    assert statuses[:-1].count(401) == len(statuses) - 1 >= STRANGERS_PER_MINUTE
    assert refused.headers["Connection"] == "close"
    assert int(refused.headers["Retry-After"]) >= 1
    problem = await service.client.get("/api/v1/transcripts", headers={"Authorization": "x"})
    assert "check the key" in problem.json()["detail"]
    for _ in range(3):
        assert (await service.client.get("/v2/transcript")).status_code == 200
    fresh = {"Authorization": await service.new_key()}
    assert (await service.client.get("/v2/transcript", headers=fresh)).status_code == 200


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
    ],
)
def test_one_client_of_ipv6_is_one_stranger(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize("blanks", [" ", "   ", "\t", " \t "])
async def test_blanks_behind_bearer_are_any_of_http(service: Composed, blanks: str) -> None:
    headers = {"Authorization": f"bearer{blanks}{service.key}"}
    assert (await service.client.get("/v2/transcript", headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["/v2/transcript", "/api/v1/transcripts"])
async def test_two_keys_are_refused_whatever_they_are(service: Composed, path: str) -> None:
    """A proxy may have looked at the other one."""
    for other in (service.key, "sk_x", ""):
        headers = [("Authorization", service.key), ("authorization", other)]
        async with httpx.AsyncClient(base_url=service.url, trust_env=False) as client:
            answer = await client.get(path, headers=headers)
        assert answer.status_code == 400
        assert "Authorization must be given once" in answer.text


async def test_a_position_became_readable_with_the_first_commit_that_reached_it() -> None:
    clock = iter(range(1, 100))
    times = CommitTimes(lambda: next(clock))
    assert await times.at(1) is None
    for position in (10, 20, 30, 30, 5):
        times.note(position)
    assert [await times.at(position) for position in (5, 10, 11, 20, 21, 30, 31)] == [
        None,
        None,
        2,
        2,
        3,
        3,
        None,
    ]


async def test_the_memory_of_commits_is_bounded() -> None:
    times = CommitTimes(lambda: 7)
    for position in range(1, 2 * COMMITS_MAX):
        times.note(position)
    assert await times.at(2) is None
    assert await times.at(2 * COMMITS_MAX - 1) == 7
