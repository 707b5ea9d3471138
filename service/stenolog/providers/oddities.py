"""Count answers of a provider that are not what they should be, and warn once of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog

from stenolog.errors import ProviderUnavailable
from stenolog.providers.port import RequestKind

SHOWN_CHARACTERS_MAX = 64

log = structlog.get_logger()


def odd_answer(kind: str, message: str) -> ProviderUnavailable:
    """Return the error of an answer that says nothing, because this is wrong with it."""
    error = ProviderUnavailable(message)
    error.odd = kind
    return error


class Oddities:
    """What one place has answered that its documents do not have, since the start.

    The kinds are words of our own, so there are few.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many there were, by kind."""
        return dict(self._counts)

    def note(self, kind: str, request: RequestKind, word: str = "") -> None:
        """Count one answer to this kind of request; the first of its kind has a line.

        `word` is the provider's, where an unknown one is what is odd.
        """
        self._counts[kind] += 1
        if self._counts[kind] > 1:
            return
        log.warning(
            "provider.odd_answer",
            provider=self._provider,
            odd=kind,
            requests=request,
            word=word[:SHOWN_CHARACTERS_MAX] if word.isprintable() else "",
            advice="it is counted from now on in stenolog_provider_odd_answers_total; jobs wait, "
            "and are asked for again; see what answers at the provider's base URL",
        )

    @contextmanager
    def counted(self, request: RequestKind) -> Iterator[None]:
        """Count what is wrong with the answer that is read within."""
        try:
            yield
        except ProviderUnavailable as exc:
            if exc.odd:
                self.note(exc.odd, request)
            raise
