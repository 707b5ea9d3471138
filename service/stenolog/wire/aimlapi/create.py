"""Read a create as AIMLAPI does: which model, which audio, which options, and their types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stenolog.errors import InvalidRequest, PayloadTooLarge
from stenolog.wire.aimlapi.models import MODEL, MODELS, model_named
from stenolog.wire.assemblyai.urls import url_complaint
from stenolog.wire.strict_json import parse_object

Complaint = tuple[str, str]

OPTIONS_MAX = 256
FILE_FIELDS = ("audio", "file")  # the schemas of OpenAI's models have the second
BOOLEANS = frozenset(
    [
        "auto_chapters",
        "auto_highlights",
        "content_safety",
        "detect_entities",
        "detect_topics",
        "diarize",
        "dictation",
        "disfluencies",
        "entity_detection",
        "filler_words",
        "filter_profanity",
        "format_text",
        "iab_categories",
        "intents",
        "language_detection",
        "measurements",
        "mip_opt_out",
        "multi_channel",
        "multichannel",
        "numerals",
        "paragraphs",
        "profanity_filter",
        "punctuate",
        "redact_pii",
        "redact_pii_audio",
        "sentiment",
        "sentiment_analysis",
        "smart_format",
        "speaker_labels",
        "summarization",
        "topics",
        "utterances",
    ]
)
NUMBERS = frozenset(
    [
        "audio_end_at",
        "audio_start_from",
        "language_confidence_threshold",
        "max_completion_tokens",
        "max_tokens",
        "speakers_expected",
        "speech_threshold",
        "temperature",
        "top_p",
        "utt_split",
    ]
)
LISTS = frozenset({"custom_spelling", "redact_pii_policies", "tag", "word_boost"})
# Of a form, what is JSON or a word: `detect_language` is a flag or a list, `summarize` a flag or a
# version, `redact` and `keyterm` a word or a list.
MIXED = frozenset({"detect_language", "summarize"})
WORDS: Mapping[str, bool] = {"true": True, "false": False}

REQUIRED = "Required"
NOT_HTTP = "Invalid url: it must begin with http:// or https://"
NO_AUDIO = "Required: give url, or the audio in a form's field audio or file"
TWO_AUDIOS = "Give url or a file, not both"
EMPTY_FILE = "The file has no bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A create that AIMLAPI would take.

    Attributes:
        model: The id that AIMLAPI has for it; the `#` is a part of some.
        url: Where the audio is; None when it came with the form.
        options: Everything else, as it was given, without nulls.
    """

    model: str
    url: str | None
    options: Mapping[str, object]

    @property
    def own(self) -> Mapping[str, object]:
        """All of it but the audio, in AIMLAPI's words."""
        return {"model": self.model, **self.options}


def of_form(values: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """Return a form's values as a JSON body has them; what cannot be read stays as it is."""
    return {name: _plain(name, given) for name, given in values.items()}


def read_create(given: Mapping[str, object], *, file: bool) -> Create:
    """Check a create; `file`: there is a file with it.

    Raises:
        InvalidRequest: Something is wrong; `fields` has all of it.
    """
    told = {name: one for name, one in given.items() if one is not None}
    complaints = list(_complaints(told, file))
    if complaints:
        raise InvalidRequest(_sentence(complaints), complaints)
    model, url = told.pop("model"), told.pop("url", None)
    named = model_named(str(model))
    assert named is not None
    return Create(model=named, url=None if url is None else str(url), options=told)


def _complaints(given: Mapping[str, object], file: bool) -> Iterator[Complaint]:
    if len(given) > OPTIONS_MAX:
        yield "", f"The request has more than {OPTIONS_MAX} fields"
        return
    yield from _model(given.get("model"))
    url = given.get("url")
    if url is None and not file:
        yield "url", NO_AUDIO
    elif url is not None and file:
        yield "url", TWO_AUDIOS
    elif url is not None and (problem := url_complaint("url", url, NOT_HTTP)):
        yield "url", problem
    for name, value in given.items():
        if problem := _option(name, value):
            yield name, problem


def _model(model: object) -> Iterator[Complaint]:
    if model is None:
        yield "model", REQUIRED
    elif not isinstance(model, str):
        yield "model", f"Expected string, received {_kind(model)}"
    elif not MODEL.fullmatch(model) or model_named(model) is None:
        known = " | ".join(f"'{one}'" for one in MODELS)
        yield "model", f"Invalid enum value. Expected {known}, received '{model[:64]}'"


def _option(name: str, value: object) -> str:
    """Return what is wrong with an option's type; one that nobody knows is AIMLAPI's to judge."""
    if name in FILE_FIELDS:
        return "A file is sent as multipart/form-data; in JSON, give url"
    if name in BOOLEANS and not isinstance(value, bool):
        return f"Expected boolean, received {_kind(value)}"
    if name in NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
        return f"Expected number, received {_kind(value)}"
    if name in LISTS and not isinstance(value, list | str):
        return f"Expected array, received {_kind(value)}"
    return ""


def _plain(name: str, given: Sequence[str]) -> object:
    if len(given) > 1:
        return list(given)
    text = given[0]
    if name in BOOLEANS:
        return WORDS.get(text.lower(), text)
    if name in NUMBERS:
        return _number(text)
    if name in MIXED and text.lower() in WORDS:
        return WORDS[text.lower()]
    if name in LISTS or text.startswith("["):
        found = _json(text)
        return found if isinstance(found, list) else [text] if name in LISTS else text
    return text


def _number(text: str) -> object:
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text


def _json(text: str) -> object:
    """Return what is written, within the limits of a body; None when it cannot be read."""
    try:
        return parse_object(b'{"value": %b}' % text.encode())["value"]
    except (InvalidRequest, PayloadTooLarge):
        return None


def _kind(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _sentence(complaints: Sequence[Complaint]) -> str:
    return "; ".join(f"{name}: {problem}" if name else problem for name, problem in complaints)
