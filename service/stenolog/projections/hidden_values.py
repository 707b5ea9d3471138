"""Remember what a transcript hides, learned from where it is quoted, and hide it elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from stenolog.intelligence.entities import spans_of
from stenolog.intelligence.policies import PARTS, WIDER, RedactionOptions, Substitution
from stenolog.intelligence.redaction import redaction_of, shown_for
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.words import Word, joined_text
from stenolog.projections.shaped.substitutes import Substitutes

# The first that are learned; each is looked for in every text. What has a time does not depend on
# it: that is written again from the words.
VALUES_MAX = 2_000
VALUE_CHARS_MIN = 3  # a shorter one would be found everywhere
FREE_CHARS_MAX = 20_000  # of one text that is read with the rules; the rest of it is left out
AROUND = " .,;:!?…\"'“”‘’()[]{}<>«»¿¡。，！？、"
_WORDS = re.compile(r"\w+")
_TELLING = re.compile(r"[0-9@]")
_WORD_MS = 300  # rules read words with times; a text that nobody said has none


Value = tuple[int, str, str]  # in which order it is looked for, what it is, what is shown


class HiddenValues:
    """What one transcript hides, and what is shown for it."""

    def __init__(self, shown: Substitutes, params: Mapping[str, Any]) -> None:
        """Hide what the request names, in the way that it asks for."""
        by_name = params.get("redact_pii_sub") == "entity_name"
        substitution: Substitution = "entity_name" if by_name else "hash"
        self._shown = shown
        self._options = RedactionOptions(
            policies=tuple(shown.policies), static=shown.static, substitution=substitution
        )
        kinds = [PARTS.get(one, one) for one in shown.policies]
        self._kinds = {
            *shown.policies,
            *kinds,
            *(wider for one in kinds for wider in WIDER.get(one, ())),
        }
        self._values: dict[str, str] = {}
        self._by_word: dict[str, list[Value]] = {}
        self._ordered = True
        self._clean: dict[str, str] = {}  # texts that were read with the rules
        for label, terms in shown.static.items():
            for term in terms:
                self._add(term, self._substitute(term, label))

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self._values)

    def learn(self, said: Sequence[str], words: Sequence[str]) -> None:
        """Learn what words hide from the same words as somebody quotes them."""
        first, last = 0, 0
        shortest = min(len(said), len(words))
        if len(said) == len(words):
            shortest = 0  # word by word: nothing is to be aligned
        while first < shortest and _same(said[first], words[first]):
            first += 1
        while last < shortest - first and _same(said[-1 - last], words[-1 - last]):
            last += 1
        said, words = said[first : len(said) - last], words[first : len(words) - last]
        if len(said) != len(words):
            if words and all(map(self._shown.is_hidden, words)):
                self._learn_run(said, words)
            return
        begin = 0
        for at in range(len(words) + 1):
            if at == len(words) or not self._shown.is_hidden(words[at]):
                self._learn_run(said[begin:at], words[begin:at])
                begin = at + 1

    def hide(self, text: str, kind: str) -> str:
        """Return what is shown for something of a kind; the text where that is not hidden."""
        if kind not in self._kinds:
            return text
        substitute = self._substitute(text, kind)
        self._add(text.strip(AROUND), substitute)
        return substitute

    def without(self, text: str) -> str:
        """Return the text with a substitute for everything that is known to be hidden."""
        if not self._ordered:
            self._order()
        found = [one for word in {"", *_WORDS.findall(text)} for one in self._by_word.get(word, ())]
        for _, value, shown in sorted(found):
            if value in text:
                alone = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")
                text = shown.join(alone.split(text))
        return text

    def _order(self) -> None:
        """Put the values by their first word, the longest first: it may hold a shorter one."""
        self._by_word = {}
        longest_first = sorted(self._values.items(), key=_longest_first)
        for place, (value, shown) in enumerate(longest_first):
            first = _WORDS.search(value)
            self._by_word.setdefault(first[0] if first else "", []).append((place, value, shown))
        self._ordered = True

    def without_found(self, text: str) -> str:
        """Return a text without what the rules find of the kinds that are hidden."""
        if not self._kinds and not self._options.static:
            return text
        if text not in self._clean:
            self._clean[text] = self._read(text)
        return self._clean[text]

    def _read(self, text: str) -> str:
        spoken = text[:FREE_CHARS_MAX].split()
        if not spoken:
            return text
        said = Speech.of([_word(one, at) for at, one in enumerate(spoken)])
        redaction = redaction_of(said, spans_of(said), self._options)
        if not redaction.spans and len(text) <= FREE_CHARS_MAX:
            return text
        return joined_text(redaction.speech(said).words)

    def _learn_run(self, said: Sequence[str], words: Sequence[str]) -> None:
        """Learn what consecutive hidden words were; a part of it where that alone tells it."""
        cores = [one.strip(AROUND) for one in said]
        if not cores or any(map(self._shown.is_hidden, said)):
            return
        shown = [one.strip(AROUND.replace("[", "").replace("]", "")) for one in words]
        self._add(" ".join(cores), " ".join(shown))
        if len(cores) == len(shown) > 1:
            for core, substitute in zip(cores, shown, strict=True):
                if core[:1].isupper() or _TELLING.search(core):
                    self._add(core, substitute)

    def _add(self, value: str, shown: str) -> None:
        if len(value) >= VALUE_CHARS_MIN and len(self._values) < VALUES_MAX:
            self._values.setdefault(value, shown)
            self._ordered = False

    def _substitute(self, text: str, kind: str) -> str:
        return " ".join(shown_for(one, kind, self._options.substitution) for one in text.split())


def _longest_first(entry: tuple[str, str]) -> int:
    return -len(entry[0])


def _same(one: str, other: str) -> bool:
    return one.strip(AROUND).casefold() == other.strip(AROUND).casefold()


def _word(text: str, at: int) -> Word:
    return Word(
        text=text,
        start=at * _WORD_MS,
        end=(at + 1) * _WORD_MS,
        confidence=1.0,
        speaker=None,
        channel=None,
        index=at,
        joined=False,
    )
