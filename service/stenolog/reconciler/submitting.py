"""Submit: claim before the call, then record whatever the answer was."""

from __future__ import annotations

import json
from collections.abc import Mapping

import structlog

from stenolog.clock import NowMs
from stenolog.commands.callback_tokens import HEADER_NAME, CallbackKeys, register
from stenolog.commands.transcription.commands import (
    AcceptSubmission,
    ClaimSubmission,
    Command,
    RefuseSubmission,
)
from stenolog.commands.transcription.state import Transcription
from stenolog.errors import (
    Concern,
    ProviderError,
    ProviderHeldBack,
    ProviderRefused,
    ProviderUnavailable,
    WrongExpectedVersion,
)
from stenolog.log.event_data import is_provider_job
from stenolog.log.events.request_payload import read_request
from stenolog.log.events.submissions import RefusalReason
from stenolog.providers.port import CallbackTarget
from stenolog.reconciler.attempts import Attempts, anew, answered
from stenolog.reconciler.breaker import heed
from stenolog.reconciler.forwarding import Forwarded, Forwarder, Uploads
from stenolog.reconciler.gates import Gates, ProviderGate
from stenolog.reconciler.issuing import NO_SENTENCE, CommandIssuer, failure
from stenolog.reconciler.reading import TranscriptionReader

log = structlog.get_logger()

# At most five callbacks of one submission are recorded: it cannot move on more often.
RECORD_ATTEMPTS_MAX = 8
ACCOUNT_HELD = 429  # status of `ProviderHeldBack` where the whole account is asked for nothing
ADVICE: Mapping[Concern, str] = {
    "request": "the provider does not take this request; others go on",
    "account": "mend the provider's key or account; nothing is submitted before",
    "unclear": "see whether the provider's account may do what this request asks for",
}


