"""What `redact_pii` hides in the words is hidden in everything that quotes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stenolog.edge.assemblyai.body import V2Body
from stenolog.projections.documents import Document, encode, read_object
from stenolog.projections.redacted import redacted
from stenolog.projections.shaped.conversation import Conversation
from stenolog.projections.shaped.views import VIEWS, shaped

SAID = "Hello, I am John Smith. My card is 4111 1111. Thank you Smith, bye."
HIDDEN = (
    "Hello, I am [PERSON_NAME] [PERSON_NAME]. My card is #### ####. Thank you [PERSON_NAME], bye."
)
SECRETS = ("John", "Smith", "4111", "1111")
TIME_OF_NAME = {"start": 1_200, "end": 1_900}
PARAMS = {
    "redact_pii": True,
    "redact_pii_policies": ["person_name", "credit_card_number"],
    "redact_pii_sub": "entity_name",
}


def words(text: str) -> list[dict[str, Any]]:
    return [
        {"text": one, "start": at * 400, "end": at * 400 + 300, "confidence": 0.9, "speaker": "A"}
        for at, one in enumerate(text.split())
    ]


def leaking(**more: Any) -> dict[str, Any]:
    """A provider's answer: its words are redacted, and nothing else is."""
    return {
        "status": "completed",
        "text": HIDDEN,
        "words": words(HIDDEN),
        "utterances": [
            {"text": SAID, "start": 0, "end": 6_000, "speaker": "A", "words": words(SAID)}
        ],
        "sentiment_analysis_results": [
            {
                "text": "My card is 4111 1111.",
                "start": 2_000,
                "end": 4_000,
                "sentiment": "NEUTRAL",
                "original": "[Speaker:John Smith]",
            }
        ],
        "entities": [
            {"entity_type": "person_name", "text": "John Smith", "start": 1_200, "end": 1_900},
            {"entity_type": "credit_card_number", "text": "4111-1111-9", "start": 0, "end": 0},
        ],
        "content_safety_labels": {
            "status": "success",
            "results": [{"text": SAID, "labels": [], "timestamp": {"start": 0, "end": 6_000}}],
            "summary": {},
        },
        "iab_categories_result": {
            "status": "success",
            "results": [{"text": SAID, "labels": [], "timestamp": {"start": 0, "end": 6_000}}],
        },
        "auto_highlights_result": {
            "status": "success",
            "results": [
                {"text": "John Smith", "count": 1, "timestamps": [{"start": 1_200, "end": 1_900}]}
            ],
        },
        "chapters": [
            {
                "gist": "John Smith",
                "headline": "Smith's card",
                "summary": "John Smith gives 4111 1111.",
                "start": 0,
                "end": 6_000,
            }
        ],
        "summary": "- John Smith says hello",
        "speech_understanding": {"items": [{"quote": "I am John Smith", "unredacted_text": SAID}]},
        **more,
    }


def document(answer: dict[str, Any]) -> Document:
    return read_object(json.dumps(answer).encode())


def holds(text: str) -> list[str]:
    return [one for one in SECRETS if one in text]


def test_no_view_and_no_answer_holds_what_the_words_hide() -> None:
    clean = redacted(document(leaking()), PARAMS)
    said = Conversation(clean, PARAMS)
    for name in VIEWS:
        view = shaped(name, said)
        assert not holds(encode([list(view.items), view.around]).decode()), name
    assert not holds(V2Body().completed("id", PARAMS, clean).decode())
    assert said.transcript.text == HIDDEN
    assert json.loads(V2Body().completed("id", PARAMS, clean))["utterances"][0]["text"] == HIDDEN


def test_what_was_redacted_here_is_told() -> None:
    clean = redacted(document(leaking()), PARAMS)
    [(code, message)] = Conversation(clean, PARAMS).transcript.warnings
    assert (code, "Texts: " in message) == ("redaction-completed", True)
    told = shaped("sentiment", Conversation(clean, PARAMS)).warnings
    assert [one["code"] for one in told] == ["redacted-here"]
    assert shaped("quality", Conversation(clean, PARAMS)).warnings == []


def test_quotes_are_written_again_from_the_words_of_their_time() -> None:
    clean = redacted(document(leaking()), PARAMS)
    assert clean["sentiment_analysis_results"][0]["text"] == "My card is #### ####."
    assert clean["entities"][0]["text"] == "[PERSON_NAME] [PERSON_NAME]."
    assert clean["entities"][1]["text"] == "[CREDIT_CARD_NUMBER]"
    assert clean["summary"] == "- [PERSON_NAME] [PERSON_NAME] says hello"
    assert "[PERSON_NAME]'s card" in clean["chapters"][0]["headline"]


def test_a_summary_alone_is_read_with_the_rules() -> None:
    answer = {"text": HIDDEN, "words": words(HIDDEN), "summary": "A call of John Smith."}
    clean = redacted(document(answer), PARAMS)
    assert clean["summary"] == "A call of [PERSON_NAME] [PERSON_NAME]."


def test_terms_that_a_request_names_are_hidden_everywhere() -> None:
    params = {"redact_pii": True, "redact_static_entities": {"PROJECT": ["Blue Moon"]}}
    answer = {"text": "x", "words": words("x"), "chapters": [{"summary": "About Blue Moon."}]}
    clean = redacted(document(answer), params)
    assert clean["chapters"][0]["summary"] == "About #### ####."


@pytest.mark.parametrize("params", [{}, {"redact_pii": False}])
def test_without_redaction_nothing_changes(params: dict[str, Any]) -> None:
    answer = document(leaking())
    assert redacted(answer, params) is answer


def test_what_is_redacted_already_stays_as_it_came() -> None:
    sentence = {"text": "I am [PERSON_NAME] [PERSON_NAME].", "start": 400, "end": 1_900}
    name = {"text": "[PERSON_NAME] [PERSON_NAME]", "entity_type": "person_name", **TIME_OF_NAME}
    answer = document(
        {
            "text": HIDDEN,
            "words": words(HIDDEN),
            "sentiment_analysis_results": [sentence],
            "entities": [name],
        }
    )
    assert redacted(answer, PARAMS) is answer


def test_what_was_asked_for_unredacted_stays_where_it_was_asked_for() -> None:
    whole = {"unredacted_text": SAID, "unredacted_words": words(SAID)}
    kept = redacted(document(leaking(**whole)), {**PARAMS, "redact_pii_return_unredacted": True})
    assert kept["unredacted_text"] == SAID
    assert redacted(document(leaking(**whole)), PARAMS)["unredacted_text"] is None
    for name in VIEWS:
        assert not holds(encode(list(shaped(name, Conversation(kept, PARAMS)).items)).decode())


@pytest.mark.parametrize("odd", [None, 7, "John", [], {}, [None], [{"text": 5, "start": "x"}]])
@pytest.mark.parametrize("member", sorted({*leaking(), "stenolog"} - {"status"}))
def test_nothing_odd_breaks_it(member: str, odd: object) -> None:
    clean = redacted(document(leaking(**{member: odd})), PARAMS)
    assert clean.keys() >= {"words", "text"}
