"""Declare a page of open transcriptions, as of a place in the log."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.log.checkpoint import Checkpoint

OPEN_PER_PAGE_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPage:
    """Ids of transcriptions to which something is owed, in order.

    Attributes:
        checkpoint: What this holds for.
        urgent: Those of them that the provider does not have, has called back for, or must forget.
    """

    ids: tuple[str, ...]
    checkpoint: Checkpoint
    urgent: frozenset[str] = frozenset()