class Submitter:
    """Gets a provider job for a transcription."""

    def __init__(
        self,
        gates: Gates,
        issuer: CommandIssuer,
        reader: TranscriptionReader,
        keys: CallbackKeys,
        uploads: Uploads,
        now_ms: NowMs,
    ) -> None:
        self._gates = gates
        self._issuer = issuer
        self._reader = reader
        self._keys = keys
        self._forwarder = Forwarder(uploads, now_ms)
        self._now_ms = now_ms

    def must_forward(self, state: Transcription) -> bool:
        """Tell whether an upload has to be sent to the provider before the create."""
        return self._forwarder.must_send(state)

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
            heed(gate.uploads, exc, state.id, began_ms, self._now_ms())
            if not isinstance(exc, ProviderRefused) or not exc.final:
                raise
            await self._never(state, number, exc)
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
        """Claim, call, and record the answer, whatever it is; an upload was forwarded before."""
        gate, began_ms = self._gates.gate(state), self._now_ms()
        audio_url = self._forwarder.kept_url(state.id)
        if state.upload is not None and not audio_url:
            return attempts  # what was forwarded is too old: the plan begins with it again
        try:
            body = await self._create_body(state, number, gate, audio_url)
        except ProviderError as exc:
            heed(gate.creates, exc, state.id, began_ms, self._now_ms())
            raise
        claim = ClaimSubmission(number=number, kid=self._keys.current)
        try:
            if await self._issuer.issue(claim, state, {"submission.claimed": body}):
                await self._create(state, number, gate, body)
        finally:
            gate.provider.withdraw(body)  # or others would wait for a request that is never made
        return anew(attempts)

    async def _create(
        self, state: Transcription, number: int, gate: ProviderGate, body: bytes
    ) -> None:
        forwarded = self._forwarder.use(state.id)
        began_ms = self._now_ms()
        try:
            job = await gate.provider.submit(body)
        except ProviderError as exc:
            heed(gate.creates, exc, state.id, began_ms, self._now_ms())
            await self._unmade(state, number, exc, forwarded)
        else:
            gate.creates.succeeded()
            await self.accept(state, number, job, adopted=False)

    async def _unmade(
        self, state: Transcription, number: int, exc: ProviderError, forwarded: Forwarded | None
    ) -> None:
        """Record that a create made no job, or that nobody knows."""
        match exc:
            case ProviderRefused():
                if forwarded is not None and self._forwarder.is_lost(state.id, exc):
                    again = ProviderUnavailable(str(exc), status=exc.status)
                    await self._postponed(state, number, again)
                    return
                if not exc.final:
                    self._forwarder.keep(state.id, forwarded)
                    log.warning(
                        "submission.refused", status=exc.status, advice=ADVICE[exc.concerns]
                    )
                await self._refused(state, number, exc)
            case ProviderUnavailable():
                self._forwarder.keep(state.id, forwarded)
                log.warning(
                    "submission.postponed",
                    status=exc.status,
                    reason=str(exc),
                    advice="it is tried again; `stenolog doctor` asks the provider",
                )
                await self._postponed(state, number, exc)
            case _:  # the claim stands open: the plan settles it
                log.warning(
                    "submission.unanswered",
                    error=str(exc),
                    advice="none is needed: the provider's list tells whether the job is there",
                )

    async def accept(self, state: Transcription, number: int, job: str, *, adopted: bool) -> bool:
        """Record the submission's job; an id that `data` may not hold goes into the payload.

        The stream may have moved since it was loaded, by a callback that overtook the reply: the
        acceptance holds all the same.
        """
        plain = is_provider_job(job)
        command = AcceptSubmission(
            number=number, provider_job=job if plain else None, adopted=adopted
        )
        payload = json.dumps({"provider_job": job}).encode()
        return await self._record(command, state, {} if plain else {"submission.accepted": payload})

    async def _create_body(
        self, state: Transcription, number: int, gate: ProviderGate, forwarded_url: str
    ) -> bytes:
        """Make the create request; of an upload, with the URL that was there before any waiting."""
        payload = await self._reader.payload_at(state.request_position)
        params = read_request(payload).params
        audio_url = str(params["audio_url"]) if state.upload is None else forwarded_url
        registration = register(self._keys, state.provider, state.id, number)
        target = CallbackTarget(
            url=f"{gate.callback_base}/callbacks/{state.provider}/{registration.token}",
            header_name=HEADER_NAME,
            header_value=registration.header,
        )
        return gate.provider.create_body(params, audio_url, target)

    async def _never(self, state: Transcription, number: int, exc: ProviderRefused) -> None:
        """End a transcription that can never be submitted, with a claim that called nobody."""
        claim = ClaimSubmission(number=number, kid=self._keys.current)
        if await self._issuer.issue(claim, state):
            await self._refused(state, number, exc)

    async def _refused(self, state: Transcription, number: int, exc: ProviderRefused) -> None:
        """Record that the provider said no: for good, or until our key is accepted again."""
        if exc.final:
            reason: RefusalReason = "invalid"
        else:
            reason = "not-found" if exc.status == 404 else "credentials"
        command = RefuseSubmission(
            number=number,
            status=exc.status,
            reason=reason,
            retry_in_ms=None,
            final=exc.final,
            wake="command",
        )
        await self._refuse(state, command, exc.sentence or NO_SENTENCE)

    async def _postponed(self, state: Transcription, number: int, exc: ProviderUnavailable) -> None:
        """Record that the provider said not now, or was not reached."""
        command = RefuseSubmission(
            number=number,
            status=exc.status,
            reason="throttled" if exc.status == 429 else "unavailable",
            retry_in_ms=exc.retry_in_ms,
            final=False,
            wake="command",
        )
        await self._refuse(state, command, "")

    async def _refuse(self, state: Transcription, command: RefuseSubmission, sentence: str) -> None:
        await self._record(command, state, {"transcription.failed": failure(sentence)})

    async def _record(
        self, command: Command, state: Transcription, payloads: Mapping[str, bytes]
    ) -> bool:
        """Record the provider's answer, whatever has happened to the stream since."""
        for _ in range(RECORD_ATTEMPTS_MAX):
            state = await self._reader.load(state.id)
            try:
                return await self._issuer.issue(command, state, payloads)
            except WrongExpectedVersion:
                continue
        raise WrongExpectedVersion(f"the stream moved on {RECORD_ATTEMPTS_MAX} times")
