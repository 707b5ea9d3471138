"""Put together everything that a gateway is made of, before any loop runs."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.bootstrap.accesses import AccessParts, access_parts
from stenolog.bootstrap.beats import LoopBeats
from stenolog.bootstrap.deliveries import Deliveries, open_deliveries
from stenolog.bootstrap.edge_parts import EdgeParts
from stenolog.bootstrap.endpoints import endpoints_over
from stenolog.bootstrap.engine_child import EngineChild
from stenolog.bootstrap.engine_parts import engine_of, queues_of
from stenolog.bootstrap.erasing import Erasing, agreed_handler, erasing_over
from stenolog.bootstrap.following import followers_of
from stenolog.bootstrap.forgetting import forgetting_over
from stenolog.bootstrap.identity import UPLOAD, callback_keys, first_api_key, key_ring, secret_of
from stenolog.bootstrap.overseeing import Overseer
from stenolog.bootstrap.providers import FACTS, providers_of, regions_of
from stenolog.bootstrap.reconciling import Reconciling, reconciling_over
from stenolog.bootstrap.redacted_audio import redacted_audio_of
from stenolog.bootstrap.rotating import SecretRotation
from stenolog.bootstrap.stores import Stores, Wrapping, open_stores
from stenolog.bootstrap.timings import timings_of
from stenolog.clock import NowMs
from stenolog.commands.callback_tokens import CallbackKeys
from stenolog.commands.handler import CommandHandler
from stenolog.commands.key_ring import KeyRing
from stenolog.config.settings import Settings
from stenolog.edge.derived.render import KEPT_MS_MAX
from stenolog.edge.transcriptions.commit_times import CommitTimes
from stenolog.enrichment.enricher import Enricher
from stenolog.feed.news import News
from stenolog.heartbeat import Heartbeat
from stenolog.log.recorder import FactRecorder
from stenolog.projections.run.projector import Projector
from stenolog.projections.search.indexer import Indexer
from stenolog.providers.port import Provider
from stenolog.reconciler.gates import Gates, ProviderGate, ProviderRegion
from stenolog.side_process import SideProcess
from stenolog.telemetry import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A gateway's parts: the stores are open, and no loop runs.

    Attributes:
        edge: What the application in front is made of.
        new_api_key: Whether this start made the first API key.
        polled: A provider elsewhere cannot reach our public URL.
    """

    stores: Stores
    projector: Projector
    indexer: Indexer
    deliveries: Deliveries
    erasing: Erasing
    reconciling: Reconciling
    engine: EngineChild | None
    edge: EdgeParts
    new_api_key: bool
    polled: bool

    @property
    def metrics(self) -> Metrics:
        """What counts, for edge and loops."""
        return self.edge.metrics

    @property
    def heads(self) -> Heartbeat:
        """The heart of the loop that writes tree heads."""
        return self.edge.beats.heads


