"""Numbers of what the reconciler has to do, for metrics; nothing is decided by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.reconciler.gates import GateStanding, ProviderRegion
from stenolog.reconciler.pools import PoolFigures, PoolKind
from stenolog.reconciler.sweep import SweepStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilerFigures:
    """What is under way, what waits and what is late.

    Attributes:
        open: Transcriptions that are looked after.
        busy: Those of them that are worked on now.
        due: Those that are to be looked at now; more than 3,000 are not counted.
        overdue_ms: For how long the first of these has been due; 0 without any.
        turns_waiting: Those that wait until their tenant may have one more under way.
        pools: By place and kind of request.
        standing: How each provider stands in each of its regions.
        sweeps: What is known of the jobs that run there, and how its list was read.
        next_ms: When the first transcription is to be looked at; None: none is.
    """

    open: int
    busy: int
    due: int
    overdue_ms: int
    turns_waiting: int
    pools: Mapping[tuple[ProviderRegion, PoolKind], PoolFigures]
    standing: Mapping[ProviderRegion, GateStanding]
    sweeps: Mapping[ProviderRegion, SweepStanding]
    next_ms: int | None
