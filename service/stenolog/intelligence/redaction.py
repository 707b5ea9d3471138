"""Hide personal data in a whole transcript: in its words, and in all that quotes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from stenolog.intelligence.pii_tokens import Span, Token, tokens_of, without_overlap
from stenolog.intelligence.policies import NAMING, PARTS, WIDER, RedactionOptions, Substitution
from stenolog.intelligence.speech import Speech
from stenolog.intelligence.words import Word

VALUE_CHARS_MIN = 4  # of a value that is looked for elsewhere in the conversation
QUOTED_CHARS_MIN = 3  # the same in what quotes it
TERM_WORDS_MAX = 8  # of a static term, as it may be heard
_JOINABLE = re.compile(r"\W")
# What `shown_for` returns, within a word.
SHOWN_FOR_HIDDEN = re.compile(r"\[[A-Z0-9_]+\]|#+")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardLine:
    """Speech recognised in one piece; its words may be heard `margin_ms` outside of their times."""

    start_ms: int
    end_ms: int
    margin_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is hidden of one conversation; `spans` do not overlap, and their kind is shown."""

    spans: tuple[Span, ...]
    substitution: Substitution
    hidden: Mapping[str, str]

    def speech(self, said: Speech) -> Speech:
        """Return the conversation with a substitute for each hidden word; no word is lost."""
        tokens = tokens_of(said)
        texts = [word.text for word in said.words]
        for span in self.spans:
            for place in range(span.first, span.last):
                texts[place] = self._substitute(tokens[place], span.kind)
        return said.rewritten(texts)

    def quoted(self, text: str) -> str:
        """Return a text about the conversation without the values that are hidden.

        It is the last thing done to whatever an analysis wrote: what it took from the redacted
        words has none of them, and this makes sure.
        """
        for value, shown in self.hidden.items():
            if value in text:
                alone = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")
                text = shown.join(alone.split(text))
        return text

    def hidden_ms(
        self, said: Speech, line_of: Callable[[int], HeardLine]
    ) -> tuple[tuple[int, int], ...]:
        """Return when hidden words are said, in ms; no two stretches overlap.

        `line_of` finds the line of a word by when the word begins. What lies between two hidden
        words of a line, or between one and an end of the line, was spoken and not recognised: it
        may be the rest of a number, so it is hidden too.
        """
        places = {place for span in self.spans for place in range(span.first, span.last)}
        found: list[tuple[int, int]] = []
        for start, end in sorted(_around(said.words, place, places, line_of) for place in places):
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((start, end))
        return tuple(found)

    def _substitute(self, token: Token, kind: str) -> str:
        return f"{token.lead}{shown_for(token.core, kind, self.substitution)}{token.trail}"


def _around(
    words: Sequence[Word], place: int, hidden: Set[int], line_of: Callable[[int], HeardLine]
) -> tuple[int, int]:
    """Return what is hidden with one hidden word, in ms."""
    word = words[place]
    line = line_of(word.start)
    start, end = word.start - line.margin_ms, word.end + line.margin_ms
    if place == 0 or words[place - 1].start < line.start_ms:
        start = min(start, line.start_ms)
    elif place - 1 in hidden:
        start = min(start, words[place - 1].end)
    if place + 1 == len(words) or words[place + 1].start >= line.end_ms:
        end = max(end, line.end_ms)
    elif place + 1 in hidden:
        end = max(end, words[place + 1].start)
    return max(0, start), end


def shown_for(core: str, kind: str, substitution: Substitution) -> str:
    """Return what is shown for a word: as many #, or the kind in capitals and brackets."""
    if substitution == "hash":
        return "#" * max(1, len(core))
    return f"[{_JOINABLE.sub('_', kind).upper()}]"


def redaction_of(said: Speech, found: Sequence[Span], options: RedactionOptions) -> Redaction:
    """Return what is to be hidden; `found` are the spans of `entities.spans_of`, the surest first.

    A policy hides the spans of its type and of those in `WIDER`; static terms are hidden whatever
    their case and however the recogniser divided them into words. What names one thing is hidden
    wherever it is said again.

    Limits: those of the rules. A value that the recogniser wrote otherwise the second time is
    found by its own surroundings or not at all.
    """
    tokens = tokens_of(said)
    wanted = [*_static(tokens, options.static), *_of_policies(found, options.policies)]
    spans = without_overlap([*wanted, *_again(tokens, wanted)])
    hidden: dict[str, str] = {}
    for span in spans:
        words = tokens[span.first : span.last]
        alone = [[word] for word in words] if span.kind == "person_name" else []
        for part in (words, *alone):
            value = " ".join(token.core for token in part)
            names = span.kind in NAMING or span.kind in options.static
            if names and len(value) >= QUOTED_CHARS_MIN:
                shown = (shown_for(token.core, span.kind, options.substitution) for token in part)
                hidden.setdefault(value, " ".join(shown))
    longest = sorted(hidden, key=len, reverse=True)
    return Redaction(
        spans=spans,
        substitution=options.substitution,
        hidden={value: hidden[value] for value in longest},
    )


def _of_policies(found: Sequence[Span], policies: Sequence[str]) -> Iterator[Span]:
    """Yield what the policies hide, under the name of the policy."""
    label: dict[str, str] = {}
    for policy in policies:
        label.setdefault(PARTS.get(policy, policy), policy)
    for policy in policies:
        for kind in WIDER.get(PARTS.get(policy, policy), ()):
            label.setdefault(kind, policy)
    for span in found:
        if span.kind in label:
            yield replace(span, kind=label[span.kind])


def _static(tokens: Sequence[Token], static: Mapping[str, tuple[str, ...]]) -> Iterator[Span]:
    wanted = {
        joined: label
        for label, terms in static.items()
        for term in terms
        if (joined := _JOINABLE.sub("", term).lower())
    }
    if not wanted:
        return
    longest = max(map(len, wanted))
    for at in range(len(tokens)):
        joined = ""
        for place in range(at, min(len(tokens), at + TERM_WORDS_MAX)):
            joined += _JOINABLE.sub("", tokens[place].low)
            if len(joined) > longest:
                break
            if joined in wanted:
                yield Span(first=at, last=place + 1, kind=wanted[joined])


def _again(tokens: Sequence[Token], wanted: Sequence[Span]) -> Iterator[Span]:
    """Yield the other places where the words of a naming span stand."""
    phrases: dict[str, dict[tuple[str, ...], str]] = {}
    for span in wanted:
        words = tuple(token.low for token in tokens[span.first : span.last])
        if span.kind in NAMING and len("".join(words)) >= VALUE_CHARS_MIN and words[0]:
            phrases.setdefault(words[0], {})[words] = span.kind
    for at, token in enumerate(tokens):
        for words, kind in phrases.get(token.low, {}).items():
            if tuple(other.low for other in tokens[at : at + len(words)]) == words:
                if kind == "person_name" and not token.capital:
                    continue
                yield Span(first=at, last=at + len(words), kind=kind)
