"""Check which parameters exclude each other, and which need others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.checks import Complaint
from stenolog.wire.assemblyai.enums import LEGACY_SPEECH_MODELS, PII_POLICIES

Params = Mapping[str, object]

UNIVERSAL_2 = "universal-2"
UNIVERSAL_2_KEYTERMS_MAX = 200  # OpenAPI description 1.3.4; later models take KEYTERMS_MAX

# What custom formatting calls a class, and the redaction policies that erase it.
FORMATTED_POLICIES = {
    "phone_number": "phone_number",
    "date": "date",
    "email_address": "email",
}


def together(params: Params) -> Iterator[Complaint]:
    """Yield what is wrong with parameters that are each right on their own."""
    for rule in RULES:
        yield from rule(params)


def unknown_policies(params: Params) -> Iterator[Complaint]:
    """Redaction policies that no SDK could read back; the service accepts and echoes them."""
    policies = params.get("redact_pii_policies")
    for policy in policies if isinstance(policies, list) else ():
        if policy not in PII_POLICIES:
            yield "redact_pii_policies", f"redact_pii_policies has an unknown policy: {policy}"
            return


def redaction_without_policies(params: Params) -> Iterator[Complaint]:
    """Refuse redaction without policies: nothing would be redacted."""
    if params.get("redact_pii") and not params.get("redact_pii_policies"):
        yield "redact_pii_policies", "redact_pii_policies not found, redact_pii needs them"


def understanding(params: Params) -> Mapping[str, object]:
    """Return what is asked of speech understanding, by feature, without null features."""
    block = params.get("speech_understanding")
    request = block.get("request") if isinstance(block, dict) else None
    if not isinstance(request, dict):
        return {}
    return {name: value for name, value in request.items() if value is not None}


def _speakers(params: Params) -> Iterator[Complaint]:
    options = params.get("speaker_options")
    if options is not None and params.get("speakers_expected") is not None:
        yield "speakers_expected", sentences.SPEAKERS_TWICE
    if isinstance(options, dict):
        low, high = options.get("min_speakers_expected"), options.get("max_speakers_expected")
        if isinstance(low, int) and isinstance(high, int) and high < low:
            name = "speaker_options.max_speakers_expected"
            yield name, f"{name} must be greater than or equal to min_speakers_expected"


def _identification(params: Params) -> Iterator[Complaint]:
    wanted = understanding(params).get("speaker_identification")
    if not isinstance(wanted, dict):
        return
    if not _tells_speakers_apart(params):
        yield "speaker_labels", sentences.SPEAKERS_NOT_LABELLED
    if wanted.get("speaker_type") == "role" and not (
        wanted.get("known_values") or wanted.get("speakers")
    ):
        name = "speech_understanding.request.speaker_identification.known_values"
        yield name, f'{name} or speakers required when speaker_type is "role"'


def _formatting(params: Params) -> Iterator[Complaint]:
    formats = understanding(params).get("custom_formatting")
    policies = params.get("redact_pii_policies")
    if not params.get("redact_pii") or not isinstance(formats, dict):
        return
    pairs = [
        (policy, FORMATTED_POLICIES[policy])
        for policy in (policies if isinstance(policies, list) else ())
        if policy in FORMATTED_POLICIES and formats.get(FORMATTED_POLICIES[policy]) is not None
    ]
    if pairs:
        sentence = sentences.formatting_redacted(pairs)
        yield "speech_understanding.request.custom_formatting", sentence


def _redaction(params: Params) -> Iterator[Complaint]:
    if params.get("redact_pii"):
        return
    if params.get("redact_pii_return_unredacted"):
        yield "redact_pii_return_unredacted", sentences.UNREDACTED_WITHOUT_REDACTION
    if params.get("redact_pii_audio"):
        yield "redact_pii_audio", sentences.AUDIO_WITHOUT_REDACTION


def _punctuation(params: Params) -> Iterator[Complaint]:
    needs = {"auto_chapters": ("punctuate",), "summarization": ("punctuate", "format_text")}
    for name, companions in needs.items():
        for companion in companions:
            if params.get(name) and params.get(companion) is False:
                yield name, f"{name} requires {companion} to be True"


def _conversation(params: Params) -> Iterator[Complaint]:
    wants = params.get("summarization") and params.get("summary_model") == "conversational"
    if wants and not _tells_speakers_apart(params):
        yield "summary_model", sentences.SPEAKERS_NOT_LABELLED


def _prompts(params: Params) -> Iterator[Complaint]:
    if params.get("prompt") and params.get("keyterms_prompt"):
        sentence = "Both prompt and keyterms_prompt can not be used in the same request."
        yield "keyterms_prompt", sentence


def _keyterms(params: Params) -> Iterator[Complaint]:
    """Fewer are taken when only Universal-2 is asked for; a list that names others may end there.

    Without `speech_models` nothing is known here: the default list is a setting of the gateway's.
    """
    terms, models = params.get("keyterms_prompt"), params.get("speech_models")
    legacy = params.get("speech_model")
    if models is None and isinstance(legacy, str):
        models = list(LEGACY_SPEECH_MODELS.get(legacy, ()))
    if not isinstance(terms, list) or not isinstance(models, list) or not models:
        return
    if len(terms) > UNIVERSAL_2_KEYTERMS_MAX and all(model == UNIVERSAL_2 for model in models):
        most = f"an Array of at most {UNIVERSAL_2_KEYTERMS_MAX} items for {UNIVERSAL_2}"
        yield "keyterms_prompt", sentences.must_be("keyterms_prompt", most)


def _code_switching(params: Params) -> Iterator[Complaint]:
    codes = params.get("language_codes")
    if isinstance(codes, list) and codes and "en" not in codes:
        yield "language_codes", 'language_codes must include "en"'


def _fallback(params: Params) -> Iterator[Complaint]:
    options = params.get("language_detection_options")
    if not isinstance(options, dict):
        return
    expected, fallback = options.get("expected_languages"), options.get("fallback_language")
    if not expected or "all" in expected or fallback in (None, "auto"):
        return
    if fallback not in expected:
        name = "language_detection_options.fallback_language"
        yield name, f"{name} must be one of expected_languages"


def _tells_speakers_apart(params: Params) -> bool:
    return any(params.get(name) for name in ("speaker_labels", "multichannel", "dual_channel"))


RULES: tuple[Callable[[Params], Iterator[Complaint]], ...] = (
    _speakers,
    _identification,
    _formatting,
    _redaction,
    _punctuation,
    _conversation,
    _prompts,
    _keyterms,
    _code_switching,
    _fallback,
)
