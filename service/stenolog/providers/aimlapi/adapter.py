"""Implement the `Provider` port over AIMLAPI's speech-to-text, which has create and read alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from stenolog.egress.client import Answer, Egress
from stenolog.errors import (
    EgressFailed,
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
)
from stenolog.providers.aimlapi.answers import read_created, read_job
from stenolog.providers.aimlapi.refusals import check_answer, check_created, unknown_job
from stenolog.providers.aimlapi.sending import form_of
from stenolog.providers.connection import Connection, ServiceAddress
from stenolog.providers.pace import Pace
from stenolog.providers.port import (
    AudioFile,
    CallbackTarget,
    FetchedJob,
    JobPage,
    JobStatus,
    Standing,
    UnknownJob,
)
from stenolog.providers.transcripts import Transcripts
from stenolog.wire.aimlapi.models import MODEL_DEFAULT
from stenolog.wire.aimlapi.requests import create_fields
from stenolog.wire.assemblyai.sentences import below_speech_threshold

TRANSCRIPT_BYTES_MAX = 128 << 20  # ten hours of words with everything asked for are half of it
FILE_TIMEOUT_MS = 30 * 60_000  # 2.2 GB, what an upload of ours may have, at 10 Mbit/s
NO_REDACTED_AUDIO = "AIMLAPI has no redacted audio"


class Aimlapi:
    """Talks to one account; it is asked for each job by itself, and calls nobody."""

    def __init__(
        self,
        address: ServiceAddress,
        egress: Egress,
        *,
        timeout_ms: int,
        model: str = MODEL_DEFAULT,
        pace: Pace | None = None,
        transcripts: Transcripts | None = None,
    ) -> None:
        """`model` is asked where the customer names none; `transcripts` is shared by all readers.

        `pace` is the account's; None: only the provider's own word counts.
        """
        self._model = model
        self._warned = 0
        self._transcripts = transcripts or Transcripts()
        self._connection = Connection(
            self.name,
            lambda: address,
            egress,
            timeout_ms=timeout_ms,
            pace=pace or Pace(requests_max=None, name=self.name),
            scheme="Bearer",
        )

    @property
    def name(self) -> str:
        """The one that settings know it by."""
        return "aimlapi"

    def started_anew(self) -> None:
        """Ends every pause that it asked for."""
        self._connection.admission.started_anew()

    def when_resumed(self, call: Callable[[], None]) -> None:
        """As its connection learns it."""
        self._connection.admission.when_resumed(call)

    def standing(self) -> Standing:
        """As its connection has counted."""
        return replace(self._connection.standing(), warned=self._warned)

    def fills(self, params: Mapping[str, Any]) -> bool:
        """Adds nothing that the customer could not name: a model there must be."""
        return False

    def create_body(
        self,
        params: Mapping[str, Any],
        audio_url: str,
        callback: CallbackTarget,
        *,
        plain: bool = False,
    ) -> bytes:
        """Says what is asked for in the model's own words; nobody can be told whom to call."""
        self._connection.there()
        fields = create_fields(params, self._model)
        if audio_url:
            fields["url"] = audio_url
        body = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
        self._connection.admission.reserve("create", body)
        return body

    def withdraw(self, body: bytes) -> None:
        """Gives back what was reserved for it."""
        self._connection.admission.withdraw("create", body)

    async def upload(self, chunks: AsyncIterator[bytes], size: int) -> str:
        """Is never called: see `ProviderFacts.uploads`."""
        raise ProviderUnavailable(f"{self.name}: takes a file with the create alone")

    async def submit(self, body: bytes, audio: AudioFile | None = None) -> str:
        """Reads 4xx and 503 in the service's own shape as "no job", all else as "perhaps"."""
        answer = await (self._sent(body) if audio is None else self._sent_with(body, audio))
        check_created(self.name, answer)
        try:
            with self._connection.oddities.counted("create"):
                return read_created(answer.body)
        except ProviderUnavailable as exc:
            raise ProviderOutcomeUnknown(str(exc)) from exc

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        """Reads a 404 in the service's own shape as an id that it does not know (any more)."""
        path = f"/v1/stt/{quote(job, safe='')}"
        with self._transcripts.budget.begin(self.name) as held:
            answer = await self._connection.read(
                "fetch", path, held, bytes_max=TRANSCRIPT_BYTES_MAX
            )
            unknown = unknown_job(answer)
            if unknown is not None:
                return unknown
            check_answer(self.name, answer)
            with self._connection.oddities.counted("fetch"):
                found = await self._transcripts.read(answer.body, job, held, read_job)
        self._warned += found.warned
        if found.odd_status is not None:
            self._connection.oddities.note("status", "fetch", found.odd_status)
        return found

    def unmet(self, params: Mapping[str, Any], job: FetchedJob) -> str | None:
        """Compares `speech_threshold` with how much of the audio is in words."""
        threshold = params.get("speech_threshold")
        if job.speech_share is None or not isinstance(threshold, int | float):
            return None
        if job.speech_share >= threshold:
            return None
        return below_speech_threshold(job.speech_share, threshold)

    async def list_jobs(self, *, status: JobStatus | None, before: str | None) -> JobPage:
        """Is never called: there is no list."""
        raise ProviderUnavailable(f"{self.name}: has no list")

    async def redacted_audio(self, job: str) -> str | None:
        """There is none: what makes it is refused before it is asked for."""
        raise ProviderRefused(NO_REDACTED_AUDIO, status=404, final=True)

    async def delete(self, job: str) -> UnknownJob | None:
        """Is never called: a job goes by itself."""
        raise ProviderUnavailable(f"{self.name}: deletes nothing")

    async def _sent(self, body: bytes) -> Answer:
        headers = [("content-type", "application/json")]
        try:
            return await self._connection.ask(
                "create", "POST", "/v1/stt/create", headers=headers, content=body
            )
        except EgressFailed as exc:
            if exc.sent:
                raise ProviderOutcomeUnknown(f"{self.name}: {exc}") from exc
            raise ProviderUnavailable(f"{self.name}: {exc}") from exc

    async def _sent_with(self, body: bytes, audio: AudioFile) -> Answer:
        form = await form_of(body, audio)
        try:
            return await self._connection.ask(
                "create",
                "POST",
                "/v1/stt/create",
                headers=form.headers,
                content=form.chunks(),
                timeout_ms=FILE_TIMEOUT_MS,
                reserved=body,
            )
        except EgressFailed as exc:
            if form.ended:
                raise ProviderOutcomeUnknown(f"{self.name}: {exc}") from exc
            raise ProviderUnavailable(f"{self.name}: the file did not arrive: {exc}") from exc
