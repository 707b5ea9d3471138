"""Carry out what the plan decided."""

from __future__ import annotations

from typing import Protocol, assert_never

import structlog

from stenolog.clock import NowMs
from stenolog.commands.transcription.commands import CompleteErasure, RecordDelay
from stenolog.commands.transcription.commands import Supersede as RecordSupersession
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.errors import ProviderError, ProviderHeldBack
from stenolog.reconciler.actions import (
    Alarm,
    Check,
    Confirm,
    Done,
    Fetch,
    GiveUp,
    Remove,
    Search,
    Settle,
    Submit,
    Supersede,
    Wait,
)
from stenolog.reconciler.attempts import Attempts, erased_here, in_trouble, list_asked
from stenolog.reconciler.erasing import Erase, FinishErasure, Step
from stenolog.reconciler.fetching import Fetcher
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.owning import Owner
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.removing import Remover
from stenolog.reconciler.settle import Settler
from stenolog.reconciler.submitting import Submitter
from stenolog.reconciler.timing import Timing
from stenolog.reconciler.trouble import LASTING, sentence_of

LAST_ASKS_MAX = 8  # in vain, with their backoff some three minutes; then a job is given up
LAST_ASKS_HELD_MS_MAX = 6 * 3_600_000  # while nobody may ask; then it is given up unasked


log = structlog.get_logger()


class Eraser(Protocol):
    """Erases what is here; `compliance/erasure` keeps this promise."""

    async def erase(self, state: Transcription) -> None:
        """Erase key, views and upload; repeating changes nothing.

        Raises:
            StoreUnavailable: Something may be left; try again.
        """
        ...


class Metrics(Protocol):
    """Counts what is late."""

    def delayed(self) -> None:
        """Count a job that has not ended in half of the time within which it can be fetched."""
        ...


class Actor:
    """Carries out one action, and returns what this process has learned; facts go to the log."""

    def __init__(
        self,
        issuer: CommandIssuer,
        reader: TranscriptionReader,
        submitter: Submitter,
        fetcher: Fetcher,
        settler: Settler,
        eraser: Eraser,
        now_ms: NowMs,
        *,
        owner: Owner,
        remover: Remover,
        metrics: Metrics,
    ) -> None:
        self._issuer = issuer
        self._reader = reader
        self._submitter = submitter
        self._fetcher = fetcher
        self._owner = owner
        self._remover = remover
        self._settler = settler
        self._eraser = eraser
        self._now_ms = now_ms
        self._metrics = metrics

    async def do(
        self, action: Step, state: Transcription, attempts: Attempts, timing: Timing
    ) -> Attempts:
        """Carry out the action, and return what has been tried since.

        Raises:
            ProviderError: The provider could not be asked, or said no.
            WrongExpectedVersion: The transcription moved on: look again.
            StoreError: What happened could not be recorded.
        """
        match action:
            case Submit():
                return await self._submit(action.number, state, attempts)
            case Settle():
                return await self._settler.settle(
                    state, _of(state, action.number), attempts, timing
                )
            case Search():
                return await self._settler.search(
                    state, _of(state, action.number), attempts, timing
                )
            case Confirm():
                return await self._owner.confirm(state, action.number, action.job, attempts)
            case Fetch():
                return await self._fetch(action, state, attempts, timing)
            case Alarm():
                await self._alarm(action, state, timing)
            case Supersede():
                await self._issuer.issue(RecordSupersession(number=action.number), state)
            case Remove():
                await self._remover.remove(state, action.number, action.duplicate)
            case GiveUp():
                return await self._give_up(action, state, attempts, timing)
            case Erase():
                await self._eraser.erase(state)
                return erased_here(attempts)
            case FinishErasure():
                await self._issuer.issue(CompleteErasure(), state)
            case Check():
                return list_asked(attempts)
            case Wait() | Done():
                pass
            case _:
                assert_never(action)
        return attempts

    async def _alarm(self, action: Alarm, state: Transcription, timing: Timing) -> None:
        if await self._issuer.issue(RecordDelay(number=action.number), state):
            self._metrics.delayed()
            log.warning(
                "submission.delayed",
                provider=state.provider,
                given_up_in_ms=timing.job_lifetime_ms // 2,
                advice="the provider has not finished the job, and in as long again it is given "
                "up; ask the provider",
            )

    async def _submit(self, number: int, state: Transcription, attempts: Attempts) -> Attempts:
        if self._submitter.must_forward(state):
            return await self._submitter.forward(state, number, attempts)
        return await self._submitter.submit(state, number, attempts)

    async def _fetch(
        self, action: Fetch, state: Transcription, attempts: Attempts, timing: Timing
    ) -> Attempts:
        return await self._fetcher.fetch(state, action.number, action.wake, attempts, timing)

    async def _give_up(
        self, action: GiveUp, state: Transcription, attempts: Attempts, timing: Timing
    ) -> Attempts:
        """Ask a last time; what is not finished now will not be."""
        submission = _of(state, action.number)
        if not action.lost and submission.outcome == "accepted":
            last_ms = submission.accepted_at_ms + timing.job_lifetime_ms + LAST_ASKS_HELD_MS_MAX
            try:
                asked = Fetch(number=action.number, wake="silence")
                attempts = await self._fetch(asked, state, attempts, timing)
            except ProviderHeldBack:  # nobody was asked: that says nothing of the job
                if self._now_ms() < last_ms:
                    raise
            except ProviderError as exc:  # a refusal too: who waits for this must come to an end
                odd = getattr(exc, "odd", "")
                if attempts.last_asks < LAST_ASKS_MAX and odd not in LASTING:
                    raise
                trouble = sentence_of(odd) or attempts.trouble
                attempts = in_trouble(attempts, trouble)
            state = await self._reader.again(state)
        await self._fetcher.give_up(
            state,
            action.number,
            lost=action.lost,
            lifetime_ms=timing.job_lifetime_ms,
            trouble=attempts.trouble,
        )
        return attempts


def _of(state: Transcription, number: int) -> Submission:
    submission = state.submission(number)
    assert submission is not None
    return submission
