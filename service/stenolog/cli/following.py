"""Send recordings to a service, and follow each until it has ended."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from stenolog.cli.answers import Job, Queue, checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.layout import PROVIDERS
from stenolog.cli.progress import Progress
from stenolog.cli.recordings import Recording, is_id, is_url, name_of
from stenolog.cli.words import program
from stenolog.errors import EgressFailed, NotFound, RequestError, StenologError

POLL_FIRST_S, POLL_S_MAX = 0.1, 1.0
WAIT_S_MAX = 25 * 3_600  # a gateway gives a job up after a day, unless it is set otherwise
NATIVE = "/api/v1/transcripts"


@dataclass(slots=True, kw_only=True)
class Sent:
    """One recording on its way.

    Attributes:
        audio: As it was named: a path, `-`, a URL, or an id.
        id: The transcription's; empty before there is one.
        asked: Whether the transcription was asked for; without an id it may have been taken.
        over: Whether its user was told how it ended.
    """

    audio: str
    id: str = ""
    asked: bool = False
    over: bool = False

    @property
    def name(self) -> str:
        """What to call it."""
        return name_of(self.audio)


async def submit(
    client: ServiceClient, sent: Sent, options: Mapping[str, Any], progress: Progress
) -> None:
    """Upload what must be, ask for the transcription, and say its id at once.

    A request whose answer is lost is repeated once with its `Idempotency-Key`, so that there is one
    transcription.

    Raises:
        StenologError: The service said no, or cannot be reached.
    """
    if is_id(sent.audio):
        sent.id = sent.audio
        return
    url = sent.audio
    if not is_url(url):
        recording = Recording(url)
        uploading = client.upload(recording)
        url = await progress.during(f"uploading {sent.name}", uploading, recording.how_far)
    asking = _asked_for(client, sent, {"audio_url": url, **options})
    answer = await progress.during(f"submitting {sent.name}", asking)
    sent.id = checked(Job, answer).id
    progress.say(f"{sent.name}: transcription {sent.id}")


async def _asked_for(client: ServiceClient, sent: Sent, body: Mapping[str, Any]) -> dict[str, Any]:
    key = str(uuid.uuid4())
    sent.asked = True
    try:
        return await client.post(NATIVE, body, idempotency_key=key)
    except StenologError as exc:
        if not isinstance(exc, EgressFailed) or not exc.sent:
            sent.asked = False
            raise
    return await client.post(NATIVE, body, idempotency_key=key)


async def ended(
    client: ServiceClient, sent: Sent, progress: Progress, *, wait_s_max: float = WAIT_S_MAX
) -> Job:
    """Return the transcription once it has ended; until then its steps are shown.

    Raises:
        EgressFailed: No answer, or it has not ended after `wait_s_max` seconds.
    """
    path = f"{NATIVE}/{quote(sent.id, safe='')}"
    wait_s, ends = POLL_FIRST_S, time.monotonic() + wait_s_max
    try:
        job = checked(Job, await client.get(path))
    except NotFound as exc:
        sent.over = True
        raise NotFound(
            f"no transcription {sent.id}: `{program()} list` shows those there are"
        ) from exc
    while not job.ended:
        if time.monotonic() > ends:
            raise EgressFailed(
                f"{job.id} is {job.status} after {wait_s_max / 3_600:g} hours: look it up again "
                "later",
                sent=True,
            )
        step = f"{sent.name}: {step_of(job)}"
        await progress.during(step, asyncio.sleep(wait_s))
        wait_s = min(POLL_S_MAX, wait_s * 1.3)
        job = checked(Job, await progress.during(step, client.get(path)))
    return job


async def job_body(client: ServiceClient, transcription: str) -> dict[str, Any]:
    """Return what the native API shows of a transcription.

    Raises:
        NotFound: There is none with this id.
    """
    try:
        return await client.get(f"{NATIVE}/{quote(transcription, safe='')}")
    except NotFound as exc:
        raise NotFound(
            f"no transcription has this id: `{program()} list` shows those there are"
        ) from exc


async def completed_job(client: ServiceClient, transcription: str) -> Job:
    """Return a transcription that is completed.

    Raises:
        NotFound: There is none with this id.
        RequestError: It is open, failed, or deleted.
    """
    job = checked(Job, await job_body(client, transcription))
    if job.erased:
        raise RequestError("the transcript was deleted: its text is gone")
    if job.status != "completed":
        said = f": {job.error}" if job.error else ""
        raise RequestError(f"the transcript has the status {job.status}{said}")
    return job


def step_of(job: Job) -> str:
    """Say what is going on with an open transcription."""
    if job.called_back_at:
        return "fetching the result"
    if job.accepted_at:
        provider = PROVIDERS.get(job.provider or "", job.provider or "the provider")
        return f"{provider} works on it" if job.queue is None else _queued(provider, job.queue)
    return "handing it to the provider" if job.claimed_at else "waiting for its turn"


def _queued(provider: str, queue: Queue) -> str:
    """Say where it stands, and for how long yet where that is known."""
    step = f"{provider} works on it"
    if queue.position:
        step = f"number {queue.position} in the queue of {provider}"
    if queue.expected_ms is None:
        return step
    return f"{step}, about {spoken_span(queue.expected_ms)} to go"


def spoken_span(ms: int) -> str:
    """Write a time that is only expected: seconds below two minutes, then minutes or hours."""
    seconds = max(1, round(ms / 1_000))
    if seconds < 120:
        return f"{seconds} s"
    return f"{round(seconds / 60)} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
