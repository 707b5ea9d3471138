"""Remember the engine's jobs in memory, bounded; the oldest are forgotten first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from stenolog.clock import rfc3339
from stenolog.engine.audio_facts import MEMBER, AudioFacts, shown
from stenolog.engine.confidence import mean_confidence
from stenolog.engine.options import SpeechOptions
from stenolog.engine.spoken import SpokenWord, joined, utterances
from stenolog.errors import InvalidRequest
from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.enums import LANGUAGE_CODE_DEFAULT
from stenolog.wire.assemblyai.listing import ListItem, ListQuery
from stenolog.wire.assemblyai.transcript import (
    completed_transcript,
    deleted_transcript,
    failed_transcript,
    queued_transcript,
)

OPEN_MAX = 1_000  # jobs that wait or run; the next create is answered 429
FINISHED_MAX = 1_000
FINISHED_WORDS_MAX = (
    1_000_000  # of all finished jobs together: a hundred hours, 300 MB and as much of findings
)
FINISHED_MS_KEPT = 24 * 3_600_000  # as long as the gateway waits for a provider by default
ROUND_CONFIDENCE = 4  # digits; more is noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One transcription; times in microseconds since the epoch, `error` empty unless it failed.

    `findings` are members of the finished transcript beside what was said; `unredacted` are the
    words before anything was hidden, where they were asked for; `began_us`: a worker has it since.
    """

    id: str
    params: Mapping[str, object]
    options: SpeechOptions
    created_us: int
    status: str = "queued"
    began_us: int | None = None
    completed_us: int | None = None
    audio_ms: int | None = None
    audio: AudioFacts | None = None
    model: str | None = None
    words: tuple[SpokenWord, ...] = ()
    findings: Mapping[str, object] = field(default_factory=dict)
    unredacted: tuple[SpokenWord, ...] | None = None
    error: str = ""
    webhook_status: int | None = None
    deleted: bool = False

    @property
    def audio_url(self) -> str:
        """Where the audio is; after deletion what the service shows instead."""
        return sentences.DELETED_URL_IN_LIST if self.deleted else str(self.params["audio_url"])

    @property
    def is_open(self) -> bool:
        """It waits or runs."""
        return self.status in ("queued", "processing")


