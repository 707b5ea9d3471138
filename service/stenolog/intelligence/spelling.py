"""Write words as a customer wants them spelled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stenolog.intelligence.words import Word, mean_confidence

_PARTS = re.compile(r"^(\W*)(.*?)((?:['’]s)?\W*)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One entry of `custom_spelling`: each of `heard`, a word or a phrase, is written `written`."""

    heard: tuple[str, ...]
    written: str


def respelled(words: Sequence[Word], spellings: Sequence[Spelling]) -> tuple[Word, ...]:
    """Return the words with every phrase that is to be spelled otherwise replaced by one word.

    Method: whole words are compared without regard to case and to punctuation around them, which
    stays; so does a possessive `'s`. The longest phrase wins; of equal ones the first entry. A
    phrase of several words becomes one word, from the first one's start to the last one's end,
    with the mean of their confidences. No phrase spans two speakers.
    """
    wanted = _by_phrase(spellings)
    if not wanted:
        return tuple(words)
    longest = max(map(len, wanted))
    plain = [_plain(word.text) for word in words]
    found: list[Word] = []
    at = 0
    while at < len(words):
        sizes = range(_run(words, at, longest), 0, -1)
        size = next((n for n in sizes if tuple(plain[at : at + n]) in wanted), 0)
        if size:
            written = wanted[tuple(plain[at : at + size])]
            found.append(_joined(words[at : at + size], written))
        else:
            found.append(words[at])
        at += max(size, 1)
    return tuple(found)


def _by_phrase(spellings: Sequence[Spelling]) -> Mapping[tuple[str, ...], str]:
    wanted: dict[tuple[str, ...], str] = {}
    for spelling in spellings:
        for heard in spelling.heard:
            phrase = tuple(bare for word in heard.split() if (bare := _plain(word)))
            if phrase:
                wanted.setdefault(phrase, spelling.written)
    return wanted


def _run(words: Sequence[Word], at: int, longest: int) -> int:
    """Return how many words from `at` on one person says, `longest` at the most."""
    size = 1
    while size < longest and at + size < len(words) and words[at + size].voice == words[at].voice:
        size += 1
    return size


def _plain(text: str) -> str:
    parts = _PARTS.match(text)
    assert parts is not None  # it matches whatever there is
    return parts[2].lower().replace("’", "'")


def _joined(words: Sequence[Word], written: str) -> Word:
    first, last = _PARTS.match(words[0].text), _PARTS.match(words[-1].text)
    assert first is not None
    assert last is not None
    return replace(
        words[0],
        text=f"{first[1]}{written}{last[3]}",
        end=max(word.end for word in words),
        confidence=mean_confidence(words),
    )
