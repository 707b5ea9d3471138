"""A job is looked for when it should have ended, by how long the last ones took."""

from __future__ import annotations

from stenolog.commands.transcription.state import Submission
from stenolog.reconciler.expecting import EXPECTED_MS_MIN, RECENT_MIN, Asked
from tests.properties.plan_world import TIMING, world

LONG_MS = 1_200_000
RAN = Submission(
    number=1,
    claimed_at_ms=0,
    accepted_at="2026-11-30T08:00:00.000000Z",
    called_back_at="2026-11-30T08:20:00.000000Z",
)


async def test_where_jobs_take_long_the_next_one_is_left_alone_for_as_long() -> None:
    async with world() as it:
        durations = it.gates.places["assemblyai", "us"].durations
        for _ in range(RECENT_MIN):
            durations.ended(RAN, "", None)
        it.provider.create, it.provider.end = "accepted", "never"
        await it.work()
        assert it.due_ms == it.now_ms() + LONG_MS + TIMING.silence_ms


async def test_what_is_learned_is_how_long_a_job_ran_until_it_called_back() -> None:
    async with world() as it:
        it.provider.create, it.provider.end = "accepted", "completed"
        await it.work()
        it.wait(LONG_MS)
        [job] = it.jobs()
        await it.call_back_truly(job.id)
        it.wait(5 * LONG_MS)
        await it.work()
        assert (await it.state()).status == "completed"
        durations = it.gates.places["assemblyai", "us"].durations
        assert durations.expected_ms(Asked("", None)) == EXPECTED_MS_MIN, "one is few"
        ran = (await it.state()).submissions[0]
        for _ in range(RECENT_MIN - 1):
            durations.ended(ran, "", None)
        assert durations.expected_ms(Asked("", None)) == LONG_MS
