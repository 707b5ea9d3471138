"""Fold text into the words that are indexed: case, accents and typography make no difference.

Words are runs of letters, digits and marks. Chinese, Japanese and Korean are written in runs
without spaces: each two neighbouring characters are a word, and the last one of a run is one too,
so that any two characters are found, and one as the beginning of a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

UNICODE = unicodedata.unidata_version  # what is indexed with one is not found with another
WORD_CHARS_MAX = 64  # longer words are the same when their beginnings are
CACHED_MAX = 1 << 16  # characters of each table
# Letters by their category, apostrophes by their use.
APOSTROPHES = frozenset(map(ord, "\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u055a\u05f3\ua78c"))
# Combining classes: Hebrew and Arabic points, and accents. Others, such as the voicing marks of
# kana, make another letter.
POINTS, ACCENTS_MIN = range(10, 36), 200

_CJK = (
    "\u1100-\u11ff\u3005\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
RUNS = re.compile(f"[{_CJK}]+|[^{_CJK}]+")
CJK = re.compile(f"[{_CJK}]")
WORDS, UNSPACED = re.compile(r"[^ ]+"), re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Located:
    """A word, and where it stands in the text that it was folded from, in code points."""

    word: str
    begin: int
    end: int


class _WithoutAccents(dict[int, int | None]):
    """A table for `str.translate`; keeps what it was asked, up to a limit."""

    def __missing__(self, code: int) -> int | None:
        combining = unicodedata.combining(chr(code))
        kept = None if combining in POINTS or combining >= ACCENTS_MIN else code
        if len(self) < CACHED_MAX:
            self[code] = kept
        return kept


class _WordsAlone(dict[int, int]):
    """A table for `str.translate` that makes a space of what is no part of a word."""

    def __missing__(self, code: int) -> int:
        one = chr(code)
        word = code not in APOSTROPHES and (one.isalnum() or unicodedata.category(one)[0] == "M")
        kept = code if word else ord(" ")
        if len(self) < CACHED_MAX:
            self[code] = kept
        return kept


_without_accents, _words_alone = _WithoutAccents(), _WordsAlone()


def indexed_words(text: str) -> list[str]:
    """Return the words of a text, in order, as they are indexed."""
    return [word for word, _, _ in _cut(_folded(text))]


def asked_words(text: str) -> list[str]:
    """Return the words that a text has in common with those that it stands in.

    The text may end within a run of Chinese, Japanese or Korean, so the word that an indexed run
    ends with is left out, unless it is all there is of the run.
    """
    words = list(_cut(_folded(text)))
    if words and CJK.match(words[-1][0]) and len(words[-1][0]) == 1:
        at = words[-1][1]
        if any(begin == at - 1 and end == at + 1 for _, begin, end in words[-2:-1]):
            words.pop()
    return [word for word, _, _ in words]


def located_words(text: str) -> list[Located]:
    """Return the words of a text as they are indexed, each with its place in the text."""
    return [
        Located(one.word, one.begin + at.start(), one.end + at.start())
        for at in UNSPACED.finditer(text)
        for one in _located(at[0])
    ]


def _located(text: str) -> list[Located]:
    """Return the words of a text without spaces."""
    if text.isascii():
        return [Located(*one) for one in _cut(_folded(text))]
    pieces: list[str] = []
    begins: list[int] = []  # of each folded character, in the text
    ends: list[int] = []
    for begin, end in _clusters(text):
        piece = _folded(text[begin:end])
        pieces.append(piece)
        begins += [begin] * len(piece)
        ends += [end] * len(piece)
    return [
        Located(word, begins[begin], ends[end - 1]) for word, begin, end in _cut("".join(pieces))
    ]


def _folded(text: str) -> str:
    """Return the text with words that are the same spelled the same, and spaces between them."""
    if text.isascii():
        return text.lower().translate(_words_alone)
    plain = unicodedata.normalize("NFKD", text.translate(_apostrophes)).translate(_without_accents)
    return unicodedata.normalize("NFKC", plain.casefold()).translate(_words_alone)


_apostrophes = dict.fromkeys(APOSTROPHES, " ")


def _cut(folded: str) -> Iterator[tuple[str, int, int]]:
    """Yield each word, and where it begins and ends in the folded text."""
    for found in WORDS.finditer(folded):
        if not CJK.search(found[0]):
            yield found[0][:WORD_CHARS_MAX], found.start(), found.end()
            continue
        for run in RUNS.finditer(found[0]):
            begin, end = found.start() + run.start(), found.start() + run.end()
            if not CJK.match(run[0]):
                yield run[0][:WORD_CHARS_MAX], begin, end
                continue
            for at in range(begin, end - 1):
                yield folded[at : at + 2], at, at + 2
            yield folded[end - 1], end - 1, end


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a text that are folded alike alone and together: letter and marks."""
    begin = 0
    for at in range(1, len(text)):
        if not _continues(text[at]):
            yield begin, at
            begin = at
    if text:
        yield begin, len(text)


def _continues(one: str) -> bool:
    """Tell whether a character may be folded into one with what stands before it."""
    if one.isascii():
        return False
    plain = unicodedata.normalize("NFKD", one)
    return unicodedata.combining(plain[0]) != 0 or "\u1160" <= plain[0] <= "\u11ff"
