"""Hold a request's options for speech and text; plain data, for the engine and its workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from stenolog.intelligence.policies import RedactionOptions
from stenolog.intelligence.spelling import Spelling
from stenolog.intelligence.theme_options import ThemeOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerBounds:
    """How many voices the caller expects; `most` None when there is no upper bound."""

    least: int = 1
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyterms:
    """Words and phrases that the caller expects; `strength` 1 is the usual one."""

    terms: tuple[str, ...]
    strength: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioRedaction:
    """Redacted audio is asked for: in which format, and with silence instead of a tone."""

    quality: Literal["mp3", "wav"] = "mp3"
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """What is asked of the text, named as AssemblyAI's parameters; nothing by default."""

    custom_spelling: tuple[Spelling, ...] = ()
    disfluencies: bool = False
    entity_detection: bool = False
    filter_profanity: bool = False
    redaction: RedactionOptions | None = None
    redact_pii_audio: AudioRedaction | None = None
    redact_pii_return_unredacted: bool = False
    sentiment_analysis: bool = False
    themes: ThemeOptions = field(default_factory=ThemeOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOptions:
    """`speakers` is None without speaker labels, `speech_threshold` as the caller gave it.

    With `multichannel` each channel is heard by itself.

    Audio before `from_ms` and from `to_ms` on is not heard; None: from the beginning, to the end.
    """

    speakers: SpeakerBounds | None = None
    speech_threshold: int | float | None = None
    keyterms: Keyterms | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    language_detection: bool = False
    multichannel: bool = False
    punctuate: bool = True
    format_text: bool = True
    text: TextOptions = TextOptions()
