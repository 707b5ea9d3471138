"""Compare what was recognised with what was said. Pure."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from stenolog.engine.speech.readings import cardinal

DIGITS_AS_A_NUMBER_MAX = 2  # more are compared one by one: "four five three two", "4532"
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+")
FILLERS = frozenset({"uh", "um"})
# Two spellings of one word.
SAME = {"okay": "ok", "mister": "mr", "misses": "mrs", "grey": "gray", "alright": "all right"}


def plain_words(text: str) -> list[str]:
    """Return words without marks and capitals: hyphens join, digits are words.

    So "to-day" is "today", "42" is "forty two", and "$1,250" is "one two five zero".
    """
    low = text.lower().replace("’", "'")
    low = re.sub(r"(?<=[a-z])-(?=[a-z])|(?<=\d)[,-](?=\d)", "", low)
    return [word for found in _WORD.findall(low) for word in _said(found)]


def _said(word: str) -> Iterator[str]:
    if word[0].isdigit():
        if len(word) <= DIGITS_AS_A_NUMBER_MAX and not word.startswith("0"):
            yield from cardinal(int(word))
        else:
            yield from (cardinal(int(digit))[0] for digit in word)
    else:
        yield from SAME.get(word, word).split()


def word_errors(reference: str, heard: str) -> tuple[int, int]:
    """Return substitutions, deletions and insertions, and how many words were said.

    "Uh" and "um" count neither way: what is transcribed for people leaves them out.
    """
    expected, got = _without_fillers(reference), _without_fillers(heard)
    row = list(range(len(got) + 1))
    for count, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], count
        for place, other in enumerate(got, 1):
            diagonal, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other)),
            )
    return row[-1], len(expected)


def _without_fillers(text: str) -> list[str]:
    return [word for word in plain_words(text) if word not in FILLERS]


def word_error_rate(reference: str, heard: str) -> float:
    """Return errors per word that was said; there must be one."""
    errors, words = word_errors(reference, heard)
    return errors / words


def matched(expected: Sequence[str], got: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of equal words, in order, where both are the same."""
    matcher = SequenceMatcher(None, expected, got, autojunk=False)
    return [
        (block.a + step, block.b + step)
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    ]


def share_right(pairs: Sequence[tuple[str, str]]) -> float:
    """Of pairs of a label and the truth, the share that fits under the best naming of labels."""
    counts = Counter(pairs)
    labels = sorted({label for label, _ in pairs})
    names: list[str | None] = [*sorted({name for _, name in pairs})]
    names += [None] * max(0, len(labels) - len(names))
    best = max(
        sum(counts[(label, name)] for label, name in zip(labels, chosen, strict=True) if name)
        for chosen in itertools.permutations(names, len(labels))
    )
    return best / len(pairs)


def boundary_error(expected: Sequence[int], got: Sequence[int], units: int) -> float:
    """Return Pk: how often two units at half a segment's distance are wrongly told apart.

    `expected` and `got` are the places at which segments begin behind the first, of `units` units.
    0 is right, about 0.5 is guessing. Source: Beeferman, Berger, Lafferty, 1999.
    """
    distance = max(1, round(units / (len(expected) + 1) / 2))
    if units <= distance:
        return 0.0
    wrong = sum(
        any(place < cut <= place + distance for cut in expected)
        != any(place < cut <= place + distance for cut in got)
        for place in range(units - distance)
    )
    return wrong / (units - distance)
