"""Write what AIMLAPI answers to a create and to a poll, so that every published client reads it.

Some read `generation_id` and `result`, others `id` and `output`: an answer has all four.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from stenolog.wire.aimlapi.models import TEXT_ONLY, family_of, waiting_words

ERROR_NAME = "TranscriptionError"


def created(generation_id: str, model: str) -> dict[str, object]:
    """Return the answer to a create; the models that answer with text alone say `queued`, too."""
    answer: dict[str, object] = {"generation_id": generation_id}
    if family_of(model) in TEXT_ONLY:
        answer["status"] = waiting_words(model)[0]
    return answer


def unfinished(generation_id: str, model: str, *, begun: bool) -> dict[str, object]:
    """Return the answer while there is no result, in the words that the model's clients wait on."""
    return {**_ids(generation_id), "status": waiting_words(model)[begun], **_nothing(None)}


def failed(generation_id: str, sentence: str) -> dict[str, object]:
    """Return the answer of a job that failed."""
    error = {"name": ERROR_NAME, "message": sentence}
    return {**_ids(generation_id), "status": "error", **_nothing(error)}


def completed(generation_id: str, result: bytes) -> bytes:
    """Return the answer with this result, which is JSON and goes out as it is written."""
    head = json.dumps({**_ids(generation_id), "status": "completed", "error": None}).encode()
    return b"".join((head[:-1], b', "result": ', result, b', "output": ', result, b"}"))


def text_result(text: str, model: str, seconds: float | None) -> dict[str, object]:
    """Return the result of a model that gives text alone; AIMLAPI's price is not ours."""
    if family_of(model) == "microsoft":
        return {"text": text, "usage": {"seconds": seconds, "cost": 0}}
    return {"text": text, "usage": {"type": "duration", "seconds": seconds}}


def _ids(generation_id: str) -> Mapping[str, object]:
    return {"generation_id": generation_id, "id": generation_id}


def _nothing(error: object) -> Mapping[str, object]:
    return {"result": None, "output": None, "error": error}
