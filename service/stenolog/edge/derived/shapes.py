"""Shape sentences, paragraphs and search hits as AssemblyAI does."""

from __future__ import annotations

from collections.abc import Sequence

from stenolog.edge.derived.timed_words import TimedWords
from stenolog.intelligence.sentences import paragraphs, sentences
from stenolog.intelligence.word_search import find_terms
from stenolog.intelligence.words import Word, joined_text, mean_confidence


def sentences_shape(found: TimedWords) -> dict[str, object]:
    """Return the answer of `/sentences`."""
    shown = [{**_piece(one), **_voice(one[0])} for one in sentences(found.words)]
    return {"sentences": shown, **_envelope(found)}


def paragraphs_shape(found: TimedWords) -> dict[str, object]:
    """Return the answer of `/paragraphs`; a paragraph names no speaker."""
    return {"paragraphs": [_piece(one) for one in paragraphs(found.words)], **_envelope(found)}


def found_shape(found: TimedWords, terms: Sequence[str]) -> dict[str, object]:
    """Return the answer of `/word-search`."""
    matches = find_terms(found.words, terms)
    return {
        "id": found.id,
        "total_count": sum(len(match.indexes) for match in matches),
        "matches": [
            {
                "text": match.text,
                "count": len(match.indexes),
                "timestamps": match.timestamps,
                "indexes": match.indexes,
            }
            for match in matches
        ],
    }


def _envelope(found: TimedWords) -> dict[str, object]:
    return {
        "id": found.id,
        "confidence": found.confidence,
        "audio_duration": found.audio_duration,
        "speech_model_used": found.speech_model_used,
    }


def _piece(words: Sequence[Word]) -> dict[str, object]:
    return {
        "text": joined_text(words),
        "start": words[0].start,
        "end": max(word.end for word in words),
        "confidence": mean_confidence(words),
        "words": [_word(word) for word in words],
    }


def _word(word: Word) -> dict[str, object]:
    shown: dict[str, object] = {
        "text": word.text,
        "start": word.start,
        "end": word.end,
        "confidence": word.confidence,
        "speaker": word.speaker,
    }
    if word.channel is not None:
        shown["channel"] = word.channel
    return shown


def _voice(word: Word) -> dict[str, object]:
    """Return the speaker, null without labels; the channel only where there were channels."""
    speaker: dict[str, object] = {"speaker": word.speaker}
    return speaker if word.channel is None else {**speaker, "channel": word.channel}
