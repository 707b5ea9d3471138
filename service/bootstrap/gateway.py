"""Putting the gateway together: stores, vault, loops, providers, and the application in front."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from starlette.applications import Starlette

from service.bootstrap.engine_child import EngineChild
from service.bootstrap.identity import (
    UPLOAD,
    callback_keys,
    first_api_key,
    secret_of,
)
from service.bootstrap.providers import providers_of, regions_of
from service.bootstrap.stores import Stores, Wrapping, open_stores
from service.bootstrap.timings import timings_of
from service.bootstrap.upkeep import OpenInViews, keep_heads, observe, ready
from service.clock import now_ms
from service.commands.callback_tokens import CallbackKeys
from service.commands.handler import CommandHandler
from service.compliance.tree_heads import FILE_NAME as TREE_HEADS
from service.compliance.tree_heads import write_head
from service.config import Settings, is_unreachable
from service.edge.app import build_app
from service.edge.commit_times import CommitTimes
from service.edge.ports import Edge
from service.errors import StoreError
from service.log.catalogue import ProviderName
from service.projections.projector import Projector
from service.reconciler.acting import Actor
from service.reconciler.fetching import Fetcher
from service.reconciler.loop import Reconciler
from service.reconciler.plan import Timing
from service.reconciler.recording import Place, ProviderGate, Recorder
from service.reconciler.settle import Settler
from service.reconciler.submitting import Submitter
from service.stores.files.directory import API_KEY, SCRATCH
from service.stores.sqlite.log import SqliteLog
from service.telemetry import Metrics

LOOPBACK = "127.0.0.1/32"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway whose stores are open and whose loops are ready to run.

    Attributes:
        app: What answers over HTTP.
        run: Runs every loop until cancelled.
        new_api_key: Whether this start made the first API key.
        new_master_key: Whether this start made the master key.
        polled: The provider cannot reach `public_url`.
    """

    app: Starlette
    run: Callable[[], Coroutine[None, None, None]]
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
    """A gateway on `settings.data_dir`, which the caller has locked; bound to `address`.

    Raises:
        CannotStart: Something that the operator must mend.
        SchemaTooNew: A file was written by a newer Stenolog.
        StoreUnavailable: A file cannot be opened.
    """
    wrapping = wrapping or Wrapping()
    metrics, seen = Metrics(), CommitTimes()
    public_url = settings.public_url or address
    async with contextlib.AsyncExitStack() as stack:
        stores = await open_stores(stack, settings, wrapping, metrics)
        signing = await callback_keys(stores.keys, stores.master)
        engine = _engine(settings, address) if settings.chosen_provider == "local" else None
        polled = engine is None and any(
            is_unreachable(public_url, url) for url in settings.assemblyai_regions.values()
        )
        gates = {
            # The engine calls the address that is bound, whatever customers are told.
            place: ProviderGate(
                wrapping.provider(provider), address if place[0] == "local" else public_url
            )
            for place, provider in providers_of(stack, settings, engine).items()
        }
        handler = CommandHandler(stores.events, stores.vault)
        timings = timings_of(settings, {name for name, _ in gates}, polled=polled)
        reconciler = _reconciler(stores, handler, gates, signing, timings, metrics, settings)
        projector = Projector(
            log_store=stores.events,
            sealer=stores.vault,
            views=stores.views,
            now_ms=now_ms,
            on_committed=[seen.note],
        )
        stack.push_async_callback(projector.close)
        new_api_key = await first_api_key(stores.keys, settings.data_dir / API_KEY)
        upload_key = await secret_of(stores.keys, stores.master, UPLOAD)
        edge = Edge(
            handler=handler,
            events=stores.events,
            views=stores.views,
            api_keys=stores.keys,
            callback_keys=lambda: signing,
            uploads=stores.uploads,
            upload_key=upload_key,
            wake=reconciler.wake,
            rebuild=projector.rebuild,
            metrics=metrics,
            readiness=partial(ready, stores.events, stores.keys),
            public_url=lambda: public_url,
            default_provider=settings.chosen_provider,
            providers=regions_of(gates),
            readable_at=seen.at,
            upload_bytes_max=settings.upload_bytes_max,
        )
        heads = settings.data_dir / TREE_HEADS
        stack.push_async_callback(_last_head, stores.events, heads)
        yield Gateway(
            app=build_app(edge),
            run=partial(_run, stores, reconciler, projector, engine, metrics, heads),
            reconciler=reconciler,
            projector=projector,
            engine=engine,
            new_api_key=new_api_key,
            new_master_key=stores.new_master_key,
            polled=polled,
        )


async def _run(
    stores: Stores,
    reconciler: Reconciler,
    projector: Projector,
    engine: EngineChild | None,
    metrics: Metrics,
    heads: Path,
) -> None:
    async with asyncio.TaskGroup() as group:
        if engine is not None:
            engine.on_start = partial(reconciler.wake_all, "local", "start")
            group.create_task(engine.run())
        group.create_task(projector.run())
        group.create_task(reconciler.run(OpenInViews(stores.views)))
        group.create_task(keep_heads(stores.events, heads))
        group.create_task(observe(metrics, projector, stores.views))


def _reconciler(
    stores: Stores,
    handler: CommandHandler,
    gates: Mapping[Place, ProviderGate],
    signing: CallbackKeys,
    timings: Mapping[ProviderName, Timing],
    metrics: Metrics,
    settings: Settings,
) -> Reconciler:
    recorder = Recorder(handler, gates)
    submitter = Submitter(recorder, signing, stores.uploads, now_ms)
    fetcher = Fetcher(recorder, submitter, metrics, now_ms)
    actor = Actor(recorder, submitter, fetcher, Settler(recorder, fetcher, now_ms), now_ms)
    return Reconciler(
        stores.events,
        recorder,
        actor,
        timings,
        now_ms,
        tenant_concurrency=settings.tenant_concurrency,
    )


async def _last_head(events: SqliteLog, file: Path) -> None:
    try:
        await asyncio.to_thread(write_head, file, await events.frontier())
    except StoreError as exc:
        log.error("tree_head.not_written", error=str(exc))


def _engine(settings: Settings, address: str) -> EngineChild:
    return EngineChild(
        {
            "allow_networks": [str(network) for network in settings.allow_networks],
            "upload_bytes_max": settings.upload_bytes_max,
            "audio_ms_max": settings.engine_audio_ms_max,
            "workers": settings.engine_workers,
            "public_origin": address,
        },
        (settings.data_dir / SCRATCH).absolute(),
    )
