"""Implement the `Provider` port over AssemblyAI's REST API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from stenolog.egress.client import Answer, Egress
from stenolog.egress.retry_after import date_ms
from stenolog.errors import (
    Concern,
    EgressFailed,
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
)
from stenolog.providers.assemblyai.answers import (
    error_sentence,
    error_told,
    read_created,
    read_deleted,
    read_page,
    read_redacted_audio,
    read_upload,
)
from stenolog.providers.assemblyai.connection import Connection, ServiceAddress, told_wait_ms
from stenolog.providers.assemblyai.creating import adds_models, written_create
from stenolog.providers.assemblyai.transcripts import Transcripts
from stenolog.providers.pace import Pace
from stenolog.providers.port import CallbackTarget, FetchedJob, JobPage, JobStatus, Standing
from stenolog.wire.assemblyai.sentences import UPLOAD_INACCESSIBLE, is_of_account, is_of_key

LIST_LIMIT = 200  # contract: the most that a page may hold
TRANSCRIPT_BYTES_MAX = 128 << 20  # ten hours with everything asked for are half of it
UPLOAD_TIMEOUT_MS = 30 * 60_000  # 2.2 GB, the provider's limit, at 10 Mbit/s
# These say that the request itself is wrong.
FINAL_STATUSES = frozenset({400, 413, 422})
ACCOUNT_STATUSES = frozenset({401, 402})  # no such key; it has to be paid
# RFC 9110 and 8470: the request was not taken up, whoever says so; and the rate limit.
AGAIN_STATUSES = frozenset({408, 425, 429})
UPLOAD_BROKEN_OFF = 422  # AssemblyAI: not all bytes arrived, "please try again"
UNKNOWN_JOB = "transcript id not found"


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
    ) -> None:
        """`speech_models` is asked for when the customer asked for none.

        `pace` is the account's, shared with whatever else asks it; None: it has one of its own.
        `transcripts` is shared with all who read any; None: one of its own, which reads here.
        """
        self._speech_models = tuple(speech_models)
        self._name = name
        self._warned = 0
        self._transcripts = transcripts or Transcripts()
        self._connection = Connection(
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
        self._check(answer)
        return read_upload(answer.body)

    async def submit(self, body: bytes) -> str:
        """Reads any 4xx and 503 as "no job", 500, 502, 504 and unreadable answers as "perhaps"."""
        headers = [("content-type", "application/json")]
        try:
            answer = await self._connection.ask(
                "create", "POST", "/v2/transcript", headers=headers, content=body
            )
        except EgressFailed as exc:
            if exc.sent:
                raise ProviderOutcomeUnknown(f"{self._name}: {exc}") from exc
            raise ProviderUnavailable(f"{self._name}: {exc}") from exc
        if not (answer.status == 200 or 400 <= answer.status < 500 or answer.status == 503):
            raise ProviderOutcomeUnknown(f"{self._name}: create was answered {answer.status}")
        self._check(answer)
        try:
            return read_created(answer.body)
        except ProviderUnavailable as exc:
            raise ProviderOutcomeUnknown(str(exc)) from exc

    async def fetch(self, job: str) -> FetchedJob | None:
        """Reads a 400 with the service's sentence as an id that it does not know."""
        path = f"/v2/transcript/{quote(job, safe='')}"
        with self._transcripts.budget.begin(self._name) as held:
            answer = await self._connection.read(
                "fetch", path, held, bytes_max=TRANSCRIPT_BYTES_MAX
            )
            if _is_unknown(answer):
                return None
            self._check(answer)
            found = await self._transcripts.read(answer.body, job, held)
            self._warned += found.warned
            return found

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
        self._check(answer)
        return read_page(answer.body, date_ms(answer.headers))

    async def delete(self, job: str) -> None:
        """Takes an unknown job as deleted; else the answer must describe this job."""
        answer = await self._connection.ask_again(
            "delete", "DELETE", f"/v2/transcript/{quote(job, safe='')}"
        )
        if not _is_unknown(answer):
            self._check(answer)
            read_deleted(answer.body, job)

    async def redacted_audio(self, job: str) -> str | None:
        """Reads 200 with the link, 202 as not ready, 400 as none any more."""
        path = f"/v2/transcript/{quote(job, safe='')}/redacted-audio"
        answer = await self._connection.ask_again("audio", "GET", path)
        if answer.status == 202:
            return None
        self._check(answer)
        return read_redacted_audio(answer.body)

    def _check(self, answer: Answer) -> None:
        """Check that the answer is 200.

        Raises:
            ProviderUnavailable: 408, 425, 429, 5xx, or a redirect.
            ProviderRefused: Any other 4xx; `final` when the request is wrong, not our account.
        """
        if answer.status == 200:
            return
        what = f"{self._name}: answered {answer.status}"
        if answer.status in AGAIN_STATUSES or not 400 <= answer.status < 500:
            wait_ms = told_wait_ms(answer.headers)
            raise ProviderUnavailable(what, status=answer.status, retry_in_ms=wait_ms)
        sentence = error_sentence(answer.body)
        upload_lost = answer.status == 403 and sentence.startswith(UPLOAD_INACCESSIBLE)
        of_request = answer.status in FINAL_STATUSES and not is_of_account(sentence)
        final = of_request or upload_lost
        raise ProviderRefused(
            what,
            status=answer.status,
            sentence=sentence,
            final=final,
            upload_lost=upload_lost,
            raw=answer.body,
            concerns="request" if final else _concerned(answer.status, sentence),
        )


def _concerned(status: int, sentence: str) -> Concern:
    """Tell what a refusal says about other requests that carry the same key."""
    if status in ACCOUNT_STATUSES or is_of_account(sentence) or is_of_key(sentence):
        return "account"
    return "request"


def _is_unknown(answer: Answer) -> bool:
    """Tell whether the provider itself says that there is no such job.

    Only an answer in JSON counts. A 404 in plain text means an unknown path, and a web page comes
    from a proxy; neither says anything about the job.
    """
    # DECISIONS 64: a proxy answers 404 as well; only the provider knows its jobs.
    match answer.status:  # a transcript of ten hours is not parsed for an error that it cannot have
        case 404:
            return error_told(answer.body) is not None
        case 400:
            return UNKNOWN_JOB in (error_told(answer.body) or "")
        case _:
            return False
