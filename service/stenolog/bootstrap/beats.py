"""List the loops of a gateway, each with the age of its last beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stenolog.bootstrap.deliveries import Deliveries
from stenolog.bootstrap.erasing import Erasing
from stenolog.bootstrap.reconciling import Reconciling
from stenolog.bootstrap.stores import Stores
from stenolog.heartbeat import Heartbeat
from stenolog.projections.run.projector import Projector
from stenolog.projections.search.indexer import Indexer

AgeMs = Callable[[], int]


class LoopBeats:
    """Keeps the promise of the edge's `Beats`; asking reads clocks, and waits for no loop.

    Attributes:
        ages: How old each loop's last beat is, in ms, by the loop's name. A sequencer that nobody
            waits for has just beaten.
        heads: The heart of the loop that writes tree heads.
    """

    def __init__(
        self,
        stores: Stores,
        projector: Projector,
        indexer: Indexer,
        reconciling: Reconciling,
        deliveries: Deliveries,
        erasing: Erasing,
    ) -> None:
        self.heads = Heartbeat()
        self.ages: Mapping[str, AgeMs] = {
            "sequencer": lambda: stores.events.beat_age_ms,
            "keys_writer": lambda: stores.keys.beat_age_ms,
            "projector": lambda: projector.subscription.beat_age_ms,
            "indexer": lambda: indexer.subscription.beat_age_ms,
            "reconciler": lambda: reconciling.reconciler.beat_age_ms,
            "fan_out": lambda: deliveries.fan_out.subscription.beat_age_ms,
            "dispatcher": lambda: deliveries.dispatcher.beat_age_ms,
            "upload_sweep": lambda: erasing.heartbeat.age_ms,
            "tree_heads": lambda: self.heads.age_ms,
        }

    async def __call__(self) -> Mapping[str, int]:
        """Reads each clock."""
        return {name: age_ms() for name, age_ms in self.ages.items()}
