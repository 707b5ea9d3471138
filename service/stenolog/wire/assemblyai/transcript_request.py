"""Read the body of POST /v2/transcript, or refuse it as AssemblyAI does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

from stenolog.errors import InvalidRequest
from stenolog.wire.assemblyai import sentences
from stenolog.wire.assemblyai.checks import Complaint, Fields
from stenolog.wire.assemblyai.enums import LEGACY_SPEECH_MODELS
from stenolog.wire.assemblyai.parameters import (
    BOOLEANS,
    KNOWN,
    OTHER_WORDS,
    PARAMETERS,
)
from stenolog.wire.assemblyai.rules import together, understanding
from stenolog.wire.assemblyai.urls import url_complaint
from stenolog.wire.assemblyai.webhook_rules import webhook_complaints
from stenolog.wire.strict_json import parse_object

PARAMETERS_MAX = 256  # the service documents about fifty
TOO_MANY = f"The request has more than {PARAMETERS_MAX} parameters"
UNKNOWN_NAME_CHARS_MAX = 128
UNKNOWN_MAX = 256  # of names; an object within a parameter may have thousands
# Switched on by default, so that only leaving them out says something.
NOT_FEATURES = frozenset({"punctuate", "format_text"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRequest:
    """A request whose form AssemblyAI takes; what its words mean is AssemblyAI's to judge.

    Attributes:
        params: The parameters as they were given, unknown ones included, without nulls and without
            known ones that are `""`. There is no `speech_model`: one that is no legacy name has
            become `speech_models`.
        audio_url: Where the audio is; http or https.
        speech_models: In order of preference; empty when none was asked for.
        webhook_url: The customer's, or None.
        webhook_auth_header_name: None unless the value is there too.
        webhook_auth_header_value: A secret: never echoed, never logged.
        unknown: Names of parameters that the contract does not have; `speaker_options.x` for one
            within another. The first `UNKNOWN_MAX` of them.
    """

    params: Mapping[str, object]
    audio_url: str
    speech_models: tuple[str, ...] = ()
    webhook_url: str | None = None
    webhook_auth_header_name: str | None = None
    webhook_auth_header_value: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def features(self) -> frozenset[str]:
        """What was switched on: names of Boolean parameters that are true and not by default.

        `dual_channel` counts as `multichannel`. Features of speech understanding are named as in
        `speech_understanding.translation`.
        """
        asked = {n for n in BOOLEANS if self.params.get(n) is True} - NOT_FEATURES
        if "dual_channel" in asked:
            asked = (asked - {"dual_channel"}) | {"multichannel"}
        return frozenset(asked | {f"speech_understanding.{n}" for n in understanding(self.params)})


def parse_request(body: bytes) -> TranscriptRequest:
    """Read and check the body of POST /v2/transcript.

    Types, sizes and counts are checked, and which parameters exclude each other; words are not.

    Raises:
        InvalidRequest: The message is the sentence for the first thing that is wrong, `fields` has
            all of them.
        PayloadTooLarge: The body is over `strict_json.BODY_BYTES_MAX`.
    """
    return checked_request(parse_object(body))


def checked_request(given: Mapping[str, object]) -> TranscriptRequest:
    """Check what `parse_object` has read; everything else is as in `parse_request`.

    Raises:
        InvalidRequest: As `parse_request`.
    """
    params = dict(_given(given))
    complaints = list(_complaints(params))
    if complaints:
        raise InvalidRequest(complaints[0][1], complaints)
    model = params.pop("speech_model", None)
    if model is not None and model not in LEGACY_SPEECH_MODELS:
        # The service refuses the parameter itself, and takes what it names in a list.
        params.setdefault("speech_models", [model])
    return request_of(params)


def refuse_too_many(given: Mapping[str, object]) -> None:
    """Return when there are at most `PARAMETERS_MAX` parameters, so that each may be looked at.

    Raises:
        InvalidRequest: There are more.
    """
    if len(given) > PARAMETERS_MAX:
        raise InvalidRequest(TOO_MANY, [("", TOO_MANY)])


def request_of(params: Mapping[str, object]) -> TranscriptRequest:
    """Return the request that `parse_request` once accepted, made again from its `params`."""
    models = params.get("speech_models", ())
    assert isinstance(models, list | tuple)
    return TranscriptRequest(
        params=MappingProxyType(dict(params)),
        audio_url=str(params["audio_url"]),
        speech_models=tuple(str(model) for model in models),
        webhook_url=_text(params, "webhook_url"),
        webhook_auth_header_name=_text(params, "webhook_auth_header_name"),
        webhook_auth_header_value=_text(params, "webhook_auth_header_value"),
        unknown=tuple(islice(unknown_names(params), UNKNOWN_MAX)),
    )


def _given(params: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield what was said: neither null, nor `""` where a parameter may be left out.

    Forms send `""` for what was not filled in, and AssemblyAI counts it as absent, too.
    """
    for name, value in params.items():
        if value is None or (value == "" and name in KNOWN and name != "audio_url"):
            continue
        check = PARAMETERS.get(name)
        yield name, check.without_blanks(value) if isinstance(check, Fields) else value


def unknown_names(params: Mapping[str, object]) -> Iterator[str]:
    """Yield names that the contract does not have; `speaker_options.x` for one within another."""
    for name, value in params.items():
        check = PARAMETERS.get(name)
        if name not in KNOWN:
            if name not in OTHER_WORDS:
                yield name
        elif isinstance(check, Fields):
            for path in check.unknown(name, value):
                yield path[:UNKNOWN_NAME_CHARS_MAX]


def _text(params: Mapping[str, object], name: str) -> str | None:
    value = params.get(name)
    return value if isinstance(value, str) else None


def _complaints(params: Mapping[str, object]) -> Iterator[Complaint]:
    """Yield everything wrong with a request, in the order in which the service looks."""
    if len(params) > PARAMETERS_MAX:
        yield "", TOO_MANY
        return
    yield from _audio_url(params)
    single = list(_each(params))
    yield from single
    yield from webhook_complaints(params)
    if single:
        return  # a rule about several parameters means nothing when one of them is no value
    yield from together(params)


def _each(params: Mapping[str, object]) -> Iterator[Complaint]:
    for name, value in params.items():
        if name in PARAMETERS:
            yield from PARAMETERS[name](name, value)
        elif len(name) > UNKNOWN_NAME_CHARS_MAX:
            short = name[:UNKNOWN_NAME_CHARS_MAX]
            yield short, f"a parameter's name is over {UNKNOWN_NAME_CHARS_MAX} characters"


def _audio_url(params: Mapping[str, object]) -> Iterator[Complaint]:
    url = params.get("audio_url")
    if url is None:
        yield "audio_url", sentences.AUDIO_URL_MISSING
        return
    complaint = url_complaint("audio_url", url, sentences.AUDIO_URL_NOT_HTTP)
    if complaint is not None:
        yield "audio_url", complaint
