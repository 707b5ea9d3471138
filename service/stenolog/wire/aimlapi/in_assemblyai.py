"""Say in AssemblyAI's words what a create of AIMLAPI's asks for, where it is served elsewhere.

Options that only shape a result, such as `punctuate` of Deepgram's models, are heeded when it is
made, and those that say nothing of what is heard, such as `tag`, are not sent on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stenolog.errors import InvalidRequest
from stenolog.wire.aimlapi.create import Create
from stenolog.wire.aimlapi.models import TEXT_ONLY, Family, family_of
from stenolog.wire.aimlapi.options import ASSEMBLYAI_OPTIONS, Fields, Translation, flag, named

ELSEWHERE = "is not done here for this model: leave it out, or have AIMLAPI serve it"
# Sampling of language models: there is none here.
NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "temperature": (0, 1),
    "top_p": (1,),
    "max_tokens": (),
    "max_completion_tokens": (),
}


def _language(value: object) -> Fields:
    """`en-US` is `en_us`."""
    return {"language_code": str(value).lower().replace("-", "_")}


def _detection(value: object) -> Fields:
    return {"language_detection": True} if value else {}


def _terms(value: object) -> Fields:
    return {"keyterms_prompt": value if isinstance(value, list) else [value]}


DEEPGRAM: Mapping[str, Translation] = {
    "language": _language,
    "detect_language": _detection,
    "diarize": flag("speaker_labels"),
    "multichannel": flag("multichannel"),
    "multi_channel": flag("multichannel"),
    "profanity_filter": flag("filter_profanity"),
    "filler_words": flag("disfluencies"),
    "keyterm": _terms,
    "keywords": _terms,
}
# What Deepgram's models have besides, and no place in the results that are made here.
DEEPGRAM_ONLY = frozenset(
    [
        "custom_intent",
        "custom_intent_mode",
        "custom_topic",
        "custom_topic_mode",
        "detect_entities",
        "detect_topics",
        "dictation",
        "intents",
        "measurements",
        "numerals",
        "redact",
        "replace",
        "search",
        "sentiment",
        "summarize",
        "topics",
    ]
)
OPENAI: Mapping[str, Translation] = {
    "language": _language,
    "prompt": named("prompt"),
}
FEATURES = frozenset({"redact_pii_audio", "redact_pii_audio_quality"})
ASSEMBLYAI: Mapping[str, Translation] = {
    name: named(name) for name in ASSEMBLYAI_OPTIONS | FEATURES
}
TABLES: Mapping[Family, Mapping[str, Translation]] = {
    "assemblyai": ASSEMBLYAI,
    "openai": OPENAI,
    "microsoft": {},
}


def params_of(create: Create) -> dict[str, object]:
    """Return AssemblyAI's parameters for a create, without the audio and the model.

    Options that no model of the family has are left out, as AIMLAPI leaves them out.

    Raises:
        InvalidRequest: Something is asked for that cannot be said; `fields` has all of it.
    """
    family = family_of(create.model)
    complaints = list(_complaints(family, create.options))
    if complaints:
        raise InvalidRequest("; ".join(f"{name} {why}" for name, why in complaints), complaints)
    params: dict[str, object] = {}
    table = TABLES.get(family, DEEPGRAM)
    for name, value in create.options.items():
        if name in table and value not in (None, "", []):
            params |= table[name](value) or {}
    return params


def _complaints(family: Family, options: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    of_text = family in TEXT_ONLY
    of_deepgram = family not in TABLES
    for name, value in options.items():
        asked = value not in (None, False, "", [], {})
        beyond = of_deepgram and name in DEEPGRAM_ONLY and asked
        if beyond or (of_text and name in NEUTRAL and value not in NEUTRAL[name]):
            yield name, ELSEWHERE
