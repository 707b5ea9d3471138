"""What a conversation names is found, with its type, and nothing else is."""

from __future__ import annotations

import pytest

from stenolog.intelligence.entities import Entity, entities, spans_of
from stenolog.intelligence.pii_words import LISTS
from stenolog.intelligence.policies import ENTITY_TYPES
from stenolog.intelligence.speech import Speech
from stenolog.wire.assemblyai.enums import ENTITY_TYPES_DESCRIBED
from tests.intelligence.speech import spoken


def named(text: str) -> list[tuple[str, str]]:
    said = Speech.of(spoken(text))
    return [(one.entity_type, one.text) for one in entities(said, said, spans_of(said))]


NAMED = {
    # people
    "Hi, my name is Anka Brzęk-Lund. Thank you, Anka.": [
        ("person_name", "Anka Brzęk-Lund"),
        ("person_name", "Anka"),
    ],
    "This is Priya. May I have your name? Xiomara Quintanilla. Thanks, Xiomara!": [
        ("person_name", "Priya"),
        ("person_name", "Xiomara Quintanilla"),
        ("person_name", "Xiomara"),
    ],
    "I'm Louis. Bye for now Luis, see Dr. Van Helsing, or olivia.": [
        ("person_name", "Louis"),
        ("person_name", "Luis"),
        ("person_name", "Van Helsing"),
    ],
    "Do I know you? May I ask? Will it work? I'm Sure. This is Monday's.": [("date", "Monday")],
    # numbers, named by what was said before
    "My card number is 4111 1111 1111 1111, expiry 08 29, and the CVV is 123.": [
        ("credit_card_number", "4111 1111 1111 1111"),
        ("credit_card_expiration", "08 29"),
        ("credit_card_cvv", "123"),
    ],
    "four one one one, one one one one, one one one one, one one one one": [
        (
            "credit_card_number",
            "four one one one, one one one one, one one one one, one one one one",
        )
    ],
    "My social is one two three, four five, six seven eight nine.": [
        ("us_social_security_number", "one two three, four five, six seven eight nine")
    ],
    "It is 123-45-6789 or 415-555-2671 or +44 20 7946 0958.": [
        ("us_social_security_number", "123-45-6789"),
        ("phone_number", "415-555-2671"),
        ("phone_number", "+44 20 7946 0958"),
    ],
    "Your account number? Sure, it's 12345678.": [("account_number", "12345678")],
    "The confirmation code is A B 7 9 4 X.": [("number_sequence", "A B 7 9 4 X")],
    "License plate 7 A B C 1 2 3.": [("vehicle_id", "7 A B C 1 2 3")],
    "My zip code is 97477.": [("location", "97477")],
    "In 2019 we sold 1,234 cars to two hundred fifty people.": [],
    # dates, times, amounts
    "My date of birth? April 2, 1990.": [("date_of_birth", "April 2, 1990")],
    "Born on the 4th of July nineteen seventy six.": [
        ("date_of_birth", "the 4th of July nineteen seventy six")
    ],
    "It's June sixth, one, nine, eight, four, or 12/05/2024.": [
        ("date", "June sixth, one, nine, eight, four"),
        ("date", "12/05/2024"),
    ],
    "From June 3rd through June 10th, in the nineties.": [
        ("date_interval", "June 3rd through June 10th"),
        ("date_interval", "nineties"),
    ],
    "It expires in August twenty twenty nine.": [
        ("credit_card_expiration", "August twenty twenty nine")
    ],
    "We march in May, and may march on.": [],
    "At 3:00 p.m. or half past five or ten o'clock.": [
        ("time", "3:00 p.m"),
        ("time", "half past five"),
        ("time", "ten o'clock"),
    ],
    "He is 35 years old and waited three weeks.": [
        ("person_age", "35 years old"),
        ("duration", "three weeks"),
    ],
    "It is $1,200.50, or twenty bucks, up 50%.": [
        ("money_amount", "$1,200.50"),
        ("money_amount", "twenty bucks"),
        ("statistics", "50%"),
    ],
    # addresses of all kinds
    "My email is daniel dot whitfield at example dot com.": [
        ("email_address", "daniel dot whitfield at example dot com")
    ],
    "Your email? Yes, it's Marie.baker at email.com and more.": [
        ("email_address", "Marie.baker at email.com")
    ],
    "Email? Of course, it's Elwardexample.com.": [("email_address", "Elwardexample.com")],
    "Write to john underscore smith 42 at mail dot co dot uk, or a@b.org.": [
        ("email_address", "john underscore smith 42 at mail dot co dot uk"),
        ("email_address", "a@b.org"),
    ],
    "See www.example.com/help or example dot org.": [
        ("url", "www.example.com/help"),
        ("url", "example dot org"),
    ],
    "My password is hunter two. My user name is darkstar.": [
        ("password", "hunter two"),
        ("username", "darkstar"),
    ],
    "At 192.168.1.20 is report dot pdf and notes.txt.": [
        ("ip_address", "192.168.1.20"),
        ("filename", "report dot pdf"),
        ("filename", "notes.txt"),
    ],
    "I live in Springfield, at 742 Evergreen Terrace, apartment 3.": [
        ("location", "Springfield"),
        ("location", "742 Evergreen Terrace, apartment 3"),
    ],
    "The address is one hundred, two baker street in New York.": [
        ("location", "one hundred, two baker street"),
        ("location", "New York"),
    ],
    "Thank you for calling Green Thumb Gardening Services, not Wells Fargo.": [
        ("organization", "Green Thumb Gardening Services"),
        ("organization", "Wells Fargo"),
    ],
    # lists
    "I'm American, I speak Spanish, a Catholic and a nurse with diabetes.": [
        ("nationality", "American"),
        ("language", "Spanish"),
        ("religion", "Catholic"),
        ("occupation", "nurse"),
        ("medical_condition", "diabetes"),
    ],
    "She has blue eyes and took ibuprofen after surgery for a broken arm.": [
        ("physical_attribute", "blue eyes"),
        ("drug", "ibuprofen"),
        ("medical_process", "surgery"),
        ("injury", "broken arm"),
    ],
    "": [],
    "... — !": [],
}


@pytest.mark.parametrize("text", NAMED)
def test_what_is_named_is_found(text: str) -> None:
    assert named(text) == NAMED[text]


def test_every_type_is_one_that_clients_can_read() -> None:
    assert set(ENTITY_TYPES) == ENTITY_TYPES_DESCRIBED
    assert len(ENTITY_TYPES) == len(set(ENTITY_TYPES))


def test_every_list_of_words_is_of_a_type() -> None:
    assert set(LISTS) <= set(ENTITY_TYPES)


def test_an_answer_is_read_with_the_question_of_somebody_else() -> None:
    question = spoken("What is your order number?", speaker="A")
    answer = spoken("Sure, it's 0829.", speaker="B", begin=1_500)
    said = Speech.of((*question, *answer))
    assert entities(said, said, spans_of(said)) == (
        Entity(entity_type="number_sequence", text="0829", start=2_100, end=2_400, speaker="B"),
    )
