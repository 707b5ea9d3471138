"""What is made of a finished transcript's words, as the bytes of an answer; pure, but one memory.

The side process remembers the transcripts that it has read last: who asks for sentences asks for
captions next, and reading ten hours of words takes longer than anything that is made of them.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal, assert_never

import orjson

from stenolog.edge.derived.shapes import found_shown, paragraphs_shown, sentences_shown
from stenolog.edge.derived.timed_words import FinishedTranscript, read_finished
from stenolog.intelligence.captions import CHARACTERS, captions, srt, vtt

KEPT_MAX = 2  # some 30 MB each for ten hours of words
KEPT_MS_MAX = 30_000  # after its last use: an erased one is not used again

View = Literal["sentences", "paragraphs", "srt", "vtt", "word-search"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be made.

    Attributes:
        characters: The width of captions.
        terms: What is looked for.
    """

    view: View
    characters: int = CHARACTERS
    terms: tuple[str, ...] = ()

    @property
    def noun(self) -> str:
        """What it is called in a sentence: there are no ... of it."""
        match self.view:
            case "srt" | "vtt":
                return "captions"
            case "word-search":
                return "found words"
            case other:
                return other


def made(transcription_id: str, body: bytes, asked: Asked) -> bytes:
    """The same transcript gives the same answer; `body` is the `/v2` answer that is stored.

    Raises:
        InvalidRequest: It is not completed, or has no words with times.
    """
    return _made(read_finished(transcription_id, body, asked.noun), asked)


def made_from_kept(transcription_id: str, body: bytes | None, asked: Asked) -> bytes | None:
    """As `made`, in the side process; None when it is not remembered and there is no `body`."""
    now_ms = time.monotonic() * 1000
    for one in [one for one, (used_ms, _) in _kept.items() if now_ms - used_ms > KEPT_MS_MAX]:
        del _kept[one]
    if body is not None:
        found = read_finished(transcription_id, body, asked.noun)
    elif transcription_id in _kept:
        found = _kept[transcription_id][1]
    else:
        return None
    _kept[transcription_id] = (now_ms, found)
    _kept.move_to_end(transcription_id)
    if len(_kept) > KEPT_MAX:
        _kept.popitem(last=False)
    return _made(found, asked)


_kept: OrderedDict[str, tuple[float, FinishedTranscript]] = OrderedDict()


def _made(found: FinishedTranscript, asked: Asked) -> bytes:
    match asked.view:
        case "sentences":
            return _json(sentences_shown(found))
        case "paragraphs":
            return _json(paragraphs_shown(found))
        case "srt":
            return _plain(srt(captions(found.words, asked.characters)))
        case "vtt":
            return _plain(vtt(captions(found.words, asked.characters)))
        case "word-search":
            return _json(found_shown(found, asked.terms))
        case view:
            assert_never(view)


def _json(body: dict[str, object]) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:  # half a surrogate pair, which JSON may hold and UTF-8 not
        return json.dumps(body).encode()


def _plain(text: str) -> bytes:
    return text.encode(errors="replace")
