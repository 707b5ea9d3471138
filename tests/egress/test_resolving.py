"""A bounded number of threads look names up, and nobody has all of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import anyio
import pytest

from stenolog.egress.resolving import (
    SLOW_KEPT_MS,
    SLOW_MS,
    THREADS_MAX,
    THREADS_PER_ZONE_MAX,
    WAITING_MAX,
    NoThread,
    Resolver,
    asked_for,
)
from stenolog.errors import EgressFailed
from tests.egress.conftest import LOOPBACK, Open
from tests.egress.scripted import always, answer, serving, until

ANSWER_S_MAX = 2.0  # far below the time limit of a look-up


class Stuck:
    """A resolver in which names that begin with "slow" wait until they are let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host.startswith("slow"):
            self.let_go.wait(30)
        if host.startswith("no"):
            raise OSError("no such name")
        return ["127.0.0.1"]


@contextmanager
def stuck() -> Iterator[Stuck]:
    names = Stuck()
    try:
        yield names
    finally:
        names.let_go.set()


@asynccontextmanager
async def asking(resolver: Resolver, names: Sequence[str], asker: str = "") -> AsyncIterator[None]:
    """Wait for these names in the background."""

    async def ask(name: str) -> None:
        with asked_for(asker):
            await resolver.addresses(name, 80)

    tasks = [asyncio.create_task(ask(name)) for name in names]
    await asyncio.sleep(0)
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def resolver_threads() -> int:
    return sum(thread.name == "resolver" for thread in threading.enumerate())


