"""Make the result of a generation: AIMLAPI's own where it served, else one of the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.edge.aimlapi.serving import server_named
from stenolog.edge.derived.deepgram import PAUSE_MS, DeepgramLook
from stenolog.edge.derived.render import RenderOrder, as_json
from stenolog.edge.derived.workers import RenderWorkers
from stenolog.edge.transcriptions.reading import Reading
from stenolog.log.events.request_payload import RequestPayload
from stenolog.projections.documents import read_object
from stenolog.projections.rows import StatusRow
from stenolog.projections.views import Room, ViewReader
from stenolog.wire.aimlapi.envelope import read_envelope
from stenolog.wire.aimlapi.models import ASSEMBLYAI, MODEL_DEFAULT, TEXT_ONLY, family_of
from stenolog.wire.aimlapi.served import text_result

PLAIN = frozenset({"nova-2", "whisper"})  # they write no marks unless they are asked to
MS_PER_S = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """What a request says of its result's shape.

    Attributes:
        pause_ms: A longer silence ends an utterance.
    """

    model: str
    punctuated: bool
    speakers: bool
    paragraphs: bool
    utterances: bool
    detects: bool
    pause_ms: int


class Results:
    """Makes results of transcriptions that are completed."""

    def __init__(
        self, reading: Reading, views: ViewReader, renders: RenderWorkers, room: Room
    ) -> None:
        """`room` is waited for before a whole transcript is read."""
        self._reading = reading
        self._views = views
        self._renders = renders
        self._room = room

    async def of(self, row: StatusRow, asked: AskedFor) -> bytes | None:
        """Return the result as JSON; None when it cannot be shown yet, or not any more.

        Raises:
            InvalidRequest: The shape needs the times of words, and the transcript has none.
            StoreUnavailable: It cannot be read now.
        """
        if server_named(row.provider).answers_alike:
            return await self._reading.of_outcome(row, "result", _result_in)
        family = family_of(asked.model)
        if family in ASSEMBLYAI:
            return await self._views.customer_body(row.id, self._room)
        if family in TEXT_ONLY:
            return await self._text(row, asked)
        head = await self._views.transcript(row.id) if asked.detects else None
        code = None if head is None else head.language_code
        look = DeepgramLook(
            created=row.created_at,
            duration_ms=row.audio_ms,
            language=None if code is None else code.partition("_")[0],
            punctuated=asked.punctuated,
            speakers=asked.speakers,
            paragraphs=asked.paragraphs,
            utterances=asked.utterances,
            pause_ms=asked.pause_ms,
        )
        return await self._renders.render(
            row.tenant, row.id, RenderOrder(view="deepgram", deepgram=look)
        )

    async def _text(self, row: StatusRow, asked: AskedFor) -> bytes | None:
        await self._room(0)
        head = await self._views.transcript(row.id)
        if head is None:
            return None
        seconds = None if row.audio_ms is None else row.audio_ms / MS_PER_S
        return as_json(text_result(head.text or "", asked.model, seconds))


def asked_for(request: RequestPayload) -> AskedFor:
    """Return what a recorded request says; one of another surface is AssemblyAI's."""
    own: Mapping[str, object] = request.own or {}
    model = own.get("model")
    model = model if isinstance(model, str) else MODEL_DEFAULT
    pause = own.get("utt_split")
    pause_ms = int(pause * MS_PER_S) if isinstance(pause, int | float) else PAUSE_MS
    formatted = own.get("smart_format") is True or own.get("paragraphs") is True
    return AskedFor(
        model=model,
        punctuated=formatted or own.get("punctuate") is True or family_of(model) not in PLAIN,
        speakers=own.get("diarize") is True,
        paragraphs=formatted,
        utterances=own.get("utterances") is True,
        detects=bool(own.get("detect_language")),
        pause_ms=pause_ms,
    )


def _result_in(answer: bytes | None) -> bytes | None:
    """Return the result in AIMLAPI's last answer, as it was written."""
    if answer is None:
        return None
    document = read_object(answer)
    envelope = read_envelope(document)
    if envelope.payload is None:
        return b"null"
    return document.written(envelope.payload_name) if envelope.payload_name else answer
