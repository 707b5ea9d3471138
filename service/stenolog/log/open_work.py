"""Tell what is still owed to a transcription, from one event to the next. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

ERASURE = 0  # among the numbers of submissions: the erasure is not completed
SEARCHES = 1_000  # behind the greatest number that a duplicate can have
JOBLESS_KEPT_MAX = 16  # of one transcription, the newest; each refusal of weeks would be one


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """What is owed to one transcription; each type of event says how it changes this.

    Attributes:
        outcome_owed: It has neither a result nor an end without one.
        urgent: The provider does not have it, has called back for it, or must forget it.
        unsettled: Numbers of the submissions that the provider may have a job for; beyond the
            outcome they are loose ends. 0 stands for an erasure that is not completed, -1 for the
            first duplicate that is to be deleted, -2 for the second, -1001 for other jobs of
            submission 1, which were not looked for yet.
        jobless: Numbers of submissions that are thought to have no job: a callback may name one.
    """

    outcome_owed: bool = False
    urgent: bool = False
    unsettled: frozenset[int] = frozenset()
    jobless: frozenset[int] = frozenset()

    @property
    def open(self) -> bool:
        """Whether anything must be done."""
        return self.outcome_owed or bool(self.unsettled)

    @property
    def kept(self) -> bool:
        """Whether it must be remembered: something is owed, or may yet turn out to be."""
        return self.open or bool(self.jobless)

    def with_job(self, number: int, *, urgent: bool) -> OpenWork:
        """Return it once the provider may have a job for this submission."""
        return replace(
            self,
            urgent=urgent,
            unsettled=self.unsettled | {number},
            jobless=self.jobless - {number},
        )

    def without_job(self, number: int) -> OpenWork:
        """Return it once this submission is thought to have no job."""
        jobless = sorted(self.jobless | {number})[-JOBLESS_KEPT_MAX:]
        return replace(self.settled(number), urgent=self.outcome_owed, jobless=frozenset(jobless))

    def settled(self, number: int) -> OpenWork:
        """Return it once it is known what became of this submission's job."""
        return replace(self, unsettled=self.unsettled - {number}, jobless=self.jobless - {number})

    def with_duplicate(self, duplicate: int) -> OpenWork:
        """Return it with a job that is to be deleted, which is none of its submissions' own."""
        return replace(self, unsettled=self.unsettled | {-duplicate})

    def without_duplicate(self, duplicate: int) -> OpenWork:
        """Return it once that job is deleted."""
        return replace(self, unsettled=self.unsettled - {-duplicate})

    def with_search(self, number: int) -> OpenWork:
        """Return it with other jobs of this submission to be looked for."""
        return replace(self, unsettled=self.unsettled | {-SEARCHES - number})

    def without_search(self, number: int) -> OpenWork:
        """Return it once they were looked for."""
        return replace(self, unsettled=self.unsettled - {-SEARCHES - number})

    def ended(self) -> OpenWork:
        """Return it once the outcome is recorded, or no longer wanted."""
        return replace(self, outcome_owed=False)


NO_WORK = OpenWork()
