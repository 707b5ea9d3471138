"""Declare what `/api/v1` asks of erasures and legal holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.commands.retention import RetentionClasses
from stenolog.log.recorder import Cause


class OrderErasures(Protocol):
    """Erases many, and certifies it; `compliance/forgetting` keeps this promise.

    Every method raises `StoreUnavailable` when nothing can be written or read now.
    """

    async def of_transcription(self, cause: Cause, transcription_id: str, /) -> str:
        """Order the erasure of one transcription, which the tenant has; return its id."""
        ...

    async def of_subject(self, cause: Cause, subject: str, /) -> str:
        """Order the erasure of all that the tenant has of a subject; return its id."""
        ...

    async def certificate(
        self, tenant: str, erasure_id: str, /, *, after: int, limit: int
    ) -> Mapping[str, object]:
        """Return the signed certificate, with `limit` of its transcriptions behind the first ones.

        Raises:
            NotFound: The tenant has no such erasure.
        """
        ...

    async def page(
        self, tenant: str, /, *, before: str, limit: int
    ) -> Sequence[Mapping[str, object]]:
        """Return at most `limit` summaries, newest first, behind the erasure `before`."""
        ...


class LegalHolds(Protocol):
    """Places and releases legal holds; `compliance/forgetting` keeps this promise.

    Every method raises `StoreUnavailable` when nothing can be written or read now.
    """

    async def place_on_transcription(
        self, cause: Cause, transcription_id: str, reason: str, /
    ) -> str:
        """Put one transcription on hold, which the tenant has; return the hold's id."""
        ...

    async def place_on_subject(self, cause: Cause, subject: str, reason: str, /) -> str:
        """Put all of a subject on hold, later ones too; return the hold's id."""
        ...

    async def release(self, cause: Cause, hold_id: str, /) -> None:
        """Release the hold; repeating changes nothing.

        Raises:
            NotFound: The tenant has no such hold.
        """
        ...

    async def shown(self, tenant: str, hold_id: str, /) -> Mapping[str, object]:
        """Return the hold as JSON values; raises as `release`."""
        ...

    async def page(
        self, tenant: str, /, *, before: str, limit: int
    ) -> Sequence[Mapping[str, object]]:
        """Return at most `limit` holds, newest first, behind the hold `before`."""
        ...


class DueReport(Protocol):
    """Reports what retention ends; `compliance/forgetting` keeps this promise."""

    async def report(
        self, tenant: str, /, *, until: str | None, after: tuple[str, str], limit: int
    ) -> Sequence[Mapping[str, object]]:
        """Return at most `limit` that are due until a time (None: now), the longest due first.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgettingPorts:
    """What forgets, and what keeps it from forgetting."""

    erasures: OrderErasures
    holds: LegalHolds
    retention: DueReport
    classes: RetentionClasses
