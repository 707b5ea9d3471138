"""Webhooks: ten attempts, none after a 4xx, never to where a redirect leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.engine.host.jobs import Job
from stenolog.engine.host.webhooks import Webhooks
from stenolog.engine.options import SpeechOptions
from stenolog.wire.assemblyai.webhook import ATTEMPTS_MAX, callback_body
from tests.engine.servers import Site, site


@pytest.fixture
def receiver() -> Iterator[Site]:
    with site() as opened:
        yield opened


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    client = Egress(AddressPolicy.of(networks=["127.0.0.1/32"]))
    yield client
    await client.aclose()


async def deliver(egress: Egress, url: str, **params: str) -> int | None:
    job = Job(
        id="job-1",
        params={"audio_url": "http://x.org/", "webhook_url": url, **params},
        options=SpeechOptions(),
        created_us=0,
        status="completed",
    )
    return await Webhooks(egress, spacing_ms=1, timeout_ms=500).deliver(
        job, callback_body(job.id, job.status)
    )


async def test_the_first_2xx_ends_the_delivery(egress: Egress, receiver: Site) -> None:
    receiver.statuses = [500, 503, 204]
    assert await deliver(egress, receiver.url) == 204
    assert len(receiver.received) == 3
    assert len({call.body for call in receiver.received}) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429])
async def test_a_4xx_is_final(egress: Egress, receiver: Site, status: int) -> None:
    receiver.statuses = [status]
    assert await deliver(egress, receiver.url) == status
    assert len(receiver.received) == 1


async def test_a_receiver_that_never_recovers_is_asked_ten_times(
    egress: Egress, receiver: Site
) -> None:
    receiver.statuses = [500]
    assert await deliver(egress, receiver.url) == 500
    assert len(receiver.received) == ATTEMPTS_MAX == 10


async def test_a_receiver_that_is_not_there_has_no_status(egress: Egress, receiver: Site) -> None:
    with site() as gone:
        url = gone.url
    assert await deliver(egress, url) is None


async def test_redirects_are_not_followed(egress: Egress, receiver: Site) -> None:
    receiver.statuses = [302]
    assert await deliver(egress, receiver.url) == 302
    assert {call.method for call in receiver.received} == {"POST"}
    assert len(receiver.received) == ATTEMPTS_MAX


async def test_a_forbidden_address_is_tried_once_and_never_reached(egress: Egress) -> None:
    with site("127.0.0.3") as trap:
        assert await deliver(egress, trap.url) is None
        assert trap.received == []


async def test_a_header_is_sent_only_when_it_is_whole(egress: Egress, receiver: Site) -> None:
    await deliver(egress, receiver.url, webhook_auth_header_name="X-Secret")
    assert "x-secret" not in receiver.received[0].headers
