"""The provider's good days and bad ones: each transcription ends right, with one job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.providers.port import AudioFile, FetchedJob, UnknownJob
from stenolog.reconciler.fetching import span
from stenolog.simulator.assemblyai import behaviour as day
from stenolog.simulator.assemblyai.behaviour import Behaviour, Callback, Fault
from stenolog.simulator.assemblyai.provider import Simulator
from tests.house.waiting import until
from tests.reconciler.house import QUICK, Around, house

LIFE = [
    "transcription.requested",
    "submission.claimed",
    "submission.accepted",
    "callback.received",
    "transcription.completed",
]


async def test_a_good_day_is_five_events_and_one_question(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request()
        assert (await home.ended(identifier)).status == "completed"
        assert await home.types(identifier) == LIFE
        (job,) = home.jobs_of(identifier)
        assert home.gets(job.id) == 1
        answer = json.loads(await home.payload(identifier, "transcription.completed"))
        assert answer["id"] == job.id


async def test_the_customers_webhook_never_reaches_the_provider(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(
            webhook_url="https://customer.example/hook",
            webhook_auth_header_name="X-Secret",
            webhook_auth_header_value="s3cret",
            speech_model="best",
            speaker_labels=True,
        )
        await home.ended(identifier)
        body = simulator.creates[0].body
        assert body is not None
        assert "customer.example" not in json.dumps(body)
        assert "s3cret" not in json.dumps(body)
        assert "speech_model" not in body
        assert body["speaker_labels"] is True
        assert "/callbacks/assemblyai/" in str(body["webhook_url"])


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_request_that_is_wrong_ends_with_the_providers_sentence(
    tmp_path: Path, simulator: Simulator, status: int
) -> None:
    async with house(tmp_path, simulator) as home:
        wrong = Behaviour(create_faults=(day.refusal(status, "This cannot be done."),))
        identifier = await home.request(wrong)
        assert (await home.ended(identifier)).status == "error"
        assert await home.sentence(identifier) == "This cannot be done."
        assert (await home.types(identifier))[-2:] == [
            "submission.refused",
            "transcription.failed",
        ]
        assert not home.jobs_of(identifier)
        assert len(simulator.creates) == 1


async def test_a_refusal_without_words_still_has_a_sentence(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(create_faults=(day.refusal(422, ""),)))
        await home.ended(identifier)
        assert await home.sentence(identifier) == "The provider gave no reason."


@pytest.mark.parametrize(
    "fault",
    [
        day.UNAUTHENTICATED,
        day.refusal(402, "Your current account balance is negative."),
        day.refusal(403, "Not allowed"),
        day.refusal(404, "Not found"),
        day.UNAVAILABLE,
        day.too_many_requests(0),
        day.SERVER_ERROR,
        day.BAD_GATEWAY,
        Fault(status=504),
        Fault(status=302, headers={"location": "https://elsewhere.example"}),
        day.MALFORMED,
        day.WEB_PAGE,
        day.DROPPED,
        day.HANGING,
    ],
    ids=lambda fault: f"{fault.status}-{fault.content_type[-4:]}-{fault.drop}-{fault.wait_ms}",
)
async def test_any_other_answer_is_waited_out_and_one_job_is_made(
    tmp_path: Path, simulator: Simulator, fault: Fault
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(create_faults=(fault,)))
        assert (await home.ended(identifier)).status == "completed"
        assert len(home.jobs_of(identifier)) == 1
        assert len(simulator.creates) == 2


async def test_a_provider_that_is_not_there_is_waited_for(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        await simulator.refuse_connections()
        identifier = await home.request()
        await home.when(identifier, lambda state: len(state.submissions) >= 1)
        await simulator.accept_connections()
        assert (await home.ended(identifier)).status == "completed"
        assert len(home.jobs_of(identifier)) == 1


async def test_an_outage_is_probed_by_one_and_fails_nobody(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        simulator.outage = day.UNAVAILABLE
        identifiers = [await home.request() for _ in range(20)]
        await until(lambda: len(simulator.creates) >= 3)
        # All that were on their way when it began, and then one after the other.
        assert len(simulator.creates) < 40
        simulator.outage = None
        for identifier in identifiers:
            assert (await home.ended(identifier)).status == "completed"
            assert len(home.jobs_of(identifier)) == 1


async def test_retry_after_is_honoured(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(create_faults=(day.too_many_requests(2),)))
        await home.ended(identifier)
        first, second = simulator.creates
        assert second.at_ms - first.at_ms >= 2_000
        assert "submission.refused" in await home.types(identifier)


async def test_a_lost_reply_is_adopted_and_not_paid_twice(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(lost_reply=True, callbacks=day.MISSING))
        state = await home.ended(identifier)
        assert state.status == "completed"
        assert len(simulator.creates) == len(home.jobs_of(identifier)) == 1
        accepted = next(e for e in await home.stream(identifier) if e.type == "submission.accepted")
        assert accepted.data["adopted"] is True
        assert b"stenolog_adoptions_total 1.0" in home.metrics.exposition()[0]


async def test_a_callback_leads_to_the_job_whose_reply_was_lost(
    tmp_path: Path, simulator: Simulator
) -> None:
    slow = replace(QUICK, settle_ms=60_000)
    async with house(tmp_path, simulator, timing=slow) as home:
        identifier = await home.request(Behaviour(lost_reply=True))
        assert (await home.ended(identifier)).status == "completed"
        assert len(home.jobs_of(identifier)) == 1
        assert not home.lists


async def test_a_callback_may_overtake_a_held_reply(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator, http_timeout_ms=5_000) as home:
        identifier = await home.request(Behaviour(held_reply_ms=5_000))
        await home.when(identifier, lambda s: bool(s.last and s.last.called_back))
        await simulator.release()
        assert (await home.ended(identifier)).status == "completed"
        assert len(home.jobs_of(identifier)) == 1


async def test_a_reply_that_is_held_too_long_changes_nothing(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, http_timeout_ms=400) as home:
        identifier = await home.request(Behaviour(held_reply_ms=5_000))
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.creates) == 1


async def test_a_job_that_comes_late_into_the_list_is_found_by_the_second_look(
    tmp_path: Path, simulator: Simulator
) -> None:
    timing = replace(QUICK, settle_ms=200, sweep_interval_ms=1_500)
    async with house(tmp_path, simulator, timing=timing) as home:
        late = Behaviour(lost_reply=True, listed_after_ms=1_000, callbacks=day.MISSING)
        identifier = await home.request(late)
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.creates) == 1


async def test_a_job_that_the_list_shows_too_late_is_superseded_and_removed(
    tmp_path: Path, simulator: Simulator
) -> None:
    """The callback of the first job comes when the second is long under way."""
    async with house(tmp_path, simulator) as home:
        identifier = await home.request()
        url = f"https://audio.example/{identifier}.mp3"
        number = 0

        def behave(body: object) -> Behaviour:
            nonlocal number
            number += 1
            if number == 1:
                return Behaviour(lost_reply=True, listed_after_ms=60_000, run_ms=2_500)
            return Behaviour(run_ms=30_000)

        simulator.behave = behave
        await home.when(identifier, lambda state: len(state.submissions) == 2)
        await home.ended(identifier)
        state = await home.when(identifier, lambda s: s.submissions[1].outcome == "removed")
        assert state.finished_by == 1
        (left,) = (job for job in simulator.jobs if not job.deleted)
        assert left.request.audio_url == url


async def test_jobs_with_the_same_audio_are_told_apart(
    tmp_path: Path, simulator: Simulator
) -> None:
    url = "https://audio.example/shared.mp3"
    async with house(tmp_path, simulator) as home:
        home.behave(url, Behaviour(lost_reply=True, callbacks=day.MISSING))
        identifiers = [await home.request(audio_url=url) for _ in range(3)]
        for identifier in identifiers:
            assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.jobs) == len(simulator.creates) == 3
        adopted = {(await home.handler.load(i)).submissions[0].provider_job for i in identifiers}
        assert adopted == {job.id for job in simulator.jobs}


async def test_a_job_that_never_ends_is_given_up_after_its_lifetime(
    tmp_path: Path, simulator: Simulator
) -> None:
    timing = replace(QUICK, job_lifetime_ms=300)
    async with house(tmp_path, simulator, timing=timing) as home:
        identifier = await home.request(Behaviour(never_ends=True))
        assert (await home.ended(identifier)).status == "error"
        assert await home.sentence(identifier) == "The provider did not finish within 0.3 s."
        assert home.gets() == 1


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (86_400_000, "24 h"),
        (3_600_000, "1 h"),
        (5_400_000, "90 min"),
        (6_000, "6 s"),
        (86_400_001, "86400.001 s"),
    ],
)
def test_a_lifetime_is_said_in_the_largest_unit_that_it_is_whole_in(ms: int, said: str) -> None:
    assert span(ms) == said


async def test_a_job_that_failed_tells_why(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(error="The audio is empty."))
        assert (await home.ended(identifier)).status == "error"
        assert await home.sentence(identifier) == "The audio is empty."
        failed = json.loads(await home.payload(identifier, "transcription.failed"))
        assert failed["answer"]["status"] == "error"


async def test_an_answer_that_cannot_be_read_is_asked_for_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        odd = Behaviour(read_faults=(day.MALFORMED, day.SERVER_ERROR))
        identifier = await home.request(odd)
        assert (await home.ended(identifier)).status == "completed"
        assert home.gets() == 3


async def test_a_callback_that_lies_is_answered_by_one_question(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        lies = Behaviour(
            run_ms=2_500, callbacks=(replace(day.LYING, times=30, after_ms=50), Callback())
        )
        identifier = await home.request(lies)
        state = await home.ended(identifier)
        assert state.status == "completed"
        assert (await home.types(identifier)).count("callback.received") == 1
        assert home.gets() <= 4


async def test_a_callback_that_comes_before_its_result_can_be_read_is_not_forgotten(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        early = Behaviour(run_ms=1_500, callbacks=(replace(day.LYING, after_ms=50),))
        identifier = await home.request(early)
        assert (await home.ended(identifier)).status == "completed"
        assert home.gets() <= 4
        assert not home.lists


async def test_duplicates_after_the_end_change_nothing(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(Behaviour(callbacks=(Callback(times=10),)))
        state = await home.ended(identifier)
        (job,) = home.jobs_of(identifier)
        for _ in range(3):
            assert await simulator.send(job.id) == 204
        assert (await home.handler.load(identifier)) == state
        assert home.gets() <= 2


async def test_silence_is_broken_by_one_list_and_one_question(
    tmp_path: Path, simulator: Simulator
) -> None:
    timing = replace(QUICK, polled=True, sweep_interval_ms=5_000)
    async with house(tmp_path, simulator, timing=timing) as home:
        silent = Behaviour(run_ms=1_600, callbacks=day.MISSING)
        identifiers = [await home.request(silent) for _ in range(5)]
        for identifier in identifiers:
            assert (await home.ended(identifier)).status == "completed"
            (job,) = home.jobs_of(identifier)
            assert home.gets(job.id) == 1
        assert {query["limit"] for query in home.lists} == {"200"}
        assert {query.get("status") for query in home.lists} == {"queued", "processing"}
        assert len(home.lists) <= 20


async def test_an_upload_is_forwarded_and_its_url_is_submitted(
    tmp_path: Path, simulator: Simulator
) -> None:
    content = b"0123456789abcdef" * 150_000

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    upload = "00000000-0000-4000-8000-0000000000cc"
    async with house(tmp_path, simulator) as home:
        assert await home.uploads.store(upload, pieces(), bytes_max=1 << 30) == len(content)
        identifier = await home.request(upload=upload, audio_url="https://ours.example/upload")
        assert (await home.ended(identifier)).status == "completed"
        (forwarded,) = simulator.uploads
        assert forwarded.bytes_count == len(content)
        assert forwarded.sha256 == hashlib.sha256(content).hexdigest()
        assert simulator.jobs[0].request.audio_url == forwarded.url


async def test_an_upload_that_is_gone_ends_with_a_sentence(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator) as home:
        identifier = await home.request(upload="00000000-0000-4000-8000-0000000000cd")
        assert (await home.ended(identifier)).status == "error"
        assert "Upload it again" in await home.sentence(identifier)
        assert not simulator.creates


async def test_a_damaged_upload_ends_with_a_sentence(tmp_path: Path, simulator: Simulator) -> None:
    upload = "00000000-0000-4000-8000-0000000000ce"

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * 1_000

    async with house(tmp_path, simulator) as home:
        await home.uploads.store(upload, pieces(), bytes_max=1 << 30)
        file = tmp_path / "uploads" / upload
        stored = bytearray(file.read_bytes())
        stored[100] ^= 1
        file.write_bytes(stored)
        identifier = await home.request(upload=upload)
        assert (await home.ended(identifier)).status == "error"
        assert "Upload it again" in await home.sentence(identifier)


async def test_an_upload_while_the_provider_is_down_is_tried_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    upload = "00000000-0000-4000-8000-0000000000cf"

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * 1_000

    async with house(tmp_path, simulator) as home:
        await home.uploads.store(upload, pieces(), bytes_max=1 << 30)
        await simulator.refuse_connections()
        identifier = await home.request(upload=upload)
        other = await home.request()
        await home.when(other, lambda state: bool(state.submissions))
        await simulator.accept_connections()
        assert (await home.ended(identifier)).status == "completed"
        assert (await home.ended(other)).status == "completed"


async def test_what_is_open_is_taken_up_after_a_start(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator) as before:
        identifier = await before.request(Behaviour(run_ms=300, callbacks=day.MISSING))
        await before.when(identifier, lambda state: state.status == "processing")
    # One that still runs at the start is looked up again later, for its silence.
    await until(lambda: simulator.jobs[0].status(simulator.now_ms()) == "completed")
    async with house(tmp_path, simulator, ids=[identifier]) as home:
        assert (await home.ended(identifier)).status == "completed"
        assert len(simulator.creates) == 1
        completed = (await home.stream(identifier))[-1]
        assert completed.data["reason"] == "start"


async def test_a_call_under_way_is_answered_before_the_end(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.latency_ms = 300
    async with house(tmp_path, simulator) as home:
        identifier = await home.request()
        await until(lambda: len(simulator.creates) == 1)
    async with house(tmp_path, simulator, ids=[identifier]) as home:
        assert "submission.accepted" in await home.types(identifier)


async def test_nothing_is_kept_of_what_has_ended(tmp_path: Path, simulator: Simulator) -> None:
    async with house(tmp_path, simulator) as home:
        for identifier in [await home.request() for _ in range(10)]:
            await home.ended(identifier)
        await until(lambda: home.reconciler.open_count == 0)


class OddlyNamed(Around):
    """A provider whose handles are not what an event's data may hold."""

    async def submit(self, body: bytes, audio: AudioFile | None) -> str:
        return ODD + await self.inner.submit(body, audio)

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        assert job.startswith(ODD)
        found: FetchedJob | UnknownJob = await self.inner.fetch(job.removeprefix(ODD))
        return found


ODD = "jöb/ "


async def test_a_handle_that_data_may_not_hold_is_kept_in_the_payload(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with house(tmp_path, simulator, around=OddlyNamed) as home:
        identifier = await home.request()
        assert (await home.ended(identifier)).status == "completed"
        accepted = next(e for e in await home.stream(identifier) if e.type == "submission.accepted")
        assert accepted.data["provider_job"] is None
        payload = json.loads(await home.payload(identifier, "submission.accepted"))
        assert payload["provider_job"].startswith(ODD)
