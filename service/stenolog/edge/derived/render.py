"""Render sentences, captions, search hits and other services' shapes from a stored transcript.

Pure, except that a side process keeps the two transcripts that it read last: a client that asks for
sentences often asks for captions next, and parsing ten hours of words takes longer than rendering
them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

import orjson

from stenolog.bounded import BoundedMemory
from stenolog.edge.derived.deepgram import PLAIN_LOOK, DeepgramLook, deepgram_shape
from stenolog.edge.derived.openai import PLAIN_LOOK as PLAIN_OPENAI_LOOK
from stenolog.edge.derived.openai import OpenaiLook, diarized, openai_shape
from stenolog.edge.derived.shapes import found_shape, paragraphs_shape, sentences_shape
from stenolog.edge.derived.timed_words import TimedWords, read_timed_words
from stenolog.intelligence.captions import CHARACTERS, captions, srt, vtt
from stenolog.wire.openai.answers import events

KEPT_MAX = 2  # some 30 MB each for ten hours of words
KEPT_MS_MAX = 30_000  # after its last use: an erased one is not used again

View = Literal["sentences", "paragraphs", "srt", "vtt", "word-search", "deepgram", "openai"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOrder:
    """What to render.

    Attributes:
        characters: The width of captions.
        terms: What is looked for.
        deepgram: How the `deepgram` view is to look; `openai`: that one.
    """

    view: View
    characters: int = CHARACTERS
    terms: tuple[str, ...] = ()
    deepgram: DeepgramLook = PLAIN_LOOK
    openai: OpenaiLook = PLAIN_OPENAI_LOOK

    @property
    def noun(self) -> str:
        """The plural noun for error messages."""
        match self.view:
            case "srt" | "vtt":
                return "captions"
            case "word-search":
                return "searchable words"
            case "deepgram" | "openai":
                return "words with times"
            case other:
                return other


def render(transcription_id: str, body: bytes, asked: RenderOrder) -> bytes:
    """Render from `body`, the stored `/v2` answer; the same transcript gives the same bytes.

    Raises:
        InvalidRequest: It is not completed, or has no words with times.
    """
    return _rendered(read_timed_words(transcription_id, body, asked.noun), asked)


def render_kept(transcription_id: str, body: bytes | None, asked: RenderOrder) -> bytes | None:
    """Render in the side process; None when the transcript is not kept and there is no `body`.

    Raises:
        InvalidRequest: It is not completed, or has no words with times.
    """
    found = _kept.get(transcription_id)
    if body is not None:
        found = read_timed_words(transcription_id, body, asked.noun)
    if found is None:
        return None
    _kept.put(transcription_id, found)
    return _rendered(found, asked)


_kept: BoundedMemory[str, TimedWords] = BoundedMemory(KEPT_MAX, age_ms_max=KEPT_MS_MAX)


def _rendered(found: TimedWords, asked: RenderOrder) -> bytes:
    match asked.view:
        case "sentences":
            return as_json(sentences_shape(found))
        case "paragraphs":
            return as_json(paragraphs_shape(found))
        case "srt":
            return _plain(srt(captions(found.words, asked.characters)))
        case "vtt":
            return _plain(vtt(captions(found.words, asked.characters)))
        case "word-search":
            return as_json(found_shape(found, asked.terms))
        case "deepgram":
            return as_json(deepgram_shape(found, asked.deepgram))
        case "openai":
            if asked.openai.streamed:
                return events(found.text, diarized(found))
            return as_json(openai_shape(found, asked.openai))
        case view:
            assert_never(view)


def as_json(body: Mapping[str, object]) -> bytes:
    """Return a body as JSON, whatever a provider put into its texts."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:  # half a surrogate pair, which JSON may hold and UTF-8 not
        return json.dumps(body).encode()


def _plain(text: str) -> bytes:
    return text.encode(errors="replace")
