"""What the engine cannot do is refused by name; what asks for nothing is accepted."""

from __future__ import annotations

import pytest

from stenolog.engine.host.features import SUPPORTED, is_english, speech_options
from stenolog.engine.options import (
    AudioRedaction,
    Keyterms,
    SpeakerBounds,
    SpeechOptions,
    TextOptions,
)
from stenolog.errors import InvalidRequest
from stenolog.intelligence.policies import RedactionOptions
from stenolog.intelligence.spelling import Spelling
from stenolog.wire.assemblyai.parameters import KNOWN

AUDIO = {"audio_url": "http://example.com/a.mp3"}

ASKING: dict[str, object] = {
    "custom_topics": True,
    "domain": "medical-v1",
    "domain_options": {"specialty": "cardiology"},
    "language_confidence_threshold": 0.4,
    "prompt": "A meeting.",
    "speech_understanding": {"request": {"translation": {"target_languages": ["de"]}}},
    "speed_boost": True,
    "temperature": 0.5,
    "topics": ["sport"],
}


def test_every_known_parameter_is_supported_or_refused() -> None:
    """A parameter that the wire learns must be decided upon here."""
    assert set(ASKING) | SUPPORTED == KNOWN - {"speech_model"}


@pytest.mark.parametrize("name", sorted(ASKING))
def test_what_cannot_be_done_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{name} is not supported") as refusal:
        speech_options({**AUDIO, name: ASKING[name]})
    assert refusal.value.fields[0][0] == name


@pytest.mark.parametrize("name", sorted(ASKING))
def test_asking_for_nothing_is_accepted(name: str) -> None:
    assert speech_options({**AUDIO, name: type(ASKING[name])()}) == SpeechOptions()


@pytest.mark.parametrize("name", ["telepathy", "speaker_options", "language_detection_options"])
def test_what_assemblyai_does_not_have_is_ignored(name: str) -> None:
    assert speech_options({**AUDIO, name: {"telepathy": True}}) == SpeechOptions()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("language_code", "de"),
        ("language_codes", ["en", "es"]),
        ("language_detection_options", {"expected_languages": ["de", "fr"]}),
        ("language_detection_options", {"fallback_language": "de"}),
    ],
)
def test_another_language_is_refused_with_the_engines_languages(name: str, value: object) -> None:
    with pytest.raises(InvalidRequest, match="its languages are en, en_au, en_uk, en_us"):
        speech_options({**AUDIO, name: value})


def test_what_detection_cannot_choose_is_refused() -> None:
    options = {"code_switching": True}
    with pytest.raises(InvalidRequest, match="code_switching is not supported"):
        speech_options({**AUDIO, "language_detection_options": options})


def test_how_speakers_are_clustered_cannot_be_chosen() -> None:
    options = {"short_file_diarization_method": "deliberate"}
    with pytest.raises(InvalidRequest, match="short_file_diarization_method"):
        speech_options({**AUDIO, "speaker_labels": True, "speaker_options": options})


@pytest.mark.parametrize(
    ("asked", "keyterms"),
    [
        ({"keyterms_prompt": ["Ann Lee"]}, Keyterms(terms=("Ann Lee",))),
        ({"word_boost": ["a"], "boost_param": "low"}, Keyterms(terms=("a",), strength=0.5)),
        (
            {
                "keyterms_prompt": ["a"],
                "word_boost": ["b"],
                "keyterms_prompt_options": {"keyterms_match_strength": "high"},
                "boost_param": "low",
            },
            Keyterms(terms=("a", "b"), strength=2.0),
        ),
        ({"keyterms_prompt": [], "boost_param": "default"}, None),
    ],
)
def test_expected_words_are_read(asked: dict[str, object], keyterms: Keyterms | None) -> None:
    assert speech_options({**AUDIO, **asked}).keyterms == keyterms


@pytest.mark.parametrize("name", ["multichannel", "dual_channel"])
def test_channels_are_heard_one_by_one_but_not_hidden_in_a_mix(name: str) -> None:
    assert speech_options({**AUDIO, name: True}).multichannel
    audio = {"redact_pii": True, "redact_pii_policies": ["date"], "redact_pii_audio": True}
    with pytest.raises(InvalidRequest, match="together with multichannel"):
        speech_options({**AUDIO, name: True, **audio})


