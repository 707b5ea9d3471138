"""List the paths of `/v1/audio` and `/v1/models` and the ports that they need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.http.resource import Admission, Guarded
from stenolog.edge.http.surface import Surface, route
from stenolog.edge.openai.answers import Answers
from stenolog.edge.openai.errors import as_openai_error
from stenolog.edge.openai.serving import Serving
from stenolog.edge.openai.transcriptions import Transcriptions
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.log.events.vocabulary import ProviderName
from stenolog.projections.views import Room, ViewReader

PREFIX = "/v1/audio"
MODELS = "/v1/models"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenaiPorts:
    """What OpenAI's clients need besides the use cases.

    Attributes:
        served_by: Who serves a request that does not say.
        room: Waited for before a whole transcript is read to be answered.
    """

    views: ViewReader
    served_by: ProviderName
    room: Room


def surface(
    ports: OpenaiPorts, cases: UseCases, renders: RenderWorkers, admission: Admission
) -> Surface:
    """`/v1/audio`, and the list of models that its clients look at first."""
    answers = Answers(ports.views, renders, ports.room)
    transcriptions = Transcriptions(cases, answers, Serving(ports.served_by))
    at = partial(route, admission, as_openai_error)
    writing = partial(Guarded, scope="transcripts:write")
    reading = partial(Guarded, scope="transcripts:read")
    routes = [
        at(f"{PREFIX}/transcriptions", POST=writing(handler=transcriptions.create)),
        at(f"{PREFIX}/translations", POST=writing(handler=transcriptions.translate)),
        at(MODELS, GET=reading(handler=transcriptions.models)),
        at(f"{MODELS}/{{model}}", GET=reading(handler=transcriptions.model)),
    ]
    return Surface(routes=routes, prefix=PREFIX, form=as_openai_error)
