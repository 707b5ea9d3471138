"""Make a gateway of its parts: the loops that drive them, and the application in front."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial

from stenolog.bootstrap.edge import edge_app
from stenolog.bootstrap.engine_child import EngineChild
from stenolog.bootstrap.gauges import measured_parts
from stenolog.bootstrap.http.answer_room import AnswerRoom
from stenolog.bootstrap.measuring import keep_measured
from stenolog.bootstrap.parts import Parts, open_parts
from stenolog.bootstrap.stores import Wrapping
from stenolog.bootstrap.tree_heads import heads_loop, seal_at_stop, seal_regularly
from stenolog.config.settings import Settings
from stenolog.edge.app import Application
from stenolog.projections.run.projector import Projector
from stenolog.reconciler.loop import Reconciler

Loop = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway whose stores are open and whose loops are ready to run.

    Attributes:
        app: What answers over HTTP.
        answer_room: Has large answers wait for each other; the server counts them there.
        run: Runs every loop until cancelled.
        end_streams: Has answers that go on for ever end: the service stops.
        new_api_key: Whether this start made the first API key.
        new_master_key: Whether this start made the master key.
        polled: A provider elsewhere cannot reach `public_url`.
    """

    app: Application
    answer_room: AnswerRoom
    run: Callable[[], Coroutine[None, None, None]]
    end_streams: Callable[[], None]
    reconciler: Reconciler
    projector: Projector
    engine: EngineChild | None
    new_api_key: bool
    new_master_key: bool
    polled: bool


@contextlib.asynccontextmanager
async def open_gateway(
    settings: Settings, address: str, wrapping: Wrapping | None = None
) -> AsyncIterator[Gateway]:
    """Yield a gateway on `settings.data_dir`, which the caller has locked; bound to `address`.

    Raises:
        CannotStart: Something that the operator must mend.
        SchemaTooNew: A file was written by a newer Stenolog.
        StoreUnavailable: A file cannot be opened.
    """
    async with contextlib.AsyncExitStack() as stack:
        parts = await open_parts(stack, settings, address, wrapping or Wrapping())
        stack.push_async_callback(seal_at_stop, parts.stores.seals)
        yield Gateway(
            app=await edge_app(settings, parts.stores, parts.edge),
            answer_room=parts.edge.answer_room,
            run=partial(_run, _loops(stack, settings, parts)),
            end_streams=parts.edge.news.stop,
            reconciler=parts.reconciling.reconciler,
            projector=parts.projector,
            engine=parts.engine,
            new_api_key=parts.new_api_key,
            new_master_key=parts.stores.new_master_key,
            polled=parts.polled,
        )


def _loops(stack: contextlib.AsyncExitStack, settings: Settings, parts: Parts) -> Sequence[Loop]:
    stores, reconciler = parts.stores, parts.reconciling.reconciler
    loops: list[Loop] = [
        parts.projector.run,
        parts.indexer.run,
        parts.edge.news.run,
        partial(reconciler.run, stores.events),
        parts.reconciling.completeness.run,
        parts.deliveries.run,
        *parts.erasing.loops,
        parts.edge.forgetting.performer.run,
        *parts.edge.reads.loops,
        parts.edge.forgetting.retention.run,
        parts.edge.rotation.rewrapping.run,
        heads_loop(stores.heads, parts.heads),
        stores.work_mark.run,
        partial(seal_regularly, stores.seals, settings.seal_interval_ms),
        partial(keep_measured, parts.metrics, measured_parts(stack, parts, settings.data_dir)),
    ]
    if parts.engine is not None:
        parts.engine.on_start = partial(reconciler.wake_all, "local", "start")
        loops.append(parts.engine.run)
    return loops


async def _run(loops: Sequence[Loop]) -> None:
    async with asyncio.TaskGroup() as group:
        for loop in loops:
            group.create_task(loop())
