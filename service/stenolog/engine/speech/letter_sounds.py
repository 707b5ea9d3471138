"""Guess how an English word is pronounced from its letters, where no dictionary has it. Pure.

The guess serves to find when the word is said, not how: half of the sounds are enough for that.
"""

from __future__ import annotations

import re

# Phones of CMU's dictionary; longer spellings come first.
SOUNDS = {
    "tion": "SH AH N",
    "sion": "ZH AH N",
    "eigh": "EY",
    "ough": "AO",
    "augh": "AO",
    "igh": "AY",
    "tch": "CH",
    "sch": "SH",
    "dge": "JH",
    "ch": "CH",
    "sh": "SH",
    "th": "TH",
    "ph": "F",
    "gh": "G",
    "wh": "W",
    "ck": "K",
    "qu": "K W",
    "ng": "NG",
    "kn": "N",
    "wr": "R",
    "ce": "S EH",
    "ci": "S IH",
    "cy": "S IY",
    "ee": "IY",
    "ea": "IY",
    "oo": "UW",
    "ou": "AW",
    "ow": "OW",
    "oy": "OY",
    "oi": "OY",
    "ai": "EY",
    "ay": "EY",
    "au": "AO",
    "aw": "AO",
    "ie": "IY",
    "ei": "EY",
    "ey": "IY",
    "ew": "UW",
    "ar": "AA R",
    "er": "ER",
    "ir": "ER",
    "ur": "ER",
    "or": "AO R",
    "a": "AE",
    "b": "B",
    "c": "K",
    "d": "D",
    "e": "EH",
    "f": "F",
    "g": "G",
    "h": "HH",
    "i": "IH",
    "j": "JH",
    "k": "K",
    "l": "L",
    "m": "M",
    "n": "N",
    "o": "OW",
    "p": "P",
    "q": "K",
    "r": "R",
    "s": "S",
    "t": "T",
    "u": "AH",
    "v": "V",
    "w": "W",
    "x": "K S",
    "y": "IY",
    "z": "Z",
}
_NAMES = (
    "EY|B IY|S IY|D IY|IY|EH F|JH IY|EY CH|AY|JH EY|K EY|EH L|EH M|EH N|OW|P IY|K Y UW|AA R|EH S|"
    "T IY|Y UW|V IY|D AH B AH L Y UW|EH K S|W AY|Z IY"
)
NAMES = _NAMES.split("|")  # of the letters, in order
_SPELLING = re.compile("|".join(sorted(SOUNDS, key=len, reverse=True)))
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1")
_SILENT_E = re.compile(r"(?<=[aeiouy])([b-df-hj-np-tv-z]+)e(s?)$")
_VOWEL = re.compile("[aeiouy]")


def phones(word: str) -> str:
    """Return phones, with spaces between, for a word of small letters and apostrophes.

    What has no vowel is spelled out. A word without a letter has no phones.
    """
    letters = "".join(letter for letter in word if "a" <= letter <= "z")
    if not _VOWEL.search(letters) or len(letters) == 1:
        return " ".join(NAMES[ord(letter) - ord("a")] for letter in letters)
    heard = _SILENT_E.sub(r"\1\2", _DOUBLED.sub(r"\1", letters))
    return " ".join(SOUNDS[found[0]] for found in _SPELLING.finditer(heard))
