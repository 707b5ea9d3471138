"""Say where in the audio something is, and who speaks; link to it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from stenolog.edge.report.conversation import Conversation, Turn
from stenolog.edge.report.elements import Html, Inside, element

COLOURS = 8  # of speakers, in the style sheet; more than eight share them, and all have names
NOBODY = "Unknown"
INNER_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")


def clock(ms: int) -> str:
    """Return a place in the audio: `0:14`, `1:02:03`."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def readable(label: str) -> str:
    """Return a label for people: `person_name` and `PersonName` are both person name."""
    return INNER_CAPITAL.sub(r" \1", label).replace("_", " ").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A speaker: how long and how often they spoke, and the number of their colour."""

    speaker: str | None
    colour: int
    talk_ms: int
    turns: int
    words: int

    @property
    def name(self) -> str:
        """What a reader calls them; one letter or number alone says too little."""
        if self.speaker is None:
            return NOBODY
        return f"Speaker {self.speaker}" if len(self.speaker) <= 2 else self.speaker


@dataclass(frozen=True, slots=True)
class Places:
    """The turns by their times, and the voices, who spoke longest first."""

    turns: Sequence[Turn]
    voices: Sequence[Voice]
    starts: Sequence[int] = field(repr=False)
    by_speaker: dict[str | None, Voice] = field(repr=False)

    @classmethod
    def of(cls, said: Conversation) -> Places:
        """Return the places of a conversation."""
        tallies: dict[str | None, list[int]] = {}
        last: str | None = ""
        for turn in said.turns:
            tally = tallies.setdefault(turn.speaker, [0, 0, 0])
            tally[0] += turn.end - turn.start
            tally[1] += turn.speaker != last or not tally[1]
            tally[2] += turn.words
            last = turn.speaker
        longest = sorted(tallies.items(), key=lambda one: -one[1][0])
        voices = [
            Voice(speaker=speaker, colour=at % COLOURS, talk_ms=ms, turns=turns, words=words)
            for at, (speaker, (ms, turns, words)) in enumerate(longest)
        ]
        return cls(
            said.turns,
            voices,
            [turn.start for turn in said.turns],
            {voice.speaker: voice for voice in voices},
        )

    def turn_at(self, ms: int) -> int | None:
        """Return the number of the turn that begins last before or at this time; None: none."""
        return max(0, bisect_right(self.starts, ms) - 1) if self.turns else None

    def link(self, ms: int, *inside: Inside, class_: str = "time") -> Html:
        """Return a link to the turn at this time; a player goes to the time itself."""
        at = self.turn_at(ms)
        return element(
            "a",
            *(inside or (clock(ms),)),
            href=None if at is None else f"#t{at}",
            class_=class_,
            data_ms=ms,
        )