async def open_parts(
    stack: contextlib.AsyncExitStack, settings: Settings, address: str, wrapping: Wrapping
) -> Parts:
    """Open the parts of a gateway that is bound to `address`; `stack` closes them.

    Raises:
        CannotStart: Something that the operator must mend.
        SchemaTooNew: A file was written by a newer Stenolog.
        StoreUnavailable: A file cannot be opened.
    """
    metrics, seen, public_url = Metrics(), CommitTimes(), settings.public_url or address
    stores = await open_stores(stack, settings, wrapping, metrics)
    signing, link_key = await _secrets(stores)
    engine, polled = engine_of(settings, address), settings.cannot_be_called(public_url)
    reached, gates = _reached(stack, settings, engine, wrapping, address, public_url)
    facts, reads, ring, handler = await _recording(stack, settings, stores, wrapping.clock)
    audio = redacted_audio_of(stack, settings, handler, gates, link_key, public_url, engine)
    endpoints = await endpoints_over(stores, facts, wrapping.clock, public_url)
    deliveries = await open_deliveries(stack, settings, stores, wrapping, metrics, audio, endpoints)
    projector, indexer = followers_of(stack, stores, wrapping, seen, deliveries)
    erasing = erasing_over(settings, stores, facts, handler, projector, indexer, wrapping.clock)
    reconciling = await reconciling_over(
        settings,
        stores,
        handler,
        facts,
        gates,
        signing,
        timings_of(settings, FACTS, polled=polled),
        metrics=metrics,
        erasing=erasing.eraser,
        enricher=_enricher(stack),
        wrapping=wrapping,
    )
    beats = _shown(LoopBeats(stores, projector, indexer, reconciling, deliveries, erasing), metrics)
    return Parts(
        stores=stores,
        projector=projector,
        indexer=indexer,
        deliveries=deliveries,
        erasing=erasing,
        reconciling=reconciling,
        engine=engine,
        edge=EdgeParts(
            reads=reads,
            handler=handler,
            facts=facts,
            ring=ring,
            rotation=SecretRotation(settings, stores.keys, stores.master, signing),
            wake=reconciling.reconciler.wake,
            turns=reconciling.reconciler.turns,
            beats=beats,
            projector=projector,
            indexer=indexer,
            forgetting=await forgetting_over(settings, stores, facts, handler, erasing.eraser),
            metrics=metrics,
            readable_at=seen.at,
            place_of=queues_of(stack, engine),
            regions=regions_of(reached),
            link_key=link_key,
            reconciling=_overseer(stack, stores, reconciling),
            redacted_audio=audio,
            side_work=(_side_process(stack), _side_process(stack)),
            news=News(stores.events, projector),
            endpoints=endpoints,
            pushing=deliveries.desk,
        ),
        new_api_key=await first_api_key(ring, settings.data_dir),
        polled=polled,
    )


def _shown(beats: LoopBeats, metrics: Metrics) -> LoopBeats:
    metrics.machine.show_beats(beats.ages)
    return beats


def _overseer(
    stack: contextlib.AsyncExitStack, stores: Stores, reconciling: Reconciling
) -> Overseer:
    overseer = Overseer(reconciling.reconciler, stores.views.oldest_open)
    stack.push_async_callback(overseer.close)
    return overseer


async def _secrets(stores: Stores) -> tuple[CallbackKeys, bytes]:
    """Return what signs registrations of callbacks, and what signs links."""
    signing = await callback_keys(stores.keys, stores.master)
    return signing, await secret_of(stores.keys, stores.master, UPLOAD)


async def _recording(
    stack: contextlib.AsyncExitStack, settings: Settings, stores: Stores, now_ms: NowMs
) -> tuple[FactRecorder, AccessParts, KeyRing, CommandHandler]:
    facts = FactRecorder(stores.events, stores.vault)
    reads = access_parts(stack, settings, facts, now_ms)
    ring = await key_ring(stores.keys, stores.events, facts, settings.data_dir)
    return facts, reads, ring, await agreed_handler(stores, facts)


def _reached(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    engine: EngineChild | None,
    wrapping: Wrapping,
    address: str,
    public_url: str,
) -> tuple[Mapping[ProviderRegion, ProviderGate], Gates]:
    reached = _gates(providers_of(stack, settings, engine), wrapping, address, public_url)
    return reached, Gates(reached, FACTS)


def _gates(
    providers: Mapping[ProviderRegion, Provider], wrapping: Wrapping, address: str, public_url: str
) -> Mapping[ProviderRegion, ProviderGate]:
    return {
        # The engine calls the address that is bound, whatever customers are told.
        where: ProviderGate(
            wrapping.provider(provider), address if FACTS[where[0]].on_this_machine else public_url
        )
        for where, provider in providers.items()
    }


def _side_process(stack: contextlib.AsyncExitStack) -> SideProcess:
    side_process = SideProcess(idle_ms=KEPT_MS_MAX)
    stack.push_async_callback(side_process.close)
    return side_process


def _enricher(stack: contextlib.AsyncExitStack) -> Enricher:
    enricher = Enricher()
    stack.push_async_callback(enricher.close)
    return enricher
