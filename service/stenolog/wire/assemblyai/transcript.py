"""Write the Transcript object in each of its states, with every field and default of AssemblyAI."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.enums import LANGUAGE_CODE_DEFAULT, TERMINAL

__all__ = [
    "TERMINAL",
    "completed_transcript",
    "deleted_transcript",
    "echo",
    "failed_transcript",
    "given_in",
    "queued_transcript",
    "unfinished",
]

MODEL_DEFAULT = "assemblyai_default"  # deprecated, and required in every response

# What an answer echoes of the request, and what it says where the request says nothing.
ECHO_DEFAULTS: Mapping[str, object] = {
    "audio_url": None,
    "punctuate": True,
    "format_text": True,
    "dual_channel": None,
    "multichannel": None,
    "webhook_url": None,
    "webhook_auth_header_name": None,
    "speed_boost": False,
    "auto_highlights": False,
    "audio_start_from": None,
    "audio_end_at": None,
    "word_boost": [],
    "boost_param": None,
    "filter_profanity": False,
    "redact_pii": False,
    "redact_pii_audio": False,
    "redact_pii_audio_quality": None,
    "redact_pii_audio_options": None,
    "redact_pii_policies": None,
    "redact_pii_sub": None,
    "redact_pii_return_unredacted": None,
    "speaker_labels": False,
    "speakers_expected": None,
    "speaker_options": None,
    "content_safety": False,
    "content_safety_confidence": None,
    "iab_categories": False,
    "language_code": LANGUAGE_CODE_DEFAULT,
    "language_codes": None,
    "language_detection": False,
    "language_confidence_threshold": None,
    "language_detection_options": None,
    "custom_spelling": None,
    "auto_chapters": False,
    "summarization": False,
    "summary_type": None,
    "summary_model": None,
    "custom_topics": False,
    "topics": [],
    "speech_threshold": None,
    "speech_models": None,
    "disfluencies": False,
    "sentiment_analysis": False,
    "entity_detection": False,
    "prompt": None,
    "temperature": None,
    "keyterms_prompt": [],
    "keyterms_prompt_options": None,
    "remove_audio_tags": None,
    "speech_understanding": None,
    "domain": None,
}

# What only a finished job can know. The blocks of features that are off have a form of their own.
RESULT_DEFAULTS: Mapping[str, object] = {
    "text": None,
    "words": None,
    "utterances": None,
    "confidence": None,
    "audio_duration": None,
    "audio_channels": None,
    "error": None,
    "language_confidence": None,
    "language_detection_results": None,
    "speech_model": None,
    "speech_model_used": None,
    "throttled": None,
    "webhook_status_code": None,
    "unredacted_text": None,
    "unredacted_words": None,
    "unredacted_utterances": None,
    "translated_texts": None,
    "auto_highlights_result": None,
    "chapters": None,
    "sentiment_analysis_results": None,
    "entities": None,
    "summary": None,
    "custom_topics_results": None,
    "is_deleted": None,
}
BLOCKS = ("content_safety_labels", "iab_categories_result")

# The service keeps these false when everything else of a deleted transcript is null.
FALSE_WHEN_DELETED = (
    "webhook_auth",
    "auto_highlights",
    "redact_pii",
    "summarization",
    "sentiment_analysis",
    "entity_detection",
    "auto_chapters",
    "disfluencies",
)
# Undocumented, and in the recorded answers of deletions alone.
NULL_WHEN_DELETED = ("speaker_count", "cluster_id")


def queued_transcript(
    transcript_id: str, params: Mapping[str, object], *, status: str = "queued"
) -> dict[str, object]:
    """Return the whole Transcript of an unfinished job; `params` are those of `parse_request`.

    A webhook header's value is never in it. What is nested in `params` is in the result itself,
    not a copy of it: change neither.
    """
    return {**unfinished(transcript_id, status), **given_in(params)}


def unfinished(transcript_id: str, status: str) -> dict[str, object]:
    """Return the members that come first, and that change while the job is unfinished."""
    return {
        "id": transcript_id,
        "language_model": MODEL_DEFAULT,
        "acoustic_model": MODEL_DEFAULT,
        "status": status,
        **RESULT_DEFAULTS,
    }


def given_in(params: Mapping[str, object]) -> dict[str, object]:
    """Return the members that follow: what the request says, the same as long as it is open."""
    named = params.get("webhook_auth_header_name") is not None
    valued = params.get("webhook_auth_header_value") is not None
    return {**echo(params), "webhook_auth": named and valued, **{name: {} for name in BLOCKS}}


def completed_transcript(
    transcript_id: str, params: Mapping[str, object], result: Mapping[str, object]
) -> dict[str, object]:
    """Return the whole Transcript of a successful job; `result` overrides all but the id."""
    return {
        **queued_transcript(transcript_id, params),
        **_blocks_off(),
        "throttled": False,
        **result,
        "id": transcript_id,
        "status": "completed",
    }


def failed_transcript(
    transcript_id: str,
    params: Mapping[str, object],
    error: str,
    *,
    audio_duration: int | None = None,
) -> dict[str, object]:
    """Return the whole Transcript of a failed job; `audio_duration` in seconds, if known."""
    return {
        **queued_transcript(transcript_id, params, status="error"),
        **_blocks_off(),
        "error": error,
        "audio_duration": audio_duration,
    }


def deleted_transcript(transcript_id: str, audio_duration: int | None) -> dict[str, object]:
    """Return what is left of a deleted transcript, which is always the same."""
    return {
        **dict.fromkeys((*queued_transcript(transcript_id, {}), *NULL_WHEN_DELETED)),
        **dict.fromkeys(FALSE_WHEN_DELETED, False),
        "id": transcript_id,
        "language_model": MODEL_DEFAULT,
        "acoustic_model": MODEL_DEFAULT,
        "status": "completed",
        "audio_url": sentences.DELETED_URL,
        "webhook_url": sentences.DELETED_URL,
        "text": sentences.DELETED_TEXT,
        "audio_duration": audio_duration,
    }


def echo(params: Mapping[str, object]) -> dict[str, object]:
    """Return every parameter that an answer repeats, as the service repeats it.

    `en` becomes `en_us`; with detection and no code the language is not known yet. The number of
    speakers becomes the range that it stands for. What is nested is that of `params`, no copy.
    """
    given = {n: v for n, v in params.items() if n in ECHO_DEFAULTS and v is not None}
    answer = {n: list(v) if isinstance(v, list) else v for n, v in ECHO_DEFAULTS.items()}
    answer |= given
    if "language_code" not in given and answer["language_detection"]:
        answer["language_code"] = None
    elif answer["language_code"] == "en":
        answer["language_code"] = LANGUAGE_CODE_DEFAULT
    speakers = answer["speakers_expected"]
    if speakers is not None and answer["speaker_options"] is None:
        answer["speaker_options"] = {
            "min_speakers_expected": speakers,
            "max_speakers_expected": speakers,
            "advanced_speaker_segmentation": True,
        }
    return answer


def _blocks_off() -> dict[str, object]:
    return {name: {"status": "unavailable", "results": [], "summary": {}} for name in BLOCKS}
