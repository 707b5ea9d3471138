"""A call that this machine cannot make is no attempt, and costs its customer nothing."""

from __future__ import annotations

import contextlib
import os
import resource
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace

import structlog

from stenolog.delivery.rules import Answered, NotMade
from stenolog.delivery.sender import Sender
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.stores.files.directory import WORK
from tests.delivery.house import House, to
from tests.egress.scripted import always, answer, serving
from tests.house.waiting import until
from tests.http.spoken import answer_of


@contextlib.contextmanager
def without_descriptors() -> Iterator[None]:
    """This process can open nothing."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_a_delivery_that_cannot_be_made_is_put_off_and_no_attempt_is_counted(
    home: House,
) -> None:
    """Twelve times, which as attempts were the end of it."""
    home.timing = replace(home.timing, spacing_ms=20)
    async with home.delivering():
        await home.ended(await home.done("/before"))  # every file that it takes is open
        await home.settled()
        transcription_id = await home.requested()
        leases = leases_of(home)
        assert leases() == 0
        with structlog.testing.capture_logs() as lines, without_descriptors():
            await home.service.complete(transcription_id, answer_of())
            await until(lambda: leases() > 12)
        ended = await home.ended(transcription_id)
    assert (ended["type"], ended["attempts"]) == ("delivery.succeeded", 1)
    (line,) = [line for line in lines if line["event"].startswith("delivery.")]
    assert (line["event"], line["log_level"]) == ("delivery.not_made", "error")


def leases_of(home: House) -> Callable[[], int]:
    """Tell how often its one delivery was leased, over a file that is open already."""
    reader = sqlite3.connect(home.directory / WORK)

    def leases() -> int:
        [(count,)] = reader.execute("SELECT coalesce(max(lease), 0) FROM outbox")
        return int(count)

    return leases


async def test_without_a_file_descriptor_no_call_is_made() -> None:
    egress = Egress(AddressPolicy.of(networks=["127.0.0.0/8"]), connections_max=8)
    sender = Sender(egress, timeout_ms=10_000)
    async with serving(always(answer())) as server:
        message = to(f"http://127.0.0.1:{server.port}/")
        with without_descriptors():
            made = await sender.send(message, at_ms=0, tenant="a")
        assert isinstance(made, NotMade), made
        assert await sender.send(message, at_ms=0, tenant="a") == Answered(status=200)
    await egress.aclose()
