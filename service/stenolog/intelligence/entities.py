"""Find what a conversation names: people, places, numbers, dates and what else is told by rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stenolog.intelligence.pii_dates import amounts_in, dates_in
from stenolog.intelligence.pii_names import names_in
from stenolog.intelligence.pii_numbers import numbers_in
from stenolog.intelligence.pii_online import online_in
from stenolog.intelligence.pii_places import organizations_in, places_in
from stenolog.intelligence.pii_tokens import Span, tokens_of, without_overlap
from stenolog.intelligence.pii_words import listed_in
from stenolog.intelligence.policies import ENTITY_TYPES
from stenolog.intelligence.speech import Speech, speaker_of
from stenolog.intelligence.words import joined_text

_RANK = {kind: rank for rank, kind in enumerate(ENTITY_TYPES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Something that was named; times in ms, `text` as it is shown."""

    entity_type: str
    text: str
    start: int
    end: int
    speaker: str | None


def spans_of(speech: Speech) -> tuple[Span, ...]:
    """Return everything that the rules find, the surest first; some are in the same words.

    Method: rules of `pii_numbers`, `pii_online`, `pii_dates`, `pii_places`, `pii_names` and
    `pii_words` over the whole conversation, so that an answer is read with its question.

    Limits: English. No model of language is behind it: what no rule and no list knows is missed.
    """
    tokens = tokens_of(speech)
    names = names_in(tokens)
    found = [
        *online_in(tokens),
        *numbers_in(tokens),
        *dates_in(tokens),
        *amounts_in(tokens),
        *places_in(tokens),
        *organizations_in(tokens, names),
        *names,
        *listed_in(tokens),
    ]
    return tuple(sorted(found, key=lambda span: (_RANK[span.kind], span)))


def entities(said: Speech, shown: Speech, spans: Sequence[Span]) -> tuple[Entity, ...]:
    """Return what `spans_of` found in `said`, in order, quoted from `shown`; one a word."""
    tokens = tokens_of(said)
    found: list[Entity] = []
    for span in without_overlap(spans):
        words = shown.words[span.first : span.last]
        lead, trail = tokens[span.first].lead, tokens[span.last - 1].trail
        text = joined_text(words).removeprefix(lead).removesuffix(trail)
        found.append(
            Entity(
                entity_type=span.kind,
                text=text,
                start=words[0].start,
                end=max(word.end for word in words),
                speaker=speaker_of(words),
            )
        )
    return tuple(found)
