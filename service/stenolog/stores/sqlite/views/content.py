"""Seal what a view holds: in one box when it is short, else in parts that can be read alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.projections.documents import encode
from stenolog.projections.rows import PutView, TranscriptHead, TranscriptRow
from stenolog.stores.sqlite.views.boxes import Boxes, Fields, Place

BODY_BYTES_INLINE_MAX = 64 << 10  # a longer body is read without what stands beside it
BODY_PART_BYTES = 1 << 20
Piece = tuple[int, int, Fields]  # a part before it is sealed: first, count, content
HEAD, PART, REQUEST = "view", "part", "request"  # names of places


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A sealed piece of a view: items from `first` on, or the `first`th piece of a body."""

    first: int
    count: int
    box: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A view as it is stored; `box` is None when it holds nothing."""

    items: int = 0
    box: bytes | None = None
    parts: Sequence[Part] = ()


def stored_request(boxes: Boxes, generation: int, transcription: str, body: bytes) -> bytes | None:
    """Return the sealed payload of the request; None without a key."""
    return boxes.seal(request_place(generation, transcription), (body,))


def stored_view(boxes: Boxes, generation: int, transcription: str, view: PutView) -> Stored:
    """Return the sealed view; empty without a key: nothing may be kept of it."""
    if transcription not in boxes.keys:
        return Stored()
    head = head_place(generation, transcription)
    fields, pieces = _of_items(view) if view.transcript is None else _of_transcript(view.transcript)
    parts: list[Part] = []
    for first, count, piece in pieces:
        box = boxes.seal(part_place(generation, transcription, first), piece)
        assert box is not None, "there is a key"
        parts.append(Part(first=first, count=count, box=box))
    return Stored(
        items=sum(chunk.count for chunk in view.chunks),
        box=boxes.seal(head, fields) if any(one is not None for one in fields) else None,
        parts=parts,
    )


def head_place(generation: int, transcription: str) -> Place:
    """Return the place of what a view holds, but for its parts."""
    return Place(generation=generation, name=HEAD, transcription=transcription)


def part_place(generation: int, transcription: str, first: int) -> Place:
    """Return the place of one part."""
    return Place(generation=generation, name=PART, transcription=transcription, number=first)


def request_place(generation: int, transcription: str) -> Place:
    """Return the place of the request."""
    return Place(generation=generation, name=REQUEST, transcription=transcription)


def transcript_of(fields: Fields) -> TranscriptHead:
    """Return what was said of the fields of a transcript's box."""
    said, text, _ = fields
    assert said is not None
    confidence, language_code, words, audio, warnings = json.loads(said)
    return TranscriptHead(
        text=None if text is None else text.decode(),
        confidence=confidence,
        language_code=language_code,
        words=words,
        audio=audio,
        warnings=tuple((code, message) for code, message in warnings),
    )


def inline_body(fields: Fields) -> bytes:
    """Return the body of a transcript that has it in its box."""
    _, _, inline = fields
    assert inline is not None, "a body without parts"
    return inline


def _of_transcript(transcript: TranscriptRow) -> tuple[Fields, Sequence[Piece]]:
    said = encode(
        [
            transcript.confidence,
            transcript.language_code,
            transcript.words,
            transcript.audio,
            transcript.warnings,
        ]
    )
    text = None if transcript.text is None else transcript.text.encode()
    body = transcript.body
    if len(body) <= BODY_BYTES_INLINE_MAX:
        return (said, text, body), ()
    cuts = range(0, len(body), BODY_PART_BYTES)
    return (said, text, None), [
        (number, 1, (body[at : at + BODY_PART_BYTES],)) for number, at in enumerate(cuts, start=1)
    ]


def _of_items(view: PutView) -> tuple[Fields, Sequence[Piece]]:
    chunks = view.chunks
    if len(chunks) == 1:
        return (view.around, chunks[0].bodies), ()
    return (view.around, None), [(chunk.first, chunk.count, (chunk.bodies,)) for chunk in chunks]
