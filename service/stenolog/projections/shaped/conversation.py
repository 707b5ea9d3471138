"""Hold one transcript as its views look at it; what several of them need is made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from stenolog.intelligence.sentences import sentences
from stenolog.intelligence.words import Word, read_words
from stenolog.projections.canonical import BESIDE, CanonicalTranscript, Findings, Item, by_start
from stenolog.projections.documents import ProjectionFailed
from stenolog.projections.shaped.fields import Fields, label_or_none
from stenolog.projections.shaped.notes import Notes
from stenolog.projections.shaped.timeline import Speakers, Turn, Turns, WordsByTime

MS_PER_S = 1_000


class Conversation:
    """One completed transcript: the provider's answer in canonical shape, and what was asked for.

    What is odd in its words and utterances is noted by their own views alone; for all others they
    count as far as they can be read.
    """

    def __init__(
        self,
        answer: Mapping[str, Any],
        params: Mapping[str, Any],
        *,
        provider: str | None = None,
    ) -> None:
        """Take the canonical transcript, and the customer's request as far as it is known.

        `provider` is the name of who transcribed.
        """
        self.transcript = CanonicalTranscript(answer)
        self.answer = answer
        self.params = params
        self.provider = provider

    def was_requested(self, parameters: Sequence[str]) -> bool:
        """Tell whether one of these was true, in the request or as the answer repeats it."""
        return any(
            self.params.get(one) is True or self.transcript.says_requested(one)
            for one in parameters
        )

    @property
    def beside(self) -> Mapping[str, Any]:
        """What the answer says that is no provider's; empty where it says nothing."""
        ours = self.answer.get(BESIDE)
        return ours if isinstance(ours, dict) else {}

    @property
    def audio_end_ms(self) -> int | None:
        """Where the audio ends that was listened to, in ms of the file; None when it is unknown."""
        seconds = self.transcript.audio_duration
        begin = self.params.get("audio_start_from")
        offset = begin if isinstance(begin, int) else 0
        return None if seconds is None else int((seconds + 1) * MS_PER_S) + offset

    @cached_property
    def raw_words(self) -> Sequence[Item]:
        """The words as they came, those inside the utterances where there is no list of them."""
        own = self._objects("words")
        return own or [
            word for one in self.raw_utterances for word in Fields(Notes()).objects(one, "words")
        ]

    @cached_property
    def words_of_utterances(self) -> bool:
        """Whether the words are those inside the utterances."""
        return bool(self.raw_words) and not self._objects("words")

    @cached_property
    def raw_utterances(self) -> Sequence[Item]:
        """The utterances as they came, ordered by their start."""
        return by_start(self._objects("utterances"))

    def without_words(self) -> Findings:
        """Return what a view of words holds where none has a time: nothing, if nothing was said.

        Raises:
            ProjectionFailed: The words are not a list of objects.
        """
        listed = Fields(Notes()).listed(self.answer, "words")
        silent = listed is not None and not self.raw_words and not self.transcript.text
        return Findings(items=() if silent else None)

    @cached_property
    def turns(self) -> Turns:
        """The utterances that have a time."""
        fields = Fields(Notes())
        found: list[Turn] = []
        for at, one in enumerate(self.raw_utterances):
            start, end = fields.span(one)
            if start is not None and end is not None:
                speaker, channel = fields.label(one, "speaker"), fields.label(one, "channel")
                turn = Turn(at=at, start=start, end=end, speaker=speaker, channel=channel)
                found.append(turn)
        return Turns(sorted(found, key=lambda turn: turn.start))

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words that have text, with times and speakers filled in; none if none has a time."""
        words = read_words(self.raw_words, self.transcript.text or "")
        return tuple(self._with_speaker(word) for word in words)

    @cached_property
    def sentences(self) -> Sequence[tuple[Word, ...]]:
        """Every word in one sentence."""
        return sentences(self.words)

    @cached_property
    def speakers(self) -> Speakers:
        """Who speaks when."""
        return Speakers(self.words)

    @cached_property
    def words_by_time(self) -> WordsByTime:
        """What is said when."""
        return WordsByTime(self.words)

    def utterance_of(
        self, start: int | None, end: int | None, speaker: str | None, channel: str | None = None
    ) -> int | None:
        """Return the index of the utterance in which most of this time is."""
        turn = self.turns.around(start, end, (channel, speaker))
        return None if turn is None else turn.at

    def utterance_at(self, start: int | None, end: int | None) -> int | None:
        """Return the index of the first utterance in this time."""
        turn = self.turns.first_in(start, end)
        return None if turn is None else turn.at

    def _with_speaker(self, word: Word) -> Word:
        if word.speaker is not None:
            raw = self.raw_words[word.index].get("speaker")
            if isinstance(raw, str) and raw == raw.strip() != "":
                return word
            speaker = label_or_none(raw)
        else:
            turn = (
                self.turns.around(word.start, word.end, (word.channel, None))
                if self.turns
                else None
            )
            speaker = None if turn is None else turn.speaker
        if speaker == word.speaker:
            return word
        return Word(
            text=word.text,
            start=word.start,
            end=word.end,
            confidence=word.confidence,
            speaker=speaker,
            channel=word.channel,
            index=word.index,
            joined=word.joined,
        )

    def _objects(self, name: str) -> Sequence[Item]:
        try:
            return Fields(Notes()).listed(self.answer, name) or ()
        except ProjectionFailed:
            return ()
