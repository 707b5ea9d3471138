"""Judge the words of a create, as the service does, and the gateway does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from stenolog.errors import InvalidRequest
from stenolog.simulator.assemblyai import vocabulary
from stenolog.wire.assemblyai.checks import Complaint
from stenolog.wire.assemblyai.rules import tells_speakers_apart, understanding
from stenolog.wire.assemblyai.sentences import SPEAKERS_NOT_LABELLED, must_be
from stenolog.wire.assemblyai.transcript_request import TranscriptRequest, checked_request

Params = Mapping[str, object]


def judged(given: Mapping[str, object], *, models_retired: bool = False) -> TranscriptRequest:
    """Return the request of a create that the service takes; `models_retired`: none named is.

    A policy of redaction that nobody knows is taken, as by the service.

    Raises:
        InvalidRequest: The service refuses it; the message is its sentence.
    """
    if given.get("speech_model") not in (None, ""):
        complaint = ("speech_model", vocabulary.SPEECH_MODEL_DEPRECATED)
        raise InvalidRequest(complaint[1], [complaint])
    request = checked_request(given)
    named = request.speech_models if models_retired else ()
    complaints = [*_retired(named), *(one for rule in RULES for one in rule(request.params))]
    if complaints:
        raise InvalidRequest(complaints[0][1], complaints)
    return request


def _retired(models: tuple[str, ...]) -> Iterator[Complaint]:
    if models:
        sentence = vocabulary.retired(models, vocabulary.SPEECH_MODELS_DEFAULT)
        yield "speech_models", sentence


def _models(params: Params) -> Iterator[Complaint]:
    named = params.get("speech_models")
    models = [str(one) for one in named] if isinstance(named, list) else []
    gone = [model for model in models if model in vocabulary.RETIRED]
    if gone:
        yield "speech_models", vocabulary.retired(gone, vocabulary.RETIRED[gone[0]])
    elif not all(model in vocabulary.SPEECH_MODELS for model in models):
        yield "speech_models", vocabulary.SPEECH_MODELS_WRONG
    heard_by = models or vocabulary.SPEECH_MODELS_DEFAULT
    newer = [model for model in heard_by if model not in vocabulary.WORD_BOOST_MODELS]
    if params.get("word_boost") and newer:
        yield "word_boost", vocabulary.word_boost_refused(newer[0])
    terms, most = params.get("keyterms_prompt"), vocabulary.UNIVERSAL_2_KEYTERMS_MAX
    if isinstance(terms, list) and len(terms) > most and set(models) == {vocabulary.UNIVERSAL_2}:
        wanted = f"an Array of at most {most} items for {vocabulary.UNIVERSAL_2}"
        yield "keyterms_prompt", must_be("keyterms_prompt", wanted)


def _words(params: Params) -> Iterator[Complaint]:
    for path, words in vocabulary.WORDS.items():
        word = _at(params, path)
        if word is not None and word not in words:
            name = ".".join(path)
            yield name, must_be(name, f"one of: {', '.join(words)}")
    for path in vocabulary.NEEDED:
        if isinstance(_at(params, path[:-1]), dict) and _at(params, path) is None:
            yield ".".join(path), f"{'.'.join(path)} not found"


def _languages(params: Params) -> Iterator[Complaint]:
    if params.get("language_code") is not None and params.get("language_detection"):
        yield "language_detection", vocabulary.LANGUAGE_TWICE
    options = params.get("language_detection_options")
    if not isinstance(options, dict):
        return
    expected, fallback = options.get("expected_languages"), options.get("fallback_language")
    if expected and "all" not in expected and fallback not in (None, "auto", *expected):
        name = "language_detection_options.fallback_language"
        yield name, f"{name} must be one of expected_languages"


def _redaction(params: Params) -> Iterator[Complaint]:
    if params.get("redact_static_entities") and not params.get("redact_pii"):
        yield "redact_static_entities", vocabulary.STATIC_WITHOUT_REDACTION
    formats, policies = (
        understanding(params).get("custom_formatting"),
        params.get("redact_pii_policies"),
    )
    if not params.get("redact_pii") or not isinstance(formats, dict):
        return
    pairs = [
        (policy, name)
        for policy, name in vocabulary.FORMATTED_POLICIES.items()
        if policy in (policies if isinstance(policies, list) else ())
        and formats.get(name) is not None
    ]
    if pairs:
        sentence = vocabulary.formatting_redacted(pairs)
        yield "speech_understanding.request.custom_formatting", sentence


def _understanding(params: Params) -> Iterator[Complaint]:
    if params.get("speech_understanding") is not None and not understanding(params):
        yield "speech_understanding.request", vocabulary.UNDERSTANDING_EMPTY
    wanted = understanding(params).get("speaker_identification")
    if not isinstance(wanted, dict) or wanted.get("speaker_type") != "role":
        return
    if not (wanted.get("known_values") or wanted.get("speakers")):
        name = "speech_understanding.request.speaker_identification.known_values"
        yield name, vocabulary.ROLES_UNKNOWN


def _conversation(params: Params) -> Iterator[Complaint]:
    wants = params.get("summarization") and params.get("summary_model") == "conversational"
    if wants and not tells_speakers_apart(params):
        yield "summary_model", SPEAKERS_NOT_LABELLED


def _at(params: Params, path: tuple[str, ...]) -> object:
    found: object = params
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


RULES: tuple[Callable[[Params], Iterator[Complaint]], ...] = (
    _models,
    _words,
    _languages,
    _redaction,
    _understanding,
    _conversation,
)
