"""Know whether a provider that denies a job is asked about the account that the job is in."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from stenolog.bounded import BoundedMemory
from stenolog.clock import NowMs
from stenolog.commands.callback_tokens import Registered, read_registration
from stenolog.commands.transcription.state import Submission, Transcription
from stenolog.errors import BadToken, ProviderError, StoreError
from stenolog.providers.paging import pages_of
from stenolog.providers.port import FetchedJob
from stenolog.reconciler.gates import Gates, ProviderRegion, provider_region
from stenolog.reconciler.reading import TranscriptionReader

WITNESSES_MAX = 256  # jobs of ours that were read last, of all places
PAGES_MAX = 5  # of the list, a thousand jobs
QUESTIONS_MAX = 10  # of these jobs that are read in one look


@dataclass(frozen=True, slots=True, kw_only=True)
class _Witness:
    where: ProviderRegion
    transcription_id: str
    claimed_position: int
    seen_at_ms: int


class Evidence:
    """Remembers which jobs of ours a place has shown, and looks for one where it has to.

    A provider that is reached with another account's key knows none of our jobs, and says so in its
    own words. A witness is another job of ours that it has shown since it denied the first: one as
    old as the denied job, or any, when the denied job was made since this process began. A newer
    one proves nothing: it may have been made after the key was changed. Which of two is older is
    told by the places of their claims in the log, because clocks are set.
    """

    def __init__(
        self, gates: Gates, reader: TranscriptionReader, now_ms: NowMs, *, began_position: int
    ) -> None:
        """`began_position`: the log's head when this process began."""
        self._gates = gates
        self._reader = reader
        self._now_ms = now_ms
        self._began_position = began_position
        self._witnesses: BoundedMemory[str, _Witness] = BoundedMemory(WITNESSES_MAX)
        self._looked_ms: dict[ProviderRegion, int] = {}

    def saw(self, state: Transcription, submission: Submission, job: str) -> None:
        """Note that the provider has shown this job, with our token."""
        witness = _Witness(
            where=provider_region(state),
            transcription_id=state.id,
            claimed_position=submission.claimed_position,
            seen_at_ms=self._now_ms(),
        )
        self._witnesses.put(job, witness)

    async def vouches(
        self, state: Transcription, denied: Submission, job: str, *, since_ms: int, every_ms: int
    ) -> bool:
        """Tell whether a place that has denied `job` since `since_ms` has shown one of ours since.

        When it has not, its list is looked at, at most once in `every_ms`, and a few of its jobs
        are read. A list that fails is no witness, nor one that has the denied job.
        """
        if self._has_witness(state, denied, since_ms):
            return True
        where, now_ms = provider_region(state), self._now_ms()
        looked_ms = self._looked_ms.get(where)
        if looked_ms is not None and 0 <= now_ms - looked_ms < every_ms:
            return False
        self._looked_ms[where] = now_ms
        if not self._gates.facts(state).lists:
            return False
        try:
            return await self._look(state, denied, job, since_ms)
        except ProviderError:
            return False

    def _has_witness(self, state: Transcription, denied: Submission, since_ms: int) -> bool:
        any_age = self._any_age(denied)
        return any(
            one.where == provider_region(state)
            and one.transcription_id != state.id
            and one.seen_at_ms >= since_ms
            and (any_age or one.claimed_position <= denied.claimed_position)
            for one in self._witnesses.values()
        )

    def _any_age(self, denied: Submission) -> bool:
        """Tell whether the denied job was made since this process began."""
        return denied.claimed_position > self._began_position

    async def _look(
        self, state: Transcription, denied: Submission, job: str, since_ms: int
    ) -> bool:
        """Read listed jobs until one is a witness; tell whether one was.

        One that cannot be read, or is ours and too young, is passed over. The list has the
        provider's times, so that the time of the acceptance is as the log says it.
        """
        provider, asked = self._gates.gate(state).provider, 0
        any_age, accepted_at_ms = self._any_age(denied), denied.accepted_at_ms + denied.ahead_ms
        async for page in pages_of(provider, status=None, pages_max=PAGES_MAX):
            for listed in page.jobs:
                if listed.id == job:
                    return False
                young = (listed.created_at_ms or 0) > accepted_at_ms
                if young and not any_age:
                    continue
                asked += 1
                with contextlib.suppress(ProviderError):
                    await self._read(state, listed.id)
                if self._has_witness(state, denied, since_ms):
                    return True
                if asked >= QUESTIONS_MAX:
                    return False
        return False

    async def _read(self, state: Transcription, job: str) -> None:
        """Note the job as seen if its token is of a submission in our log, at the same place."""
        found = await self._gates.gate(state).provider.fetch(job)
        registered = registration_of(found) if isinstance(found, FetchedJob) else None
        if registered is None or registered.transcription_id == state.id:
            return
        try:
            other = await self._reader.load(registered.transcription_id)
        except StoreError:
            return
        submission = other.submission(registered.submission)
        other = other.at(other.place_of(registered.submission))
        if submission is not None and other.place == state.place:
            self.saw(other, submission, job)


def registration_of(job: FetchedJob) -> Registered | None:
    """Return what the job's `webhook_url` says that it was created for; None: no token of ours.

    The MAC is not checked: only the provider, or who has its key, can create jobs under our
    account.
    """
    try:
        return read_registration((job.webhook_url or "").rpartition("/")[2])
    except BadToken:
        return None


def is_ours(job: FetchedJob, transcription_id: str, submission: int) -> bool:
    """Tell whether the provider says that this job was created with this registration of ours."""
    registered = registration_of(job)
    return registered is not None and (
        registered.transcription_id,
        registered.submission,
    ) == (transcription_id, submission)