def test_what_is_asked_of_the_text_is_read() -> None:
    asked = {
        "custom_spelling": [{"from": ["decarlo", "de carlo"], "to": "DeCarlo"}],
        "disfluencies": True,
        "entity_detection": True,
        "filter_profanity": True,
        "redact_pii": True,
        "redact_pii_audio": True,
        "redact_pii_audio_options": {"override_audio_redaction_method": "silence"},
        "redact_pii_audio_quality": "wav",
        "redact_pii_policies": ["date", "person_name"],
        "redact_pii_return_unredacted": True,
        "redact_pii_sub": "entity_name",
        "redact_static_entities": {"CLINIC": ["Meadow", "Hill"]},
        "sentiment_analysis": True,
    }
    assert speech_options({**AUDIO, **asked}).text == TextOptions(
        custom_spelling=(Spelling(heard=("decarlo", "de carlo"), written="DeCarlo"),),
        disfluencies=True,
        entity_detection=True,
        filter_profanity=True,
        redaction=RedactionOptions(
            policies=("date", "person_name"),
            static={"CLINIC": ("Meadow", "Hill")},
            substitution="entity_name",
        ),
        redact_pii_audio=AudioRedaction(quality="wav", silent=True),
        redact_pii_return_unredacted=True,
        sentiment_analysis=True,
    )
    assert speech_options({**AUDIO, **dict.fromkeys(asked, None)}).text == TextOptions()


@pytest.mark.parametrize(
    ("params", "name", "why"),
    [
        ({"redact_pii_policies": ["date", "aura"]}, "redact_pii_policies", "'aura' is not supp"),
        ({"boost_param": "most"}, "boost_param", "low, default, standard, high"),
        (
            {"keyterms_prompt_options": {"keyterms_match_strength": "most"}},
            "keyterms_prompt_options.keyterms_match_strength",
            "knows these words of strength",
        ),
        ({"redact_pii_sub": "emoji"}, "redact_pii_sub", "it knows hash, entity_name"),
        ({"redact_pii_audio_quality": "ogg"}, "redact_pii_audio_quality", "it knows mp3, wav"),
        (
            {"redact_pii_audio_options": {"override_audio_redaction_method": "pitch"}},
            "redact_pii_audio_options",
            "override_audio_redaction_method 'pitch' is not supported",
        ),
        (
            {"redact_pii_audio_options": {"voice": "robot"}},
            "redact_pii_audio_options",
            "'voice' is not supported",
        ),
        ({"redact_faces": True}, "redact_faces", "redact_faces is not supported"),
        ({"redact_pii_video": {"blur": 1}}, "redact_pii_video", "is not supported"),
    ],
)
def test_redaction_that_is_not_known_is_refused_and_never_ignored(
    params: dict[str, object], name: str, why: str
) -> None:
    asked = {**AUDIO, "redact_pii": True, "redact_pii_policies": ["date"], **params}
    with pytest.raises(InvalidRequest, match=why) as refusal:
        speech_options(asked)
    assert [field for field, _ in refusal.value.fields] == [name]


def test_static_entities_alone_hide_nothing_and_are_refused() -> None:
    asked = {**AUDIO, "redact_static_entities": {"CLINIC": ["Meadow"]}}
    with pytest.raises(InvalidRequest, match="requires redact_pii to be True"):
        speech_options(asked)


def test_redaction_is_not_asked_for_by_its_details() -> None:
    assert speech_options({**AUDIO, "redact_pii_policies": ["date"]}).text.redaction is None
    assert speech_options({**AUDIO, "redact_faces": False}) == SpeechOptions()


def test_everything_that_is_wrong_is_named() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        speech_options({**AUDIO, "custom_topics": True, "language_code": "de"})
    assert [name for name, _ in refusal.value.fields] == ["custom_topics", "language_code"]


def test_english_of_any_kind_is_english() -> None:
    assert all(is_english(code) for code in ("en", "en_us", "en-GB", "EN_AU"))
    assert not any(is_english(code) for code in ("de", "eng", "enm_x", ""))
    options = {"expected_languages": ["es", "en"], "fallback_language": "auto"}
    assert speech_options(
        {**AUDIO, "language_detection": True, "language_detection_options": options}
    )


@pytest.mark.parametrize(
    ("params", "bounds"),
    [
        ({}, SpeakerBounds(least=1, most=None)),
        ({"speakers_expected": 3}, SpeakerBounds(least=3, most=3)),
        ({"speaker_options": {"min_speakers_expected": 2}}, SpeakerBounds(least=2, most=None)),
        (
            {"speaker_options": {"min_speakers_expected": 2, "max_speakers_expected": 5}},
            SpeakerBounds(least=2, most=5),
        ),
    ],
)
def test_the_number_of_speakers_is_a_range(
    params: dict[str, object], bounds: SpeakerBounds
) -> None:
    assert speech_options({**AUDIO, "speaker_labels": True, **params}).speakers == bounds
    assert speech_options({**AUDIO, **params}).speakers is None
