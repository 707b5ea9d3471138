"""The official Python SDK: what is asked for is found, and echoed in the SDK's own types."""

from __future__ import annotations

import assemblyai as aai
import pytest

from tests.gateway_process import GatewayProcess
from tests.sdk.clients import client_of

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    # The SDK's own models.
    pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20"),
]


def transcribed(
    process: GatewayProcess, config: aai.TranscriptionConfig, audio: str = "money"
) -> aai.Transcript:
    with client_of(process) as client:
        found = aai.Transcriber(client=client).transcribe(
            f"https://audio.example/{audio}.mp3", config
        )
    assert found.status == aai.TranscriptStatus.completed, found.error
    return found


def test_sentiment_entities_topics_highlights_and_safety(simulated: GatewayProcess) -> None:
    config = aai.TranscriptionConfig(
        speaker_labels=True,
        sentiment_analysis=True,
        entity_detection=True,
        iab_categories=True,
        auto_highlights=True,
    )
    config.set_content_safety(True, content_safety_confidence=60)
    found = transcribed(simulated, config)
    assert {one.sentiment for one in found.sentiment_analysis} == set(aai.SentimentType)
    assert {one.speaker for one in found.sentiment_analysis} == {"A", "B"}
    assert found.entities[0].entity_type == aai.EntityType.organization
    assert found.entities[0].text == "Meadow Clinic"
    assert found.iab_categories.status == aai.StatusResult.success
    assert found.iab_categories.results[0].labels[0].relevance > 0
    assert found.iab_categories.summary
    assert found.auto_highlights.status == aai.StatusResult.success
    assert found.auto_highlights.results[0].timestamps
    assert found.content_safety.status == aai.StatusResult.success
    safety, financials = found.content_safety, aai.ContentSafetyLabel.financials
    assert {one.label for result in safety.results for one in result.labels} == {financials}
    assert list(safety.summary) == list(safety.severity_score_summary) == [financials]


@pytest.mark.parametrize("kind", [aai.SummarizationType.bullets, aai.SummarizationType.paragraph])
def test_a_summary_of_the_wanted_kind(
    simulated: GatewayProcess, kind: aai.SummarizationType
) -> None:
    config = aai.TranscriptionConfig()
    config.set_summarize(True, aai.SummarizationModel.informative, kind)
    found = transcribed(simulated, config)
    assert found.summary
    assert found.summary.startswith("- ") is (kind == aai.SummarizationType.bullets)


def test_chapters(simulated: GatewayProcess) -> None:
    found = transcribed(simulated, aai.TranscriptionConfig(auto_chapters=True))
    starts = [chapter.start for chapter in found.chapters]
    assert len(starts) == 2
    assert starts == sorted(starts)
    assert all(chapter.gist and chapter.headline and chapter.summary for chapter in found.chapters)


def test_the_language_is_detected(simulated: GatewayProcess) -> None:
    found = transcribed(simulated, aai.TranscriptionConfig(language_detection=True))
    assert found.json_response["language_code"] == "en_us"
    assert 0 < found.json_response["language_confidence"] <= 1
    assert found.json_response["language_detection"] is True


def test_channels_are_told_apart(simulated: GatewayProcess) -> None:
    found = transcribed(simulated, aai.TranscriptionConfig(multichannel=True), "stereo")
    assert found.json_response["audio_channels"] == 2
    assert {word.channel for word in found.words} == {"1", "2"}


def test_what_was_asked_for_is_echoed(simulated: GatewayProcess) -> None:
    config = aai.TranscriptionConfig(
        speech_threshold=0.2, punctuate=True, format_text=True, disfluencies=True
    )
    config.set_audio_slice(start=1_000, end=20_000)
    found = transcribed(simulated, config)
    echoed = found.json_response
    assert echoed["speech_threshold"] == 0.2
    assert (echoed["audio_start_from"], echoed["audio_end_at"]) == (1_000, 20_000)
    assert echoed["disfluencies"] is True


def test_words_are_spelt_as_asked(simulated: GatewayProcess) -> None:
    config = aai.TranscriptionConfig()
    config.set_custom_spelling({"Kastellan": ["castellan"], "SQL": ["never said"]})
    found = transcribed(simulated, config)
    assert "Ravi Kastellan and I" in found.text
    assert "Castellan" not in found.text
    assert found.json_response["custom_spelling"] == [
        {"from": ["castellan"], "to": "Kastellan"},
        {"from": ["never said"], "to": "SQL"},
    ]


def test_personal_data_is_replaced_in_every_part(simulated: GatewayProcess) -> None:
    policies = [aai.PIIRedactionPolicy.person_name, aai.PIIRedactionPolicy.organization]
    config = aai.TranscriptionConfig().set_redact_pii(
        policies=policies, substitution=aai.PIISubstitutionPolicy.hash
    )
    found = transcribed(simulated, config)
    assert "the service desk of ###### ######. Hello, my name is #### #########" in found.text
    assert not {"Meadow", "Ravi"} & {word.text for word in found.words}
    assert found.json_response["redact_pii"] is True
    assert found.json_response["redact_pii_policies"] == policies


def test_too_little_speech_is_an_error_with_the_documented_sentence(
    simulated: GatewayProcess,
) -> None:
    config = aai.TranscriptionConfig(speech_threshold=1.0)
    with client_of(simulated) as client:
        found = aai.Transcriber(client=client).transcribe("https://audio.example/a.mp3", config)
    assert found.status == aai.TranscriptStatus.error
    assert found.text is None
    assert found.error == (
        "Audio speech threshold 0.9461 is below the requested speech threshold value 1.0"
    )


def test_a_webhook_is_echoed_but_not_its_secret(simulated: GatewayProcess) -> None:
    config = aai.TranscriptionConfig()
    config.set_webhook("https://customer.example/hook?a=b", "X-Secret", "kept")
    found = transcribed(simulated, config)
    echoed = found.json_response
    assert echoed["webhook_url"] == "https://customer.example/hook?a=b"
    assert echoed["webhook_auth"] is True
    assert "kept" not in str(echoed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("speech_threshold", -0.1),
        ("content_safety_confidence", 10),
        ("audio_start_from", -1),
        ("webhook_url", "not a url"),
    ],
)
def test_a_wrong_value_is_400_and_names_its_field(
    simulated: GatewayProcess, field: str, value: object
) -> None:
    config = aai.TranscriptionConfig()
    setattr(config.raw, field, value)
    with (
        client_of(simulated) as client,
        pytest.raises(aai.TranscriptError, match=field) as raised,
    ):
        aai.Transcriber(client=client).submit("https://audio.example/a.mp3", config)
    assert raised.value.status_code == 400
