"""Say in a few sentences what was said: its most telling ones, word for word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stenolog.intelligence.embeddings import Embedder, Vectors, content_of
from stenolog.intelligence.highlights import highlights
from stenolog.intelligence.speech import Speech, speaker_of
from stenolog.intelligence.words import joined_text

PARAGRAPH_SENTENCES = 4
BULLETS, BULLETS_VERBOSE = 4, 10
CATCHY_CHOICE = 3
# A summary is shorter than what it tells of: at most a third of its sentences.
SHARE_MAX = 1 / 3
GIST_PHRASES = 2
TELLING_WORDS = 5  # a sentence with fewer words that count is seldom worth quoting
HEADLINE_WORDS = 24  # a longer sentence makes a poor headline
REPEATING_COST = 2.0  # what a full repetition of a chosen sentence takes off
SHORT_COST, QUESTION_COST, DETAIL_COST = 4.0, 2.0, 3.0
# Who reads out a number or an address tells little, and nothing that belongs into a headline; nor
# does a sentence of which parts are hidden.
DIGIT = r"(?:\d|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b)"
DETAIL = re.compile(rf"(?:{DIGIT}\W*){{5}}|@|\w\.(?:com|net|org)\b|\[[A-Z_]+\]|##", re.IGNORECASE)
MAIN_SPEAKER_SHARE = 0.1  # of the sentences


def summary(said: Speech, shown: Speech, embedder: Embedder, *, model: str, kind: str) -> str:
    """Return the summary as one string; empty when nothing was said.

    Method: a sentence is worth the sum of three standard scores: the mean frequency of its words,
    its cosine with the whole, and half of how near it is to the beginning. The best is taken, and
    then again the best after what repeats a chosen one was taken off (maximal marginal relevance).
    Sentences that are short, ask, or read out numbers and addresses are worth less.
    `conversational` says before each sentence who says it, and hears every speaker who says a
    tenth; `catchy` takes the shortest of the best.
    Limits: English. Extractive: nothing is written anew, so that a sentence may speak of "it".
    Source: weights of our own; MMR after Carbonell and Goldstein, 1998.
    """
    if kind == "gist":
        return gist(shown)
    if kind == "headline":
        return headline(said, shown, embedder, catchy=model == "catchy")
    count = {"bullets": BULLETS, "bullets_verbose": BULLETS_VERBOSE}.get(kind, PARAGRAPH_SENTENCES)
    chosen = _chosen(said, embedder, count, voices=model == "conversational")
    sentences = [_quoted(shown, at, named=model == "conversational") for at in chosen]
    return " ".join(sentences) if kind == "paragraph" else "\n".join(f"- {s}" for s in sentences)


def paragraph(said: Speech, shown: Speech, embedder: Embedder) -> str:
    """Return the most telling sentences in the order in which they are said."""
    return summary(said, shown, embedder, model="informative", kind="paragraph")


def headline(said: Speech, shown: Speech, embedder: Embedder, *, catchy: bool = False) -> str:
    """Return the most telling sentence that is not too long; `catchy`: the shortest of three."""
    if not said.sentences:
        return ""
    worth = _judged(said, embedder).worth
    lengths = [len(sentence) for sentence in said.sentences]
    order = sorted(range(len(worth)), key=lambda at: (lengths[at] > HEADLINE_WORDS, -worth[at], at))
    best = order[: CATCHY_CHOICE if catchy else 1]
    return joined_text(shown.sentences[min(best, key=lambda at: lengths[at])])


def gist(shown: Speech) -> str:
    """Return the weightiest phrases, or the first words where nothing is repeated or named."""
    phrases: list[str] = []
    for found in highlights(shown.sentences):
        said = {word for phrase in phrases for word in phrase.lower().split()}
        if len(phrases) < GIST_PHRASES and said.isdisjoint(found.text.lower().split()):
            phrases.append(found.text)
    if phrases:
        return ", ".join(phrases)
    return joined_text(shown.words[:TELLING_WORDS]).rstrip(".,;:!?")


@dataclass(frozen=True, slots=True)
class _Judged:
    """Of every sentence: its vector, and what it is worth."""

    vectors: Vectors
    worth: NDArray[np.float64]


def _judged(said: Speech, embedder: Embedder) -> _Judged:
    texts = [joined_text(sentence) for sentence in said.sentences]
    contents = list(map(content_of, texts))
    vectors = embedder.vectors(contents)
    words = [content.lower().split() for content in contents]
    often = Counter(word for of_sentence in words for word in of_sentence)
    means = [sum(often[word] for word in each) / max(1, len(each)) for each in words]
    short = np.array([len(each) < TELLING_WORDS for each in words])
    asks = np.array([sentence[-1].text.endswith("?") for sentence in said.sentences])
    details = np.array([DETAIL.search(text) is not None for text in texts])
    worth = (
        _standard(np.array(means, dtype=np.float64))
        + _standard(vectors @ vectors.sum(axis=0))
        + 0.5 * _standard(-np.arange(len(words), dtype=np.float64))
        - SHORT_COST * short
        - QUESTION_COST * asks
        - DETAIL_COST * details
    )
    return _Judged(vectors, worth)


def _chosen(said: Speech, embedder: Embedder, count: int, *, voices: bool) -> list[int]:
    """Return places of sentences in order; `voices`: of each main speaker there is one."""
    if not said.sentences:
        return []
    judged = _judged(said, embedder)
    speakers = [speaker_of(sentence) for sentence in said.sentences]
    unheard = _main(speakers) if voices else []
    count = min(len(speakers), max(len(unheard), min(count, round(len(speakers) * SHARE_MAX)), 1))
    nearest = np.zeros(len(speakers))
    chosen: list[int] = []
    while len(chosen) < count:
        value = judged.worth - REPEATING_COST * nearest
        value[chosen] = -np.inf
        if unheard:
            voice = unheard.pop(0)
            value[[at for at, speaker in enumerate(speakers) if speaker != voice]] = -np.inf
        best = int(np.argmax(value))
        chosen.append(best)
        nearest = np.maximum(nearest, judged.vectors @ judged.vectors[best])
    return sorted(chosen)


def _main(speakers: Sequence[str | None]) -> list[str]:
    """Return who says enough to be heard, who says most first."""
    counted = Counter(speaker for speaker in speakers if speaker is not None)
    return [
        speaker
        for speaker, count in counted.most_common()
        if count >= MAIN_SPEAKER_SHARE * len(speakers)
    ]


def _quoted(shown: Speech, at: int, *, named: bool) -> str:
    sentence = shown.sentences[at]
    speaker = speaker_of(sentence) if named else None
    text = joined_text(sentence)
    return text if speaker is None else f"Speaker {speaker}: {text}"


def _standard(values: NDArray[np.float64] | Vectors) -> NDArray[np.float64]:
    """Return values as standard scores; zeros where all are equal."""
    spread = float(values.std())
    if spread == 0:
        return np.zeros(len(values))
    found: NDArray[np.float64] = (values - values.mean()) / spread
    return found
