"""Names: every address is checked, and the one that was checked is connected to."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import anyio
import pytest

from stenolog.egress.failures import RequestTrace, httpcore_errors
from stenolog.egress.guard import AddressPolicy
from stenolog.egress.network import ADDRESSES_MAX, GuardedBackend
from stenolog.egress.resolving import Resolver
from stenolog.errors import EgressFailed, ForbiddenAddress
from tests.egress.conftest import LOOPBACK, Open
from tests.egress.scripted import always, answer, serving


class Names:
    """A resolver whose answers are written down; the last one is repeated."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def test_of_many_addresses_only_those_that_are_allowed_are_connected_to(
    opened: Open,
) -> None:
    """Neither is the delivery lost to one private address, nor is that address reached."""
    policy = AddressPolicy.of(networks=["127.0.0.2/32"])
    names = Names(["127.0.0.1", "10.0.0.1", "127.0.0.2", "::1"])
    async with (
        serving(always(answer(body=b"private"))) as private,
        serving(always(answer(body=b"public")), host="127.0.0.2", port=private.port) as public,
    ):
        got = await opened(policy, resolve=names).request(
            "GET", f"http://mixed.example:{public.port}/", timeout_ms=5_000, answer_bytes_max=9
        )
        assert got.body == b"public"
        assert (private.connections, public.connections) == (0, 1)


async def test_an_allowed_address_that_does_not_answer_opens_no_forbidden_one(opened: Open) -> None:
    policy = AddressPolicy.of(networks=["127.0.0.2/32"])
    async with serving(always(answer())) as private:
        with pytest.raises(EgressFailed):
            await opened(policy, resolve=Names(["127.0.0.2", "127.0.0.1"])).request(
                "GET", f"http://mixed.example:{private.port}/", timeout_ms=5_000, answer_bytes_max=9
            )
        assert private.connections == 0


async def test_a_name_with_forbidden_addresses_only_is_refused_for_now_and_does_not_say_why(
    opened: Open,
) -> None:
    async with serving(always(answer())) as server:
        with pytest.raises(ForbiddenAddress) as refused:
            await opened(AddressPolicy(), resolve=Names(["127.0.0.1", "10.0.0.1"])).request(
                "GET", f"http://inside.example:{server.port}/", timeout_ms=5_000, answer_bytes_max=9
            )
        assert server.connections == 0
    assert not refused.value.final
    assert str(refused.value) == "the host is not allowed or cannot be reached"


async def test_a_forbidden_literal_is_refused_for_good(opened: Open) -> None:
    with pytest.raises(ForbiddenAddress, match="loopback") as refused:
        await opened(AddressPolicy()).request(
            "GET", "http://127.0.0.1/", timeout_ms=5_000, answer_bytes_max=9
        )
    assert refused.value.final


async def test_a_name_that_changes_after_the_check_changes_nothing(opened: Open) -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    async with serving(always(answer(body=b"checked", Connection="close"))) as server:
        client = opened(LOOPBACK, resolve=names)
        url = f"http://rebinding.example:{server.port}/"
        got = await client.request("GET", url, timeout_ms=5_000, answer_bytes_max=9)
        assert got.body == b"checked"
        assert names.asked == [("rebinding.example", server.port)]
        with pytest.raises(ForbiddenAddress):
            await client.request("GET", url, timeout_ms=5_000, answer_bytes_max=9)
    assert b"Host: rebinding.example" in server.requests[0]


async def test_an_allowed_origin_may_lead_anywhere(opened: Open) -> None:
    async with serving(always(answer(body=b"mine"))) as server:
        url = f"http://engine.internal:{server.port}/"
        client = opened(AddressPolicy.of(origins=(url,)), resolve=Names(["127.0.0.1"]))
        got = await client.request("GET", url, timeout_ms=5_000, answer_bytes_max=9)
    assert got.body == b"mine"


async def test_the_next_address_is_tried_when_one_does_not_answer(opened: Open) -> None:
    async with serving(always(answer(body=b"second"))) as server:
        client = opened(LOOPBACK, resolve=Names(["127.0.0.9", "127.0.0.1"]))
        url = f"http://two.example:{server.port}/"
        got = await client.request("GET", url, timeout_ms=5_000, answer_bytes_max=9)
    assert got.body == b"second"


@pytest.mark.parametrize(
    "addresses", [[], [f"127.0.0.{n}" for n in range(ADDRESSES_MAX + 1)], ["127.0.0.1"] * 99]
)
async def test_a_host_with_none_or_too_many_addresses_is_not_reached(
    opened: Open, addresses: list[str]
) -> None:
    with pytest.raises(EgressFailed) as failed:
        await opened(LOOPBACK, resolve=Names(addresses)).request(
            "GET", "http://odd.example/", timeout_ms=5_000, answer_bytes_max=9
        )
    assert failed.value.sent is False


async def test_a_slow_resolver_meets_the_deadline(opened: Open) -> None:
    released = threading.Event()

    def slow(host: str, port: int) -> Sequence[str]:
        released.wait(10)
        return ["127.0.0.1"]

    try:
        with pytest.raises(EgressFailed) as failed, anyio.fail_after(5):
            await opened(LOOPBACK, resolve=slow).request(
                "GET", "http://slow.example/", timeout_ms=100, answer_bytes_max=9
            )
    finally:
        released.set()
    assert failed.value.sent is False


async def test_a_name_that_is_not_resolved_in_time_was_not_reached() -> None:
    """Whoever asks may find it the next time; nothing was sent."""
    let_go = threading.Event()

    def slow(host: str, port: int) -> Sequence[str]:
        let_go.wait(10)
        return ["127.0.0.1"]

    backend = GuardedBackend(LOOPBACK, Resolver(slow))
    try:
        with pytest.raises(EgressFailed) as failed, httpcore_errors(RequestTrace()):
            await backend.connect_tcp("slow.example", 80, timeout=0.05)
    finally:
        let_go.set()
    assert (failed.value.unreached, failed.value.sent, failed.value.ours) == (True, False, False)
