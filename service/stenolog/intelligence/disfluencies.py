"""Leave out the sounds that people make while they look for words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stenolog.intelligence.words import Word

# Sounds that carry nothing. "Mhm", "uh-huh" and "huh" answer somebody, and stay.
_SOUNDS = "um umm uhm uh uhh er erm ehm hm hmm hmmm mm mmm"
FILLERS = frozenset(_SOUNDS.split())
_ENDS = (".", "!", "?", "…")
_EDGES = re.compile(r"^\W+|\W+$")
_MARK = re.compile(r"[^\w\"'”’)\]]+$")


def is_filler(text: str) -> bool:
    """Tell whether a word is one of `FILLERS`, whatever its case and punctuation."""
    return _EDGES.sub("", text).lower() in FILLERS


def without_fillers(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the other words, with the punctuation and capitals that they need now.

    Method: a list. The mark that ended a sentence moves to the word before, and the sentence's
    next word is capitalised. Times stay as they are.

    Limits: English; repeated words and false starts stay, and "like" and "you know", too.
    """
    kept: list[Word] = []
    capital_owed = False
    begins = True  # the next word is the first of its sentence
    for word in words:
        if is_filler(word.text):
            capital_owed = capital_owed or (begins and word.text[:1].isupper())
            ended = word.text.endswith(_ENDS)
            if ended and not begins and kept and kept[-1].voice == word.voice:
                mark = _MARK.search(word.text)
                assert mark is not None
                kept[-1] = replace(kept[-1], text=_MARK.sub("", kept[-1].text) + mark[0])
                begins = True
            continue
        text = word.text[:1].upper() + word.text[1:] if capital_owed and begins else word.text
        kept.append(replace(word, text=text))
        capital_owed = False
        begins = word.text.endswith(_ENDS)
    return tuple(kept)
