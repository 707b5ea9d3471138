"""Replace values for which AssemblyAI's Python SDK would reject a whole Transcript.

The SDK rejects the answer when one value is of an unknown kind. An item of a list that has such a
value is left out. A single unknown word becomes null, and an unknown status of findings becomes
`unavailable`. A speaker or a channel that is an integer becomes a string. Fields that the SDK does
not declare are kept unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from stenolog.wire.assemblyai import enums

Mend = Callable[[object], object]
"""What the SDK reads in the place of a value: the same object when it can read that."""


def _one_of(words: Collection[str]) -> Mend:
    def mend(value: object) -> object:
        return value if isinstance(value, str) and value in words else None

    return mend


def _label(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _status(value: object) -> object:
    return value if value in enums.FINDING_STATUSES else "unavailable"


def _fields(**mends: Mend) -> Mend:
    """Mend these members of an object."""

    def mend(value: object) -> object:
        if not isinstance(value, dict):
            return value
        changed = {}
        for name, of_member in mends.items():
            if name in value:
                member = value[name]
                other = of_member(member)
                if other is not member:
                    changed[name] = other
        return {**value, **changed} if changed else value

    return mend


def _only(name: str, words: Collection[str], mend: Mend | None = None) -> Mend:
    """Keep an object whose member is one of these words, mended; make any other object null."""

    def checked(value: object) -> object:
        if isinstance(value, dict):
            word = value.get(name)
            if not isinstance(word, str) or word not in words:
                return None
        return value if mend is None else mend(value)

    return checked


def _each(mend: Mend) -> Mend:
    """Mend the items of a list; leave out those that are null, or become so."""

    def mend_list(value: object) -> object:
        if not isinstance(value, list):
            return value
        items = [mend(item) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)) and None not in items:
            return value
        return [item for item in items if item is not None]

    return mend_list


def _names(words: Collection[str]) -> Mend:
    """Keep the members of an object whose names are among these words."""

    def mend(value: object) -> object:
        if not isinstance(value, dict) or all(name in words for name in value):
            return value
        return {name: member for name, member in value.items() if name in words}

    return mend


SPOKEN: Mapping[str, Mend] = {"speaker": _label, "channel": _label}
WORDS = _each(_fields(**SPOKEN))
UTTERANCES = _each(_fields(**SPOKEN, words=WORDS))
SAFETY_LABEL_NAMES = _names(enums.CONTENT_SAFETY_LABELS)
SUMMARIZATION_WORDS: Mapping[str, Mend] = {"effort": _one_of(enums.UNDERSTANDING_EFFORTS)}

# By member of a Transcript: every field of `types.TranscriptResponse` in the SDK 1.8.2 that takes
# only some words, or rejects integers; `status` and `speech_model` are always ours.
MENDS: Mapping[str, Mend] = {
    "words": WORDS,
    "utterances": UTTERANCES,
    "unredacted_words": WORDS,
    "unredacted_utterances": UTTERANCES,
    "entities": _each(_only("entity_type", enums.ENTITY_TYPES)),
    "sentiment_analysis_results": _each(_only("sentiment", enums.SENTIMENTS, _fields(**SPOKEN))),
    "auto_highlights_result": _fields(status=_status),
    "iab_categories_result": _fields(status=_status),
    "content_safety_labels": _fields(
        status=_status,
        results=_each(_fields(labels=_each(_only("label", enums.CONTENT_SAFETY_LABELS)))),
        summary=SAFETY_LABEL_NAMES,
        severity_score_summary=SAFETY_LABEL_NAMES,
    ),
    "boost_param": _one_of(enums.BOOSTS),
    "redact_pii_audio_quality": _one_of(enums.AUDIO_QUALITIES),
    "redact_pii_audio_options": _fields(
        override_audio_redaction_method=_one_of(enums.AUDIO_REDACTION_METHODS)
    ),
    "redact_pii_policies": _each(_one_of(enums.PII_POLICIES)),
    "redact_pii_sub": _one_of(enums.SUBSTITUTIONS),
    "summary_model": _one_of(enums.SUMMARY_MODELS),
    "summary_type": _one_of(enums.SUMMARY_TYPES),
    "keyterms_prompt_options": _fields(keyterms_match_strength=_one_of(enums.MATCH_STRENGTHS)),
    "speaker_options": _fields(
        short_file_diarization_method=_one_of(enums.SHORT_FILE_METHODS),
        long_file_diarization_method=_one_of(enums.LONG_FILE_METHODS),
    ),
    "speech_understanding": _fields(
        request=_fields(
            speaker_identification=_only("speaker_type", enums.SPEAKER_TYPES),
            summarization=_only(
                "summary_type", enums.UNDERSTANDING_SUMMARY_TYPES, _fields(**SUMMARIZATION_WORDS)
            ),
        ),
        response=_fields(
            summarization=_fields(
                **SUMMARIZATION_WORDS, summary_type=_one_of(enums.UNDERSTANDING_SUMMARY_TYPES)
            )
        ),
    ),
}
