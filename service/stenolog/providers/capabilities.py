"""Say what each model of each provider can be asked for; from what is refused, so never beside it.

A feature has the name of the parameter of AssemblyAI's that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stenolog.providers.facts import ProviderFacts

Params = Mapping[str, object]
Unsupported = Callable[[Params], Iterable[tuple[str, str]]]
"""What a provider cannot do of what parameters ask for: each one's name, and a sentence."""

ANY_MODEL = "*"
_REDACTED: Params = {"redact_pii": True, "redact_pii_policies": ["person_name"]}
# The least that asks for each of them.
FEATURES: Mapping[str, Params] = {
    "audio_end_at": {"audio_end_at": 60_000},
    "audio_start_from": {"audio_start_from": 1_000},
    "auto_chapters": {"auto_chapters": True},
    "auto_highlights": {"auto_highlights": True},
    "content_safety": {"content_safety": True},
    "custom_spelling": {"custom_spelling": [{"from": ["stenologue"], "to": "Stenolog"}]},
    "custom_topics": {"custom_topics": True, "topics": ["weather"]},
    "disfluencies": {"disfluencies": True},
    "entity_detection": {"entity_detection": True},
    "filter_profanity": {"filter_profanity": True},
    "iab_categories": {"iab_categories": True},
    "keyterms_prompt": {"keyterms_prompt": ["Stenolog"]},
    "language_code": {"language_code": "de"},
    "language_detection": {"language_detection": True},
    "multichannel": {"multichannel": True},
    "prompt": {"prompt": "A call about an invoice."},
    "redact_pii": _REDACTED,
    "redact_pii_audio": {**_REDACTED, "redact_pii_audio": True},
    "sentiment_analysis": {"sentiment_analysis": True},
    "speaker_labels": {"speaker_labels": True},
    "speech_threshold": {"speech_threshold": 0.5},
    "speech_understanding": {
        "speech_understanding": {"request": {"translation": {"target_languages": ["de"]}}}
    },
    "summarization": {"summarization": True},
    "temperature": {"temperature": 0.5},
}
"""`language_code` stands for any language but English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What one model can be asked for, or several that are alike.

    Attributes:
        name: A request's word for it, or the first of several; `*`: any that the provider has.
        features: Names of `FEATURES`. Where the provider judges for itself, all of them.
        word_times: Whether its results have the times of words, which captions and word search
            need; None: it is not known.
    """

    name: str
    features: frozenset[str]
    word_times: bool | None = True

    @property
    def lacks(self) -> Sequence[str]:
        """The features that it cannot be asked for."""
        return [name for name in FEATURES if name not in self.features]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What a provider can be asked for, configured or not.

    Attributes:
        judges: It judges requests itself, so a feature may still be refused by it.
        upload_bytes_max: The largest file that is sent to it; None: not known, as the next two.
        url_bytes_max: The largest file that it fetches.
        audio_ms_max: The longest audio that it takes.
    """

    facts: ProviderFacts
    models: Sequence[Model]
    judges: bool = False
    upload_bytes_max: int | None = None
    url_bytes_max: int | None = None
    audio_ms_max: int | None = None
    unsupported: Unsupported = field(default=lambda _: ())

    def model(self, name: str) -> Model:
        """Return the row of a model, the last one for a name that no row has."""
        return next((one for one in self.models if one.name == name), self.models[-1])


def model_of(
    name: str, unsupported: Unsupported, beside: Params, *, word_times: bool | None = True
) -> Model:
    """Return the row of a model; `beside` is what names it in a request."""
    can = (
        feature for feature, least in FEATURES.items() if not any(unsupported({**beside, **least}))
    )
    return Model(name=name, features=frozenset(can), word_times=word_times)
