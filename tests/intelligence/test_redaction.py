"""What is to be hidden is in no word and in no text about them; all words keep their places."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stenolog.intelligence.entities import entities, spans_of
from stenolog.intelligence.policies import (
    ENTITY_TYPES,
    PARTS,
    POLICIES,
    RedactionOptions,
    Substitution,
)
from stenolog.intelligence.redaction import Redaction, redaction_of
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.words import joined_text
from stenolog.wire.assemblyai.enums import ENTITY_TYPES_OF_SDK
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
    assert redaction(said, "person_name").hidden_ms(said, lambda start_ms: 500) == (
        (100, 1_700),
        (3_400, 5_000),
    )
    assert redaction(said).hidden_ms(said, lambda start_ms: 500) == ()


def test_entities_are_quoted_as_they_are_shown() -> None:
    said = Speech.of(spoken("I'm Olivia, from Leeds."))
    shown = redaction(said, "person_name").speech(said)
    assert [one.text for one in entities(said, shown, spans_of(said))] == ["[PERSON_NAME]", "Leeds"]


def test_every_policy_is_one_that_clients_can_name() -> None:
    assert set(PARTS) <= ENTITY_TYPES_OF_SDK
    assert set(PARTS.values()) <= set(ENTITY_TYPES)
    assert set(ENTITY_TYPES) | set(PARTS) == POLICIES


NAMES = st.sampled_from(["Olivia Flores", "Marie Baker", "Kenneth Harris", "Anka Brzek"])
DIGITS = st.text("0123456789", min_size=5, max_size=16)
MAIL = st.from_regex(r"[a-z]{3,8}\.[a-z]{3,8}@[a-z]{4,8}\.com", fullmatch=True)
CHATTER = st.sampled_from(
    ["So it goes on.", "How are you today?", "It was a long day,", "and then? Well,", "…", "no"]
)
POLICY_SET = ("person_name", "number_sequence", "email_address")


@given(
    name=NAMES,
    digits=DIGITS,
    mail=MAIL,
    chatter=st.lists(CHATTER, min_size=3, max_size=12),
    sub=st.sampled_from(["hash", "entity_name"]),
)
def test_no_hidden_value_is_left_and_no_word_is_lost(
    name: str, digits: str, mail: str, chatter: list[str], sub: Substitution
) -> None:
    told = [f"My name is {name}.", f"My number is {digits}.", f"Write to {mail}.", f"{digits}!"]
    for place, sentence in enumerate(told):
        chatter.insert(place * 2, sentence)
    said = Speech.of(spoken(" ".join(chatter)))
    made = redaction(said, *POLICY_SET, sub=sub)
    shown = made.speech(said)
    text = joined_text(shown.words)
    for value in (*name.split(), digits, mail):
        assert value not in text
        assert not re.search(rf"\b{re.escape(value)}\b", made.quoted(f"{name}, {digits}, {mail}"))
    assert [(word.start, word.end, word.index) for word in shown.words] == [
        (word.start, word.end, word.index) for word in said.words
    ]
    kept = [a.text for a, b in zip(said.words, shown.words, strict=True) if a.text == b.text]
    assert len(kept) >= len(" ".join(chatter).split()) - 8
