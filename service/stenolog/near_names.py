"""Find which known name a misspelt one was meant to be. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection

EDITS_MAX = 2


def suggested(name: str, known: Collection[str]) -> str:
    """Return the known name that looks most like `name`; empty when none looks much like it."""
    near = difflib.get_close_matches(name[: 2 * _longest(known)], known, n=1)
    return near[0] if near else ""


def nearest(name: str, known: Collection[str]) -> str:
    """Return the known name that looks most like `name`, however little; `known` has one."""
    return difflib.get_close_matches(name[: 2 * _longest(known)], known, n=1, cutoff=0)[0]


def misspelt(name: str, known: Collection[str], edits_max: int = EDITS_MAX) -> str:
    """Return the known name from which `name` differs by 1 to `edits_max` edits; empty: none.

    An edit adds, removes or replaces one character; upper and lower case are told apart. Of several
    names that with the fewest edits is returned, of equal ones the first in the alphabet.
    """
    if name in known or len(name) > _longest(known) + edits_max:
        return ""
    letters = set(name)  # an edit takes away one of these at most: few known names remain
    likely = [one for one in known if len(letters.difference(one)) <= edits_max]
    found = [(edits(name, one, edits_max), one) for one in likely]
    return min(((count, one) for count, one in found if count <= edits_max), default=(0, ""))[1]


def edits(one: str, other: str, most: int) -> int:
    """Return the Levenshtein distance of two texts; `most` + 1 when it is greater than `most`.

    It takes time in the length of the texts by `most`: only cells so near to the diagonal count.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    over = most + 1
    row = [min(column, over) for column in range(len(other) + 1)]
    for line, character in enumerate(one, 1):
        low, high = max(1, line - most), min(len(other), line + most)
        before, row = row, [over] * (len(other) + 1)
        if line <= most:
            row[0] = line
        for column in range(low, high + 1):
            changed = before[column - 1] + (character != other[column - 1])
            row[column] = min(changed, before[column] + 1, row[column - 1] + 1, over)
        if min(row) > most:
            return over
    return row[-1]


def _longest(names: Collection[str]) -> int:
    return max(map(len, names), default=0)
