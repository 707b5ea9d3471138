"""Have jobs go by named days: those that were chosen, in turn, or one that an audio URL names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from stenolog.bounded import BoundedMemory
from stenolog.errors import InvalidRequest

QUERY = "day"  # the parameter of an audio URL that names its day
NAME_SHOWN_CHARS_MAX = 32
GIVEN_MAX = 20_000  # audios that keep their day, the newest

How = TypeVar("How")


class NamedDays(Generic[How]):
    """Chooses how a job goes, by the name of its audio.

    An audio URL whose query names a day, as in `https://a.example/a.mp3?day=lost-reply`, has that
    one. A repeated create of the same audio is the same job: it keeps its day.
    """

    def __init__(
        self, days: Mapping[str, How], names: Sequence[str], is_again: Callable[[How], bool]
    ) -> None:
        """Take turns by `names`.

        `is_again` tells whether a job's first create makes none, so that it is created again.
        """
        self._days = days
        self._turns = itertools.cycle([days[name] for name in names])
        self._is_again = is_again
        self._given: BoundedMemory[str, How] = BoundedMemory(GIVEN_MAX)

    def of(self, audio: str) -> How:
        """Return how the job of this audio goes, a URL or another name of it.

        Raises:
            InvalidRequest: Its URL names no day that there is; the message lists them, because a
                misspelt one would pass as a good one.
        """
        named = self._named(audio)
        if named is not None:
            return named
        again = self._given.get(audio)
        if again is None or not self._is_again(again):
            again = next(self._turns)
            self._given.put(audio, again)
        return again

    def _named(self, audio: str) -> How | None:
        names = parse_qs(urlsplit(audio).query).get(QUERY, ())
        for name in names:
            if name in self._days:
                return self._days[name]
        if names:
            sentence = (
                f"The simulator has no day {names[0][:NAME_SHOWN_CHARS_MAX]!r}; its days are: "
            )
            raise InvalidRequest(sentence + ", ".join(self._days))
        return None
