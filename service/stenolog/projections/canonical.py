"""Read the canonical transcript: the one shape in which projections read a provider's answer.

It is AssemblyAI's JSON. The answer of another provider is mapped to it by that vendor's module in
`wire` when it is projected (`vendors`); the log keeps the bytes as they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stenolog.projections.documents import encode, number_or_none, text_or_none

Item = Mapping[str, Any]

OF_PROVIDER = "provider"  # the code of what the provider warns about in its own words
BESIDE = "stenolog"  # the member of ours; `/v2` shows of it only `ENRICHED`
ENRICHED = "enriched"
WARNINGS_MAX = 64
WARNING_CHARS_MAX = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one feature brought.

    Attributes:
        items: None when the provider gave no list at all.
        beside: What it says about all items together.
    """

    items: Sequence[Item] | None
    beside: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CanonicalTranscript:
    """Reads one answer with types; `answer` has the last value of a repeated name.

    A value is None when it is missing or of another type. What was said and found in it is for
    `shaped` to read.
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
    def audio_duration(self) -> float | None:
        """In seconds; providers round it up."""
        return number_or_none(self.answer.get("audio_duration"))

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
        for warning in objects_in(self._beside().get("warnings")):
            code, message = map(text_or_none, (warning.get("code"), warning.get("message")))
            if code and message:
                found.append((code, message))
        metadata = self.answer.get("metadata")
        for warning in objects_in(metadata.get("warnings") if isinstance(metadata, dict) else None):
            message = text_or_none(warning.get("message"))
            if message and message not in {told for _, told in found}:
                found.append((OF_PROVIDER, message[:WARNING_CHARS_MAX]))
        return tuple(found[:WARNINGS_MAX])

    @property
    def enriched(self) -> Mapping[str, Mapping[str, str]]:
        """How each analysis was made that is not the provider's, by its parameter.

        `by`, `method`, `version`; and `missing`, the reason, where nothing was made.
        """
        made = self._beside().get(ENRICHED)
        return made if isinstance(made, dict) else {}

    def _beside(self) -> Mapping[str, Any]:
        beside = self.answer.get(BESIDE)
        return beside if isinstance(beside, dict) else {}

    def says_requested(self, parameter: str) -> bool:
        """Tell whether the answer itself says that this parameter was true."""
        return self.answer.get(parameter) is True


def by_start(items: Sequence[Item]) -> Sequence[Item]:
    """Return the items ordered by start; an item without a time stays after its neighbour."""
    starts: list[int] = []
    ordered, last = True, -1
    for item in items:
        start = start_ms_of(item)
        if start is None:
            start = last
        ordered = ordered and start >= last
        starts.append(start)
        last = start
    if ordered:
        return items
    return [items[at] for at in sorted(range(len(items)), key=starts.__getitem__)]


def start_ms_of(item: Item) -> int | None:
    """Return where an item starts, in ms."""
    value = item.get("start")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)


def objects_in(value: object) -> Sequence[Item]:
    """Return the objects of a list; nothing of what is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
