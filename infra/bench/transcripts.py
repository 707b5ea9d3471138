"""Finished transcripts of any length, as the provider would answer them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stenolog.simulator.assemblyai.results import transcript
from stenolog.wire.assemblyai.transcript import completed_transcript

AUDIO_URL = "https://audio.example/call.mp3"  # never asked for: the provider would
FEATURES = (
    "speaker_labels",
    "auto_chapters",
    "auto_highlights",
    "content_safety",
    "entity_detection",
    "iab_categories",
    "language_detection",
    "sentiment_analysis",
)
EVERY_FEATURE: Mapping[str, object] = {
    "audio_url": AUDIO_URL,
    **dict.fromkeys(FEATURES, True),
}
NO_FEATURE: Mapping[str, object] = {"audio_url": AUDIO_URL}


def result(seed: str, seconds: float, params: Mapping[str, object]) -> dict[str, object]:
    """What the job found: the fields of a finished transcript beyond its request's."""
    features = [name for name in FEATURES if params.get(name)]
    return transcript(seed, seconds, features, params)


def answer(seed: str, seconds: float, params: Mapping[str, object]) -> bytes:
    """The provider's whole answer."""
    return json.dumps(completed_transcript(seed, params, result(seed, seconds, params))).encode()


def request_payload(params: Mapping[str, object]) -> bytes:
    """The payload of `transcription.requested`, as the edge writes it."""
    return json.dumps({"params": dict(params), "subject": None, "metadata": None}).encode()
