"""Name the topics of a conversation, in the words of the IAB Content Taxonomy 2.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from stenolog.intelligence.embeddings import Embedder, Vectors, content_of, normalised
from stenolog.intelligence.highlights import Span
from stenolog.intelligence.passages import Passage
from stenolog.intelligence.taxonomy import labels, paths

LABELS_MAX = 10  # of one passage, as the service answers
# A cosine up to `UNRELATED` has no relevance, one from `RELATED` on has all of it.
UNRELATED, RELATED = 0.1, 0.5
RELEVANCE_MIN = 0.25  # what is below is chance: small talk reaches 0.2
# How callers say who they are, whatever they call about; names of topics are read with them.
_FORMALITIES = """
    account address assist assistance attention birth caller com contact customer details dot email
    identity information issue mail phone problem question telephone verification verify
"""
FORMALITIES = frozenset(_FORMALITIES.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic, as the path to it, and how much of it a passage has, 0 to 1."""

    relevance: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageTopics:
    """A passage and its topics, the most relevant first."""

    text: str
    labels: tuple[Topic, ...]
    timestamp: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Passages with topics, and the topics of the whole: the most relevant one has 1."""

    results: tuple[PassageTopics, ...]
    summary: Mapping[str, float]


def topics(passages: Sequence[Passage], embedder: Embedder) -> Topics:
    """Return the topics of every passage that has any.

    Method: the cosine of a passage's vector, without its most common words and those by which
    people say who they are, with that of each of the 698 topics, which is made of the topic's name
    and of the whole path to it. The summary adds relevance times length.
    Limits: English; needs an embedder that knows meaning. Small talk has no topic, and a short
    passage an uncertain one.
    Source: IAB Tech Lab, Content Taxonomy 2.0 (CC BY 3.0).
    """
    assert embedder.knows_meaning, "the caller asks first"
    if not passages:
        return Topics(results=(), summary={})
    judged = embedder.vectors([_subject(passage.judged) for passage in passages])
    cosines = judged @ _vectors(embedder).T
    relevances = np.clip((cosines - UNRELATED) / (RELATED - UNRELATED), 0.0, 1.0)
    relevances[relevances < RELEVANCE_MIN] = 0.0
    results = [
        PassageTopics(
            text=passage.text,
            labels=labels,
            timestamp=Span(start=passage.start, end=passage.end),
        )
        for passage, row in zip(passages, relevances, strict=True)
        if (labels := tuple(_best(row)))
    ]
    lengths = np.array([len(passage.judged) for passage in passages], dtype=np.float32)
    return Topics(results=tuple(results), summary=_summary(lengths @ relevances))


def _subject(text: str) -> str:
    words = content_of(text).split()
    return " ".join(word for word in words if word.lower() not in FORMALITIES)


def _best(row: Vectors) -> Iterator[Topic]:
    for at in np.argsort(-row, kind="stable")[:LABELS_MAX]:
        if row[at] > 0:
            yield Topic(relevance=float(row[at]), label=labels()[at])


def _summary(weights: Vectors) -> dict[str, float]:
    whole = float(weights.max(initial=0.0)) or 1.0
    order = np.argsort(-weights, kind="stable")
    return {labels()[at]: float(weights[at]) / whole for at in order if weights[at] > 0}


@cache
def _vectors(embedder: Embedder) -> Vectors:
    names = embedder.vectors([content_of(path[-1]) for path in paths()])
    whole = embedder.vectors([content_of(" ".join(path)) for path in paths()])
    return normalised(names + whole)
