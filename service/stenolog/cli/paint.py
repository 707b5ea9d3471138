"""Colour text on a terminal, where its user has not asked for none."""

from __future__ import annotations

import os
import sys

END = "\x1b[0m"
BOLD, DIM = "\x1b[1m", "\x1b[2m"
GOOD, BAD, FLAG = "\x1b[32m", "\x1b[31m", "\x1b[33m"
# Of speakers, in the order in which they are first heard: readable on dark and on light; no red,
# green or yellow, which say how something sounds.
VOICES = ("\x1b[36m", "\x1b[35m", "\x1b[34m", "\x1b[96m", "\x1b[95m", "\x1b[94m")


class Paint:
    """Puts texts, of which each is on one line, into colours; or leaves them as they are."""

    def __init__(self, on: bool | None = None) -> None:
        """Colour when `on`; None: on a terminal, unless NO_COLOR or a dumb one says otherwise."""
        self._on = colours_wanted() if on is None else on
        self._voices: dict[str, str] = {}

    def __call__(self, colour: str, text: str) -> str:
        """Return the text in this colour."""
        return f"{colour}{text}{END}" if self._on else text

    def voice(self, speaker: str | None) -> str:
        """Return the speaker's name in their colour; `?` for one whom nobody knows."""
        if speaker is None:
            return "?"
        colour = self._voices.setdefault(speaker, VOICES[len(self._voices) % len(VOICES)])
        return self(BOLD + colour, speaker)


def colours_wanted() -> bool:
    """Tell whether standard output shows colours, and is to (https://no-color.org)."""
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
