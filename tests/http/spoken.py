"""A transcription of two speakers that is done, with what its features found."""

from __future__ import annotations

from typing import Any

from stenolog.wire.assemblyai.transcript import completed_transcript
from tests.house.composed import Composed

URL = "https://audio.example/call.mp3"
BASE = "/api/v1/transcripts"
WORDS = [
    {
        "text": f"word{number}",
        "start": 100 * number,
        "end": 100 * number + 90,
        "confidence": 0.5,
        "speaker": "AB"[number // 6],
    }
    for number in range(12)
]
TURNS = [
    {
        "text": " ".join(str(word["text"]) for word in said),
        "start": said[0]["start"],
        "end": said[-1]["end"],
        "confidence": 0.5,
        "speaker": speaker,
        "words": said,
    }
    for speaker, said in (("A", WORDS[:6]), ("B", WORDS[6:]))
]
CHAPTER = {"gist": "Fire", "headline": "Fire!", "summary": "It burns.", "start": 0, "end": 900}
SAFETY = {
    "status": "success",
    "results": [{"text": "It burns.", "labels": [], "timestamp": {"start": 0, "end": 900}}],
    "summary": {"disasters": 0.9},
    "severity_score_summary": {},
}


def answer_of(**more: Any) -> dict[str, Any]:
    result = {"text": "all of it", "confidence": 0.75, "words": WORDS, "utterances": TURNS, **more}
    return completed_transcript("job-1", {"audio_url": URL, "speaker_labels": True}, result)


async def completed(service: Composed, params: dict[str, Any], **answer: Any) -> str:
    """A transcription that is done and in the views."""
    transcription_id, registration = await service.submitted(audio_url=URL, **params)
    await service.call_back(registration)
    await service.complete(transcription_id, answer_of(**answer))
    await service.projected()
    return transcription_id
