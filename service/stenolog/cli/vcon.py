"""Write a transcript as a vCon, the IETF's container of conversations; both sources are drafts.

Sources: draft-ietf-vcon-vcon-core-02 (syntax 0.4.0); draft-howe-vcon-wtf-extension-01, whose
"World Transcription Format" is the form of the transcript. A body with the encoding `json` is the
JSON value itself, as the latter has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SYNTAX = "0.4.0"
WTF = "wtf_transcription"
WTF_SCHEMA = "draft-howe-vcon-wtf-extension-01"
DRAFT = "vCon is an IETF draft (draft-ietf-vcon-vcon-core-02): its form may change"
JSON = "application/json"
VENDORS = {"assemblyai": "AssemblyAI", "aimlapi": "AIMLAPI", "local": "Stenolog"}
ANALYSES = (
    "summary",
    "chapters",
    "sentiment",
    "entities",
    "content-safety",
    "topics",
    "highlights",
)
"""The views that are analyses; each is there when it has items."""

FACTS = (
    "id",
    "provider",
    "provider_job",
    "region",
    "created_at",
    "completed_at",
    "audio_ms",
    "subject",
    "metadata",
)
"""What is told of the transcription itself."""
MS_PER_S = 1_000


def vcon_of(
    transcript: Mapping[str, Any],
    job: Mapping[str, Any],
    sentences: Sequence[Mapping[str, Any]],
    analyses: Mapping[str, Sequence[Mapping[str, Any]]],
) -> dict[str, Any]:
    """Return the vCon of a completed transcript; pure.

    `transcript` is what `/v2` answers, `job` and the views what `/api/v1` does. The container's own
    `subject` is never written: programs log it, and ours may be a person's number. Nor is the
    `url` of a dialog, which needs a hash of the audio beside it.
    """
    said = transcript.get("utterances") or sentences
    speakers = list(dict.fromkeys(one["speaker"] for one in said if one.get("speaker")))
    parties = [{"name": f"Speaker {label}"} for label in speakers] or [{}]
    vendor = VENDORS.get(str(job.get("provider")), "Stenolog")
    dialog: dict[str, Any] = {
        "type": "recording",
        "start": job["created_at"],
        "parties": list(range(len(parties))),
    }
    if job.get("audio_ms") is not None:
        dialog["duration"] = job["audio_ms"] / MS_PER_S
    return {
        "vcon": SYNTAX,
        "uuid": job["id"],
        "extensions": [WTF],
        "created_at": job["created_at"],
        "parties": parties,
        "dialog": [dialog],
        "analysis": [
            {
                "type": WTF,
                "dialog": 0,
                "mediatype": JSON,
                "vendor": vendor,
                "product": _model(transcript),
                "schema": WTF_SCHEMA,
                "encoding": "json",
                "body": wtf_of(transcript, job, said, speakers),
            },
            *(
                {
                    "type": view,
                    "dialog": 0,
                    "mediatype": JSON,
                    "vendor": vendor,
                    "schema": f"stenolog-{view}-1",
                    "encoding": "json",
                    "body": list(items),
                }
                for view, items in analyses.items()
                if items
            ),
        ],
        "attachments": [
            {
                "purpose": "transcription",
                "start": job.get("completed_at") or job["created_at"],
                "party": 0,
                "dialog": 0,
                "mediatype": JSON,
                "encoding": "json",
                "body": {name: job[name] for name in FACTS if job.get(name) is not None},
            }
        ],
    }


def wtf_of(
    transcript: Mapping[str, Any],
    job: Mapping[str, Any],
    said: Sequence[Mapping[str, Any]],
    speakers: Sequence[str],
) -> dict[str, Any]:
    """Return the transcript in the World Transcription Format; what is not known is left out."""
    segments = [_timed(number, one) for number, one in enumerate(said) if one["end"] > one["start"]]
    duration = _seconds(job.get("audio_ms"))
    return {
        "transcript": _known(
            text=transcript.get("text") or "",
            language=_language(transcript.get("language_code")),
            duration=duration,
            confidence=transcript.get("confidence"),
        ),
        "segments": segments,
        "words": [
            _timed(number, one)
            for number, one in enumerate(transcript.get("words") or ())
            if one["end"] > one["start"]
        ],
        "speakers": {
            label: {
                "id": label,
                "label": f"Speaker {label}",
                "segments": [one["id"] for one in segments if one.get("speaker") == label],
                "total_time": round(
                    sum(
                        one["end"] - one["start"] for one in segments if one.get("speaker") == label
                    ),
                    3,
                ),
            }
            for label in speakers
        },
        "metadata": _known(
            created_at=job["created_at"],
            processed_at=job.get("completed_at") or job["created_at"],
            provider=job.get("provider"),
            model=_model(transcript),
            audio=None if duration is None else {"duration": duration},
        ),
    }


def _timed(number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    return _known(
        id=number,
        start=one["start"] / MS_PER_S,
        end=one["end"] / MS_PER_S,
        text=str(one["text"]).strip(),
        confidence=one.get("confidence"),
        speaker=one.get("speaker"),
    )


def _language(code: object) -> str | None:
    """Return AssemblyAI's `en_us` as BCP 47 writes it: `en-US`."""
    if not isinstance(code, str):
        return None
    language, _, region = code.partition("_")
    return f"{language}-{region.upper()}" if region else language


def _model(transcript: Mapping[str, Any]) -> str:
    return str(transcript.get("speech_model_used") or transcript.get("speech_model") or "unknown")


def _seconds(ms: object) -> float | None:
    return ms / MS_PER_S if isinstance(ms, int) else None


def _known(**members: object) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
