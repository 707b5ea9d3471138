"""How much of a transcript is right."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence


def plain_words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def word_error_rate(reference: str, heard: str) -> float:
    """Substitutions, deletions and insertions per word of the reference."""
    expected, got = plain_words(reference), plain_words(heard)
    row = list(range(len(got) + 1))
    for count, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], count
        for place, other in enumerate(got, 1):
            diagonal, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other)),
            )
    return row[-1] / len(expected)


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
