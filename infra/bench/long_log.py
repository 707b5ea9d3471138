"""A data directory with a long log of one-sentence transcriptions, as a service leaves it.

Every event goes through the real recorder, vault and sequencer. Lives of transcriptions overlap,
as they do in a service: each step of some is appended before the next step of any of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from infra.bench.seeding import opened_recorder
from infra.bench.transcripts import NO_FEATURE, answer, request_payload
from stenolog.commands.transcription.state import stream_of
from stenolog.log.events.callbacks import CallbackReceived
from stenolog.log.events.deliveries import DeliverySucceeded
from stenolog.log.events.submissions import SubmissionAccepted, SubmissionClaimed
from stenolog.log.events.transcriptions import TranscriptionCompleted, TranscriptionRequested
from stenolog.log.recorder import Cause, Fact, FactRecorder, new_id

AT_ONCE = 512  # transcriptions whose lives overlap
SENTENCE_SECONDS = 4.0  # a sentence of a dozen words
CALLBACK = {"headers": {"content-type": "application/json"}, "body": '{"status":"completed"}'}


@contextlib.asynccontextmanager
async def growing(directory: Path, tenant: str) -> AsyncIterator[LongLog]:
    """Yield a log in `directory` that grows by whole transcriptions of this tenant."""
    async with opened_recorder(directory) as (recorder, _):
        yield LongLog(recorder, tenant)


async def write_long_log(directory: Path, events: int, *, tenant: str | None = None) -> list[str]:
    """Append at least `events` events; return the ids of the transcriptions, in order."""
    written: list[str] = []
    async with growing(directory, tenant or str(uuid.uuid4())) as log:
        while len(written) * len(STEPS) < events:
            written += await log.grow(AT_ONCE)
    return written


class LongLog:
    """Appends lives of transcriptions."""

    def __init__(self, recorder: FactRecorder, tenant: str) -> None:
        self._recorder = recorder
        self._tenant = tenant

    async def grow(self, count: int, steps: int | None = None) -> list[str]:
        """Append `count` transcriptions, all `steps` of their lives or so many; return the ids."""
        made = [new_id() for _ in range(count)]
        causes = [
            Cause(tenant=self._tenant, actor=str(uuid.uuid4()), correlation_id=new_id())
            for _ in made
        ]
        for step in STEPS[:steps]:
            await asyncio.gather(
                *(
                    self._recorder.record(stream_of(one), [step], cause)
                    for one, cause in zip(made, causes, strict=True)
                )
            )
        return made


STEPS: Sequence[Fact] = (
    Fact(
        data=TranscriptionRequested(provider="assemblyai", region="us", surface="v2", upload=None),
        payload=request_payload(NO_FEATURE),
    ),
    Fact(data=SubmissionClaimed(submission=1, kid=1), payload=request_payload(NO_FEATURE)),
    Fact(data=SubmissionAccepted(submission=1, provider_job="job-1", adopted=False)),
    Fact(
        data=CallbackReceived(
            submission=1, kid=1, kind="completed", provider_job=None, body_bytes=22
        ),
        payload=json.dumps(CALLBACK).encode(),
    ),
    Fact(
        data=TranscriptionCompleted(
            submission=1, reason="callback", audio_ms=int(SENTENCE_SECONDS * 1000), words=12
        ),
        payload=answer("sentence", SENTENCE_SECONDS, NO_FEATURE),
    ),
    Fact(data=DeliverySucceeded(kind="outcome", attempts=1, status=200)),
)
