"""Turn a request in AssemblyAI's words into the fields of AIMLAPI's create, or say what cannot be.

A request may also be in AIMLAPI's own words: then they are in one parameter, `aimlapi`, and are
sent as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from stenolog.wire.aimlapi.models import (
    MODEL,
    MODEL_DEFAULT,
    MODELS,
    TEXT_ONLY,
    family_of,
    model_named,
)
from stenolog.wire.aimlapi.options import DEFAULTS, NOT_FETCHED, TRANSLATIONS
from stenolog.wire.assemblyai.parameters import KNOWN, WEBHOOK_PARAMETERS
from stenolog.wire.assemblyai.rules import COMPANIONS

OWN = "aimlapi"
# Said elsewhere: where the audio is, whom to call, which model.
BESIDE = frozenset({"audio_url", *WEBHOOK_PARAMETERS, "speech_model", "speech_models", OWN})
NOT_IN_OWN = frozenset({"url", "audio", "file"})
# Values that ask for nothing although they are not empty.
NEUTRAL: Mapping[str, object] = {
    "boost_param": "default",
    "content_safety_confidence": 50,
    "redact_pii_audio_quality": "mp3",
    "redact_pii_sub": "hash",
    "remove_audio_tags": "none",
}
# False says something where true is the default.
ON_BY_DEFAULT = frozenset({"punctuate", "format_text"})
OF_TEXT = frozenset({"summarization", "summary_model", "summary_type"})  # needs no times of words
MODELS_SHOWN = ", ".join(MODELS)


def model_of(params: Mapping[str, object], default: str = MODEL_DEFAULT) -> str | None:
    """Return the model that a request asks for; None when it names some, and AIMLAPI has none.

    The first of `speech_models` that AIMLAPI has; `default` where nothing is named.
    """
    own = params.get(OWN)
    if isinstance(own, dict) and isinstance(own.get("model"), str):
        return str(own["model"])
    named = params.get("speech_models")
    if not isinstance(named, list | tuple) or not named:
        return default
    return next((model for name in named if (model := model_named(str(name)))), None)


def create_fields(params: Mapping[str, object], default: str = MODEL_DEFAULT) -> dict[str, object]:
    """Return the fields of the create but for the audio's; what cannot be asked for is left out."""
    model = model_of(params, default) or default
    own = params.get(OWN)
    if isinstance(own, dict):
        return {
            **{name: one for name, one in own.items() if name not in NOT_IN_OWN},
            "model": model,
        }
    family = family_of(model)
    fields: dict[str, object] = {"model": model, **DEFAULTS.get(family, {})}
    table = TRANSLATIONS.get(family)
    for name, value in _asked(params):
        if table is None or name not in KNOWN:
            fields[name] = value  # AIMLAPI judges what nobody here knows
        elif name in table:
            fields |= table[name](value) or {}
    return fields


def complaints(
    params: Mapping[str, object],
    default: str = MODEL_DEFAULT,
    analysed: Collection[str] = (),
) -> Iterator[tuple[str, str]]:
    """Yield what AIMLAPI's model cannot do of what is asked for: each parameter, and why.

    `analysed`: the parameters that are answered elsewhere, from the words of the result.
    """
    model = model_of(params, default)
    if model is None:
        yield "speech_models", f"speech_models names no model of AIMLAPI's; it has {MODELS_SHOWN}"
        return
    if not MODEL.fullmatch(model):
        yield OWN, "aimlapi.model must be the name of a model"
        return
    if OWN in params:
        yield from _own_complaints(params)
        return
    family = family_of(model)
    table = TRANSLATIONS.get(family)
    for name, value in _asked(params):
        if name in NOT_FETCHED:
            yield name, f"{name} is not supported: AIMLAPI has no way to fetch the redacted audio"
        elif name == "speech_threshold" and table is None:
            yield name, f"{name} needs the times of words, which {model} is not known to give"
        elif table is None or name not in KNOWN:
            continue
        elif name not in table or table[name](value) is None:
            if name not in analysed or COMPANIONS.get(name) in table:
                yield name, f"{name} is not supported by AIMLAPI's model {model}{_instead(name)}"
            elif family in TEXT_ONLY and name not in OF_TEXT:
                yield name, f"{name} needs the times of words, which {model} does not give"


def lacking(params: Mapping[str, object], default: str = MODEL_DEFAULT) -> frozenset[str]:
    """Return what a request asks for and the model is known not to have."""
    model = model_of(params, default)
    table = None if model is None else TRANSLATIONS.get(family_of(model))
    if table is None or OWN in params:
        return frozenset()
    return frozenset(name for name, _ in _asked(params) if name in KNOWN and name not in table)


def complaints_elsewhere(params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield that another provider than AIMLAPI cannot be asked in AIMLAPI's words."""
    if OWN in params:
        yield OWN, "aimlapi is a request in AIMLAPI's words: name the provider aimlapi beside it"


def _own_complaints(params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    own = params[OWN]
    if not isinstance(own, dict):
        yield OWN, "aimlapi must be an Object: a create of AIMLAPI's without the audio"
        return
    for name in NOT_IN_OWN & own.keys():
        yield OWN, f"aimlapi.{name} is not allowed: the audio is what audio_url names"
    for name, _ in _asked(params):
        yield name, f"{name} cannot be given beside aimlapi, which is the whole request"


def _instead(name: str) -> str:
    if name == "speech_threshold":
        return ", whose results have no times of words"
    return "; aai/universal takes most of AssemblyAI's parameters" if name in _OF_AAI else ""


def _asked(params: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the parameters that ask for something."""
    for name, value in params.items():
        if name in BESIDE or (name in NEUTRAL and NEUTRAL[name] == value):
            continue
        empty = value is None or value is False or value in ("", [], {})
        if not empty or (value is False and name in ON_BY_DEFAULT):
            yield name, value


_OF_AAI = frozenset(TRANSLATIONS["assemblyai"])
