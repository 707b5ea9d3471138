"""Make sentences, paragraphs, captions and hits from a transcript's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Word = Mapping[str, Any]
Json = dict[str, object]

SENTENCE_ENDS = (".", "?", "!", "。", "？", "！")
PARAGRAPH_SENTENCES_MAX = 5
CAPTION_CHARS_DEFAULT = 60  # the widest that AssemblyAI was seen to make
EDGES = re.compile(r"^\W+|\W+$")


def sentences(words: Sequence[Word]) -> list[Json]:
    """Return the words up to each full stop; the last may have none."""
    return [{**_spoken(group), "speaker": group[0].get("speaker")} for group in _sentences(words)]


def paragraphs(words: Sequence[Word]) -> list[Json]:
    """Return a few sentences of one speaker each."""
    found: list[list[Word]] = []
    count = 0
    for group in _sentences(words):
        speaker = group[0].get("speaker")
        if found and count < PARAGRAPH_SENTENCES_MAX and found[-1][0].get("speaker") == speaker:
            found[-1] += group
            count += 1
        else:
            found.append(list(group))
            count = 1
    return [_spoken(group) for group in found]


def srt(words: Sequence[Word], width: int = CAPTION_CHARS_DEFAULT) -> str:
    """Numbered captions, times with hours and a comma."""
    cues = [
        f"{number}\n{_time(cue[0]['start'], ',', hours=True)} --> "
        f"{_time(cue[-1]['end'], ',', hours=True)}\n{_text(cue)}\n"
        for number, cue in enumerate(_captions(words, width), start=1)
    ]
    return "\n".join(cues)


def vtt(words: Sequence[Word], width: int = CAPTION_CHARS_DEFAULT) -> str:
    """Captions below a heading, times without hours below one."""
    cues = [
        f"{_time(cue[0]['start'], '.')} --> {_time(cue[-1]['end'], '.')}\n{_text(cue)}\n"
        for cue in _captions(words, width)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def word_search(words: Sequence[Word], terms: Iterable[str]) -> list[Json]:
    """Return each term that occurs, in lower case, with times and indexes of its first words."""
    plain = [_plain(str(word["text"])) for word in words]
    matches: list[Json] = []
    for term in terms:
        parts = [_plain(part) for part in term.split()]
        hits = [at for at in range(len(plain)) if parts and plain[at : at + len(parts)] == parts]
        if hits:
            last = len(parts) - 1
            matches.append(
                {
                    "text": " ".join(parts),
                    "count": len(hits),
                    "timestamps": [[words[at]["start"], words[at + last]["end"]] for at in hits],
                    "indexes": hits,
                }
            )
    return matches


def _sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in words:
        if group and word.get("speaker") != group[-1].get("speaker"):
            yield group
            group = []
        group.append(word)
        if str(word["text"]).endswith(SENTENCE_ENDS):
            yield group
            group = []
    if group:
        yield group


def _captions(words: Sequence[Word], width: int) -> Iterator[list[Word]]:
    cue: list[Word] = []
    for word in words:
        if cue and len(_text([*cue, word])) > width:
            yield cue
            cue = []
        cue.append(word)
    if cue:
        yield cue


def _spoken(group: Sequence[Word]) -> Json:
    confidences = [float(word["confidence"]) for word in group]
    return {
        "text": _text(group),
        "start": group[0]["start"],
        "end": group[-1]["end"],
        "confidence": round(sum(confidences) / len(confidences), 6),
        "words": [dict(word) for word in group],
    }


def _text(group: Sequence[Word]) -> str:
    return " ".join(str(word["text"]) for word in group)


def _plain(text: str) -> str:
    return EDGES.sub("", text).lower()


def _time(ms: int, mark: str, *, hours: bool = False) -> str:
    seconds, rest = divmod(int(ms), 1000)
    minutes, seconds = divmod(seconds, 60)
    whole, minutes = divmod(minutes, 60)
    front = f"{whole:02d}:" if hours or whole else ""
    return f"{front}{minutes:02d}:{seconds:02d}{mark}{rest:03d}"
