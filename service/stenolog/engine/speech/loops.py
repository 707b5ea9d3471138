"""Notice when the recogniser repeats itself without end, which it does with high confidence."""

from __future__ import annotations

from collections.abc import Sequence

PERIOD_MAX = 24  # tokens of the phrase that is repeated, about twenty words
REPEATS_MIN = 3  # nobody says a whole phrase three times in one breath
REPEATED_TOKENS_MIN = 12  # short words may well be repeated: "no, no, no"


def without_loop(tokens: Sequence[int]) -> int | None:
    """Return how many tokens to keep when the end is a loop, its first round too; else None."""
    for period in range(1, PERIOD_MAX + 1):
        rounds = max(REPEATS_MIN, -(-REPEATED_TOKENS_MIN // period))
        length = period * rounds
        if len(tokens) < length:
            continue
        end = tokens[-length:]
        if end[period:] == end[:-period]:
            return len(tokens) - length + period
    return None
