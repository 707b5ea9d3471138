"""What is to be hidden is in no word and in no text about them; all words keep their places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stenolog.intelligence.entities import spans_of
from stenolog.intelligence.policies import (
    POLICIES,
    RedactionOptions,
    Substitution,
)
from stenolog.intelligence.redaction import HeardLine, Redaction, redaction_of
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.words import joined_text
from tests.intelligence.speech import spoken

STATIC = {"CLINIC": ("Meadow Clinic", "PetroMax"), "CODE": ("X-15",)}


def redaction(
    said: Speech,
    *policies: str,
    static: dict[str, tuple[str, ...]] | None = None,
    sub: Substitution = "entity_name",
) -> Redaction:
    options = RedactionOptions(policies=policies, static=static or {}, substitution=sub)
    return redaction_of(said, spans_of(said), options)


def hidden(text: str, *policies: str, **how: Any) -> str:
    said = Speech.of(spoken(text))
    return joined_text(redaction(said, *policies, **how).speech(said).words)


@pytest.mark.parametrize(
    ("text", "policies", "shown"),
    [
        (
            "Hi, my name is Olivia Flores! Olivia's here, olivia.",
            ["person_name"],
            "Hi, my name is [PERSON_NAME] [PERSON_NAME]! [PERSON_NAME]'s here, [PERSON_NAME].",
        ),
        (
            "Call 415-555-2671 on June 3rd.",
            ["phone_number"],
            "Call [PHONE_NUMBER] on June 3rd.",
        ),
        (
            "My card is four one one one, account 12345.",
            ["number_sequence"],
            "My card is "
            + "[NUMBER_SEQUENCE] " * 3
            + "[NUMBER_SEQUENCE], account [NUMBER_SEQUENCE].",
        ),
        (
            "Born on April 2, 1990. It is May 1st.",
            ["date"],
            "Born on [DATE] [DATE], [DATE]. It is [DATE] [DATE].",
        ),
        (
            "Born on April 2, 1990. It is May 1st.",
            ["date_of_birth"],
            "Born on [DATE_OF_BIRTH] [DATE_OF_BIRTH], [DATE_OF_BIRTH]. It is May 1st.",
        ),
        ("I live in Leeds.", ["location_city"], "I live in [LOCATION_CITY]."),
        ("I live in Leeds.", ["location_city", "location"], "I live in [LOCATION_CITY]."),
        ("Nothing here.", sorted(POLICIES), "Nothing here."),
    ],
)
def test_a_policy_hides_its_kind(text: str, policies: list[str], shown: str) -> None:
    assert hidden(text, *policies) == shown


def test_a_hash_is_as_long_as_what_it_hides() -> None:
    assert hidden("I'm Olivia! Call 415-555.", "person_name", sub="hash") == (
        "I'm ######! Call 415-555."
    )


def test_static_terms_are_hidden_however_they_are_written() -> None:
    text = "The meadow clinic, Petro Max's and petromax; the X 15. A meadow, Petro."
    assert hidden(text, static=STATIC) == (
        "The [CLINIC] [CLINIC], [CLINIC] [CLINIC]'s and [CLINIC]; the [CODE] [CODE]. "
        "A meadow, Petro."
    )


def test_a_number_is_hidden_wherever_it_is_said_again() -> None:
    text = "My account number is 8841. " + "so it goes on and on and on, " * 6 + "8841 again"
    assert "8841" not in hidden(text, "account_number")


def test_what_others_wrote_loses_hidden_values() -> None:
    said = Speech.of(spoken("My name is Olivia Flores, card 4111 1111 1111 1111, Ann."))
    made = redaction(said, "person_name", "credit_card_number")
    assert made.quoted("Olivia Flores pays with 4111 1111 1111 1111; Olivia, Oliviana.") == (
        "[PERSON_NAME] [PERSON_NAME] pays with [CREDIT_CARD_NUMBER] [CREDIT_CARD_NUMBER] "
        "[CREDIT_CARD_NUMBER] [CREDIT_CARD_NUMBER]; [PERSON_NAME], Oliviana."
    )


def test_hidden_times_have_something_around_them_and_do_not_overlap() -> None:
    said = Speech.of(spoken("Hello dear John Smith, it is so good to see you all here, Ann Lee."))
    line = HeardLine(start_ms=0, end_ms=4_600, margin_ms=500)
    hidden = redaction(said, "person_name").hidden_ms(said, lambda start_ms: line)
    assert hidden == ((100, 1_700), (3_400, 5_000))
    assert redaction(said).hidden_ms(said, lambda start_ms: line) == ()


def test_what_was_spoken_beside_hidden_words_and_not_recognised_is_hidden() -> None:
    """A pause of two seconds inside of a number, and three seconds behind its last word."""
    said = Speech.of(spoken("My card is four one one one | one one one one. Thank you."))
    lines = {
        0: HeardLine(start_ms=0, end_ms=8_000, margin_ms=100),
        8_000: HeardLine(start_ms=8_000, end_ms=9_000, margin_ms=100),
    }
    words = [replace(word, start=word.start + 3_000) for word in said.words[-2:]]
    said = Speech.of((*said.words[:-2], *words))
    hidden = redaction(said, "credit_card_number").hidden_ms(
        said, lambda start_ms: lines[8_000 if start_ms >= 8_000 else 0]
    )
    assert hidden == ((800, 8_000),)
