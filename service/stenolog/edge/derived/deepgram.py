"""Shape a transcript as Deepgram does: channels with alternatives, times in seconds."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stenolog.edge.derived.timed_words import MS_PER_S, TimedWords
from stenolog.intelligence.sentences import paragraphs, sentences
from stenolog.intelligence.words import Word, by_channel, joined_text, mean_confidence, merged

PAUSE_MS = 800  # Deepgram's default for `utt_split`
AROUND_WORDS = (
    string.punctuation.replace("'", "").replace("%", "").replace("$", "") + "…“”«»¿¡。？！"
)
Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepgramLook:
    """What a request's options make of the shape.

    Attributes:
        created: When it was requested, RFC 3339.
        duration_ms: How long the audio is; None: as the words tell.
        language: Shown as the detected one; None: none was to be detected.
        punctuated: Words also as they are written, and the transcript of them.
        speakers: Words name their speakers, counted from 0.
        pause_ms: A longer silence ends an utterance.
    """

    created: str = ""
    duration_ms: int | None = None
    language: str | None = None
    punctuated: bool = False
    speakers: bool = False
    paragraphs: bool = False
    utterances: bool = False
    pause_ms: int = PAUSE_MS


PLAIN_LOOK = DeepgramLook()


def deepgram_shape(found: TimedWords, look: DeepgramLook) -> Json:
    """Return the result; who transcribed it is named as the model."""
    shaper = _Shaper(found, look)
    channels = [tuple(one) for one in by_channel(found.words)] or [()]
    results: Json = {"channels": [shaper.channel(words) for words in channels]}
    if look.utterances:
        results["utterances"] = [*shaper.utterances(channels)]
    duration = found.audio_duration if look.duration_ms is None else _s(look.duration_ms)
    model = found.speech_model_used or "unknown"
    metadata = {
        "transaction_key": "deprecated",
        "request_id": found.id,
        "sha256": "",  # of the audio: it is not here any more
        "created": look.created,
        "duration": duration,
        "channels": len(channels),
        "models": [model],
        "model_info": {model: {"name": model, "version": "", "arch": model}},
    }
    return {"metadata": metadata, "results": results}


class _Shaper:
    """Shapes the words of one transcript."""

    def __init__(self, found: TimedWords, look: DeepgramLook) -> None:
        self._look = look
        self._id = found.id
        speakers = dict.fromkeys(word.speaker for word in found.words if word.speaker)
        self._speakers = {label: number for number, label in enumerate(speakers)}

    def channel(self, words: Sequence[Word]) -> Json:
        best: Json = {
            "transcript": self._text(words),
            "confidence": mean_confidence(words),
            "words": [self._word(word) for word in words],
        }
        if self._look.paragraphs:
            best["paragraphs"] = self._paragraphs(words)
        language = self._look.language
        detected = {} if language is None else {"detected_language": language}
        return {"alternatives": [best], **detected}

    def utterances(self, channels: Sequence[Sequence[Word]]) -> Iterator[Json]:
        at_channel = {words[0].channel: at for at, words in enumerate(channels) if words}
        turns = merged([[*self._turns(words)] for words in channels])
        for number, words in enumerate(turns):
            yield {
                "start": _s(words[0].start),
                "end": _s(max(word.end for word in words)),
                "confidence": mean_confidence(words),
                "channel": at_channel[words[0].channel],
                "transcript": self._text(words),
                "words": [self._word(word) for word in words],
                **self._voice(words[0]),
                "id": f"{self._id}-{number}",
            }

    def _turns(self, words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
        turn: list[Word] = []
        for word in words:
            if turn and (
                word.voice != turn[-1].voice or word.start - turn[-1].end > self._look.pause_ms
            ):
                yield tuple(turn)
                turn = []
            turn.append(word)
        if turn:
            yield tuple(turn)

    def _paragraphs(self, words: Sequence[Word]) -> Json:
        shown: list[Json] = []
        text = ""
        for one in paragraphs(words):
            voice = self._voice(one[0])
            said = f"Speaker {voice['speaker']}: " if voice else ""
            text += f"\n{said}{joined_text(one)}\n"
            shown.append(
                {
                    "sentences": [
                        {
                            "text": joined_text(sentence),
                            "start": _s(sentence[0].start),
                            "end": _s(sentence[-1].end),
                        }
                        for sentence in sentences(one)
                    ],
                    **voice,
                    "num_words": len(one),
                    "start": _s(one[0].start),
                    "end": _s(one[-1].end),
                }
            )
        return {"transcript": text.removesuffix("\n"), "paragraphs": shown}

    def _text(self, words: Sequence[Word]) -> str:
        if self._look.punctuated:
            return joined_text(words)
        pieces: list[str] = []
        for word in words:
            pieces += [_bare(word)] if word.joined else [" ", _bare(word)]
        return "".join(pieces).strip()

    def _word(self, word: Word) -> Json:
        shown: Json = {
            "word": _bare(word),
            "start": _s(word.start),
            "end": _s(word.end),
            "confidence": word.confidence,
            **self._voice(word),
        }
        if self._look.punctuated:
            shown["punctuated_word"] = word.text
        return shown

    def _voice(self, word: Word) -> Json:
        if not self._look.speakers or word.speaker is None:
            return {}
        return {"speaker": self._speakers[word.speaker]}


def _bare(word: Word) -> str:
    """Return a word without the marks around it."""
    lower = word.text.lower()
    return lower.strip(AROUND_WORDS) or lower


def _s(ms: int) -> float:
    return ms / MS_PER_S
