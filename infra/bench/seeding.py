"""A data directory with finished transcriptions in its log, written by the service's own parts."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.bench.transcripts import NO_FEATURE, answer, request_payload
from stenolog.bootstrap.identity import callback_keys, open_master_key
from stenolog.commands.callback_tokens import CallbackKeys, Registration, register
from stenolog.commands.transcription.state import stream_of
from stenolog.compliance.vault import Vault
from stenolog.config.settings import Settings
from stenolog.log.events.submissions import SubmissionAccepted, SubmissionClaimed
from stenolog.log.events.transcriptions import TranscriptionCompleted, TranscriptionRequested
from stenolog.log.recorder import Cause, Fact, FactRecorder, new_id
from stenolog.stores.files.directory import KEYS, LOG, locked, make_directory
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.log.store import SqliteLog

AT_ONCE = 256  # as many as one commit takes
SECONDS_OF_AUDIO = 10.0
EVENTS_EACH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """One finished transcription, and what its provider was told to call."""

    transcription_id: str
    provider_job: str
    registration: Registration


async def seed(
    directory: Path, count: int, *, tenant: str | None = None, seconds: float = SECONDS_OF_AUDIO
) -> Sequence[Seeded]:
    """`count` finished transcriptions of four events each are in `directory`, which is closed.

    They are of `tenant`, or of one that nobody asks as; each has `seconds` of audio.
    """
    made = [new_id() for _ in range(count)]
    payload = answer("seeded", seconds, NO_FEATURE)
    whose = tenant or str(uuid.uuid4())
    async with opened_recorder(directory) as (recorder, signing):
        cause = Cause(tenant=whose, actor=str(uuid.uuid4()), correlation_id=new_id())
        seeded = [
            Seeded(
                transcription_id=one,
                provider_job=str(uuid.uuid4()),
                registration=register(signing, "assemblyai", one, 1),
            )
            for one in made
        ]
        for at in range(0, count, AT_ONCE):
            await asyncio.gather(
                *(_append(recorder, cause, one, payload) for one in seeded[at : at + AT_ONCE])
            )
    return seeded


async def _append(recorder: FactRecorder, cause: Cause, one: Seeded, payload: bytes) -> None:
    facts = [
        Fact(
            data=TranscriptionRequested(
                provider="assemblyai", region="us", surface="v2", upload=None
            ),
            payload=request_payload(NO_FEATURE),
        ),
        Fact(data=SubmissionClaimed(submission=1, kid=one.registration.kid), payload=b"{}"),
        Fact(
            data=SubmissionAccepted(submission=1, provider_job=one.provider_job, adopted=False),
        ),
        Fact(
            data=TranscriptionCompleted(
                submission=1, reason="callback", audio_ms=int(SECONDS_OF_AUDIO * 1000), words=20
            ),
            payload=payload,
        ),
    ]
    assert len(facts) == EVENTS_EACH
    await recorder.record(stream_of(one.transcription_id), facts, cause)


@contextlib.asynccontextmanager
async def opened_recorder(directory: Path) -> AsyncIterator[tuple[FactRecorder, CallbackKeys]]:
    """Yield a recorder on the log in `directory`, which is made where there is none."""
    make_directory(directory)
    with locked(directory):
        async with contextlib.AsyncExitStack() as stack:
            log = await SqliteLog.open(directory / LOG)
            stack.push_async_callback(log.close)
            keys = await SqliteKeys.open(directory / KEYS, log.identity)
            stack.push_async_callback(keys.close)
            master, _ = await open_master_key(Settings(data_dir=directory), keys)
            signing = await callback_keys(keys, master)
            yield FactRecorder(log, Vault(master, keys, log.sealings)), signing
