"""Tell which words of a transcript stand for something that was hidden, and what that was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stenolog.intelligence.words import Word
from stenolog.wire.assemblyai.enums import PII_POLICIES

_NAMED = re.compile(r"\[([A-Z][A-Z0-9_]*)\]")
_HASHED = re.compile(r"[^\w\[\]]*#[^\w\[\]]*")  # no letter and no digit is left
_NOT_IN_NAMES = re.compile(r"\W")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """Consecutive words that one policy hides; `policy` is None where only # are shown."""

    policy: str | None
    words: tuple[Word, ...]


class Substitutes:
    """What a request has hidden, as its words show it."""

    def __init__(self, answer: Mapping[str, Any], params: Mapping[str, Any]) -> None:
        """Take the transcript and the customer's request, as far as it is known."""
        self._answer = answer
        self._params = params

    @property
    def asked(self) -> bool:
        """Whether personal data is to be hidden."""
        return self._params.get("redact_pii") is True or self._answer.get("redact_pii") is True

    @cached_property
    def policies(self) -> Sequence[str]:
        """What is to be hidden, by the names of policies; empty where nobody knows."""
        for given in (self._params, self._answer):
            value = given.get("redact_pii_policies")
            if isinstance(value, list):
                return tuple(one for one in value if isinstance(one, str))
        return ()

    @cached_property
    def static(self) -> Mapping[str, tuple[str, ...]]:
        """Exact terms that are to be hidden, by the label that is shown for them."""
        given = self._params.get("redact_static_entities")
        return {
            label: tuple(one for one in terms if isinstance(one, str))
            for label, terms in (given.items() if isinstance(given, dict) else ())
            if isinstance(terms, list)
        }

    @cached_property
    def _names(self) -> frozenset[str]:
        asked = (*self.policies, *self.static)
        return PII_POLICIES | {_NOT_IN_NAMES.sub("_", one).lower() for one in asked}

    def is_all_hidden(self, text: str) -> bool:
        """Tell whether every word of a text stands for something hidden."""
        return all(map(self.is_hidden, text.split()))

    def is_hidden(self, text: str) -> bool:
        """Tell whether a word, or one in a text, stands for something hidden."""
        if "#" not in text and "[" not in text:  # nearly all words
            return False
        return self.policy_of(text) is not None or _HASHED.fullmatch(text) is not None

    def policy_of(self, text: str) -> str | None:
        """Return the policy that a word names; None also for a word of #."""
        found = _NAMED.search(text)
        name = found[1].lower() if found else None
        return name if name in self._names else None

    def in_words(self, words: Sequence[Word]) -> Iterator[Hidden]:
        """Yield what is hidden, in order; neighbours that one policy hides are one."""
        run: list[Word] = []
        policy: str | None = None
        for word in words:
            hidden = self.is_hidden(word.text)
            named = self.policy_of(word.text) if hidden else None
            if run and (not hidden or named != policy):
                yield Hidden(policy=policy, words=tuple(run))
                run = []
            if hidden:
                policy = named
                run.append(word)
        if run:
            yield Hidden(policy=policy, words=tuple(run))
