"""Count what of a provider's answer was not as documented, and say what views made of it."""

from __future__ import annotations

from collections.abc import Mapping

NOT_AN_OBJECT = "not-an-object"
WRONG_TYPE = "wrong-type"
NO_TIME = "no-time"
NEGATIVE_TIME = "negative-time"
REVERSED_TIME = "reversed-time"
BEYOND_AUDIO = "beyond-audio"
OVERLAPPING = "overlapping-chapters"
SPEAKER_BY_TIME = "speaker-by-time"
SPEAKER_BY_UTTERANCE = "speaker-by-utterance"
IN_NO_UTTERANCE = "in-no-utterance"
WORDS_OF_UTTERANCES = "words-of-utterances"
HEADLINE_MADE = "headline-made"
REDACTED_HERE = "redacted-here"

SENTENCES: Mapping[str, str] = {
    NOT_AN_OBJECT: "Entries that are no JSON objects, and are left out: {count}.",
    WRONG_TYPE: "Values of another type than documented, shown as null: {count}.",
    NO_TIME: "Items with a time that is missing or cannot be one; a known neighbour's, or null, "
    "is shown: {count}.",
    NEGATIVE_TIME: "Times before the beginning of the audio, shown as 0: {count}.",
    REVERSED_TIME: "Items that end before they start, shown as ending there: {count}.",
    BEYOND_AUDIO: "Items that end behind the end of the audio: {count}.",
    OVERLAPPING: "Chapters that begin before the one before them ends: {count}.",
    SPEAKER_BY_TIME: "Items for which the provider names another speaker than the words in their "
    "time have; the words' is shown, and `repaired` marks them: {count}.",
    SPEAKER_BY_UTTERANCE: "Words without a speaker of their own, which have that of the utterance "
    "in whose time they are: {count}.",
    IN_NO_UTTERANCE: "Words that the provider has put into no utterance: {count}.",
    WORDS_OF_UTTERANCES: "There is no list of words: those inside the utterances are shown: "
    "{count}.",
    REDACTED_HERE: "Texts that quoted what redact_pii hides, and are redacted here: {count}.",
    HEADLINE_MADE: "Chapters without headline, gist or summary, which have one made of the rest; "
    "`repaired` marks them: {count}.",
}


class Notes:
    """What was found in one view of one transcript."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, code: str, count: int = 1) -> None:
        """Count one more of a kind, or several."""
        if count:
            self._counts[code] = self._counts.get(code, 0) + count

    def warnings(self) -> list[dict[str, str]]:
        """Return a code and a sentence of each kind, in the order in which they were found."""
        return [
            {"code": code, "message": SENTENCES[code].format(count=count)}
            for code, count in self._counts.items()
        ]
