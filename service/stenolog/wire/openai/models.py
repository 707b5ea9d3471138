"""List OpenAI's transcription models, and who stands for each elsewhere.

Source: OpenAI's API reference, "Create transcription", and its Python client 3.57 (2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What asking for one of OpenAI's models means here.

    Attributes:
        aimlapi: AIMLAPI's model that does the same; the other providers use their default one.
        speakers: It tells speakers apart.
        streams: It answers `stream` with events; OpenAI has the others ignore it.
        names_languages: Its answer lists the languages that were heard.
    """

    aimlapi: str
    speakers: bool = False
    streams: bool = True
    names_languages: bool = False


MODELS: Mapping[str, Model] = {
    "whisper-1": Model(aimlapi="#g1_whisper-large", streams=False),
    "gpt-transcribe": Model(aimlapi="openai/gpt-4o-transcribe", names_languages=True),
    "gpt-4o-transcribe": Model(aimlapi="openai/gpt-4o-transcribe"),
    "gpt-4o-mini-transcribe": Model(aimlapi="openai/gpt-4o-mini-transcribe"),
    "gpt-4o-mini-transcribe-2025-12-15": Model(aimlapi="openai/gpt-4o-mini-transcribe"),
    "gpt-4o-transcribe-diarize": Model(aimlapi="aai/universal", speakers=True),
}
OTHER = Model(aimlapi="")  # a provider's own model, by its own name


def model_of(name: str) -> Model:
    """Return what this name means; one that is not OpenAI's is a provider's own."""
    return MODELS.get(name, OTHER)


def listed(owner: str) -> dict[str, object]:
    """Return the answer to `GET /v1/models`; `owner` is who serves them here."""
    return {"object": "list", "data": [described(name, owner) for name in MODELS]}


def described(name: str, owner: str) -> dict[str, object]:
    """Return what the list says of one model; when it was made is not known."""
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}
