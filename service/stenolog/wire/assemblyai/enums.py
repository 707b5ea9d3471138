"""List words of AssemblyAI's pre-recorded API: those of ours, and those that its SDK can read.

The service takes new ones every month, so none of these lists decides what a customer may ask for:
the service does (DECISIONS 129). They are for answers, for the simulator and for documents.
"""

from __future__ import annotations

from collections.abc import Mapping

TERMINAL = frozenset({"completed", "error"})
STATUSES = ("queued", "processing", "completed", "error")

# Names for the deprecated `speech_model`; the SDK reads no other in an answer.
LEGACY_SPEECH_MODELS = ("best", "nano", "slam-1", "universal")

# OpenAPI description 1.3.4, EntityType and PiiPolicy.
ENTITY_TYPES_DESCRIBED = frozenset(
    [
        "account_number",
        "banking_information",
        "blood_type",
        "credit_card_cvv",
        "credit_card_expiration",
        "credit_card_number",
        "date",
        "date_interval",
        "date_of_birth",
        "drivers_license",
        "drug",
        "duration",
        "email_address",
        "event",
        "filename",
        "gender_sexuality",
        "healthcare_number",
        "injury",
        "ip_address",
        "language",
        "location",
        "marital_status",
        "medical_condition",
        "medical_process",
        "money_amount",
        "nationality",
        "number_sequence",
        "occupation",
        "organization",
        "passport_number",
        "password",
        "person_age",
        "person_name",
        "phone_number",
        "physical_attribute",
        "political_affiliation",
        "religion",
        "statistics",
        "time",
        "url",
        "us_social_security_number",
        "username",
        "vehicle_id",
        "zodiac_sign",
    ]
)
# What the official Python SDK knows beside them; it rejects any other in a response.
ENTITY_TYPES_OF_SDK = frozenset(
    [
        "corporate_action",
        "day",
        "effect",
        "financial_metric",
        "gender",
        "location_address",
        "location_address_street",
        "location_city",
        "location_coordinate",
        "location_country",
        "location_state",
        "location_zip",
        "medical_code",
        "month",
        "organization_id",
        "organization_medical_facility",
        "product",
        "project",
        "sexuality",
        "trend",
        "year",
    ]
)
ENTITY_TYPES = ENTITY_TYPES_DESCRIBED | ENTITY_TYPES_OF_SDK
PII_POLICIES = ENTITY_TYPES

LANGUAGE_CODE_DEFAULT = "en_us"

CONTENT_SAFETY_LABELS = frozenset(
    [
        "accidents",
        "alcohol",
        "financials",
        "crime_violence",
        "drugs",
        "gambling",
        "hate_speech",
        "health_issues",
        "manga",
        "marijuana",
        "disasters",
        "negative_news",
        "nsfw",
        "pornography",
        "profanity",
        "sensitive_social_issues",
        "terrorism",
        "tobacco",
        "weapons",
    ]
)
FINDING_STATUSES = ("success", "unavailable")
SENTIMENTS = ("POSITIVE", "NEUTRAL", "NEGATIVE")
SUBSTITUTIONS = ("hash", "entity_name")
AUDIO_QUALITIES = ("mp3", "wav")
AUDIO_REDACTION_METHODS = ("silence",)
BOOSTS = ("low", "default", "high")
# Which types each model writes, the first where none is asked for (documentation, March 2026).
SUMMARY_TYPES_OF_MODEL: Mapping[str, tuple[str, ...]] = {
    "informative": ("bullets", "bullets_verbose", "headline", "paragraph"),
    "conversational": ("bullets", "bullets_verbose", "headline", "paragraph"),
    "catchy": ("headline", "gist"),
}
SUMMARY_MODELS = tuple(SUMMARY_TYPES_OF_MODEL)
SUMMARY_TYPES = ("bullets", "bullets_verbose", "gist", "headline", "paragraph")
UNDERSTANDING_SUMMARY_TYPES = ("bullets", "paragraph")
UNDERSTANDING_EFFORTS = ("low", "medium")
SPEAKER_TYPES = ("role", "name")
SHORT_FILE_METHODS = ("deliberate", "balanced", "conservative", "aggressive")
LONG_FILE_METHODS = ("standard", "experimental")
MATCH_STRENGTHS = ("high", "standard")
