"""List the paths of `/v1/stt` and the ports that they need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from stenolog.edge.aimlapi.errors import as_aimlapi_error
from stenolog.edge.aimlapi.generations import Generations
from stenolog.edge.aimlapi.results import Results
from stenolog.edge.aimlapi.serving import Serving
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.http.resource import Admission, Guarded, in_path
from stenolog.edge.http.surface import Surface, route
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.log.events.vocabulary import ProviderName
from stenolog.projections.views import Room, ViewReader

PREFIX = "/v1/stt"
UNVERSIONED = "/stt"  # the newest schema reads there


@dataclass(frozen=True, slots=True, kw_only=True)
class AimlapiPorts:
    """What `/v1/stt` needs besides the use cases.

    Attributes:
        served_by: Who serves a request that does not say.
        room: Waited for before a whole transcript is read to be answered.
    """

    views: ViewReader
    served_by: ProviderName
    room: Room


def surface(
    ports: AimlapiPorts, cases: UseCases, renders: RenderWorkers, admission: Admission
) -> Surface:
    """`/v1/stt`, and `/stt` for those who read without a version."""
    results = Results(cases.reading, ports.views, renders, ports.room)
    generations = Generations(cases, results, Serving(ports.served_by))
    at = partial(route, admission, as_aimlapi_error)
    writing = partial(Guarded, scope="transcripts:write")
    reading_one = Guarded(
        scope="transcripts:read",
        handler=generations.get,
        lookup=in_path(cases.reading.require),
    )
    routes = [
        at(PREFIX, POST=writing(handler=generations.transcribe)),
        at(f"{PREFIX}/create", POST=writing(handler=generations.create)),
        at(f"{PREFIX}/{{id}}", GET=reading_one),
        at(f"{UNVERSIONED}/{{id}}", GET=reading_one),
    ]
    return Surface(routes=routes, prefix=PREFIX, form=as_aimlapi_error)
