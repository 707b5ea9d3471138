"""Declare what readers of the views are given, and how much of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stenolog.projections.rows import Reason, StatusRow

ITEMS_PER_PAGE_MAX = 200  # AssemblyAI's own lists have at most 200 as well
TRANSCRIPTIONS_PER_PAGE_MAX = 200  # the same; also AssemblyAI's own limit


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionStatus:
    """One projection for `stenolog projections list`.

    Attributes:
        generation: The live one; None while it is built for the first time.
        failures: Transcriptions that the live generation could not digest.
        rebuilding: The position that the generation being built has reached; None: none is.
    """

    name: str
    generation: int | None
    version: int | None
    position: int
    failures: int
    rebuilding: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsPage:
    """Some items of one view of one transcription, in order.

    Attributes:
        items: Each a JSON object.
        next: What to pass as `after` for the next page; None: there is none.
        reason: Why there are no items; None when there are, or none were found.
        around: A JSON object with what else the page shows; None without.
    """

    items: tuple[bytes, ...]
    next: int | None
    reason: Reason | None
    around: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionsPage:
    """Some transcriptions, newest first.

    Attributes:
        older: Whether there are older ones that match.
        newer: Whether there are newer ones that match.
    """

    rows: tuple[StatusRow, ...]
    older: bool
    newer: bool


OpenState = Literal["open", "requested", "claimed", "accepted", "called_back"]
"""How far a transcription without an outcome has come; one `called_back` is to be fetched."""
