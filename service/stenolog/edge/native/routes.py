"""List the paths of `/api/v1` and the ports that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from stenolog.commands.api_keys import ApiKeys
from stenolog.commands.key_ring import KeyRing
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.resource import Admission, Guarded, in_path
from stenolog.edge.http.surface import Surface, route
from stenolog.edge.loops import PlaceOf, ReadableAt, Rebuild, Reconciling
from stenolog.edge.native.accesses import AccessList, StoredAccesses
from stenolog.edge.native.across_routes import across_routes
from stenolog.edge.native.as_of import Past, PastPorts
from stenolog.edge.native.cursors import Cursors
from stenolog.edge.native.diff import Differences
from stenolog.edge.native.endpoint_routes import EndpointPorts, endpoint_routes
from stenolog.edge.native.events import Events
from stenolog.edge.native.evidence_routes import EvidencePorts, evidence_routes
from stenolog.edge.native.feed_routes import FeedPorts, feed_routes
from stenolog.edge.native.forgetting import forgetting_routes
from stenolog.edge.native.forgetting_ports import ForgettingPorts
from stenolog.edge.native.items import Items
from stenolog.edge.native.key_routes import key_routes
from stenolog.edge.native.keys import Keys
from stenolog.edge.native.operations_routes import operations_routes
from stenolog.edge.native.paging import PAGE
from stenolog.edge.native.past_routes import past_routes
from stenolog.edge.native.providers import Providers
from stenolog.edge.native.report import Report
from stenolog.edge.native.secrets import RotateSecrets
from stenolog.edge.native.story import Stories
from stenolog.edge.native.transcripts import LISTED, Transcripts
from stenolog.edge.native.view_query import AS_OF
from stenolog.edge.native.view_routes import view_routes
from stenolog.edge.ports import (
    ProjectionStatuses,
    StoredEvents,
    StreamsOfSubject,
)
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.log.format import LogIdentity
from stenolog.projections.search.index import SearchReader
from stenolog.projections.views import Room, ViewReader

PREFIX = "/api/v1"
ONE = f"{PREFIX}/transcripts/{{id}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NativePorts:
    """What `/api/v1` needs besides the use cases.

    Attributes:
        identity: Which log it is, for the cursors of lists.
        regions: Every region that a key can be bound to.
        offered: Every provider that is configured.
        providers: The table of providers, as JSON values.
        place_of: By provider, of those that tell where a job stands in their queue.
    """

    identity: LogIdentity
    stored_events: StoredEvents
    stored_accesses: StoredAccesses
    views: ViewReader
    api_keys: ApiKeys
    ring: KeyRing
    regions: Sequence[Region]
    offered: Sequence[ProviderName]
    providers: Sequence[Mapping[str, object]]
    readable_at: ReadableAt
    statuses: ProjectionStatuses
    place_of: Mapping[str, PlaceOf]
    rebuild: Rebuild
    search: SearchReader
    streams_of_subject: StreamsOfSubject
    reconciling: Reconciling
    room: Room
    past: PastPorts
    evidence: EvidencePorts
    feed: FeedPorts
    endpoints: EndpointPorts
    forgetting: ForgettingPorts
    rotation: RotateSecrets


def surface(
    ports: NativePorts, cases: UseCases, renders: RenderWorkers, admission: Admission
) -> Surface:
    """`/api/v1`: transcriptions, keys, the log's evidence and projections."""
    cursors = Cursors(ports.identity)
    past = Past(ports.past, cases.large_turns, renders)
    transcripts = Transcripts(
        cases,
        ports.views,
        ports.readable_at,
        ports.room,
        cursors,
        ports.streams_of_subject,
        ports.place_of,
        past,
    )
    stories = _stories(ports, cases, cursors)
    report = Report(cases, ports.views, renders, ports.room, stories)
    events = Events(cases.reading, ports.stored_events, cursors)
    at = partial(route, admission, admission.problem)
    guarded = partial(Guarded, query=())
    writing = partial(guarded, scope="transcripts:write")
    reading = partial(guarded, scope="transcripts:read")
    lookup = in_path(cases.reading.require)
    reading_one = partial(reading, lookup=lookup)
    erasing_one = partial(guarded, scope="compliance:erase", lookup=lookup)
    routes = [
        at(
            f"{PREFIX}/transcripts",
            GET=reading(handler=revalidated(transcripts.list), query=LISTED),
            POST=writing(handler=transcripts.post),
        ),
        at(
            ONE,
            GET=reading_one(handler=revalidated(transcripts.get), query=(AS_OF,)),
            DELETE=erasing_one(handler=transcripts.delete),
        ),
        *view_routes(
            partial(Items, cases.reading, ports.views, cursors, past), at, reading_one, ONE
        ),
        at(
            f"{ONE}/report",
            GET=reading_one(handler=revalidated(report.get), query=("audio",)),
        ),
        *past_routes(Differences(cases.reading, ports.views, past), stories, at, reading_one, ONE),
        at(
            f"{ONE}/events",
            GET=guarded(
                scope="events:read", handler=revalidated(events.get), lookup=lookup, query=PAGE
            ),
        ),
        *key_routes(_keys(ports, admission, cursors), ports.rotation, at, PREFIX),
        *endpoint_routes(ports.endpoints, ports.identity, admission, PREFIX, lookup),
        at(f"{PREFIX}/providers", GET=reading(handler=revalidated(Providers(ports.providers).get))),
        *evidence_routes(
            ports.evidence,
            AccessList(cases.reading, ports.stored_accesses, ports.streams_of_subject, cursors),
            cases.reading,
            at,
            PREFIX,
        ),
        *operations_routes(ports.statuses, ports.rebuild, ports.reconciling, at, PREFIX),
        *across_routes(ports.search, cursors, past, at, reading, PREFIX),
        *feed_routes(ports.feed, cases.reading, ports.identity, admission, PREFIX),
        *forgetting_routes(ports.forgetting, cases.reading.require, cursors, admission, PREFIX),
    ]
    return Surface(routes=routes, prefix=PREFIX, form=admission.problem)


def _stories(ports: NativePorts, cases: UseCases, cursors: Cursors) -> Stories:
    return Stories(
        cases.reading,
        ports.past.reader,
        ports.readable_at,
        ports.api_keys,
        ports.stored_accesses,
        cursors,
    )


def _keys(ports: NativePorts, admission: Admission, cursors: Cursors) -> Keys:
    return Keys(
        ports.api_keys,
        ports.ring,
        admission.authenticator,
        ports.regions,
        ports.offered,
        ports.forgetting.classes,
        cursors,
    )