def transcript(job: Job) -> dict[str, object]:
    """Return the whole Transcript as AssemblyAI would answer it now, and what we know beside."""
    seconds = None if job.audio_ms is None else -(-job.audio_ms // 1000)
    if job.deleted:
        return deleted_transcript(job.id, seconds)
    if job.status == "error":
        body = failed_transcript(job.id, job.params, job.error, audio_duration=seconds)
    elif job.status == "completed":
        body = completed_transcript(job.id, job.params, _result(job, seconds))
    else:
        body = queued_transcript(job.id, job.params, status=job.status)
    known = {} if job.audio is None else {MEMBER: shown(job.audio)}
    return {**body, "webhook_status_code": job.webhook_status, **known}


def list_item(job: Job) -> ListItem:
    """Return the job as a row of a list."""
    done = job.status == "completed" and job.completed_us is not None
    return ListItem(
        id=job.id,
        status=job.status,
        created=rfc3339(job.created_us),
        completed=rfc3339(job.completed_us) if done and job.completed_us is not None else None,
        audio_url=job.audio_url,
        error=job.error,
    )


class Jobs:
    """Keeps the jobs, in the order in which they were created."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def get(self, job_id: str) -> Job | None:
        """Return the job as it is now; None when it never was or is forgotten."""
        return self._jobs.get(job_id)

    def put(self, job: Job) -> None:
        """Store the job as given; one that was deleted meanwhile stays deleted."""
        known = self._jobs.get(job.id)
        if known is None or not known.deleted:
            self._jobs[job.id] = job

    def all(self) -> Sequence[Job]:
        """Return every job, in the order of creation."""
        return tuple(self._jobs.values())

    def open_count(self) -> int:
        """Return how many wait or run."""
        return sum(job.is_open for job in self._jobs.values())

    def forget(self, now_us: int) -> list[str]:
        """Forget finished jobs over a limit, the earliest first; return which. Open ones stay."""
        forgotten = []
        kept = words = 0
        oldest_us = now_us - FINISHED_MS_KEPT * 1_000
        for job in list(reversed(self._jobs.values())):
            if job.is_open:
                continue
            kept += 1
            words += len(job.words)
            aged = job.completed_us is not None and job.completed_us < oldest_us
            if aged or kept > FINISHED_MAX or words > FINISHED_WORDS_MAX:
                del self._jobs[job.id]
                forgotten.append(job.id)
        return forgotten

    def page(self, query: ListQuery) -> tuple[list[ListItem], bool, bool]:
        """Items newest first, whether there are older ones, and whether there are newer ones.

        Raises:
            InvalidRequest: `before_id` or `after_id` names no known job.
        """
        jobs = list(reversed(self._jobs.values()))
        places = {job.id: place for place, job in enumerate(jobs)}
        begin = _place(places, query.after_id, "after_id", 0)
        end = _place(places, query.before_id, "before_id", len(jobs))
        newer_end = begin if query.after_id is not None else len(jobs)
        older_begin = end + 1 if query.before_id is not None else 0
        found = list(_matching(jobs[older_begin:newer_end], query))
        # After an id means the nearest newer ones, which are the last of those that match.
        from_end = query.after_id is not None and query.before_id is None
        shown = found[-query.limit :] if from_end else found[: query.limit]
        left_out = len(found) > len(shown)
        older = (bool(query.after_id) or left_out) if from_end else left_out
        newer = left_out if from_end else any(_matching(jobs[:older_begin], query))
        return [list_item(job) for job in shown], older, newer


def _place(places: Mapping[str, int], job_id: str | None, name: str, otherwise: int) -> int:
    if job_id is None:
        return otherwise
    if job_id not in places:
        raise InvalidRequest(sentences.TRANSCRIPT_NOT_FOUND, [(name, "no such transcript")])
    return places[job_id]


def _matching(jobs: list[Job], query: ListQuery) -> Iterator[Job]:
    for job in jobs:
        if query.throttled_only:
            continue  # nothing is ever throttled here
        if query.status is not None and job.status != query.status:
            continue
        day = datetime.fromtimestamp(job.created_us / 1_000_000, UTC).date()
        if query.created_on is None or day == query.created_on:
            yield job


def _result(job: Job, seconds: int | None) -> dict[str, object]:
    labelled = job.options.speakers is not None or job.options.multichannel
    result: dict[str, object] = {
        "text": joined(job.words),
        "words": _words(job.words),
        "utterances": _utterances(job.words) if labelled else None,
        "confidence": round(mean_confidence([w.confidence for w in job.words]), ROUND_CONFIDENCE),
        "audio_duration": seconds,
        "speech_model_used": job.model,
        **job.findings,
    }
    if job.unredacted is not None:
        result["unredacted_text"] = joined(job.unredacted)
        result["unredacted_words"] = _words(job.unredacted)
        result["unredacted_utterances"] = _utterances(job.unredacted) if labelled else None
    if job.options.multichannel and job.audio is not None:
        result["audio_channels"] = job.audio.channels
    if job.options.language_detection and job.params.get("language_code") is None:
        result["language_code"] = LANGUAGE_CODE_DEFAULT
    return result


def _utterances(words: tuple[SpokenWord, ...]) -> list[dict[str, object]]:
    return [
        {
            "speaker": utterance.speaker,
            **_channel(utterance.channel),
            "text": utterance.text,
            "start": utterance.words[0].start,
            "end": utterance.words[-1].end,
            "confidence": round(utterance.confidence, ROUND_CONFIDENCE),
            "words": [_word(word) for word in utterance.words],
        }
        for utterance in utterances(words)
    ]


def _words(words: Sequence[SpokenWord]) -> list[dict[str, object]]:
    """Return them by their start: people on several channels speak at the same time."""
    return [_word(word) for word in sorted(words, key=lambda word: word.start)]


def _word(word: SpokenWord) -> dict[str, object]:
    return {
        "text": word.text,
        "start": word.start,
        "end": word.end,
        "confidence": round(word.confidence, ROUND_CONFIDENCE),
        "speaker": word.speaker,
        **_channel(word.channel),
    }


def _channel(number: str | None) -> dict[str, object]:
    """Return the member that says it; AssemblyAI has none where channels are not told apart."""
    return {} if number is None else {"channel": number}
