"""List what AssemblyAI's Python SDK must find in a Transcript, member by member.

The SDK rejects a whole answer for one member that is missing, null or of an unknown kind. So what
it requires is always there: an empty text, no confidence, the other end of a time or 0, the status
`unavailable`. An item whose kind is unknown is left out, a single unknown word becomes null.
Members that the SDK does not declare are kept as they are.

Source: `types.TranscriptResponse` of the SDK 1.8.2; a test holds this table against it.
"""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.edge.assemblyai.sdk_mends import (
    LOST,
    Needed,
    Shape,
    anything_named,
    array,
    boolean,
    either,
    integer,
    members,
    number,
    positive,
    record,
    text,
    unless_empty,
    word,
)
from stenolog.wire.assemblyai import enums

TEXT, CONFIDENCE = Needed(text, ""), Needed(number, 0)
TIMES: Mapping[str, Needed] = {
    "start": Needed(integer, 0, like="end"),
    "end": Needed(integer, 0, like="start"),
}
SPOKEN: Mapping[str, Shape | Needed] = {
    "text": TEXT,
    **TIMES,
    "confidence": CONFIDENCE,
    "speaker": text,
    "channel": text,
}
WORDS = array(record(**SPOKEN))
UTTERANCES = array(record(**SPOKEN, words=Needed(WORDS, ()), translated_texts=members(text)))
TIMESTAMP = record(**TIMES)
WHEN = Needed(TIMESTAMP, {"start": 0, "end": 0})
FINDING_STATUS = Needed(word(*enums.FINDING_STATUSES, instead="unavailable"), "unavailable")
STATUS = Needed(text, "unavailable")
SAFETY_LABEL = word(*enums.CONTENT_SAFETY_LABELS)
EFFORT = word(*enums.UNDERSTANDING_EFFORTS)
TEXTS = array(text)

UNDERSTANDING_REQUEST = record(
    speaker_identification=record(
        speaker_type=Needed(word(*enums.SPEAKER_TYPES)),
        known_values=TEXTS,
        speakers=array(anything_named),
    ),
    translation=record(
        target_languages=Needed(TEXTS, ()), formal=boolean, match_original_utterance=boolean
    ),
    custom_formatting=record(date=text, phone_number=text, email=text),
    summarization=record(
        summary_type=Needed(word(*enums.UNDERSTANDING_SUMMARY_TYPES)),
        headline_length=integer,
        approximate_chapters=integer,
        effort=EFFORT,
    ),
)
UNDERSTANDING_RESPONSE = record(
    speaker_identification=record(status=STATUS, mapping=members(text)),
    translation=record(status=STATUS),
    custom_formatting=record(
        status=STATUS,
        mapping=members(text),
        formatted_text=text,
        formatted_utterances=array(anything_named),
    ),
    summarization=record(
        status=STATUS,
        summary=array(record(**TIMES, text=text, bullets=TEXTS, headline=text)),
        block_summary=text,
        summary_type=word(*enums.UNDERSTANDING_SUMMARY_TYPES),
        effort=EFFORT,
    ),
)


def speaker_options(value: object) -> object:
    """The range of speakers as the SDK checks it: no most that is below the least."""
    found = _SPEAKER_OPTIONS(value)
    if isinstance(found, dict):
        low, high = found.get("min_speakers_expected"), found.get("max_speakers_expected")
        if isinstance(low, int | float) and isinstance(high, int | float) and high < low:
            return {**found, "max_speakers_expected": None}
    return found


_SPEAKER_OPTIONS = record(
    min_speakers_expected=positive,
    max_speakers_expected=positive,
    use_two_stage_clustering=boolean,
    short_file_diarization_method=word(*enums.SHORT_FILE_METHODS),
    long_file_diarization_method=word(*enums.LONG_FILE_METHODS),
)

