"""No tenant can see, list, search or time what is another's."""

from __future__ import annotations

import pytest

from stenolog.edge.transcriptions.tenancy import Tenancy
from stenolog.log.store import EVENTS_PER_READ_MAX
from tests.house.composed import Composed
from tests.house.gated_log import GatedLog

REQUESTED = "transcription.requested"
NOBODYS = "00000000-0000-4000-8000-000000000000"
REQUESTS = (
    "DELETE /v2/transcript/{id}",
    "DELETE /api/v1/transcripts/{id}",
    "GET /v2/transcript/{id}",
    "GET /v2/transcript/{id}/redacted-audio",
    "GET /v2/transcript/{id}/sentences",
    "GET /v2/transcript/{id}/paragraphs",
    "GET /v2/transcript/{id}/srt",
    "GET /v2/transcript/{id}/vtt",
    "GET /v2/transcript/{id}/word-search?words=a",
    "GET /v2/transcript?before_id={id}",
    "GET /v2/transcript?after_id={id}",
    "GET /api/v1/transcripts/{id}",
    "GET /api/v1/transcripts/{id}/words",
    "GET /api/v1/transcripts/{id}/events",
)


@pytest.mark.parametrize("scopes", [(), ("ops:read",)])
@pytest.mark.parametrize("asked", REQUESTS)
async def test_anothers_answers_exactly_as_one_that_never_existed(
    service: Composed, asked: str, scopes: tuple[str, ...]
) -> None:
    """Also to a key that may not ask: it is not told "not allowed" of what it cannot know of."""
    method, _, path = asked.partition(" ")
    transcription_id = await service.submit()
    await service.projected()
    other = {"Authorization": await service.new_key("another", *scopes)}
    answers = [
        await service.client.request(method, path.format(id=one), headers=other)
        for one in (transcription_id, NOBODYS)
    ]
    theirs, nobodys = answers
    assert theirs.status_code == nobodys.status_code >= 400
    if "/{id}" in path:
        assert theirs.status_code in (400, 404)
    for answer in answers:
        correlation_id = answer.headers.pop("X-Correlation-Id")
        answer.headers.pop("date", None)
        answer.headers["asked"] = answer.text.replace(correlation_id, "")
    assert theirs.headers == nobodys.headers
    assert (await service.client.get(f"/v2/transcript/{transcription_id}")).status_code == 200
    assert [event.type for event in await service.stream(transcription_id)] == [REQUESTED]


async def test_lists_hold_only_ones_own(service: Composed) -> None:
    await service.submit()
    await service.projected()
    other = {"Authorization": await service.new_key("another")}
    assert (await service.client.get("/v2/transcript", headers=other)).json()["transcripts"] == []
    answer = await service.client.get("/api/v1/transcripts", headers=other)
    assert answer.json()["items"] == []


class Counting:
    """Counts how often the log is asked for a stream."""

    def __init__(self, log: GatedLog) -> None:
        self.reads = 0
        self._log = log
        self._read_stream = log.read_stream

    async def read_stream(
        self, stream: str, *, after: int = 0, limit: int = EVENTS_PER_READ_MAX
    ) -> object:
        self.reads += 1
        return await self._read_stream(stream, after=after, limit=limit)

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)


async def test_anothers_takes_the_same_steps_as_one_that_never_existed(service: Composed) -> None:
    transcription_id = await service.submit()
    log = Counting(service.events)
    tenancy = Tenancy(log)  # type: ignore[arg-type]  # has what it asks
    mine = (await tenancy.origin_of(transcription_id)).tenant  # type: ignore[union-attr]  # it is there
    counts = []
    for one, tenant in ((transcription_id, mine), (transcription_id, "other"), (NOBODYS, "other")):
        log.reads = 0
        await tenancy.origin_of(one, tenant=tenant)
        counts.append(log.reads)
    assert counts == [0, 1, 1]


async def test_anothers_is_no_quicker_for_being_at_the_end_of_the_log(service: Composed) -> None:
    """What was committed last is in memory; a stream that does not exist is asked of the file."""
    transcription_id = await service.submit()
    statements: list[str] = []
    await service.events.told_of_reads(statements.append)
    counts = []
    for one in (transcription_id, NOBODYS):
        statements.clear()
        await Tenancy(service.events).origin_of(one, tenant="other")
        # The projector may read beside us.
        counts.append(sum("WHERE stream" in statement for statement in statements))
    assert counts == [1, 1]
