"""Cut speech into lines to recognise: at pauses, and where it goes on too long."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.techniques import SAMPLE_RATE, STEP_SAMPLES, Line

SPEECH_PROBABILITY = 0.5  # a step above it is speech; Silero's own default
# Fewest errors on 2,854 English words among gaps 0.3 to 0.7 s and lengths 9 to 20 s.
GAP_SECONDS = 0.5
PAD_SECONDS = 0.15
LINE_SECONDS_MAX = 15.0
STEPS_PER_SECOND = SAMPLE_RATE / STEP_SAMPLES


def speech_ratio(probabilities: NDArray[np.float32]) -> float:
    """Return the share of steps that are speech, 0 to 1; 0 without steps."""
    if probabilities.size == 0:
        return 0.0
    return float(np.mean(probabilities > SPEECH_PROBABILITY))


def cut_lines(probabilities: NDArray[np.float32], samples: int) -> tuple[Line, ...]:
    """Return the lines of an audio of `samples` samples, in order, not overlapping."""
    pad = round(PAD_SECONDS * SAMPLE_RATE)
    lines: list[Line] = []
    for first, last in _stretches(probabilities):
        for begin, end, opens, closes in _pieces(probabilities, first, last):
            start = begin * STEP_SAMPLES - (pad if opens else 0)
            stop = end * STEP_SAMPLES + (pad if closes else 0)
            lines.append(Line(start=max(0, start), end=min(samples, stop)))
    return tuple(lines)


def _stretches(probabilities: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    """Steps from the first to one after the last of each stretch without a long gap."""
    gap = GAP_SECONDS * STEPS_PER_SECOND
    first = last = -1
    for step in np.flatnonzero(probabilities > SPEECH_PROBABILITY).tolist():
        if first >= 0 and step - last > gap:
            yield first, last + 1
            first = step
        elif first < 0:
            first = step
        last = step
    if first >= 0:
        yield first, last + 1


def _pieces(
    probabilities: NDArray[np.float32], first: int, last: int
) -> Iterator[tuple[int, int, bool, bool]]:
    """Yield a stretch halved until short enough: begin, end, and which ends are true pauses."""
    waiting = [(first, last, True, True)]
    while waiting:
        begin, end, opens, closes = waiting.pop()
        length = end - begin
        if length <= LINE_SECONDS_MAX * STEPS_PER_SECOND:
            yield begin, end, opens, closes
            continue
        quarter = length // 4
        middle = probabilities[begin + quarter : end - quarter]
        cut = begin + quarter + int(np.argmin(middle))
        waiting.append((cut, end, False, closes))
        waiting.append((begin, cut, opens, False))
