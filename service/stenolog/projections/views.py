"""Declare what the projector and the readers ask of the store of views."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol

from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.pages import (
    ItemsPage,
    OpenState,
    ProjectionStatus,
    TranscriptionsPage,
)
from stenolog.projections.rows import Change, Reason, Status, StatusRow, TranscriptHead
from stenolog.projections.shaped.filters import Wanted
from stenolog.projections.views_state import Known, ViewsState

TRANSCRIPTIONS_VIEW = "transcriptions"  # the view that has the status of each
TRANSCRIPT_VIEW = "transcript"  # the view that has the text, and the body that `/v2` answers

# Returns once a large answer may be made, because those before it were taken, and keeps so many
# bytes (at most; 0: none) for it until the caller's task has begun to send it, or ends. Raises
# `StoreUnavailable` when that takes too long.
Room = Callable[[int], Awaitable[None]]


async def no_wait(bytes_max: int) -> None:
    """Have room for every answer."""


class ViewWriter(Protocol):
    """Writes the views, for one caller at a time: the projector.

    `erase` alone may be called at any time; calls are executed in the order in which they come.
    Every method is one transaction. Every method raises `StoreUnavailable` when it is not certain
    that everything was written: read `state` again before going on.
    """

    async def state(self) -> ViewsState:
        """Read the checkpoint and the generations."""
        ...

    async def known(
        self, status_generation: int | None, generations: Collection[int], ids: Collection[str]
    ) -> Known:
        """Read what is known of these transcriptions; no rows without `status_generation`."""
        ...

    async def begin(self, projection: str, version: int, *, live: bool) -> None:
        """Create an empty generation; drop one that was being built.

        With `live` it takes part in the checkpoint from position 0; only for a store that is empty.
        """
        ...

    async def advance(self, changes: Sequence[Change], *, after: int, to: Checkpoint) -> None:
        """Make the changes in the live generations and move the checkpoint from `after`."""
        ...

    async def build(
        self, generations: Collection[int], changes: Sequence[Change], *, after: int, position: int
    ) -> bool:
        """Make the changes in generations being built, and move their position from `after`.

        When their position reaches the checkpoint they become live in the same transaction, and the
        old generations are dropped. Returns whether this happened.
        """
        ...

    async def skip(self, to: Checkpoint) -> None:
        """Have views that are empty follow the log behind `to`, and be filled with what is before.

        Raises:
            StoreUnavailable: It may or may not be so now, or they are not empty.
        """
        ...

    async def fill(self, changes: Sequence[Change], *, after: int, position: int) -> None:
        """Make the changes in the live generations and move their filling from `after`."""
        ...

    async def held_for_now(self, limit: int, *, after: int = 0) -> Mapping[str, Mapping[str, int]]:
        """Return what live generations hold for now, of at most `limit` transcriptions.

        Only of those whose oldest event that is held stands after the position `after`.
        By transcription: for each projection the position of the event that it holds, of those
        behind `after`. The transcriptions whose events are oldest come first. The next page is
        behind the last position of all.
        """
        ...

    async def release(
        self, transcription: str, projections: Collection[str], changes: Sequence[Change]
    ) -> None:
        """Hold the transcription for now no more, and make the changes in the live generations."""
        ...

    async def drop(self, projection: str) -> None:
        """Drop all generations of a projection that this version does not have."""
        ...

    async def reset(self) -> None:
        """Drop everything and set the checkpoint to 0, because the log is another one."""
        ...

    async def erase(self, transcription: str) -> None:
        """Remove the transcription's content from all generations.

        Its views then say `erased`. Repeating it changes nothing. Whoever asks for it has
        destroyed the key, or will: what is left on the disk opens with nothing else.
        """
        ...

    async def purge(self) -> bool:
        """Delete a bounded number of rows of dropped generations; return whether there were any."""
        ...


class ViewReader(Protocol):
    """Reads the views. Callers check the tenant on the row of the transcription.

    Content whose key is not there reads as none; the transcription's row is then `locked`.

    Every method raises `StoreUnavailable` when the views cannot be read.
    """

    async def transcription(self, transcription: str) -> StatusRow | None:
        """Read the row; None when there is no such transcription, or it is not projected yet."""
        ...

    async def is_held(self, transcription: str) -> bool:
        """Tell whether its row stopped at an event that cannot be projected, not for now alone."""
        ...

    async def request(self, transcription: str) -> bytes | None:
        """Read the payload of its request, a JSON object; None when it is not known."""
        ...

    async def transcript(self, transcription: str) -> TranscriptHead | None:
        """Read what was said; None while there is no outcome, and once it is erased."""
        ...

    async def customer_body(self, transcription: str, room: Room = no_wait) -> bytes | None:
        """Read the `/v2` answer; None while there is no outcome, and once it is erased.

        A long one is read once `room`, told how many bytes it has at most, has returned.
        """
        ...

    async def view_state(self, transcription: str, view: str) -> Reason | None:
        """Read why a view shows no items; None when it shows what was found.

        A view that is not known is `not_ready`.
        """
        ...

    async def items(
        self, transcription: str, view: str, *, after: int, limit: int, wanted: Wanted | None = None
    ) -> ItemsPage:
        """Read at most `limit` wanted items that follow the ordinal `after`; 0: from the first.

        Raises:
            KeyMissing: There are some, and their key was destroyed or lost: ask the log which.
        """
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
        among: Collection[str] | None = None,
    ) -> TranscriptionsPage:
        """List a tenant's transcriptions, newest first; pages stay stable while others arrive.

        `before` gives the newest that are older, `after` the oldest that are newer than a row with
        this `requested_position`. `created_on` is a UTC day, `YYYY-MM-DD`.
        `among` has the ids of those that may be listed.
        """
        ...

    async def is_filling(self) -> bool:
        """Tell whether older transcriptions may be missing, because the views were lost."""
        ...

    async def projections(self) -> tuple[ProjectionStatus, ...]:
        """List every projection that has a generation."""
        ...

    async def checkpoint(self) -> Checkpoint:
        """Read up to where the views have followed the log."""
        ...

    async def counts_by_status(self) -> Mapping[str, int]:
        """Count the transcriptions by status, over all tenants."""
        ...

    async def oldest_open(self) -> Mapping[OpenState, str]:
        """Read since when the oldest transcription without an outcome is in each state.

        A state that none is in is missing; `open` stands for all.
        """
        ...
