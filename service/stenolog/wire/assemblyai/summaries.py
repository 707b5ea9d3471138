"""Read which summary a request asks for, and what it cannot be; for whoever makes it himself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.checks import Complaint
from stenolog.wire.assemblyai.enums import SUMMARY_TYPES_OF_MODEL
from stenolog.wire.assemblyai.rules import tells_speakers_apart


def summary_asked(params: Mapping[str, object]) -> tuple[str, str]:
    """Return model and type; where one is not given, one that goes with the other."""
    model, kind = params.get("summary_model") or None, params.get("summary_type") or None
    if model is None:
        model = "catchy" if kind == "gist" else "informative"
    if kind is None:
        kind = SUMMARY_TYPES_OF_MODEL.get(str(model), ("bullets",))[0]
    return str(model), str(kind)


def summary_complaints(params: Mapping[str, object]) -> Iterator[Complaint]:
    """Yield what is wrong with the summary that is asked for; nothing where none is."""
    if not params.get("summarization"):
        return
    if params.get("auto_chapters"):
        yield "summarization", sentences.CHAPTERS_AND_SUMMARY
    model, kind = summary_asked(params)
    if model not in SUMMARY_TYPES_OF_MODEL:
        yield "summary_model", f"summary_model must be one of {', '.join(SUMMARY_TYPES_OF_MODEL)}"
    elif kind not in SUMMARY_TYPES_OF_MODEL[model]:
        known = ", ".join(SUMMARY_TYPES_OF_MODEL[model])
        yield "summary_type", f"summary_type must be one of {known} where summary_model is {model}"
    if model == "conversational" and not tells_speakers_apart(params):
        yield "summary_model", sentences.CONVERSATIONAL_WITHOUT_SPEAKERS
