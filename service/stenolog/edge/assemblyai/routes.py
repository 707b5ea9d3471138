"""List the paths of `/v2` and the ports that they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from stenolog.edge.assemblyai.derived import Derived
from stenolog.edge.assemblyai.pages import Pages
from stenolog.edge.assemblyai.redacted_audio import RedactedAudioOf
from stenolog.edge.assemblyai.transcripts import Transcripts
from stenolog.edge.assemblyai.uploads import Upload
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.http.cache_headers import revalidated
from stenolog.edge.http.problems import as_wire_error
from stenolog.edge.http.resource import Admission, Guarded, Open, in_path
from stenolog.edge.http.surface import Surface, route
from stenolog.edge.loops import RedactedAudio, Turns
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.projections.views import Room, ViewReader

PREFIX = "/v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyAIPorts:
    """What `/v2` needs besides the use cases.

    Attributes:
        link_key: 32 bytes that sign the URLs of redacted audio.
        room: Waited for before a whole transcript is read to be answered.
        default_params: What a provider is asked for where a customer does not say.
    """

    views: ViewReader
    redacted_audio: RedactedAudio
    turns: Turns
    room: Room
    link_key: bytes
    public_url: str
    default_params: Mapping[str, Mapping[str, object]]


def surface(
    ports: AssemblyAIPorts, cases: UseCases, renders: RenderWorkers, admission: Admission
) -> Surface:
    """`/v2`, and the links to redacted audio that it gives out."""
    pages = Pages(cases.reading, ports.views, ports.turns, ports.public_url)
    transcripts = Transcripts(
        cases,
        pages,
        ports.views,
        ports.turns,
        ports.room,
        default_params=ports.default_params,
    )
    upload = Upload(cases.uploading)
    audio = RedactedAudioOf(
        cases.reading, ports.redacted_audio, admission.reads, ports.link_key, ports.public_url
    )
    derived = Derived(cases.reading, renders)
    at = partial(route, admission, as_wire_error)
    writing = partial(Guarded, scope="transcripts:write")
    reading = partial(Guarded, scope="transcripts:read")
    lookup = in_path(cases.reading.require)
    reading_one = partial(reading, lookup=lookup)
    erasing_one = partial(Guarded, scope="compliance:erase", lookup=lookup)
    of_one = {
        "redacted-audio": audio.get,
        "sentences": derived.sentences,
        "paragraphs": derived.paragraphs,
        "srt": revalidated(derived.srt),
        "vtt": revalidated(derived.vtt),
        "word-search": derived.word_search,
    }
    routes = [
        at(f"{PREFIX}/upload", POST=writing(handler=upload.post)),
        at(
            f"{PREFIX}/transcript",
            GET=reading(handler=transcripts.list),
            POST=writing(handler=transcripts.post),
        ),
        at(
            f"{PREFIX}/transcript/{{id}}",
            GET=reading_one(handler=transcripts.get),
            DELETE=erasing_one(handler=transcripts.delete),
        ),
        *(
            at(f"{PREFIX}/transcript/{{id}}/{name}", GET=reading_one(handler=handler))
            for name, handler in of_one.items()
        ),
        # A browser opens this link: it is told what is wrong in our own form.
        route(
            admission,
            admission.problem,
            "/redacted-audio/{link}",
            GET=Open(handler=audio.download),
        ),
    ]
    return Surface(routes=routes, prefix=PREFIX, form=as_wire_error)
