"""Read a canonical transcript as analyses do: its words, or its text where words have no times."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stenolog.intelligence.speech import Speech
from stenolog.intelligence.words import Word
from stenolog.intelligence.words_common import COMMON
from stenolog.projections.shaped.conversation import Conversation

WORDS_MAX = 200_000  # some fifteen hours of fast speech
TEXT_CHARS_MAX = 2_000_000
ENGLISH = frozenset({"en", "eng", "english"})  # ISO 639-1 and -3, and Whisper's own word
# Of English text, nearly half of all words are among the most common ones; of other languages that
# share some of them, a tenth.
COMMON_SHARE_MIN, JUDGED_WORDS_MIN = 0.2, 20
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was said; `timed`: it is known when. Of too many words there are none in `speech`."""

    speech: Speech
    timed: bool
    english: bool
    too_long: bool = False


def read_speech(said: Conversation) -> Read:
    """Return what a transcript says, without its times where it has none."""
    transcript, given = said.transcript, said.raw_words
    text = transcript.text or ""
    if len(given) > WORDS_MAX or len(text) > TEXT_CHARS_MAX:
        return Read(speech=Speech.of(()), timed=bool(given), english=True, too_long=True)
    words = said.words
    timed = bool(words) or (transcript.text == "" and not given)  # silence has no words to time
    spoken = words or tuple(map(_untimed, text.split()))
    return Read(
        speech=Speech.of(spoken),
        timed=timed,
        english=_is_english(transcript.language_code, text or " ".join(w.text for w in words)),
    )


def _untimed(text: str) -> Word:
    return Word(
        text=text,
        start=0,
        end=0,
        confidence=0.0,
        speaker=None,
        channel=None,
        index=0,
        joined=False,
    )


def _is_english(code: str | None, text: str) -> bool:
    """Believe the provider; where it names no language, judge by the most common words."""
    if code:
        return code.lower().replace("-", "_").split("_")[0] in ENGLISH
    words = _WORD.findall(text.lower())
    if len(words) < JUDGED_WORDS_MIN:
        return True
    return sum(word in COMMON for word in words) >= COMMON_SHARE_MIN * len(words)
