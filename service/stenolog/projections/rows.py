"""Declare the rows that projections make and that readers are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["queued", "processing", "completed", "error"]
OPEN_STATUSES: tuple[Status, ...] = ("queued", "processing")

NO_NAMES = "[]"

Reason = Literal["not_requested", "not_ready", "unavailable", "error", "failed", "erased"]
"""Why a view shows no items.

`not_requested`: the customer did not ask for this feature, and nothing came. `not_ready`: the
transcription, or a view that is being built for the first time, is not finished. `unavailable`:
asked for, but the provider returned nothing for it. `error`: the transcription ended in `error`.
`failed`: this projection could not digest this transcription. `erased`: its content is gone. An
empty view without a reason means: asked for, looked for, none found.
"""

# A chunk is sealed by itself: few to write for an hour of words, little to open for a page of them.
ITEMS_PER_CHUNK_MAX = 500
CHUNK_BYTES = 64 * 1024  # a chunk is closed by the item that brings it to this size


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """One transcription: its status, and when it reached each step.

    Attributes:
        version: The stream's version that this row has seen.
        position: The position of that event.
        requested_position: The position of the first event; lists are ordered by it.
        submission: The latest submission's number, which is how many there were; 0 before.
        error: The sentence for the customer when `status` is `error`.
        audio_url: As the customer gave it; empty when it cannot be known any more.
        subject: As the customer gave it.
        metadata: The customer's JSON object, as JSON; None without.
        erased: Its erasure was requested; the content is gone.
        locked: The content is there and does not open: the key was destroyed a moment ago, or lost.
            Only the log tells which.
        finished_by: The submission that brought the outcome; 0 before.
        created_at: Times are the events' own: RFC 3339, six digits, Z.
        claimed_at: Of the submission that is shown, as are the next two and `provider_job`: the one
            whose job is known, else the latest claim, and after the end the one that brought it.
            Nothing that is learned of it after the end changes them.
        accepted_at: The provider had the job.
        called_back_at: The first callback for that submission that came before the end.
        completed_at: When the outcome was recorded, `error` included.
        webhook_status_code: What the customer's webhook answered last, once its delivery has
            ended; None before, without one, and when nothing was ever received.
        webhook_ended: How that delivery ended: `delivered`, or why not; None before, or without.
        webhook_address: Scheme, host and port of the customer's webhook; empty without one.
        unknown: Names of parameters that AssemblyAI's contract does not have, as a JSON list.
        erase_at: When its retention ends; None: it is kept, or its erasure was requested.
    """

    id: str
    tenant: str
    status: Status
    version: int
    position: int
    requested_position: int
    provider: str
    region: str | None
    surface: str
    correlation_id: str
    provider_job: str | None = None
    submission: int = 0
    audio_ms: int | None = None
    error: str | None = None
    audio_url: str = ""
    subject: str | None = None
    metadata: str | None = None
    erased: bool = False
    locked: bool = False
    finished_by: int = 0
    created_at: str
    claimed_at: str | None = None
    accepted_at: str | None = None
    called_back_at: str | None = None
    completed_at: str | None = None
    webhook_status_code: int | None = None
    webhook_ended: str | None = None
    webhook_address: str = ""
    unknown: str = NO_NAMES
    erase_at: str | None = None

    @property
    def open(self) -> bool:
        """Whether an outcome is still to come."""
        return self.status in OPEN_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptHead:
    """What was said, as one piece.

    Attributes:
        text: None when the transcription failed, or the provider gave none.
        words: How many words the provider returned.
        audio: What the provider knows of the audio, as a JSON object; None without.
        warnings: What a reader should know of the audio: code and sentence of each.
    """

    text: str | None
    confidence: float | None
    language_code: str | None
    words: int
    audio: str | None = None
    warnings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRow(TranscriptHead):
    """What was said, and how `/v2` says it.

    Attributes:
        body: The `/v2` answer, ready to be sent.
    """

    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some consecutive items of a view.

    Attributes:
        first: The ordinal of the first of them; ordinals are dense from 1.
        count: How many they are.
        bodies: One JSON object a line.
    """

    first: int
    count: int
    bodies: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PutStatus:
    """Replace the transcription's row; `request` is the request's payload when it is new.

    A row that is erased ends a hold of its projection.
    """

    projection: str
    row: StatusRow
    request: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutView:
    """Replace this projection's view of the transcription.

    Attributes:
        reason: None when the items are what the provider found, even if they are none.
        around: What a page shows beside its items, as a JSON object; None without.
        transcript: Only from the projection `transcript`.
    """

    projection: str
    transcription: str
    reason: Reason | None
    chunks: tuple[Chunk, ...] = ()
    around: bytes | None = None
    transcript: TranscriptRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Stop this view of the transcription as `failed`: the event at `position` cannot be projected.

    Attributes:
        reason: A sentence without content of the transcript.
        for_now: Nothing is known against the event: it is projected again later, and until then
            all views show what they showed before it.
        transcript: What `/v2` answers all the same; only from the projection `transcript`.
    """

    projection: str
    transcription: str
    position: int
    reason: str
    transcript: TranscriptRow | None = None
    for_now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Empty this view of an erased transcription; the view then says `erased`."""

    projection: str
    transcription: str


Change = PutStatus | PutView | Hold | Forget
