"""Make the result of a finished job in the shape of its model, from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stenolog.simulator.assemblyai import results
from stenolog.simulator.conversation.speech import Sentence, Token, conversation
from stenolog.wire.aimlapi.models import DEEPGRAM, family_of
from stenolog.wire.assemblyai.transcript import completed_transcript

TOKENS_A_SECOND = 10  # what OpenAI's models count of audio
Json = dict[str, Any]


def result_for(seed: str, model: str, fields: Mapping[str, object], seconds: float) -> Json:
    """Return what the model says of `seconds` of audio; the same arguments give the same."""
    family = family_of(model)
    said = conversation(seed, seconds)
    if family in DEEPGRAM:
        return _deepgram(seed, model, fields, said, seconds)
    if model.startswith("aai/"):
        return _assemblyai(seed, model, fields, seconds)
    text = " ".join(one.text for one in said)
    if family == "openai":
        heard, written = int(seconds * TOKENS_A_SECOND), len(text.split())
        usage: Json = {
            "type": "tokens",
            "total_tokens": heard + written,
            "input_tokens": heard,
            "input_token_details": {"text_tokens": 0, "audio_tokens": heard},
            "output_tokens": written,
        }
        return {"text": text, "usage": usage}
    if family == "microsoft":
        return {"text": text, "usage": {"seconds": seconds, "cost": round(seconds / 1e4, 6)}}
    return {
        "language_code": "eng",
        "language_probability": 0.99,
        "text": text,
        "words": [
            {
                "text": token.text,
                "start": token.start / 1000,
                "end": token.end / 1000,
                "type": "word",
                "speaker_id": f"speaker_{token.speaker}",
                "logprob": -0.1,
            }
            for token in _tokens(said)
        ],
    }


def _assemblyai(seed: str, model: str, fields: Mapping[str, object], seconds: float) -> Json:
    params = {name: _plain(value) for name, value in fields.items() if name != "model"}
    params["audio_url"] = params.pop("url", None) or "https://cdn.aimlapi.example/audio"
    features = {name for name, value in params.items() if value is True}
    made = completed_transcript(seed, params, results.transcript(seed, seconds, features, params))
    return {**made, "speech_model": model.removeprefix("aai/"), "project_id": 0, "token_id": 0}


def _deepgram(
    seed: str, model: str, fields: Mapping[str, object], said: Sequence[Sentence], seconds: float
) -> Json:
    pretty = _plain(fields.get("punctuate")) is True or _plain(fields.get("smart_format")) is True
    diarized = _plain(fields.get("diarize")) is True
    words = [_word(token, pretty, diarized) for token in _tokens(said)]
    shown = [str(word.get("punctuated_word", word["word"])) for word in words]
    found: Json = {
        "channels": [
            {
                "alternatives": [
                    {"transcript": " ".join(shown), "confidence": 0.9921875, "words": words}
                ]
            }
        ]
    }
    if _plain(fields.get("utterances")) is True:
        found["utterances"] = [_utterance(one, pretty, diarized) for one in said]
    info = {"name": model.removeprefix("#g1_"), "version": "2026-01-01.0", "arch": "simulated"}
    return {
        "metadata": {
            "transaction_key": "deprecated",
            "request_id": seed,
            "sha256": "0" * 64,
            "created": "2026-01-01T00:00:00.000Z",
            "duration": seconds,
            "channels": 1,
            "models": [seed],
            "model_info": {seed: info},
        },
        "results": found,
    }


def _utterance(sentence: Sentence, pretty: bool, diarized: bool) -> Json:
    words = [_word(token, pretty, diarized) for token in sentence.tokens]
    made: Json = {
        "start": sentence.start / 1000,
        "end": sentence.end / 1000,
        "confidence": 0.9921875,
        "channel": 0,
        "transcript": " ".join(str(word.get("punctuated_word", word["word"])) for word in words),
        "words": words,
        "id": f"utterance-{sentence.start}",
    }
    return made | ({"speaker": sentence.speaker} if diarized else {})


def _word(token: Token, pretty: bool, diarized: bool) -> Json:
    made: Json = {
        "word": token.text.lower().rstrip(".,?"),
        "start": token.start / 1000,
        "end": token.end / 1000,
        "confidence": token.confidence,
    }
    if diarized:
        made |= {"speaker": token.speaker, "speaker_confidence": 0.75}
    return made | ({"punctuated_word": token.text} if pretty else {})


def _tokens(said: Sequence[Sentence]) -> Sequence[Token]:
    return [token for sentence in said for token in sentence.tokens]


def _plain(value: object) -> object:
    """Return a form's `true` and `false` as what they mean."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
