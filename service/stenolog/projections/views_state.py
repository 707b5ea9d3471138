"""Declare what a store of views is asked about its generations and its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.rows import StatusRow

GenerationState = Literal["live", "building"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One filling of a projection's rows.

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
class Filling:
    """How much of what is older than the views the live generations hold.

    Attributes:
        position: All transcriptions that begin up to here are in them.
        until: Later ones are followed, wherever they stand. Once `position` is there, all is.
    """

    position: int = 0
    until: int = 0

    @property
    def pending(self) -> bool:
        """Whether there may be transcriptions that are in no view."""
        return self.position < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsState:
    """The checkpoint, and every generation that is live or being built, at one moment."""

    checkpoint: Checkpoint
    generations: tuple[Generation, ...]
    filling: Filling = Filling()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What must be known of some transcriptions before their next events are projected.

    Attributes:
        rows: By transcription, from one generation of `transcriptions`.
        held: Pairs of a generation and a transcription that it holds.
    """

    rows: Mapping[str, StatusRow]
    held: frozenset[tuple[int, str]]
