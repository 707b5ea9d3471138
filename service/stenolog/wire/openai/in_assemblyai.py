"""Say a request of OpenAI's in AssemblyAI's parameters, in which every provider is asked."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.errors import InvalidRequest
from stenolog.wire.openai.create import Create

# What each parameter is called in OpenAI's request, where the names differ.
OPENAI_NAMES: Mapping[str, str] = {
    "audio_url": "file",
    "keyterms_prompt": "keywords",
    "language_code": "language",
    "language_detection": "language",
    "language_detection_options": "languages",
    "speaker_labels": "response_format",
    "speech_models": "model",
}


def params_of(create: Create) -> dict[str, object]:
    """Return the parameters without audio and model; without a language it is detected."""
    params: dict[str, object] = {}
    if create.language:
        params["language_code"] = create.language.lower().replace("-", "_")
    else:
        params["language_detection"] = True
        if create.languages:
            expected = [one.lower().replace("-", "_") for one in create.languages]
            params["language_detection_options"] = {"expected_languages": expected}
    if create.speakers:
        params["speaker_labels"] = True
    if create.prompt:
        params["prompt"] = create.prompt
    if create.keywords:
        params["keyterms_prompt"] = list(create.keywords)
    if create.temperature:
        params["temperature"] = create.temperature
    return params


def in_openai_words(refusal: InvalidRequest) -> InvalidRequest:
    """Return the same refusal with the names that OpenAI's client knows."""
    fields = [(_own(name), _renamed(why, name)) for name, why in refusal.fields]
    sentence = str(refusal)
    for name, _ in refusal.fields:
        sentence = _renamed(sentence, name)
    return InvalidRequest(sentence, fields)


def _own(name: str) -> str:
    return OPENAI_NAMES.get(name, name)


def _renamed(sentence: str, name: str) -> str:
    return sentence.replace(name, _own(name)) if name in OPENAI_NAMES else sentence
