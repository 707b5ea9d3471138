"""Check which parameters exclude each other, and which need others.

Only what the service has been seen to refuse, or documents as wrong, and what no word decides: a
rule about models, policies or languages is as old as the list that it was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.checks import Complaint

Params = Mapping[str, object]

# What may be said beside a feature: it means nothing without it, or where it is made otherwise.
COMPANIONS: Mapping[str, str] = {
    "content_safety_confidence": "content_safety",
    "summary_model": "summarization",
    "summary_type": "summarization",
}


def together(params: Params) -> Iterator[Complaint]:
    """Yield what is wrong with parameters that are each right on their own."""
    for rule in RULES:
        yield from rule(params)


def understanding(params: Params) -> Mapping[str, object]:
    """Return what is asked of speech understanding, by feature, without null features."""
    block = params.get("speech_understanding")
    request = block.get("request") if isinstance(block, dict) else None
    if not isinstance(request, dict):
        return {}
    return {name: value for name, value in request.items() if value is not None}


def tells_speakers_apart(params: Params) -> bool:
    """Tell whether speakers or channels are asked for."""
    return any(params.get(name) for name in ("speaker_labels", "multichannel", "dual_channel"))


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
    if isinstance(wanted, dict) and not tells_speakers_apart(params):
        yield "speaker_labels", sentences.SPEAKERS_NOT_LABELLED


def _redaction(params: Params) -> Iterator[Complaint]:
    if params.get("redact_pii"):
        # Nothing would be redacted, and nobody would learn it before somebody reads it.
        if not (params.get("redact_pii_policies") or params.get("redact_static_entities")):
            yield "redact_pii_policies", "redact_pii_policies not found, redact_pii needs them"
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


RULES: tuple[Callable[[Params], Iterator[Complaint]], ...] = (
    _speakers,
    _identification,
    _redaction,
    _punctuation,
)
