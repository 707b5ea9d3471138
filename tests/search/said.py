"""Transcriptions that are done, with an answer that has nothing but what a test gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.house.composed import Composed
from tests.http.spoken import URL, answer_of


def said(**answer: Any) -> dict[str, Any]:
    """A provider's answer that has nothing but what is given."""
    return answer_of(**{"words": [], "utterances": None, **answer})


async def done(
    service: Composed,
    *,
    subject: str = "",
    metadata: str = "",
    asked_for: Mapping[str, Any] | None = None,
    **answer: Any,
) -> str:
    """A transcription with this answer; perhaps about somebody, and with features asked for."""
    asked = await service.client.post(
        "/v2/transcript",
        json={"audio_url": URL, **(asked_for or {})},
        headers={"Stenolog-Subject": subject, "Stenolog-Metadata": metadata},
    )
    transcription_id = str(asked.json()["id"])
    await service.claim(transcription_id)
    await service.accept(transcription_id)
    await service.complete(transcription_id, said(**answer))
    return transcription_id
