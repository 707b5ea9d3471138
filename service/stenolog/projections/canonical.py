"""Read the canonical transcript: the one shape in which projections read a provider's answer.

It is AssemblyAI's JSON. The answer of another provider is mapped to it by that vendor's module in
`wire` when it is projected (`vendors`); the log keeps the bytes as they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stenolog.projections.documents import ProjectionFailed, encode, number_or_none, text_or_none

Item = Mapping[str, Any]

CONTENT_SAFETY = "content_safety_labels"
OF_PROVIDER = "provider"  # the code of what the provider warns about in its own words
WARNINGS_MAX = 64
WARNING_CHARS_MAX = 2_000
BESIDE = "stenolog"  # the member that the engine adds to AssemblyAI's, and `/v2` leaves out


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one feature brought.

    Attributes:
        items: None when the provider gave no list at all.
        beside: What it says about all items together.
    """

    items: Sequence[Item] | None
    beside: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A word or an utterance; a value that is missing or of another type is None.

    Attributes:
        words: The number of words inside it.
    """

    speaker: str | None
    start_ms: int | None
    end_ms: int | None
    text: str | None
    words: int | None


@dataclass(frozen=True, slots=True)
class CanonicalTranscript:
    """Reads one answer with types; `answer` has the last value of a repeated name.

    A single value is None when it is missing or of another type. A list of findings raises
    `ProjectionFailed` when it is neither null nor a list of objects.
    """

    answer: Mapping[str, Any]

    @property
    def text(self) -> str | None:
        """Everything that was said."""
        return text_or_none(self.answer.get("text"))

    @property
    def confidence(self) -> float | None:
        """Between 0 and 1."""
        return number_or_none(self.answer.get("confidence"))

    @property
    def language_code(self) -> str | None:
        """Such as `en_us`."""
        return text_or_none(self.answer.get("language_code"))

    @property
    def word_count(self) -> int:
        """The length of the list of words; 0 without a list."""
        words = self.answer.get("words")
        return len(words) if isinstance(words, list) else 0

    @property
    def audio(self) -> str | None:
        """What the provider knows of the audio, as a JSON object; only the engine tells it."""
        known = self._beside().get("audio")
        return encode(known).decode() if isinstance(known, dict) else None

    @property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """What a reader should know: of the audio, and what the provider itself warns about.

        Code and sentence of each. The provider tells so of a model that it used instead.
        """
        found = []
        for warning in _objects(self._beside().get("warnings")):
            code, message = map(text_or_none, (warning.get("code"), warning.get("message")))
            if code and message:
                found.append((code, message))
        metadata = self.answer.get("metadata")
        for warning in _objects(metadata.get("warnings") if isinstance(metadata, dict) else None):
            message = text_or_none(warning.get("message"))
            if message and message not in {told for _, told in found}:
                found.append((OF_PROVIDER, message[:WARNING_CHARS_MAX]))
        return tuple(found[:WARNINGS_MAX])

    def _beside(self) -> Mapping[str, Any]:
        beside = self.answer.get(BESIDE)
        return beside if isinstance(beside, dict) else {}

    def says_requested(self, parameter: str) -> bool:
        """Tell whether the answer itself says that this parameter was true."""
        return self.answer.get(parameter) is True

    def words(self) -> Findings:
        """Return every word with its times."""
        return self._list("words")

    def utterances(self) -> Findings:
        """Return who said what, turn by turn, as the provider divided it."""
        return self._list("utterances")

    def chapters(self) -> Findings:
        """Chapters, as the provider found them."""
        return self._list("chapters")

    def sentiments(self) -> Findings:
        """Sentiment, sentence by sentence."""
        return self._list("sentiment_analysis_results")

    def entities(self) -> Findings:
        """Names, places, numbers and the like."""
        return self._list("entities")

    def content_safety(self) -> Findings:
        """Passages that a reader may want to be warned of; beside them, how much of each kind."""
        labels = self.answer.get(CONTENT_SAFETY)
        # Not finished or switched off, the provider says {}, null or a block with this status.
        if not labels:
            return Findings(items=None)
        if not isinstance(labels, dict):
            raise ProjectionFailed(
                f"{CONTENT_SAFETY} is a JSON {type(labels).__name__}, not an object"
            )
        items = _list_of_objects(labels.get("results"), CONTENT_SAFETY)
        if not items and labels.get("status") != "success":
            items = None
        beside = {
            name: value for name, value in labels.items() if name not in ("status", "results")
        }
        return Findings(items=items, beside=beside)

    def _list(self, name: str) -> Findings:
        return Findings(items=_list_of_objects(self.answer.get(name), name))


def spoken(item: Item) -> Spoken:
    """Return the word or utterance in `item`."""
    words = item.get("words")
    return Spoken(
        speaker=speaker_of(item),
        start_ms=_milliseconds_or_none(item.get("start")),
        end_ms=_milliseconds_or_none(item.get("end")),
        text=text_or_none(item.get("text")),
        words=len(words) if isinstance(words, list) else None,
    )


def speaker_of(item: Item) -> str | None:
    """Return the label of the speaker."""
    return text_or_none(item.get("speaker"))


def start_ms_of(item: Item) -> int | None:
    """Return where an item starts: its own `start`, or its `timestamp`'s."""
    if "start" in item:
        return _milliseconds_or_none(item["start"])
    timestamp = item.get("timestamp")
    return _milliseconds_or_none(timestamp.get("start")) if isinstance(timestamp, dict) else None


def _objects(value: object) -> Sequence[Item]:
    """Return the objects of a list; nothing of what is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _list_of_objects(value: object, name: str) -> Sequence[Item] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise ProjectionFailed(f"{name} is a JSON {type(value).__name__}, not a list")
    for item in value:
        if not isinstance(item, dict):
            raise ProjectionFailed(f"{name} holds a JSON {type(item).__name__}, not an object")
    return value


def _milliseconds_or_none(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)
