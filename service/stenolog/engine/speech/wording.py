"""Rewrite what the recogniser writes as a person would. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stenolog.engine.confidence import mean_confidence
from stenolog.engine.techniques import RecognisedWord

STRAY_WORDS_MAX = 2  # a lone "You" or "Uh" on a short line is usually breath
STRAY_CONFIDENCE_MIN = 0.4
SENTENCE_ENDS = (".", "?", "!", "…")
_PUNCTUATION = re.compile(r"([,.;:?!])[,.;:?!]+$")
# Marks of the sentence; those between digits belong to the number.
_MARKS = re.compile(r"[.,:](?!\d)|(?<!\d)[.,:]|[;?!…\"“”()\[\]]")


def is_stray(words: Sequence[RecognisedWord]) -> bool:
    """True for a line of one or two words that are guesses."""
    if len(words) > STRAY_WORDS_MAX:
        return False
    return mean_confidence([word.confidence for word in words]) < STRAY_CONFIDENCE_MIN


def tidy(words: Sequence[RecognisedWord], *, sentence_begins: bool) -> tuple[RecognisedWord, ...]:
    """Single punctuation, capitals at the beginning of sentences and for "I"; never more words.

    `sentence_begins` says whether the text before these words ended a sentence.
    """
    tidied: list[RecognisedWord] = []
    begins = sentence_begins
    for word in words:
        text = _single_punctuation(word.text)
        if not any(character.isalnum() for character in text):
            continue
        if begins or text.split("'")[0].rstrip(",.;:?!") == "i":
            text = _capitalised(text)
        tidied.append(replace(word, text=text))
        begins = ends_sentence(text)
    return tuple(tidied)


def ends_sentence(text: str) -> bool:
    """Tell whether a word is the last of its sentence, by its own punctuation."""
    return text.rstrip("\"'”’)").endswith(SENTENCE_ENDS)


def plain(text: str, *, punctuate: bool, format_text: bool) -> str:
    """Return a word as `punctuate` and `format_text` want it: without marks, without capitals.

    Marks inside numbers (3.5) stay, and so does a word that is nothing but marks.
    """
    if not punctuate:
        text = _MARKS.sub("", text) or text
    return text if format_text else text.lower()


def _single_punctuation(text: str) -> str:
    if text.endswith("...") or text.endswith("?!"):
        return text
    return _PUNCTUATION.sub(lambda found: found[1], text)


def _capitalised(text: str) -> str:
    for place, character in enumerate(text):
        if character.isalnum():
            return text[:place] + character.upper() + text[place + 1 :]
    return text
