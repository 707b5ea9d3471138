"""Put the edge together: the ports of each surface, from stores, loops and settings."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from stenolog.bootstrap.all_projections import AllProjections
from stenolog.bootstrap.capabilities import provider_items, unsupported_of
from stenolog.bootstrap.deliveries import webhook_policy
from stenolog.bootstrap.edge_parts import EdgeParts
from stenolog.bootstrap.endpoints import endpoint_ports
from stenolog.bootstrap.evidence import evidence_ports
from stenolog.bootstrap.identity import IDEMPOTENCY, secret_of
from stenolog.bootstrap.providers import default_params_of, served_by
from stenolog.bootstrap.stores import Stores
from stenolog.bootstrap.time_travel import past_ports
from stenolog.config.settings import Settings
from stenolog.edge.aimlapi.routes import AimlapiPorts
from stenolog.edge.app import Application, Edge, RequestPorts, build_app
from stenolog.edge.assemblyai.routes import AssemblyAIPorts
from stenolog.edge.callbacks.routes import CallbackPorts
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.native.evidence_routes import EvidencePorts
from stenolog.edge.native.feed_routes import FeedPorts
from stenolog.edge.native.routes import NativePorts
from stenolog.edge.openai.routes import OpenaiPorts
from stenolog.edge.operations.readiness import ReadinessChecks
from stenolog.edge.operations.routes import OperationsPorts
from stenolog.edge.transcriptions.echo_memory import EchoMemory
from stenolog.edge.transcriptions.use_cases import TranscriptionPorts
from stenolog.egress.plain_hosts import refused_host


async def edge_app(settings: Settings, stores: Stores, parts: EdgeParts) -> Application:
    """Build the application; it opens and closes nothing.

    Raises:
        StoreUnavailable: The key store cannot be read or written.
    """
    idempotency_secret = await secret_of(stores.keys, stores.master, IDEMPOTENCY)
    evidence = await evidence_ports(stores)
    echoes = EchoMemory()
    parts.forgetting.performer.on_requested.append(echoes.erase)
    return build_app(
        Edge(
            requests=RequestPorts(
                api_keys=stores.keys,
                metrics=parts.metrics,
                accesses=parts.reads.accesses,
                rate_limit_per_minute=settings.rate_limit_per_minute,
                tenant_rate_limit_per_minute=settings.tenant_rate_limit_per_minute,
                cors_origins=settings.cors_origins,
                arrivals=parts.arrivals,
                base_path=urlsplit(parts.public_url).path,
            ),
            transcriptions=TranscriptionPorts(
                handler=parts.handler,
                facts=parts.facts,
                events=stores.events,
                views=stores.views,
                uploads=stores.uploads,
                note_subject=parts.forgetting.subjects.note,
                subject_holds=parts.forgetting.extension,
                retention=parts.forgetting.classes,
                echoes=echoes,
                upload_key=parts.link_key,
                upload_bytes_max=settings.upload_bytes_max,
                idempotency_secret=idempotency_secret,
                public_url=parts.public_url,
                default_provider=settings.chosen_provider,
                providers=parts.regions,
                unsupported=unsupported_of(settings),
                wake=parts.wake,
                erase=parts.forgetting.eraser.erase_now,
                fill_in=parts.projector.fill_in,
                room=parts.answer_room.wait,
                refused_host=partial(refused_host, policy=webhook_policy(settings)),
                waiting=parts.waiting,
            ),
            renders=RenderWorkers(stores.views, parts.side_work, parts.answer_room.wait),
            callbacks=_callbacks(parts),
            assemblyai=_assemblyai(settings, stores, parts),
            aimlapi=_aimlapi(settings, stores, parts),
            openai=_openai(settings, stores, parts),
            native=_native(settings, stores, parts, evidence),
            operations=OperationsPorts(
                readiness=ReadinessChecks(
                    parts.facts, stores.keys, parts.beats, beat_age_ms_max=parts.beat_age_ms_max
                ),
                metrics=parts.metrics,
            ),
        )
    )


def _native(
    settings: Settings, stores: Stores, parts: EdgeParts, evidence: EvidencePorts
) -> NativePorts:
    projections = AllProjections(parts.projector, stores.views, parts.indexer)
    return NativePorts(
        identity=stores.events.identity,
        stored_events=stores.events.histories,
        stored_accesses=stores.events.content_reads,
        views=stores.views,
        api_keys=stores.keys,
        ring=parts.ring,
        offered=list(parts.regions),
        providers=provider_items(settings, polled=settings.cannot_be_called(parts.public_url)),
        regions=[one for regions in parts.regions.values() for one in regions if one],
        readable_at=parts.readable_at,
        place_of=parts.place_of,
        search=stores.search,
        streams_of_subject=parts.forgetting.subjects.streams_of,
        statuses=projections.statuses,
        rebuild=projections.rebuild,
        reconciling=parts.reconciling,
        room=parts.answer_room.wait,
        past=past_ports(stores),
        evidence=evidence,
        feed=_feed(stores, parts),
        forgetting=parts.forgetting.ports,
        rotation=parts.rotation,
        endpoints=endpoint_ports(parts.endpoints, parts.pushing, stores, webhook_policy(settings)),
    )


def _feed(stores: Stores, parts: EdgeParts) -> FeedPorts:
    return FeedPorts(
        log=stores.events,
        events=stores.events.public_events,
        books=stores.work.consumers,
        views=stores.views,
        news=parts.news,
        public_url=parts.public_url,
        now_ms=parts.now_ms,
    )


def _callbacks(parts: EdgeParts) -> CallbackPorts:
    return CallbackPorts(
        facts=parts.facts,
        keys=lambda: parts.signing,
        wake=parts.wake,
        metrics=parts.metrics,
    )


def _aimlapi(settings: Settings, stores: Stores, parts: EdgeParts) -> AimlapiPorts:
    return AimlapiPorts(
        views=stores.views,
        served_by=served_by(settings, parts.regions),
        room=parts.answer_room.wait,
    )


def _openai(settings: Settings, stores: Stores, parts: EdgeParts) -> OpenaiPorts:
    return OpenaiPorts(
        views=stores.views, served_by=settings.chosen_provider, room=parts.answer_room.wait
    )


def _assemblyai(settings: Settings, stores: Stores, parts: EdgeParts) -> AssemblyAIPorts:
    return AssemblyAIPorts(
        views=stores.views,
        redacted_audio=parts.redacted_audio,
        turns=parts.turns,
        room=parts.answer_room.wait,
        link_key=parts.link_key,
        public_url=parts.public_url,
        default_params=default_params_of(settings),
    )
