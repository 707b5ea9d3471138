"""Name what can be found and hidden in a conversation, and what a request asks to be hidden.

Only names: it is loaded where requests are read, without the rules and their libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# Every type, the surest first: where two are found in the same words, the earlier one stays.
ENTITY_TYPES = (
    "email_address",
    "url",
    "ip_address",
    "filename",
    "password",
    "username",
    "date_of_birth",
    "date_interval",
    "date",
    "us_social_security_number",
    "credit_card_number",
    "credit_card_cvv",
    "credit_card_expiration",
    "banking_information",
    "passport_number",
    "drivers_license",
    "healthcare_number",
    "vehicle_id",
    "account_number",
    "phone_number",
    "money_amount",
    "person_age",
    "time",
    "location",
    "duration",
    "number_sequence",
    "organization",
    "person_name",
    "statistics",
    "physical_attribute",
    # From lists of words.
    "blood_type",
    "drug",
    "event",
    "gender_sexuality",
    "injury",
    "language",
    "marital_status",
    "medical_condition",
    "medical_process",
    "nationality",
    "occupation",
    "political_affiliation",
    "religion",
    "zodiac_sign",
)
Substitution = Literal["hash", "entity_name"]

NUMBERS = frozenset(
    {
        "account_number",
        "banking_information",
        "credit_card_cvv",
        "credit_card_number",
        "drivers_license",
        "healthcare_number",
        "number_sequence",
        "passport_number",
        "phone_number",
        "us_social_security_number",
        "vehicle_id",
    }
)
# What a policy hides beside its own type: which kind of number it was is a guess, hiding it is not.
WIDER: Mapping[str, frozenset[str]] = {
    "number_sequence": NUMBERS,
    "account_number": frozenset({"banking_information"}),
    "banking_information": frozenset({"account_number"}),
    "credit_card_expiration": frozenset({"date"}),
    "date": frozenset({"date_of_birth", "credit_card_expiration", "date_interval"}),
    "date_of_birth": frozenset(),
}
# Parts of a type, which AssemblyAI's SDK has as policies of their own: the whole type is hidden.
PARTS: Mapping[str, str] = {
    "day": "date",
    "gender": "gender_sexuality",
    "location_address": "location",
    "location_address_street": "location",
    "location_city": "location",
    "location_country": "location",
    "location_state": "location",
    "location_zip": "location",
    "month": "date",
    "organization_medical_facility": "organization",
    "sexuality": "gender_sexuality",
    "year": "date",
}
POLICIES = frozenset(ENTITY_TYPES) | PARTS.keys()
# Types whose words name one thing wherever they are said again.
NAMING = NUMBERS | {"email_address", "ip_address", "password", "person_name", "url", "username"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionOptions:
    """What is to be hidden, and what is shown instead.

    Attributes:
        policies: Names of `POLICIES`.
        static: Exact terms under the label that is shown for them.
        substitution: `hash` shows a # for each character, `entity_name` the policy in brackets.
    """

    policies: tuple[str, ...] = ()
    static: Mapping[str, tuple[str, ...]]
    substitution: Substitution = "hash"