# `id`, `status`, `audio_url`, `speech_model` and what is of the webhook are always ours.
TRANSCRIPT: Mapping[str, Shape] = {
    # What was found.
    "words": WORDS,
    "utterances": UTTERANCES,
    "unredacted_words": WORDS,
    "unredacted_utterances": UTTERANCES,
    **dict.fromkeys(("text", "unredacted_text", "summary", "error", "speech_model_used"), text),
    **dict.fromkeys(("confidence", "language_confidence"), number),
    **dict.fromkeys(("audio_duration", "audio_channels"), integer),
    "translated_texts": members(text),
    "chapters": array(record(summary=TEXT, headline=TEXT, gist=text, **TIMES)),
    "entities": array(record(entity_type=Needed(word(*enums.ENTITY_TYPES)), text=TEXT, **TIMES)),
    "sentiment_analysis_results": array(
        record(sentiment=Needed(word(*enums.SENTIMENTS)), **SPOKEN)
    ),
    "auto_highlights_result": record(
        status=FINDING_STATUS,
        results=array(
            record(
                count=Needed(integer, 0),
                rank=number,
                text=TEXT,
                timestamps=Needed(array(TIMESTAMP), ()),
            )
        ),
    ),
    "iab_categories_result": unless_empty(
        record(
            status=FINDING_STATUS,
            results=array(
                record(
                    text=TEXT,
                    labels=Needed(array(record(relevance=CONFIDENCE, label=TEXT)), ()),
                    timestamp=WHEN,
                )
            ),
            summary=members(number),
        )
    ),
    "content_safety_labels": unless_empty(
        record(
            status=FINDING_STATUS,
            results=array(
                record(
                    text=TEXT,
                    labels=Needed(
                        array(
                            record(
                                label=Needed(SAFETY_LABEL), confidence=CONFIDENCE, severity=number
                            )
                        ),
                        (),
                    ),
                    timestamp=WHEN,
                )
            ),
            summary=members(number, enums.CONTENT_SAFETY_LABELS),
            severity_score_summary=members(
                record(low=CONFIDENCE, medium=CONFIDENCE, high=CONFIDENCE),
                enums.CONTENT_SAFETY_LABELS,
            ),
        )
    ),
    "language_detection_results": record(
        code_switching_languages=array(record(language_code=Needed(text), confidence=CONFIDENCE))
    ),
    "speech_understanding": record(request=UNDERSTANDING_REQUEST, response=UNDERSTANDING_RESPONSE),
    "metadata": record(
        domain_used=text, warning=text, warnings=array(record(message=Needed(text)))
    ),
    # What was asked for.
    **dict.fromkeys(
        (
            "auto_chapters",
            "auto_highlights",
            "content_safety",
            "disfluencies",
            "dual_channel",
            "entity_detection",
            "filter_profanity",
            "format_text",
            "iab_categories",
            "language_detection",
            "multichannel",
            "punctuate",
            "redact_pii",
            "redact_pii_audio",
            "redact_pii_return_unredacted",
            "sentiment_analysis",
            "speaker_labels",
            "summarization",
        ),
        boolean,
    ),
    **dict.fromkeys(
        ("audio_end_at", "audio_start_from", "content_safety_confidence", "speakers_expected"),
        integer,
    ),
    **dict.fromkeys(("language_confidence_threshold", "speech_threshold", "temperature"), number),
    **dict.fromkeys(("domain", "language_code", "prompt", "remove_audio_tags"), text),
    **dict.fromkeys(("keyterms_prompt", "language_codes", "speech_models", "word_boost"), TEXTS),
    "custom_spelling": array(members(either(text, TEXTS))),
    "boost_param": word(*enums.BOOSTS),
    "redact_pii_audio_quality": word(*enums.AUDIO_QUALITIES),
    "redact_pii_audio_options": record(
        override_audio_redaction_method=word(*enums.AUDIO_REDACTION_METHODS)
    ),
    "redact_pii_policies": array(word(*enums.PII_POLICIES)),
    "redact_pii_sub": word(*enums.SUBSTITUTIONS),
    "summary_model": word(*enums.SUMMARY_MODELS),
    "summary_type": word(*enums.SUMMARY_TYPES),
    "keyterms_prompt_options": record(keyterms_match_strength=word(*enums.MATCH_STRENGTHS)),
    "speaker_options": speaker_options,
    "language_detection_options": record(
        expected_languages=TEXTS,
        fallback_language=text,
        code_switching=boolean,
        code_switching_confidence_threshold=number,
        on_low_language_confidence=text,
        swiss_german=boolean,
        language_detection_model=text,
        localization=TEXTS,
    ),
}


def readable(name: str, value: object) -> object:
    """Return what the SDK can read in the place of a member: the same object when it reads that."""
    shape = TRANSCRIPT.get(name)
    if shape is None or value is None:
        return value
    found = shape(value)
    return None if found is LOST else found
