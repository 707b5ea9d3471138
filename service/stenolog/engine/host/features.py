"""List which of AssemblyAI's parameters the engine supports; refuse all others by name.

A parameter that AssemblyAI does not have is ignored, as AssemblyAI does, unless it is about
redaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stenolog.engine.host import text_features, theme_features
from stenolog.engine.options import Keyterms, SpeakerBounds, SpeechOptions
from stenolog.errors import InvalidRequest
from stenolog.wire.assemblyai.checks import Fields
from stenolog.wire.assemblyai.parameters import KNOWN, PARAMETERS

LANGUAGES = ("en", "en_au", "en_uk", "en_us")
# What is done, or changes nothing here: there are no audio tags to remove.
SUPPORTED = text_features.SUPPORTED | frozenset(
    {
        "audio_end_at",
        "audio_start_from",
        "audio_url",
        "boost_param",
        "dual_channel",
        "format_text",
        "keyterms_prompt",
        "keyterms_prompt_options",
        "language_code",
        "language_codes",
        "language_detection",
        "language_detection_options",
        "multichannel",
        "punctuate",
        "remove_audio_tags",
        "speaker_labels",
        "speaker_options",
        "speakers_expected",
        "speech_models",
        "speech_threshold",
        "webhook_auth_header_name",
        "webhook_auth_header_value",
        "webhook_url",
        "word_boost",
    }
)
REFUSED = KNOWN - SUPPORTED
# How much terms are raised: AssemblyAI's words for it, in `boost_param` and in the options.
STRENGTHS: Mapping[object, float] = {"low": 0.5, "default": 1.0, "standard": 1.0, "high": 2.0}
STRENGTH = "keyterms_match_strength"
SPEAKER_OPTIONS = frozenset({"min_speakers_expected", "max_speakers_expected"})
# Redacted audio has one channel, and what is said in the others would have to be hidden there, too.
MIXED_AUDIO = "redact_pii_audio is not supported by the embedded engine together with multichannel"
NAME_CHARS_SHOWN = 64  # of a name that nobody knows
ANY_LANGUAGE = frozenset({"all", "auto"})
# The engine cannot choose a language: a list with English in it is accepted, because English is
# what it gets.
LANGUAGE_LISTS = frozenset({"expected_languages"})
LANGUAGE_CHOICES = frozenset({"fallback_language"})


def speech_options(params: Mapping[str, object]) -> SpeechOptions:
    """Return what accepted parameters ask of the speech.

    Raises:
        InvalidRequest: A parameter asks for what the engine cannot do; `fields` has all of them.
    """
    complaints = list(unsupported(params))
    if complaints:
        raise InvalidRequest(complaints[0][1], complaints)
    threshold = params.get("speech_threshold")
    assert threshold is None or isinstance(threshold, int | float)
    begin, end = _excerpt(params)
    return SpeechOptions(
        speakers=_bounds(params) if params.get("speaker_labels") else None,
        speech_threshold=threshold,
        from_ms=begin,
        to_ms=end,
        language_detection=bool(params.get("language_detection")),
        keyterms=_keyterms(params),
        multichannel=_is_multichannel(params),
        punctuate=params.get("punctuate") is not False,
        format_text=params.get("format_text") is not False,
        text=text_features.text_options(params),
    )


def _is_multichannel(params: Mapping[str, object]) -> bool:
    return bool(params.get("multichannel") or params.get("dual_channel"))


def _keyterms(params: Mapping[str, object]) -> Keyterms | None:
    terms = [
        str(term)
        for name in ("keyterms_prompt", "word_boost")
        for term in _list_of(params.get(name))
    ]
    if not terms:
        return None
    strengths = (STRENGTHS[strength] for _, strength in _strengths(params))
    return Keyterms(terms=tuple(terms), strength=next(strengths, 1.0))


def _strengths(params: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield how strong terms are asked to be, the newer parameter first."""
    options = params.get("keyterms_prompt_options")
    if isinstance(options, dict) and options.get(STRENGTH):
        yield f"keyterms_prompt_options.{STRENGTH}", options[STRENGTH]
    if params.get("boost_param"):
        yield "boost_param", params["boost_param"]


