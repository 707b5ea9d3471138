"""Tell what a job says of itself at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stenolog.bounded import BoundedMemory
from stenolog.clock import rfc3339
from stenolog.simulator.assemblyai.account import NEVER_MS
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.results import transcript
from stenolog.simulator.assemblyai.vocabulary import SPEECH_MODELS_DEFAULT
from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.listing import ListItem
from stenolog.wire.assemblyai.transcript import (
    completed_transcript,
    deleted_transcript,
    failed_transcript,
    queued_transcript,
)
from stenolog.wire.assemblyai.transcript_request import TranscriptRequest

LATE_ECHOES = ("redact_static_entities", "domain_options")  # not while a job is queued
SPEECH_SHARE = 0.9461  # of all its audio: the figure of the service's own example


@dataclass(slots=True, kw_only=True)
class Job:
    """One job; everything else about it follows from these fields and the time.

    Attributes:
        number: From 1, in order of creation.
        waits_ms: For its turn, before it is queued as its behaviour says.
        expires_ms: How long after its end it is forgotten; None for never.
        webhook_status: What its endpoint answered last to a transcript callback, or None.
        reads: How many times it was read.
        made: Where results that were made up are remembered, by job.
    """

    id: str
    number: int
    request: TranscriptRequest
    behaviour: Behaviour
    created_ms: int
    waits_ms: int = 0
    expires_ms: int | None = None
    deleted: bool = False
    webhook_status: int | None = None
    reads: int = 0
    made: BoundedMemory[str, dict[str, object]] = field(
        default_factory=lambda: BoundedMemory(1), repr=False
    )

    @property
    def params(self) -> Mapping[str, object]:
        """What it was created with."""
        return self.request.params

    @property
    def error(self) -> str | None:
        """Why it fails, or None: by its behaviour, or because too little of it is speech."""
        if self.behaviour.error is not None:
            return self.behaviour.error
        threshold = self.params.get("speech_threshold")
        if isinstance(threshold, int | float) and threshold > SPEECH_SHARE:
            return sentences.below_speech_threshold(SPEECH_SHARE, float(threshold))
        return None

    @property
    def ends_ms(self) -> int | None:
        """When it ends, or None when it never does."""
        if self.behaviour.never_ends or self.waits_ms >= NEVER_MS // 2:
            return None
        return self.created_ms + self.waits_ms + self.behaviour.run_ms

    @property
    def throttled(self) -> bool:
        """Whether it had to wait for its turn, or says so."""
        return self.behaviour.throttled or self.waits_ms > 0

    def status(self, now_ms: int) -> str:
        """Return its status at a time."""
        if self.deleted:
            return "completed"
        if self.ends_ms is not None and now_ms >= self.ends_ms:
            return "error" if self.error else "completed"
        queued = now_ms < self.created_ms + self.waits_ms + self.behaviour.queued_ms
        return "queued" if queued else "processing"

    def is_known(self, now_ms: int) -> bool:
        """False once its results are forgotten."""
        if self.expires_ms is None or self.ends_ms is None:
            return True
        return now_ms < self.ends_ms + self.expires_ms

    def transcript(self, now_ms: int, *, as_created: bool = False) -> dict[str, object]:
        """Return the whole Transcript at a time; the answer to a create is never a finished one."""
        status, params = self.status(now_ms), self.params
        if self.deleted:
            return deleted_transcript(self.id, self._duration())
        if as_created and status in ("completed", "error"):
            status = "processing"
        echoed = {"speech_models": list(SPEECH_MODELS_DEFAULT), **params}
        if status == "completed":
            body = completed_transcript(self.id, echoed, self.result())
            body |= {name: self.params[name] for name in LATE_ECHOES if name in self.params}
            if self.behaviour.warning is not None:
                told = body.get("metadata")
                warned = {"warnings": [{"message": self.behaviour.warning}]}
                body["metadata"] = {**told, **warned} if isinstance(told, dict) else warned
        elif status == "error":
            duration = self._duration() if self.behaviour.result else None
            body = failed_transcript(self.id, echoed, self.error or "", audio_duration=duration)
        else:
            body = queued_transcript(self.id, echoed, status=status)
        if self.throttled:
            body["throttled"] = True
        if self.behaviour.odd_status is not None:
            body["status"] = self.behaviour.odd_status
        return {**body, "webhook_status_code": self.webhook_status}

    def result(self) -> dict[str, object]:
        """Return what it found: by its behaviour, else a conversation made from its audio URL."""
        if self.behaviour.result is not None:
            return dict(self.behaviour.result)
        made = self.made.get(self.id)
        if made is None:  # an hour of it takes a while
            models = self.request.speech_models or SPEECH_MODELS_DEFAULT
            made = transcript(
                self.request.audio_url,
                self.behaviour.seconds,
                self.request.features,
                self.params,
            )
            made["speech_model_used"] = models[0]
            self.made.put(self.id, made)
        return dict(made)

    def item(self, now_ms: int) -> ListItem:
        """Return its row in a list."""
        status = self.status(now_ms)
        ended = self.ends_ms if status == "completed" else None
        return ListItem(
            id=self.id,
            status=self.behaviour.odd_status or status,
            created=rfc3339(self.created_ms * 1000),
            completed=None if ended is None else rfc3339(ended * 1000),
            audio_url=sentences.DELETED_URL_IN_LIST if self.deleted else self.request.audio_url,
            error=(self.error or "") if status == "error" else "",
        )

    def _duration(self) -> int | None:
        value = self.result().get("audio_duration")
        return value if isinstance(value, int) else None
