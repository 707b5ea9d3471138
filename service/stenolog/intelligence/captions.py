"""Make captions, as SubRip or WebVTT: lines of words, short enough to read while they are heard."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise

from stenolog.intelligence.plain_text import isolated, one_line
from stenolog.intelligence.words import Word, by_channel, joined_text, merged

CHARACTERS = 60  # the widest that AssemblyAI's own captions are by default
PAUSE_MS = 1_000  # a longer silence is not spanned by a caption
SENTENCE_SHARE = 0.5  # a caption that is half full ends with its sentence
CUE_MS_MIN = 1  # WebVTT: a cue ends after it starts
SECONDS_KEPT = 64
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")


def captions(words: Sequence[Word], characters_max: int = CHARACTERS) -> list[tuple[Word, ...]]:
    """Return everything that is said, in order within its channel; channels by start.

    No caption is wider than `characters_max`: a longer word, such as an address, or a sentence in
    a script without spaces, is cut, and each piece has its share of the word's time.
    """
    assert characters_max > 0
    return merged([list(_packed(channel, characters_max)) for channel in by_channel(words)])


def srt(cues: Sequence[Sequence[Word]]) -> str:
    """SubRip: numbered from 1, times with a comma; empty for no cues."""
    blocks = []
    for number, (cue, shown) in enumerate(_shown(cues), start=1):
        start, end = _span(cue)
        times = f"{_clock(start, ',', hours=True)} --> {_clock(end, ',', hours=True)}"
        text = shown.replace("-->", "\N{RIGHTWARDS ARROW}")  # the other one is of times
        blocks.append(f"{number}\n{times}\n{text}\n")
    return "\n".join(blocks)


def vtt(cues: Sequence[Sequence[Word]]) -> str:
    """WebVTT: hours only from the first one on; what would be markup is escaped."""
    blocks = ["WEBVTT\n"]
    for cue, text in _shown(cues):
        start, end = _span(cue)
        times = f"{_clock(start, '.')} --> {_clock(end, '.')}"
        blocks.append(f"{times}\n{html.escape(text, quote=False)}\n")
    return "\n".join(blocks)


def _shown(cues: Sequence[Sequence[Word]]) -> Iterator[tuple[Sequence[Word], str]]:
    """Yield each cue with its text; without those that have none, which would end a block."""
    for cue in cues:
        if text := _text(cue).strip():
            yield cue, isolated(text)


def _text(cue: Sequence[Word]) -> str:
    """Return the text of a cue on one line, with nothing in it that is more than text."""
    return one_line(joined_text(cue))


def _packed(words: Sequence[Word], characters_max: int) -> Iterator[tuple[Word, ...]]:
    current: list[Word] = []
    width = 0
    for word in chain.from_iterable(_cut(word, characters_max) for word in words):
        added = len(word.text) + (0 if word.joined else 1)
        if current and (width + added > characters_max or _breaks(current[-1], word)):
            yield tuple(current)
            current, width = [], 0
        width = width + added if current else len(word.text)
        current.append(word)
        if word.text.endswith(SENTENCE_ENDS) and width >= characters_max * SENTENCE_SHARE:
            yield tuple(current)
            current, width = [], 0
    if current:
        yield tuple(current)


def _cut(word: Word, characters_max: int) -> Iterable[Word]:
    size = len(word.text)
    if size <= characters_max:
        return (word,)
    lasts = word.end - word.start
    cuts = [*range(0, size, characters_max), size]
    return [
        Word(  # `replace` takes twice as long, and ten hours of words can have a million pieces
            text=word.text[begin:end],
            start=word.start + lasts * begin // size,
            end=word.start + lasts * end // size,
            confidence=word.confidence,
            speaker=word.speaker,
            channel=word.channel,
            index=word.index,
            joined=word.joined or begin > 0,
        )
        for begin, end in pairwise(cuts)
    ]


def _breaks(word: Word, following: Word) -> bool:
    return word.voice != following.voice or following.start - word.end > PAUSE_MS


def _span(cue: Sequence[Word]) -> tuple[int, int]:
    start = cue[0].start
    return start, max(start + CUE_MS_MIN, *[word.end for word in cue])


def _clock(ms: int, point: str, *, hours: bool = False) -> str:
    seconds, rest = divmod(ms, 1_000)
    return f"{_to_the_second(seconds, hours)}{point}{rest:03}"


@lru_cache(maxsize=SECONDS_KEPT)  # narrow captions have many times of one second
def _to_the_second(seconds: int, hours: bool) -> str:
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    tail = f"{minute:02}:{second:02}"
    return f"{hour:02}:{tail}" if hours or hour else tail
