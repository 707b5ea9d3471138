"""Submit: claim before the call, then record whatever the answer was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from stenolog.clock import NowMs
from stenolog.commands.callback_tokens import HEADER_NAME, CallbackKeys, register
from stenolog.commands.transcription.commands import (
    ClaimSubmission,
)
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import (
    ProviderError,
    ProviderHeldBack,
    ProviderOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    StoreError,
)
from stenolog.log.events.request_payload import read_request
from stenolog.log.events.vocabulary import ProviderName
from stenolog.providers.port import AudioFile, CallbackTarget
from stenolog.reconciler.attempts import Attempts, anew, answered, submitted
from stenolog.reconciler.breaker import heed
from stenolog.reconciler.expecting import asked_of
from stenolog.reconciler.forwarding import Forwarded, Forwarder, Uploads, unreadable
from stenolog.reconciler.gates import Gates, ProviderGate
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.recording import AnswerRecorder
from stenolog.reconciler.submission_lines import ADVICE, UNANSWERED_ADVICE, tell_elsewhere

log = structlog.get_logger()

ACCOUNT_HELD = 429  # status of `ProviderHeldBack` where the whole account is asked for nothing


class Metrics(Protocol):
    """Counts submissions."""

    def elsewhere(self, provider: ProviderName) -> None:
        """Count one that is made here because nobody had a job at the place before."""
        ...


class Submitter:
    """Gets a provider job for a transcription."""

    def __init__(
        self,
        gates: Gates,
        issuer: CommandIssuer,
        reader: TranscriptionReader,
        keys: CallbackKeys,
        uploads: Uploads,
        metrics: Metrics,
        now_ms: NowMs,
    ) -> None:
        self._gates = gates
        self._issuer = issuer
        self._answers = AnswerRecorder(issuer, reader, keys)
        self._reader = reader
        self._keys = keys
        self._forwarder = Forwarder(uploads, now_ms)
        self._metrics = metrics
        self._now_ms = now_ms

    def must_forward(self, state: Transcription) -> bool:
        """Tell whether an upload has to be sent to the provider before the create."""
        return self._gates.facts(state).uploads and self._forwarder.must_send(state)

    def sends_file(self, state: Transcription) -> bool:
        """Tell whether the next request carries a file: an upload, or a create with one."""
        return self._carries(state) or self.must_forward(state)

    def _carries(self, state: Transcription) -> bool:
        return state.upload is not None and not self._gates.facts(state).uploads

    async def forward(self, state: Transcription, number: int, attempts: Attempts) -> Attempts:
        """Send the upload; the create finds it there.

        While uploads fail, a list is asked for first, because an upload may take half an hour to
        tell that the provider is back.
        """
        gate, began_ms = self._gates.gate(state), self._now_ms()
        try:
            if not gate.uploads.closed and self._gates.facts(state).lists:
                await gate.provider.list_jobs(status="queued", before=None)
                gate.uploads.reached()
                began_ms = self._now_ms()
            await self._send(state, gate)
        except ProviderError as exc:
            heed(gate.uploads, exc, began_ms, self._now_ms())
            if not isinstance(exc, ProviderRefused) or not exc.final:
                raise
            await self._answers.never(state, number, exc)
            return anew(attempts)
        gate.uploads.succeeded()
        return answered(attempts)

    async def _send(self, state: Transcription, gate: ProviderGate) -> None:
        try:
            await self._forwarder.send(state, gate.provider)
        except ProviderHeldBack as exc:
            if exc.status != ACCOUNT_HELD or not self._gates.facts(state).lists:
                raise
            # It may be the account's probe, which an upload is not. A list that is answered says
            # nothing of a pause of uploads.
            await gate.provider.list_jobs(status="queued", before=None)
            await self._forwarder.send(state, gate.provider)

    async def submit(self, state: Transcription, number: int, attempts: Attempts) -> Attempts:
        """Claim, call, and record the answer, whatever it is; an upload was forwarded before.

        Where the provider takes no uploads, the create carries the file.
        """
        gate, began_ms = self._gates.gate(state), self._now_ms()
        audio_url, audio = self._forwarder.kept_url(state), None
        if self._carries(state):
            try:
                audio = await self._forwarder.file_of(state)
            except ProviderRefused as exc:
                await self._answers.never(state, number, exc)
                return anew(attempts)
        elif state.upload is not None and not audio_url:
            return attempts  # what was forwarded is too old: the plan begins with it again
        breaker = gate.creates if audio is None else gate.uploads
        params = await self._params(state)
        try:
            body = self._create_body(state, number, gate, params, audio_url)
        except ProviderError as exc:
            heed(breaker, exc, began_ms, self._now_ms())
            raise
        claim = ClaimSubmission(number=number, kid=self._keys.current, place=state.place)
        try:
            if await self._issuer.issue(claim, state, {"submission.claimed": body}):
                if tell_elsewhere(state, number):
                    self._metrics.elsewhere(state.provider)
                fills = gate.provider.fills(params)
                await self._create(state, number, gate, body, audio, fills=fills)
        finally:
            gate.provider.withdraw(body)  # or others would wait for a request that is never made
        asked = asked_of(params)
        return submitted(attempts, asked.model, gate.durations.expected_ms(asked))

    async def _create(
        self,
        state: Transcription,
        number: int,
        gate: ProviderGate,
        body: bytes,
        audio: AudioFile | None,
        *,
        fills: bool,
    ) -> None:
        forwarded = self._forwarder.use(state)
        breaker, began_ms = gate.creates if audio is None else gate.uploads, self._now_ms()
        try:
            job = await gate.provider.submit(body, audio)
        except StoreError as exc:  # of our own file: the provider has no whole request
            unread = unreadable(exc)
            await self._unmade(state, number, unread, forwarded, len(body))
        except ProviderError as exc:
            heed(breaker, exc, began_ms, self._now_ms())
            if (
                fills
                and not state.plain
                and isinstance(exc, ProviderRefused)
                and exc.final
                and not exc.upload_lost
            ):
                self._forwarder.keep(state, forwarded)
                await self._answers.without_settings(state, number, exc)
            else:
                await self._unmade(state, number, exc, forwarded, len(body))
        else:
            breaker.succeeded()
            if fills and state.plain:
                gate.setting_refused()
            await self._answers.accept(state, number, job, adopted=False)

    async def _unmade(
        self,
        state: Transcription,
        number: int,
        exc: ProviderError,
        forwarded: Forwarded | None,
        request_bytes: int,
    ) -> None:
        """Record that a create made no job, or that nobody knows."""
        match exc:
            case ProviderRefused():
                if forwarded is not None and self._forwarder.is_lost(state, exc):
                    again = ProviderUnavailable(str(exc), status=exc.status)
                    await self._answers.postponed(state, number, again)
                    return
                if not exc.final:
                    self._forwarder.keep(state, forwarded)
                    log.warning(
                        "submission.refused", status=exc.status, advice=ADVICE[exc.concerns]
                    )
                await self._answers.refused(state, number, exc)
            case ProviderUnavailable():
                self._forwarder.keep(state, forwarded)
                log.warning(
                    "submission.postponed",
                    status=exc.status,
                    reason=str(exc),
                    advice="it is tried again; `stenolog doctor` asks the provider",
                )
                await self._answers.postponed(state, number, exc)
            case _:  # the claim stands open: the plan settles it
                listed = self._gates.facts(state).lists
                log.warning(
                    "submission.unanswered", error=str(exc), advice=UNANSWERED_ADVICE[listed]
                )
                if isinstance(exc, ProviderOutcomeUnknown) and exc.page is not None:
                    await self._answers.unanswered(state, number, exc.page, request_bytes)

    async def accept(self, state: Transcription, number: int, job: str, *, adopted: bool) -> bool:
        """Record a job that was found: as `AnswerRecorder.accept`."""
        return await self._answers.accept(state, number, job, adopted=adopted)

    async def _params(self, state: Transcription) -> Mapping[str, Any]:
        request = read_request(await self._reader.payload_at(state.request_position))
        return request.asked_of(state.provider)

    def _create_body(
        self,
        state: Transcription,
        number: int,
        gate: ProviderGate,
        params: Mapping[str, Any],
        forwarded_url: str,
    ) -> bytes:
        """Make the create request; of an upload, with the URL that was there before any waiting."""
        audio_url = str(params["audio_url"]) if state.upload is None else forwarded_url
        registration = register(self._keys, state.provider, state.id, number)
        target = CallbackTarget(
            url=f"{gate.callback_base}/callbacks/{state.provider}/{registration.token}",
            header_name=HEADER_NAME,
            header_value=registration.header,
        )
        return gate.provider.create_body(params, audio_url, target, plain=state.plain)
