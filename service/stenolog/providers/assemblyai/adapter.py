"""Implement the `Provider` port over AssemblyAI's REST API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from stenolog.egress.client import Egress
from stenolog.egress.retry_after import date_ms
from stenolog.errors import EgressFailed, ProviderOutcomeUnknown, ProviderUnavailable
from stenolog.providers.assemblyai.answers import (
    odd_items,
    read_created,
    read_deleted,
    read_job,
    read_page,
    read_redacted_audio,
    read_upload,
)
from stenolog.providers.assemblyai.connection import AssemblyAIConnection
from stenolog.providers.assemblyai.creating import adds_models, written_create
from stenolog.providers.assemblyai.refusals import check_answer, check_created, unknown_job
from stenolog.providers.connection import ServiceAddress
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

LIST_LIMIT = 200  # contract: the most that a page may hold
TRANSCRIPT_BYTES_MAX = 128 << 20  # ten hours with everything asked for are half of it
UPLOAD_TIMEOUT_MS = 30 * 60_000  # 2.2 GB, the provider's limit, at 10 Mbit/s
UPLOAD_BROKEN_OFF = 422  # AssemblyAI: not all bytes arrived, "please try again"


class AssemblyAI:
    """Talks to one account at one base URL.

    `address` returns where to go now. It returns None while the service is not there, such as an
    engine that is starting; then every call raises `ProviderUnavailable`.
    """

    def __init__(
        self,
        name: str,
        address: Callable[[], ServiceAddress | None],
        egress: Egress,
        *,
        timeout_ms: int,
        speech_models: Sequence[str] = (),
        pace: Pace | None = None,
        transcripts: Transcripts | None = None,
        names_start: bool = False,
    ) -> None:
        """`speech_models` is asked for when the customer asked for none.

        `pace` is the account's, shared with whatever else asks it; None: it has one of its own.
        `transcripts` is shared with all who read any; None: one of its own, which reads here.
        `names_start`: it is a service whose jobs end with it, and that says which start it is.
        """
        self._names_start = names_start
        self._speech_models = tuple(speech_models)
        self._name = name
        self._warned = 0
        self._transcripts = transcripts or Transcripts()
        self._connection = AssemblyAIConnection(
            name, address, egress, timeout_ms=timeout_ms, pace=pace or Pace()
        )

    @property
    def name(self) -> str:
        """`assemblyai` or `local`."""
        return self._name

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
        """Adds models, where they are set and the customer names none."""
        return adds_models(params, self._speech_models)

    def create_body(
        self,
        params: Mapping[str, Any],
        audio_url: str,
        callback: CallbackTarget,
        *,
        plain: bool = False,
    ) -> bytes:
        """Takes the customer's parameters without webhook and deprecated `speech_model`."""
        self._connection.there()
        made = written_create(params, audio_url, callback, () if plain else self._speech_models)
        self._connection.admission.reserve("create", made)
        return made

    def withdraw(self, body: bytes) -> None:
        """Gives back what was reserved for it."""
        self._connection.admission.withdraw("create", body)

    async def upload(self, chunks: AsyncIterator[bytes], size: int) -> str:
        """Streams `size` bytes."""
        headers = [
            ("content-type", "application/octet-stream"),
            ("content-length", str(size)),
        ]
        answer = await self._connection.ask_again(
            "upload",
            "POST",
            "/v2/upload",
            headers=headers,
            content=chunks,
            timeout_ms=UPLOAD_TIMEOUT_MS,
        )
        if answer.status == UPLOAD_BROKEN_OFF:
            raise ProviderUnavailable(f"{self._name}: the upload failed", status=answer.status)
        check_answer(self._name, answer)
        return read_upload(answer.body)

    async def submit(self, body: bytes, audio: AudioFile | None = None) -> str:
        """Reads 4xx and 503 in the service's own shape as "no job", all else as "perhaps"."""
        headers = [("content-type", "application/json")]
        try:
            answer = await self._connection.ask(
                "create", "POST", "/v2/transcript", headers=headers, content=body
            )
        except EgressFailed as exc:
            if exc.sent:
                raise ProviderOutcomeUnknown(f"{self._name}: {exc}") from exc
            raise ProviderUnavailable(f"{self._name}: {exc}") from exc
        check_created(self._name, answer)
        try:
            with self._connection.oddities.counted("create"):
                return read_created(answer.body)
        except ProviderUnavailable as exc:
            raise ProviderOutcomeUnknown(str(exc)) from exc

    async def fetch(self, job: str) -> FetchedJob | UnknownJob:
        """Reads a 400 or 404 with the service's sentence as an id that it does not know."""
        path = f"/v2/transcript/{quote(job, safe='')}"
        with self._transcripts.budget.begin(self._name) as held:
            answer = await self._connection.read(
                "fetch", path, held, bytes_max=TRANSCRIPT_BYTES_MAX
            )
            unknown = unknown_job(answer, job, names_start=self._names_start)
            if unknown is not None:
                return unknown
            check_answer(self._name, answer)
            with self._connection.oddities.counted("fetch"):
                found = await self._transcripts.read(answer.body, job, held, read_job)
        self._warned += found.warned
        if found.odd_status is not None:
            self._connection.oddities.note("status", "fetch", found.odd_status)
        return found

    def unmet(self, params: Mapping[str, Any], job: FetchedJob) -> str | None:
        """Judges for itself what a request sets as a condition."""
        return None

    async def list_jobs(self, *, status: JobStatus | None, before: str | None) -> JobPage:
        """Asks for pages of 200, followed by `before_id`, never by a URL from the answer."""
        query = {"limit": str(LIST_LIMIT)}
        if status is not None:
            query["status"] = status
        if before is not None:
            query["before_id"] = before
        answer = await self._connection.ask_again(
            "list", "GET", f"/v2/transcript?{urlencode(query)}"
        )
        check_answer(self._name, answer)
        with self._connection.oddities.counted("list"):
            page = read_page(answer.body, date_ms(answer.headers))
        for kind, word in odd_items(page, status):
            self._connection.oddities.note(kind, "list", word)
        return page

    async def delete(self, job: str) -> UnknownJob | None:
        """Takes for deleted only what the answer shows as emptied."""
        answer = await self._connection.ask_again(
            "delete", "DELETE", f"/v2/transcript/{quote(job, safe='')}"
        )
        unknown = unknown_job(answer, job, names_start=self._names_start)
        if unknown is None:
            check_answer(self._name, answer)
            with self._connection.oddities.counted("delete"):
                read_deleted(answer.body, job)
        return unknown

    async def redacted_audio(self, job: str) -> str | None:
        """Reads 200 with the link, 202 as not ready, 400 as none any more."""
        path = f"/v2/transcript/{quote(job, safe='')}/redacted-audio"
        answer = await self._connection.ask_again("audio", "GET", path)
        if answer.status == 202:
            return None
        check_answer(self._name, answer)
        return read_redacted_audio(answer.body)
