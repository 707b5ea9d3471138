"""Put together what follows the log for readers: the projector and the search index."""

from __future__ import annotations

import contextlib

from stenolog.bootstrap.deliveries import Deliveries
from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.bootstrap.stores import Stores, Wrapping
from stenolog.clock import NowMs
from stenolog.edge.transcriptions.commit_times import CommitTimes
from stenolog.projections.run.projector import Projector
from stenolog.projections.search.indexer import Indexer


def followers_of(
    stack: contextlib.AsyncExitStack,
    stores: Stores,
    wrapping: Wrapping,
    seen: CommitTimes,
    deliveries: Deliveries,
) -> tuple[Projector, Indexer]:
    """Return what follows the log for views, and for the search index."""
    projector = _projector(stack, stores, wrapping, seen, deliveries)
    return projector, _indexer(stack, stores, wrapping.clock)


def _projector(
    stack: contextlib.AsyncExitStack,
    stores: Stores,
    wrapping: Wrapping,
    seen: CommitTimes,
    deliveries: Deliveries,
) -> Projector:
    projector = Projector(
        log_store=stores.events,
        sealer=stores.vault,
        views=stores.views,
        projections=PROJECTIONS,
        histories=stores.events.histories,
        now_ms=wrapping.clock,
        on_committed=[seen.note, deliveries.moved],
        on_mended=[deliveries.mended],
    )
    stack.push_async_callback(projector.close)
    return projector


def _indexer(stack: contextlib.AsyncExitStack, stores: Stores, clock: NowMs) -> Indexer:
    indexer = Indexer(
        log_store=stores.events,
        sealer=stores.vault,
        index=stores.search,
        now_ms=clock,
    )
    stores.search.on_damaged = indexer.subscription.wake
    stack.push_async_callback(indexer.close)
    return indexer