def _list_of(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def is_english(code: str) -> bool:
    """Tell whether a language code names English of any kind: `en`, `en_us`, `en-GB`."""
    return code.lower().replace("-", "_").split("_")[0] == "en"


def unsupported(params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what the engine cannot do of what is asked for: each parameter, and why.

    The gateway asks before it takes a request; the engine itself, when one comes.
    """
    for name, value in params.items():
        if name in REFUSED:
            if value:
                yield name, _not_supported(name)
        elif name.startswith("redact") and name not in SUPPORTED and value:
            # Not even AssemblyAI may know it; whoever asks for it wants something hidden.
            yield name[:NAME_CHARS_SHOWN], _not_supported(name[:NAME_CHARS_SHOWN])
    yield from text_features.unsupported_redaction(params)
    yield from _languages(params)
    yield from theme_features.unsupported(params)
    for name, strength in _strengths(params):
        if strength not in STRENGTHS:
            yield name, f"{name} knows these words of strength: {', '.join(map(str, STRENGTHS))}"
    if _is_multichannel(params) and params.get("redact_pii_audio"):
        yield "redact_pii_audio", MIXED_AUDIO
    begin, end = _excerpt(params)
    if end is not None and end <= (begin or 0):
        yield "audio_end_at", "audio_end_at must be greater than audio_start_from"
    for name, value in _known_fields(params, "speaker_options"):
        if name not in SPEAKER_OPTIONS and value not in (None, False):
            yield "speaker_options", _not_supported(f"speaker_options.{name}")


def _excerpt(params: Mapping[str, object]) -> tuple[int | None, int | None]:
    """Return from where to where the audio is to be heard, in ms; 0 asks for nothing."""
    begin, end = params.get("audio_start_from") or None, params.get("audio_end_at") or None
    assert begin is None or isinstance(begin, int)
    assert end is None or isinstance(end, int)
    return begin, end


def _languages(params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    code = params.get("language_code")
    if isinstance(code, str) and not is_english(code):
        yield "language_code", _only_english("language_code", code)
    codes = params.get("language_codes")
    for item in codes if isinstance(codes, list) else ():
        if not is_english(str(item)):
            yield "language_codes", _only_english("language_codes", str(item))
    for name, value in _known_fields(params, "language_detection_options"):
        whole = f"language_detection_options.{name}"
        if name in LANGUAGE_LISTS and isinstance(value, list):
            if value and not any(is_english(str(v)) or v in ANY_LANGUAGE for v in value):
                yield "language_detection_options", _only_english(whole, str(value[0]))
        elif name in LANGUAGE_CHOICES and isinstance(value, str):
            if not is_english(value) and value not in ANY_LANGUAGE:
                yield "language_detection_options", _only_english(whole, value)
        elif value:
            yield "language_detection_options", _not_supported(whole)


def _known_fields(params: Mapping[str, object], name: str) -> Iterator[tuple[str, object]]:
    """Yield what is given of the fields that AssemblyAI's object `name` has."""
    options, check = params.get(name), PARAMETERS[name]
    assert isinstance(check, Fields)
    for field, value in options.items() if isinstance(options, dict) else ():
        if field in check.known:
            yield field, value


def _bounds(params: Mapping[str, object]) -> SpeakerBounds:
    expected = params.get("speakers_expected")
    if isinstance(expected, int):
        return SpeakerBounds(least=expected, most=expected)
    options = params.get("speaker_options")
    if not isinstance(options, dict):
        return SpeakerBounds()
    return SpeakerBounds(
        least=options.get("min_speakers_expected") or 1,
        most=options.get("max_speakers_expected"),
    )


def _not_supported(name: str) -> str:
    return f"{name} is not supported by the embedded engine"


def _only_english(name: str, code: str) -> str:
    # The code comes from the caller and is cut: it is echoed, not trusted.
    return (
        f"{name} {code[:32]!r} is not supported by the embedded engine: "
        f"its languages are {', '.join(LANGUAGES)}"
    )
