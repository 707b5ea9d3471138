"""Read AIMLAPI's answers: only what the reconciler needs; the bytes are kept unchanged."""

from __future__ import annotations

from stenolog.providers.json_answers import read_object
from stenolog.providers.oddities import odd_answer
from stenolog.providers.port import FetchedJob, ServerError
from stenolog.wire.aimlapi.envelope import IDS, Envelope, read_envelope
from stenolog.wire.aimlapi.mapped import Mapped
from stenolog.wire.aimlapi.results import result_of, speech_share
from stenolog.wire.assemblyai.sentences import failure_of

JOB_ID_CHARACTERS_MAX = 512
STATUS_CHARACTERS_MAX = 64
SENTENCE_CHARACTERS_MAX = 2_000
NO_SENTENCE = "The provider gave no reason."


def read_created(body: bytes) -> str:
    """Return the id of the new job.

    Raises:
        ProviderUnavailable: The answer does not name one.
    """
    answer = read_object(body)
    for name in IDS:
        job = answer.get(name)
        if (
            isinstance(job, str)
            and 0 < len(job) <= JOB_ID_CHARACTERS_MAX
            and job.isprintable()
            and job not in {".", ".."}  # as a part of a path these mean something else
        ):
            return job
    raise odd_answer("no-id", "the answer names no job")


def read_job(body: bytes, asked: str) -> FetchedJob:
    """Read the answer about the job `asked`.

    Raises:
        ProviderUnavailable: It describes another one, or a completed one without a result.
    """
    envelope = read_envelope(read_object(body))
    if envelope.id is not None and envelope.id != asked:
        raise odd_answer("other-job", "the answer is about another job")
    if envelope.status == "completed" and envelope.payload is None:
        raise odd_answer("no-result", "the job is completed, and has no result")
    mapped = _mapped(envelope)
    error = envelope.error
    if envelope.status == "error":
        error = (error or NO_SENTENCE)[:SENTENCE_CHARACTERS_MAX]
    return FetchedJob(
        id=asked,
        status=envelope.status,
        raw=body,
        webhook_url=None,
        error=error,
        audio_ms=None if mapped is None else mapped.duration_ms,
        words=0 if mapped is None else len(mapped.words),
        server_error=_server_error(envelope),
        warned=envelope.payload is not None and (mapped is None or mapped.family == "unknown"),
        odd_status=envelope.odd_status and envelope.odd_status[:STATUS_CHARACTERS_MAX],
        speech_share=None if mapped is None else speech_share(mapped),
    )


def _mapped(envelope: Envelope) -> Mapped | None:
    """Return what the result says; None without one, and for one that cannot be mapped.

    AIMLAPI forgets it after an hour. So a mistake of ours in reading it must not keep it from the
    log, where all of it is: its view is held and reported, and made when the mistake is mended.
    """
    if envelope.payload is None:
        return None
    try:
        return result_of(envelope.payload)
    except Exception:
        return None


def _server_error(envelope: Envelope) -> ServerError | None:
    if envelope.status != "error":
        return None
    if envelope.transient:
        return "server-error"
    found = failure_of((envelope.error or "")[:SENTENCE_CHARACTERS_MAX])
    if found is None or not found.retryable:
        return None
    return "download-server-error" if found.kind == "download-server-error" else "server-error"
