"""Hold the state of a transcription, as folded from its stream; it is never stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from stenolog.log.events.callbacks import CallbackKind, UnmatchedKind
from stenolog.log.events.deliveries import WebhookEnding
from stenolog.log.events.submissions import AbandonReason, RefusalReason, RemovalProof
from stenolog.log.events.transcriptions import TRANSCRIPTION, FailureReason
from stenolog.log.events.vocabulary import ProviderName, Region, Surface
from stenolog.log.open_work import NO_WORK, OpenWork

Place = tuple[ProviderName, Region | None]
"""A provider, and the region in which it is asked; None: it has no regions."""
Status = Literal["queued", "processing", "completed", "error"]
Outcome = Literal["unknown", "accepted", "refused", "failed", "abandoned", "superseded", "removed"]
OPEN_OUTCOMES: frozenset[Outcome] = frozenset({"unknown", "accepted"})  # there may be a job


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer to a create that is not the provider's."""

    status: int
    request_bytes: int
    answer_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A job that a submission has besides its own.

    Attributes:
        number: From 1 within its transcription.
        provider_job: Their handle; None when it is in the payload of the event at `position`.
        removal: How we know that it is gone; None: it is to be deleted.
    """

    number: int
    submission: int
    provider_job: str | None
    position: int
    at_ms: int
    removal: RemovalProof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One attempt to get a provider job, numbered from 1.

    Attributes:
        claimed_position: Where the claim stands in the log.
        ahead_ms: How far its times were ahead of the clock, and were moved back; 0 from a fold.
        outcome: `unknown` from the claim until the provider has said something.
        provider_job: Their handle; None before it is accepted, or when it is in the payload.
        accepted_position: Where the acceptance stands in the log; 0 before.
        retry_at_ms: For refused ones: not to be tried again before. For failed ones: their end.
        refusal: For refused ones: why.
        own_fault: For failed ones: the server that failed was the provider's own.
        abandonment: For abandoned ones: how we know that there is no job.
        called_back: Kinds of callbacks that arrived for it.
        callback_jobs: The handles that callbacks named, at most eight; hints until the provider
            confirms them.
        delayed: Half of the time has passed within which its result can be fetched.
        unmatched: How its callback was found not to be what was to be expected.
        page: What its create was answered with instead of an answer of the provider.
        removal: For removed ones: how we know that the job is gone.
        search_owed: Its job was found, and the provider's list was not looked through for others.
        claimed_at: The time of its claim as the event says it, as are the next two.
        accepted_at: None before the provider had the job.
        called_back_at: The first callback that was about the transcript and came before the end.
        place: Where it is asked; None: its transcription has one place only.
    """

    number: int
    claimed_at_ms: int
    claimed_position: int = 0
    ahead_ms: int = 0
    outcome: Outcome = "unknown"
    provider_job: str | None = None
    accepted_at_ms: int = 0
    accepted_position: int = 0
    retry_at_ms: int = 0
    refusal: RefusalReason | None = None
    own_fault: bool = False
    abandonment: AbandonReason | None = None
    called_back: frozenset[CallbackKind] = frozenset()
    callback_jobs: tuple[str, ...] = ()
    delayed: bool = False
    unmatched: frozenset[UnmatchedKind] = frozenset()
    page: Page | None = None
    removal: RemovalProof | None = None
    search_owed: bool = False
    claimed_at: str = ""
    accepted_at: str | None = None
    called_back_at: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """What is known of a transcription after `version` events; version 0: nothing.

    Attributes:
        last_at_ms: The time of the last event; later than now when the clock was set back since.
        provider: Who is or was asked for the submission that is shown; before the first, who will.
        places: Where it may be asked, in this order; one after another, never two at once.
        duplicates: Jobs that its submissions have besides their own.
        erasure_position: Where its erasure was requested; 0: it was not.
        erased: Everything is gone, here and at the provider.
        shown: The number of the submission that readers are shown; 0 before the first. The claim
            that was made last, until a job is known: then the highest accepted one, and after the
            outcome the one that brought it (a refused one may prove accepted: DECISIONS 93).
        shown_at_end: That one as the outcome, or the erasure before any, found it (DECISIONS 108).
        claims, work: How many submissions there were before the end; what is owed to it.
        requested_at: Times are the events' own: RFC 3339, six digits, Z.
        ended_at: The time of the outcome, or of the erasure that came before any.
        audio_ms: As the provider measured it; None before the result.
        webhook_status, webhook_ended: The customer's webhook's last answer, and how its delivery
            ended; None before.
        holds: The legal holds that were put on it. After `retention_days` it goes; None: it stays.
    """

    id: str
    version: int = 0
    tenant: str = ""
    correlation_id: str = ""
    request_position: int = 0
    last_event_id: str = ""
    last_at_ms: int = 0
    status: Status = "queued"
    provider: ProviderName = "local"
    region: Region | None = None
    places: tuple[Place, ...] = ()
    upload: str | None = None
    finished_by: int = 0
    failure: FailureReason | None = None
    submissions: tuple[Submission, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    erasure_position: int = 0
    erased: bool = False
    surface: Surface = "native"
    shown: int = 0
    shown_at_end: Submission | None = None
    claims: int = 0
    work: OpenWork = NO_WORK
    requested_at: str = ""
    ended_at: str | None = None
    audio_ms: int | None = None
    webhook_status: int | None = None
    webhook_ended: WebhookEnding | None = None
    holds: frozenset[str] = frozenset()
    retention_days: int | None = None

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return stream_of(self.id)

    @property
    def terminal(self) -> bool:
        """Whether there is a result, or will be none."""
        return self.erasing or self.status in {"completed", "error"}

    @property
    def erasing(self) -> bool:
        """Whether its content must go, or is gone."""
        return self.erasure_position > 0

    @property
    def running(self) -> bool:
        """Whether it may have a job at the provider: accepted, or of unknown outcome.

        Erasing does not end a job: it runs until it was deleted there.
        """
        over = self.erased or self.status in {"completed", "error"}
        return not over and any(s.outcome in OPEN_OUTCOMES for s in self.submissions)

    @property
    def handle_sealed(self) -> bool:
        """Whether a job is known only by a payload: removing it comes before destroying the key."""
        own = (
            s.accepted_position and s.provider_job is None and s.outcome != "removed"
            for s in self.submissions
        )
        return any(own) or any(d.provider_job is None for d in self.left_duplicates)

    @property
    def left_duplicates(self) -> tuple[Duplicate, ...]:
        """The duplicates that are to be deleted."""
        return tuple(one for one in self.duplicates if one.removal is None)

    @property
    def given_up(self) -> bool:
        """Whether it failed although the provider never said so: a result may still come."""
        return self.failure in {"deadline", "lost"}

    @property
    def place(self) -> Place:
        """Where the submission that is shown is asked; of one that `at` returns, that place."""
        return self.provider, self.region

    @property
    def plain(self) -> bool:
        """Whether only what the customer asked for is asked for: a setting's value was refused."""
        here = (s for s in self.submissions if s.place in {None, self.place})
        return any(submission.refusal == "setting" for submission in here)

    @property
    def failed_submissions(self) -> int:
        """How many of the provider's jobs ended in a server error."""
        return sum(submission.outcome == "failed" for submission in self.submissions)

    @property
    def shown_submission(self) -> Submission | None:
        """The submission that readers are shown; after the end no event changes it any more.

        Except a late result: it is shown with the submission that brought it.
        """
        return self.shown_at_end or self.submission(self.shown)

    @property
    def last(self) -> Submission | None:
        """The latest submission."""
        return self.submissions[-1] if self.submissions else None

    def at(self, place: Place) -> Transcription:
        """Return it for whoever asks the provider at this place."""
        return self if place == self.place else replace(self, provider=place[0], region=place[1])

    def place_of(self, number: int) -> Place:
        """Return where the submission with this number is asked; the shown one's without it."""
        submission = self.submission(number)
        return submission.place if submission is not None and submission.place else self.place

    def outcome_of(self, number: int) -> Outcome | None:
        """Return what became of the submission with this number; None: there is none."""
        submission = self.submission(number)
        return submission.outcome if submission is not None else None

    def submission(self, number: int) -> Submission | None:
        """Return the submission with this number."""
        return next((s for s in self.submissions if s.number == number), None)


def stream_of(transcription_id: str) -> str:
    """Return the stream of a transcription."""
    return f"{TRANSCRIPTION}{transcription_id}"
