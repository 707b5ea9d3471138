"""GET says the same while the views lag and once they have followed."""

from __future__ import annotations

from stenolog.commands.transcription.commands import (
    AcceptSubmission,
    FailSubmission,
    RefuseSubmission,
)
from tests.house.composed import Composed

URL = "https://audio.example/a.mp3"


async def both_told(service: Composed, transcription_id: str) -> list[dict[str, object]]:
    """What the native API and `/v2` answer now."""
    paths = (f"/api/v1/transcripts/{transcription_id}", f"/v2/transcript/{transcription_id}")
    return [(await service.client.get(path)).json() for path in paths]


async def test_a_refused_submission_that_has_a_job_stays_processing(service: Composed) -> None:
    await service.stand_still()
    one = await service.submit(audio_url=URL)
    await service.claim(one)
    refused = RefuseSubmission(
        number=1, status=503, reason="unavailable", retry_in_ms=None, final=False, wake="command"
    )
    await service.run(one, refused)
    await service.claim(one, 2)
    await service.run(one, AcceptSubmission(number=1, provider_job="job-1", adopted=True))
    lagging = await both_told(service, one)
    await service.projected()
    assert await both_told(service, one) == lagging
    assert [told["status"] for told in lagging] == ["processing", "processing"]
    assert lagging[0]["provider_job"] == "job-1"
    listed = await service.client.get("/v2/transcript?status=processing")
    assert [told["id"] for told in listed.json()["transcripts"]] == [one]


async def test_the_time_of_a_callback_does_not_vanish_while_the_views_lag(
    service: Composed,
) -> None:
    one, registration = await service.submitted(audio_url=URL)
    await service.call_back(registration)
    await service.projected()
    [before, _] = await both_told(service, one)
    await service.stand_still()
    failed = FailSubmission(number=1, kind="server-error", wake="callback")
    await service.run(one, failed, submission_failed=b"{}")
    lagging = await both_told(service, one)
    await service.projected()
    assert await both_told(service, one) == lagging
    for name in ("called_back_at", "accepted_at", "claimed_at"):
        assert before[name] is not None
        assert lagging[0][name] == before[name]