async def test_one_tenants_slow_names_hold_up_no_other_and_threads_are_bounded() -> None:
    """However many zones it has, however often it gives up and asks again."""
    with stuck() as names:
        resolver = Resolver(names)
        for attempt in range(5):
            slow = [f"slow{attempt}.{zone}.example" for zone in range(200)]
            async with asking(resolver, slow, "a"):
                with anyio.fail_after(ANSWER_S_MAX), asked_for("b"):
                    assert await resolver.addresses(f"good{attempt}.example", 80) == ("127.0.0.1",)
        assert resolver.in_flight == THREADS_MAX // 2
        await until(lambda: resolver_threads() == THREADS_MAX // 2)  # one may be on its way out
        assert resolver.waiting == 0, "nobody waits any more"
        names.let_go.set()
        await until(lambda: resolver.in_flight == 0)
    await until(lambda: resolver_threads() == 0)


async def test_a_zone_whose_name_server_is_silent_holds_up_no_other_zone() -> None:
    with stuck() as names:
        resolver = Resolver(names)
        slow = [f"slow{number}.evil.example" for number in range(200)]
        async with asking(resolver, slow):
            assert resolver.in_flight == THREADS_PER_ZONE_MAX
            assert resolver.waiting == len(slow) - THREADS_PER_ZONE_MAX
            with anyio.fail_after(ANSWER_S_MAX):
                assert await resolver.addresses("www.good.example.org", 80)


async def test_one_tenants_slow_names_hold_up_no_other_name_of_their_zone() -> None:
    """Of a zone that many share: the other has its thread at once."""
    with stuck() as names:
        resolver = Resolver(names)
        slow = [f"slow{number}.co.uk" for number in range(64)]
        async with asking(resolver, slow, "a"):
            assert resolver.in_flight == THREADS_PER_ZONE_MAX // 2
            for _ in range(3):
                with anyio.fail_after(ANSWER_S_MAX), asked_for("b"):
                    assert await resolver.addresses("good.co.uk", 80) == ("127.0.0.1",)


async def test_who_waits_has_its_turn_before_those_that_had_one() -> None:
    """However many names the others asked for earlier."""
    held = {number: threading.Event() for number in range(THREADS_PER_ZONE_MAX * 10)}
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        held[int(host.split(".", maxsplit=1)[0])].wait(30)
        return ["127.0.0.1"]

    resolver = Resolver(resolve, threads_max=THREADS_PER_ZONE_MAX)
    tenants = [str(number) for number in range(THREADS_PER_ZONE_MAX)]
    async with AsyncExitStack() as stack:
        for number, tenant in enumerate(tenants):
            many = [f"{number * 10 + each}.co.uk" for each in range(9)]
            await stack.enter_async_context(asking(resolver, many, tenant))
        await until(lambda: resolver.in_flight == THREADS_PER_ZONE_MAX)
        await stack.enter_async_context(asking(resolver, ["39.co.uk"], "late"))
        assert not {"30.co.uk", "39.co.uk"} & set(asked), "the first tenant has two"
        for ended, begun in ((0, "30.co.uk"), (10, "39.co.uk")):
            held[ended].set()
            await until(lambda: begun in asked)  # noqa: B023 - waited for here
            assert len(asked) == THREADS_PER_ZONE_MAX + (1 if ended == 0 else 2)
        for event in held.values():
            event.set()
        await until(lambda: resolver.in_flight == 0)


async def test_a_name_that_got_no_thread_is_our_fault_and_its_time_begins_with_its_thread(
    opened: Open,
) -> None:
    with stuck() as names:
        client = opened(LOOPBACK, resolve=names)
        slow = [f"slow.{zone}.example" for zone in range(2 * THREADS_MAX)]

        async def ask(host: str, timeout_ms: int) -> None:
            url = f"http://{host}/"
            await client.request("GET", url, timeout_ms=timeout_ms, answer_bytes_max=9)

        tasks = [asyncio.create_task(ask(host, 20_000)) for host in slow]
        await until(lambda: client.resolver.in_flight == THREADS_MAX)
        with pytest.raises(EgressFailed, match="no thread was free") as failed:
            await ask("good.test", 200)
        assert (failed.value.ours, failed.value.unreached, failed.value.sent) == (
            True,
            False,
            False,
        )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_waited_for_a_thread_has_the_whole_time_for_its_answer() -> None:
    with stuck() as names:
        resolver = Resolver(names, threads_max=1)
        async with asking(resolver, ["slow.example"]):
            waits = asyncio.create_task(
                resolver.addresses("good.test", 80, turn_seconds=30, seconds=0.2)
            )
            with pytest.raises(TimeoutError):  # whoever has a thread has no time left by now
                await Resolver(names).addresses("slow2.example", 80, seconds=0.2)
            assert not waits.done()
            names.let_go.set()
            assert await waits == ("127.0.0.1",)


async def test_tenants_share_what_is_there_and_the_rest_has_its_turn() -> None:
    with stuck() as names:
        resolver = Resolver(names)
        many = [f"slow.{zone}.example" for zone in range(100)]
        async with asking(resolver, many[:50], "a"), asking(resolver, many[50:], "b"):
            assert resolver.in_flight < THREADS_MAX
            assert any(host in names.asked for host in many[50:])
            names.let_go.set()
            await until(lambda: len(names.asked) == len(many))


async def test_who_asks_for_the_same_name_shares_one_look_up() -> None:
    with stuck() as names:
        resolver = Resolver(names)
        async with (
            asking(resolver, ["slow.example"] * 50, "a"),
            asking(resolver, ["slow.example"] * 50, "b"),
        ):
            assert (resolver.in_flight, resolver.waiting, names.asked) == (1, 0, ["slow.example"])
            names.let_go.set()
            assert await resolver.addresses("slow.example", 80) == ("127.0.0.1",)


async def test_a_name_that_waits_for_one_tenants_share_is_looked_up_at_anothers() -> None:
    with stuck() as names:
        resolver = Resolver(names)
        full = [f"slow.{zone}.example" for zone in range(THREADS_MAX)]
        async with asking(resolver, [*full, "good.test"], "a"):
            assert "good.test" not in names.asked
            with anyio.fail_after(ANSWER_S_MAX), asked_for("b"):
                assert await resolver.addresses("good.test", 80)


@pytest.mark.parametrize("name", ["slow.example", "no.slow.example"])
async def test_what_was_slow_is_remembered_for_a_while_and_what_was_quick_is_not(name: str) -> None:
    now = 0.0

    def asked(host: str, port: int) -> Sequence[str]:
        nonlocal now
        counts[host] = counts.get(host, 0) + 1
        now += SLOW_MS / 1000 if "slow" in host else 0
        if host.startswith("no"):
            raise OSError("no such name")
        return ["127.0.0.1"]

    async def ask(host: str) -> object:
        try:
            return await resolver.addresses(host, 80)
        except OSError as exc:
            return str(exc)

    counts: dict[str, int] = {}
    resolver = Resolver(asked, monotonic=lambda: now)
    assert [await ask(name), await ask("quick.example")] == [await ask(name), ("127.0.0.1",)]
    await ask("quick.example")
    assert counts == {name: 1, "quick.example": 2}
    now += SLOW_KEPT_MS / 1000
    await ask(name)
    assert counts[name] == 2


async def test_names_that_wait_are_bounded() -> None:
    with stuck() as names:
        resolver = Resolver(names, threads_max=1)
        async with asking(resolver, [f"slow{number}.example" for number in range(WAITING_MAX + 1)]):
            with pytest.raises(NoThread, match="too many"):
                await resolver.addresses("one-more.example", 80)


async def test_a_look_up_that_fails_in_any_way_is_a_failure_of_the_request(opened: Open) -> None:
    def broken(host: str, port: int) -> Sequence[str]:
        raise ValueError("embedded null character")

    with pytest.raises(EgressFailed):
        await opened(resolve=broken).request(
            "GET", "http://a.example/", timeout_ms=2_000, answer_bytes_max=9
        )


async def test_a_client_says_for_whom_it_asks(opened: Open) -> None:
    with stuck() as names:
        async with serving(always(answer())) as server:
            client = opened(LOOPBACK, resolve=names)

            async def ask(host: str, asker: str) -> None:
                url = f"http://{host}:{server.port}/"
                async with client.stream("GET", url, timeout_ms=5_000, asker=asker) as answered:
                    assert answered.status == 200

            async with asyncio.TaskGroup() as group:
                slow = [f"slow.{zone}.example" for zone in range(2 * THREADS_MAX)]
                asked = [group.create_task(ask(host, "a")) for host in slow]
                await until(lambda: client.resolver.in_flight == THREADS_MAX // 2)
                await ask("good.example", "b")
                assert not any(task.done() for task in asked)
                names.let_go.set()
