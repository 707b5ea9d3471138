"""What projector and readers ask of the store of views."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.pages import (
    ItemsPage,
    OpenPage,
    ProjectionStatus,
    TranscriptionsPage,
    UploadUse,
)
from stenolog.projections.rows import Change, Reason, Status, StatusRow, TranscriptRow

GenerationState = Literal["live", "building"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One set of a projection's rows.

    Attributes:
        generation: Unique among all projections; a later one is greater.
        version: Of the projection that made it.
        position: The last position whose event is in it; the checkpoint's for a live one.
        state: `live` is what readers see, `building` will replace it.
    """

    generation: int
    projection: str
    version: int
    position: int
    state: GenerationState


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsState:
    """The checkpoint and every generation that is live or being built, as of one moment."""

    checkpoint: Checkpoint
    generations: tuple[Generation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What must be known of some transcriptions before their next events are projected.

    Attributes:
        rows: By transcription, from one generation of `transcriptions`.
        held: Pairs of a generation and a transcription that it holds.
    """

    rows: Mapping[str, StatusRow]
    held: frozenset[tuple[int, str]]


class ViewWriter(Protocol):
    """The writing side; one caller at a time, the projector.

    But for `erase`, which may come at any time; calls are done in the order in which they come.
    Every method is one transaction. Every method raises `StoreUnavailable` when nothing, or
    possibly nothing, was written: read `state` again before going on.
    """

    async def state(self) -> ViewsState:
        """The checkpoint and the generations."""
        ...

    async def known(
        self, status_generation: int | None, generations: Collection[int], ids: Collection[str]
    ) -> Known:
        """What the store knows of these transcriptions; no rows without `status_generation`."""
        ...

    async def begin(self, projection: str, version: int, *, live: bool) -> None:
        """A new and empty generation exists; one that was being built is dropped.

        A live one takes part in the checkpoint from position 0; only for a store that is empty.
        """
        ...

    async def advance(self, changes: Sequence[Change], *, after: int, to: Checkpoint) -> None:
        """Make the changes in the live generations and move the checkpoint from `after`."""
        ...

    async def build(
        self, generations: Collection[int], changes: Sequence[Change], *, after: int, position: int
    ) -> bool:
        """Make the changes in generations being built, and move their position from `after`.

        In the same transaction in which they reach the checkpoint they become live, and the old
        ones are dropped; returns whether they did.
        """
        ...

    async def drop(self, projection: str) -> None:
        """All generations of a projection that is no more are dropped."""
        ...

    async def reset(self) -> None:
        """Nothing is left, and the checkpoint is 0: the log is not the one that was followed."""
        ...

    async def erase(self, transcription: str) -> None:
        """No generation, nor the WAL, holds anything of its content; its views say `erased`.

        Repeating changes nothing.
        """
        ...

    async def purge(self) -> bool:
        """A bounded number of rows of dropped generations is deleted; returns whether any was."""
        ...


class ViewReader(Protocol):
    """The reading side. Callers check the tenant on the row of the transcription.

    Every method raises `StoreUnavailable` when the views cannot be read.
    """

    async def transcription(self, transcription: str) -> StatusRow | None:
        """Its row; None: not projected, or no such thing."""
        ...

    async def request(self, transcription: str) -> bytes | None:
        """The payload of its request, a JSON object; None when it is not known."""
        ...

    async def transcript(self, transcription: str) -> TranscriptRow | None:
        """Its transcript; None while there is no outcome, and once it is erased."""
        ...

    async def customer_body(self, transcription: str) -> bytes | None:
        """The `/v2` answer, once there is an outcome; None before, and once it is erased."""
        ...

    async def view_state(self, transcription: str, view: str) -> Reason | None:
        """Why a view shows nothing; None when it shows what was found. Unknown: `not_ready`."""
        ...

    async def items(
        self, transcription: str, view: str, *, after: int, limit: int, speaker: str | None = None
    ) -> ItemsPage:
        """At most `limit` items behind the ordinal `after` (0: from the first)."""
        ...

    async def list_transcriptions(
        self,
        tenant: str,
        *,
        limit: int,
        before: int | None = None,
        after: int | None = None,
        status: Status | None = None,
        created_on: str | None = None,
    ) -> TranscriptionsPage:
        """A tenant's transcriptions, newest first; stable while others arrive.

        `before` gives the newest that are older, `after` the oldest that are newer than a row with
        this `requested_position`. `created_on` is a UTC day, `YYYY-MM-DD`.
        """
        ...

    async def open_transcriptions(self, *, after: str, limit: int) -> OpenPage:
        """At most `limit` ids greater than `after` (empty: from the first)."""
        ...

    async def upload_use(self, upload: str) -> UploadUse:
        """How many transcriptions need this upload.

        Raises:
            StoreUnavailable: There is no complete view of transcriptions.
        """
        ...

    async def projections(self) -> tuple[ProjectionStatus, ...]:
        """Every projection that has a generation."""
        ...

    async def checkpoint(self) -> Checkpoint:
        """Up to where the log has been followed."""
        ...

    async def counts_by_status(self) -> Mapping[str, int]:
        """How many transcriptions have which status, over all tenants."""
        ...

    async def oldest_open_at(self) -> str | None:
        """When the oldest transcription without an outcome was requested; None: there is none."""
        ...
