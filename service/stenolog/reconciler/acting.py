"""Carry out what the plan decided."""

from __future__ import annotations

from typing import Protocol, assert_never

from stenolog.clock import NowMs
from stenolog.commands.transcription.commands import CompleteErasure
from stenolog.commands.transcription.commands import Supersede as RecordSupersession
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.errors import ProviderError, ProviderHeldBack
from stenolog.reconciler.actions import (
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
from stenolog.reconciler.attempts import Attempts, erased_here, in_trouble, seen_running
from stenolog.reconciler.erasing import Erase, FinishErasure, Step
from stenolog.reconciler.fetching import Fetcher
from stenolog.reconciler.gates import Gates, ProviderRegion, provider_region
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.owning import Owner
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.removing import Remover
from stenolog.reconciler.settle import Settler
from stenolog.reconciler.submitting import Submitter
from stenolog.reconciler.sweep import GATHER_MS, Sweep
from stenolog.reconciler.timing import Timing
from stenolog.reconciler.trouble import LASTING, sentence_of

LAST_ASKS_MAX = 8  # in vain, with their backoff some three minutes; then a job is given up
LAST_ASKS_HELD_MS_MAX = 6 * 3_600_000  # while nobody may ask; then it is given up unasked


class Eraser(Protocol):
    """Erases what is here; `compliance/erasure` keeps this promise."""

    async def erase(self, state: Transcription) -> None:
        """Erase key, views and upload; repeating changes nothing.

        Raises:
            StoreUnavailable: Something may be left; try again.
        """
        ...


class Actor:
    """Carries out one action, and returns what this process has learned; facts go to the log."""

    def __init__(
        self,
        gates: Gates,
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
        gather_ms: int = GATHER_MS,
    ) -> None:
        """`gather_ms`: how long a look at a provider's list waits for others to share it."""
        self._gates = gates
        self._issuer = issuer
        self._reader = reader
        self._submitter = submitter
        self._fetcher = fetcher
        self._owner = owner
        self._remover = remover
        self._settler = settler
        self._eraser = eraser
        self._now_ms = now_ms
        self._gather_ms = gather_ms
        self._sweeps: dict[ProviderRegion, Sweep] = {}

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
            case Check():
                return await self._check(action, state, attempts, timing)
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
            case Wait() | Done():
                pass
            case _:
                assert_never(action)
        return attempts

    async def close(self) -> None:
        """End a listing of a provider that is under way."""
        for sweep in self._sweeps.values():
            await sweep.close()

    async def _submit(self, number: int, state: Transcription, attempts: Attempts) -> Attempts:
        if self._submitter.must_forward(state):
            return await self._submitter.forward(state, number, attempts)
        return await self._submitter.submit(state, number, attempts)

    async def _fetch(
        self, action: Fetch | Check, state: Transcription, attempts: Attempts, timing: Timing
    ) -> Attempts:
        return await self._fetcher.fetch(state, action.number, action.wake, attempts, timing)

    async def _check(
        self, action: Check, state: Transcription, attempts: Attempts, timing: Timing
    ) -> Attempts:
        job = await self._reader.job_of(_of(state, action.number))
        try:
            if await self._sweep_of(state).is_running(job):
                return seen_running(attempts, self._now_ms())
        except ProviderError:
            # A list that stays unreadable, or refused, must not keep a finished job from us.
            if not attempts.failures:
                raise
        return await self._fetch(action, state, attempts, timing)

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
            state = await self._reader.load(state.id)
        await self._fetcher.give_up(
            state,
            action.number,
            lost=action.lost,
            lifetime_ms=timing.job_lifetime_ms,
            trouble=attempts.trouble,
        )
        return attempts

    def _sweep_of(self, state: Transcription) -> Sweep:
        where = provider_region(state)
        if where not in self._sweeps:
            self._sweeps[where] = Sweep(self._gates.gate(state).provider, self._gather_ms)
        return self._sweeps[where]


def _of(state: Transcription, number: int) -> Submission:
    submission = state.submission(number)
    assert submission is not None
    return submission
