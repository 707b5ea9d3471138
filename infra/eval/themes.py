"""Measure chapters on joined articles, and topics and sensitive content on written probes.

The probes were written for this and before any of them was tried; they are few. Whoever changes
lists or thresholds with their help has to write new ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from infra.bench.figures import Figure, at_least, at_most
from infra.eval.ears import ANY_NUMBER, Ears
from infra.eval.recordings import Recording
from infra.eval.scoring import boundary_error
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.options import SpeechOptions, TextOptions
from stenolog.engine.spoken import SpokenWord
from stenolog.engine.worker.analyses import analysed
from stenolog.engine.worker.heard_lines import HeardLines
from stenolog.intelligence.theme_options import ThemeOptions

PROBES = Path(__file__).with_name("probes.json")
WORD_MS = 400  # 150 words a minute
ARTICLES_JOINED, DOCUMENTS_MAX = 6, 20
ARTICLE_WORDS_MIN = 200  # a minute and a half: shorter ones may not be chapters
GUESSES = 3


def measure(
    sentences: Iterable[tuple[str, str]], recordings: Sequence[Recording], ears: Ears
) -> Iterator[Figure]:
    """Yield the figures; `sentences` are those of articles, each with its article's name."""
    errors = [_chapter_error(document) for document in _documents(sentences)]
    if errors:
        yield Figure(
            name=f"chapters, Pk of {len(errors)} x {ARTICLES_JOINED} joined articles",
            value=sum(errors) / len(errors),
            wanted=at_most(0.25),
        )
    probes = json.loads(PROBES.read_text())
    yield from _topics(probes["topics"])
    yield from _safety(probes["safety"])
    ordinary = [one for one in recordings if one.group in {"read", "synthetic calls", "dialogue"}]
    if ordinary:
        flagged = sum(_is_flagged(one, ears) for one in ordinary)
        yield Figure(
            name=f"sensitive content told of ordinary speech ({len(ordinary)})",
            value=100 * flagged / len(ordinary),
            unit="%",
            wanted=at_most(10.0),
        )


def _documents(sentences: Iterable[tuple[str, str]]) -> list[list[list[str]]]:
    """Return documents of articles of sentences."""
    articles = [
        [text for _, text in group] for _, group in groupby(sentences, key=lambda one: one[0])
    ]
    long = [one for one in articles if sum(len(text.split()) for text in one) >= ARTICLE_WORDS_MIN]
    joined = [long[at : at + ARTICLES_JOINED] for at in range(0, len(long), ARTICLES_JOINED)]
    return list(islice((one for one in joined if len(one) == ARTICLES_JOINED), DOCUMENTS_MAX))


def _chapter_error(articles: Sequence[Sequence[str]]) -> float:
    counts = [sum(len(text.split()) for text in article) for article in articles]
    text = " ".join(text for article in articles for text in article)
    found = _found(text, ThemeOptions(auto_chapters=True))["chapters"]
    expected = [sum(counts[:place]) for place in range(1, len(counts))]
    got = [chapter["start"] // WORD_MS for chapter in found[1:]]
    return boundary_error(expected, got, sum(counts))


def _topics(probes: Sequence[tuple[str, str]]) -> Iterator[Figure]:
    first = within = 0
    for text, topic in probes:
        result = _found(text, ThemeOptions(iab_categories=True))["iab_categories_result"]
        labels = [
            one["label"].split(">")[0] for part in result["results"] for one in part["labels"]
        ]
        guesses = list(dict.fromkeys(labels))
        first += guesses[:1] == [topic]
        within += topic in guesses[:GUESSES]
    count = len(probes)
    name = f"topics, first tier right ({count} probes)"
    yield Figure(name=name, value=100 * first / count, unit="%", wanted=at_least(75.0))
    yield Figure(name=f"topics, in {GUESSES} guesses", value=100 * within / count, unit="%")


def _safety(probes: Sequence[tuple[str, str]]) -> Iterator[Figure]:
    right = others = 0
    for text, label in probes:
        result = _found(text, ThemeOptions(content_safety=True))["content_safety_labels"]
        told = {one["label"] for part in result["results"] for one in part["labels"]}
        right += label in told
        others += len(told - {label})
    count = len(probes)
    name = f"sensitive content found ({count} probes)"
    yield Figure(name=name, value=100 * right / count, unit="%", wanted=at_least(80.0))
    yield Figure(name="other labels told, for each probe", value=others / count)


def _is_flagged(recording: Recording, ears: Ears) -> bool:
    try:
        words = ears.hear(recording.path, SpeechOptions(speakers=ANY_NUMBER)).words
    except AudioRefused:
        return False
    made = _found_in(words, ThemeOptions(content_safety=True))["content_safety_labels"]
    return bool(made["results"])


def _found(text: str, themes: ThemeOptions) -> dict[str, Any]:
    words = tuple(
        SpokenWord(text=word, start=at * WORD_MS, end=(at + 1) * WORD_MS, confidence=1.0)
        for at, word in enumerate(text.split())
    )
    return _found_in(words, themes)


def _found_in(words: Sequence[SpokenWord], themes: ThemeOptions) -> dict[str, Any]:
    options = SpeechOptions(text=TextOptions(themes=themes, disfluencies=True))
    return analysed(words, options, HeardLines(), lambda: None).findings
