"""Names: every address is checked, and the one that was checked is connected to."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import anyio
import pytest

from stenolog.egress.guard import AddressPolicy
from stenolog.egress.network import ADDRESSES_MAX
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


async def test_one_forbidden_address_among_many_refuses_the_host(opened: Open) -> None:
    names = Names(["127.0.0.1", "127.0.0.2", "10.0.0.1"])
    async with serving(always(answer())) as server:
        with pytest.raises(ForbiddenAddress):
            await opened(LOOPBACK, resolve=names).request(
                "GET", f"http://mixed.example:{server.port}/", timeout_ms=5_000, answer_bytes_max=9
            )
        assert server.connections == 0


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
