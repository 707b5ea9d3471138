"""Answer about one job: its transcript as it behaves, and where its redacted audio is."""

from __future__ import annotations

import gzip
import json

from starlette.responses import Response

from stenolog.simulator.assemblyai.behaviour import JOB_ID
from stenolog.simulator.assemblyai.jobs import Job

REDACTED_PATH = "/redacted-audio"
REDACTED_AUDIO = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00" + (
    b"\x00\x7d\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00"
)


def job_answer(job: Job, now_ms: int) -> Response:
    """Answer with the whole transcript, or with what a finished job's behaviour has instead."""
    body, content_type = job.behaviour.answer, job.behaviour.content_type
    if body is None or job.deleted or job.status(now_ms) != "completed":
        body = json.dumps(job.transcript(now_ms)).encode()
    else:
        body = body.replace(JOB_ID, job.id.encode())
    if job.behaviour.compressed:
        packed = {"Content-Encoding": "gzip"}
        return Response(gzip.compress(body), headers=packed, media_type=content_type)
    return Response(body, media_type=content_type)


def redacted_audio_url(base_url: str, job: Job) -> str:
    """Return the self-authorising URL of a job's redacted audio."""
    return f"{base_url}{REDACTED_PATH}/{job.id}.wav"
