"""Lines: pauses end them, long ones are cut where speech is weakest, none is lost or doubled."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stenolog.engine.speech.lines import LINE_SECONDS_MAX, PAD_SECONDS, cut_lines, speech_ratio
from stenolog.engine.techniques import SAMPLE_RATE, STEP_SAMPLES

PAD = round(PAD_SECONDS * SAMPLE_RATE)


def steps(*stretches: tuple[float, int]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.concatenate([np.full(count, p, dtype=np.float32) for p, count in stretches])


def test_no_steps_have_no_lines_and_no_speech() -> None:
    nothing = np.zeros(0, dtype=np.float32)
    assert cut_lines(nothing, 0) == ()
    assert speech_ratio(nothing) == 0.0


def test_the_ratio_counts_steps_over_one_half() -> None:
    assert speech_ratio(steps((0.9, 3), (0.5, 1))) == 0.75


def test_a_short_gap_keeps_one_line_and_a_long_one_ends_it() -> None:
    short = steps((0.9, 20), (0.1, 14), (0.9, 20))
    long = steps((0.9, 20), (0.1, 17), (0.9, 20))
    assert len(cut_lines(short, short.size * STEP_SAMPLES)) == 1
    assert len(cut_lines(long, long.size * STEP_SAMPLES)) == 2


def test_lines_are_padded_within_the_audio() -> None:
    probabilities = steps((0.0, 40), (0.9, 30), (0.0, 40))
    (line,) = cut_lines(probabilities, probabilities.size * STEP_SAMPLES)
    assert (line.start, line.end) == (40 * STEP_SAMPLES - PAD, 70 * STEP_SAMPLES + PAD)
    (whole,) = cut_lines(steps((0.9, 30)), 30 * STEP_SAMPLES - 100)
    assert (whole.start, whole.end) == (0, 30 * STEP_SAMPLES - 100)


def test_a_long_line_is_cut_at_its_weakest_step() -> None:
    probabilities = steps((0.9, 250), (0.6, 1), (0.9, 300))
    first, second = cut_lines(probabilities, probabilities.size * STEP_SAMPLES)
    assert first.end == second.start == 250 * STEP_SAMPLES


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.integers(1, 400)), max_size=12))
def test_every_step_of_speech_is_in_exactly_one_line(stretches: list[tuple[float, int]]) -> None:
    probabilities = steps(*stretches, (0.0, 1))
    samples = probabilities.size * STEP_SAMPLES
    lines = cut_lines(probabilities, samples)
    covered = np.zeros(samples, dtype=np.int64)
    for line in lines:
        assert 0 <= line.start < line.end <= samples
        assert line.end - line.start <= LINE_SECONDS_MAX * SAMPLE_RATE + 2 * PAD + STEP_SAMPLES
        covered[line.start : line.end] += 1
    assert covered.max(initial=0) <= 1
    for step in np.flatnonzero(probabilities > 0.5):
        assert covered[step * STEP_SAMPLES] == 1
