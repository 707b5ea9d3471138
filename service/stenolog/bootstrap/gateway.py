"""Put the gateway together: stores, vault, loops, providers, and the application in front."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from stenolog.bootstrap.deliveries import open_deliveries
from stenolog.bootstrap.edge import EdgeParts, edge_app
from stenolog.bootstrap.engine_child import EngineChild
from stenolog.bootstrap.erasing import erasing_over
from stenolog.bootstrap.gauges import observe
from stenolog.bootstrap.identity import UPLOAD, callback_keys, first_api_key, secret_of
from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.bootstrap.providers import FACTS, providers_of, regions_of
from stenolog.bootstrap.reconciling import reconciler_over
from stenolog.bootstrap.redacted_audio import redacted_audio_of
from stenolog.bootstrap.stores import Stores, Wrapping, open_stores
from stenolog.bootstrap.timings import timings_of
from stenolog.bootstrap.tree_heads import heads_loop
from stenolog.clock import now_ms
from stenolog.commands.handler import CommandHandler
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.config.reach import is_unreachable
from stenolog.config.settings import Settings
from stenolog.edge.app import Application
from stenolog.edge.derived.render import KEPT_MS_MAX
from stenolog.edge.transcriptions.commit_times import CommitTimes
from stenolog.log.recorder import FactRecorder
from stenolog.projections.run.projector import Projector
from stenolog.providers.port import Provider
from stenolog.reconciler.loop import Reconciler
from stenolog.reconciler.recording import Place, ProviderGate, Recorder
from stenolog.side_process import SideProcess
from stenolog.stores.files.directory import SCRATCH
from stenolog.telemetry import Metrics

Loop = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway whose stores are open and whose loops are ready to run.

    Attributes:
        app: What answers over HTTP.
        run: Runs every loop until cancelled.
        new_api_key: Whether this start made the first API key.
        new_master_key: Whether this start made the master key.
        polled: The provider cannot reach `public_url`.
        loss: One sentence when the log is shorter than it was; else empty.
    """

    app: Application
    run: Callable[[], Coroutine[None, None, None]]
    reconciler: Reconciler
    projector: Projector
    engine: EngineChild | None
    new_api_key: bool
    new_master_key: bool
    polled: bool
    loss: str


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
    wrapping = wrapping or Wrapping()
    metrics, seen = Metrics(), CommitTimes()
    public_url = settings.public_url or address
    async with contextlib.AsyncExitStack() as stack:
        stores = await open_stores(stack, settings, wrapping, metrics)
        signing = await callback_keys(stores.keys, stores.master)
        engine = _engine(settings, address) if settings.uses_engine else None
        polled = engine is None and _cannot_call(settings, public_url)
        gates = _gates(providers_of(stack, settings, engine), wrapping, address, public_url)
        facts = FactRecorder(stores.events, stores.vault)
        handler = CommandHandler(stores.events, stores.vault, facts)
        recorder = Recorder(handler, gates, FACTS)
        link_key = await secret_of(stores.keys, stores.master, UPLOAD)
        audio = redacted_audio_of(stack, settings, recorder, link_key, public_url)
        deliveries = await open_deliveries(stack, settings, stores, facts, wrapping, metrics, audio)
        projector = _projector(stack, stores, [seen.note, deliveries.moved])
        erasing = erasing_over(stores, facts, projector, settings.upload_retention_ms)
        timings = timings_of(settings, {name: FACTS[name] for name, _ in gates}, polled=polled)
        reconciler = reconciler_over(
            settings, stores, recorder, signing, timings, metrics, erasing.eraser
        )
        new_api_key = await first_api_key(stores.keys, settings.data_dir)
        parts = EdgeParts(
            handler=handler,
            facts=facts,
            signing=signing,
            reconciler=reconciler,
            projector=projector,
            eraser=erasing.eraser,
            metrics=metrics,
            readable_at=seen.at,
            public_url=public_url,
            regions=regions_of(gates),
            link_key=link_key,
            redacted_audio=audio,
            side_work=(_side_process(stack), _side_process(stack)),
        )
        loops: list[Loop] = [
            projector.run,
            partial(reconciler.run, stores.views),
            deliveries.run,
            erasing.sweep,
            heads_loop(stack, stores.events, settings.data_dir / TREE_HEADS),
            partial(observe, metrics, projector, stores.views),
        ]
        if engine is not None:
            engine.on_start = partial(reconciler.wake_all, "local", "start")
            loops.append(engine.run)
        yield Gateway(
            app=await edge_app(settings, stores, parts),
            run=partial(_run, loops),
            reconciler=reconciler,
            projector=projector,
            engine=engine,
            new_api_key=new_api_key,
            new_master_key=stores.new_master_key,
            polled=polled,
            loss=stores.loss,
        )


def _cannot_call(settings: Settings, public_url: str) -> bool:
    """Tell whether the provider's callbacks cannot come to `public_url`."""
    return any(is_unreachable(public_url, url) for url in settings.assemblyai_regions.values())


def _gates(
    providers: Mapping[Place, Provider], wrapping: Wrapping, address: str, public_url: str
) -> Mapping[Place, ProviderGate]:
    return {
        # The engine calls the address that is bound, whatever customers are told.
        place: ProviderGate(
            wrapping.provider(provider), address if FACTS[place[0]].on_this_machine else public_url
        )
        for place, provider in providers.items()
    }


def _side_process(stack: contextlib.AsyncExitStack) -> SideProcess:
    side_process = SideProcess(idle_ms=KEPT_MS_MAX)
    stack.push_async_callback(side_process.close)
    return side_process


async def _run(loops: Sequence[Loop]) -> None:
    async with asyncio.TaskGroup() as group:
        for loop in loops:
            group.create_task(loop())


def _projector(
    stack: contextlib.AsyncExitStack, stores: Stores, told: Sequence[Callable[[int], None]]
) -> Projector:
    projector = Projector(
        log_store=stores.events,
        sealer=stores.vault,
        views=stores.views,
        projections=PROJECTIONS,
        now_ms=now_ms,
        on_committed=told,
    )
    stack.push_async_callback(projector.close)
    return projector


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
