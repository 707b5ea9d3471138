"""A form of OpenAI's is read as its reference says, and what is wrong with it is told by name."""

from __future__ import annotations

from typing import Any

import pytest

from stenolog.edge.openai.serving import Serving
from stenolog.edge.transcriptions.extras import Extras
from stenolog.errors import InvalidRequest
from stenolog.wire.openai.create import Create, read_create
from stenolog.wire.openai.in_assemblyai import OPENAI_NAMES, in_openai_words, params_of
from stenolog.wire.openai.languages import NAMES, named
from stenolog.wire.openai.models import MODELS


def read(**fields: Any) -> Create:
    lists = {name: [one] if isinstance(one, str) else one for name, one in fields.items()}
    return read_create({"model": ["whisper-1"], **lists})


def test_what_a_client_leaves_out_has_openais_defaults() -> None:
    create = read()
    assert (create.response_format, create.words, create.segments) == ("json", False, True)
    assert params_of(create) == {"language_detection": True}
    assert create.own == {"model": "whisper-1"}
    empty = read(language="", prompt="", response_format="", temperature="", stream="")
    assert params_of(empty) == {"language_detection": True}


def test_lists_are_read_with_and_without_brackets() -> None:
    for name in ("timestamp_granularities", "timestamp_granularities[]"):
        create = read(response_format="verbose_json", **{name: ["word"]})
        assert (create.words, create.segments) == (True, False)
    both = {"timestamp_granularities[]": ["word", "segment"], "response_format": "verbose_json"}
    assert (read(**both).words, read(**both).segments) == (True, True)


def test_everything_is_said_in_assemblyais_words() -> None:
    create = read(language="pt-BR", prompt="Names", temperature="0.5", **{"keywords[]": ["Nagg"]})
    assert params_of(create) == {
        "language_code": "pt_br",
        "prompt": "Names",
        "temperature": 0.5,
        "keyterms_prompt": ["Nagg"],
    }
    several = params_of(read(languages=["de", "en"], model="gpt-transcribe"))
    assert several["language_detection_options"] == {"expected_languages": ["de", "en"]}
    for given in ({"response_format": "diarized_json"}, {"model": "gpt-4o-transcribe-diarize"}):
        assert params_of(read(**given))["speaker_labels"] is True


@pytest.mark.parametrize(
    ("fields", "param", "problem"),
    [
        ({"model": ""}, "model", "must be given"),
        ({"model": ["a", "b"]}, "model", "once"),
        ({"response_format": "xml"}, "response_format", "verbose_json"),
        ({"respons_format": "json"}, "respons_format", "did you mean response_format?"),
        ({"temperature": "1.5"}, "temperature", "from 0 to 1"),
        ({"temperature": "nan"}, "temperature", "from 0 to 1"),
        ({"stream": "perhaps"}, "stream", "true or false"),
        ({"timestamp_granularities[]": "letter"}, "timestamp_granularities", "word, segment"),
        ({"timestamp_granularities[]": "word"}, "timestamp_granularities", "verbose_json"),
        ({"include[]": "logprobs"}, "include", "not done here"),
        ({"known_speaker_names[]": "Nagg"}, "known_speaker_names", "not done here"),
        ({"chunking_strategy[type]": "server_vad"}, "chunking_strategy", "must be auto"),
        ({"keywords": "a", "keywords[]": "b"}, "keywords", "two ways"),
        ({"keywords[]": ["a"] * 1_001}, "keywords", "more than 1000"),
        ({"model": "gpt-4o-transcribe", "stream": "true", "response_format": "srt"}, "stream", ""),
    ],
)
def test_what_is_wrong_is_told_by_the_name_of_the_field(
    fields: dict[str, Any], param: str, problem: str
) -> None:
    with pytest.raises(InvalidRequest, match=r"\w") as raised:
        read(**fields)
    assert raised.value.fields[0][0] == param
    assert problem in str(raised.value)


def test_segments_alone_may_be_asked_for_in_any_format() -> None:
    assert read(**{"timestamp_granularities[]": "segment"}).segments
    assert read(chunking_strategy="auto").model == "whisper-1"


def test_whisper_ignores_stream_and_the_others_do_not() -> None:
    assert not read(stream="true").stream
    assert read(stream="True", model="gpt-4o-transcribe").stream


def test_a_refusal_names_what_openais_client_knows() -> None:
    why = "language_code 'xx' is not a language code"
    told = in_openai_words(InvalidRequest(why, [("language_code", why)]))
    assert str(told) == told.fields[0][1] == "language 'xx' is not a language code"
    assert told.fields[0][0] == "language"
    assert not set(OPENAI_NAMES.values()) & {"language_code"}


def served(provider: str, **fields: Any) -> dict[str, Any]:
    return dict(Serving("local").ways(read(**fields), Extras(provider=provider))[provider])


def test_models_are_served_by_every_provider() -> None:
    for name in MODELS:
        assert "speech_models" not in served("local", model=name)
        assert "speech_models" not in served("assemblyai", model=name)
        assert served("aimlapi", model=name)["speech_models"] == [MODELS[name].aimlapi]


def test_a_model_that_is_not_openais_is_the_providers_own_or_refused() -> None:
    assert served("assemblyai", model="universal-2")["speech_models"] == ["universal-2"]
    assert served("aimlapi", model="nova-3")["speech_models"] == ["nova-3"]
    for provider in ("local", "aimlapi"):
        with pytest.raises(InvalidRequest, match=r"'whisper-9' is not known here: .*whisper-1"):
            served(provider, model="whisper-9")


def test_a_model_that_gives_a_text_alone_refuses_formats_with_times_and_needs_no_detection() -> (
    None
):
    assert "language_detection" not in served("aimlapi", model="gpt-4o-transcribe")
    assert served("aimlapi", model="whisper-1")["language_detection"] is True
    with pytest.raises(InvalidRequest, match="srt needs the times of words") as raised:
        served("aimlapi", model="gpt-4o-transcribe", response_format="srt")
    assert raised.value.fields[0][0] == "response_format"


def test_languages_have_english_names() -> None:
    assert (named("en_us"), named("de"), named("pt-BR")) == ("english", "german", "portuguese")
    assert (named("tlh"), named(None)) == ("tlh", "")
    assert {len(code) for code in NAMES} == {2, 3}
