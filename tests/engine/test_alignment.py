"""Words of real speech are placed where they are said, to hundredths of a second."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest

from stenolog.engine.speech.alignment import ALIGNED_MARGIN_MS, ForcedAlignment, best_word_timer
from stenolog.engine.speech.word_times import ESTIMATED_MARGIN_MS
from stenolog.engine.techniques import SAMPLE_RATE, Waveform, WordTimes
from tests.engine import sounds

pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
pytestmark = pytest.mark.xdist_group("engine")

SPOKEN = "It was the best of times, it was the worst of times,"
OTHER = "and then a whole lot of other things"
SENTENCE = SPOKEN.split()


@pytest.fixture(scope="module")
def aligner() -> ForcedAlignment:
    return ForcedAlignment()


@pytest.fixture(scope="module")
def audio() -> Waveform:
    return sounds.speech("two_cities", 0.6, 4.8)


def starts(times: WordTimes) -> list[int]:
    return [start for start, _ in times.times_ms]


def test_every_word_is_placed(aligner: ForcedAlignment, audio: Waveform) -> None:
    times = aligner.times(audio, SENTENCE)
    assert times.margin_ms == ALIGNED_MARGIN_MS
    assert len(times.times_ms) == len(SENTENCE)
    assert times.times_ms[0][0] >= 0
    assert times.times_ms[-1][1] <= audio.size * 1000 / SAMPLE_RATE
    for (begin, end), (following, _) in itertools.pairwise(times.times_ms):
        assert begin < end <= following


def test_speech_moved_in_time_is_found_as_much_later(
    aligner: ForcedAlignment, audio: Waveform
) -> None:
    """The truth that is known exactly: a pause put into the middle of a line."""
    plain = aligner.times(audio, SENTENCE).times_ms
    cut_ms = (plain[5][1] + plain[6][0]) // 2
    cut = cut_ms * SAMPLE_RATE // 1000
    longer = np.concatenate((audio[:cut], sounds.noise(0.7, 0.001), audio[cut:]))
    moved = aligner.times(longer, SENTENCE).times_ms
    errors = [
        abs(later - start - (700 if start >= cut_ms else 0))
        for (start, _), (later, _) in zip(plain, moved, strict=True)
    ]
    assert statistics.median(errors) <= 20
    assert max(errors) <= 100


def test_a_word_that_no_dictionary_has_is_placed(aligner: ForcedAlignment, audio: Waveform) -> None:
    written = SPOKEN.replace("worst", "wersst").replace("best", "besst").split()
    plain, other = aligner.times(audio, SENTENCE), aligner.times(audio, written)
    assert other.margin_ms == ALIGNED_MARGIN_MS
    assert all(abs(a - b) <= 100 for a, b in zip(starts(plain), starts(other), strict=True))


def test_what_cannot_be_placed_is_estimated_and_says_so(
    aligner: ForcedAlignment, audio: Waveform
) -> None:
    times = aligner.times(audio, [*SENTENCE, *OTHER.split()])
    assert len(times.times_ms) == len(SENTENCE) + 8
    assert times.margin_ms == ESTIMATED_MARGIN_MS
    for (begin, end), (following, _) in itertools.pairwise(times.times_ms):
        assert begin <= end <= following


@pytest.mark.parametrize(
    "words", [[], ["你好"], ["hello"] * 500, ["1" * 1_000], ["'"], ["a(2)", "<sil>"]]
)
@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.3])
def test_odd_words_and_little_sound_do_no_harm(
    aligner: ForcedAlignment, words: list[str], seconds: float
) -> None:
    audio = sounds.noise(seconds)
    times = aligner.times(audio, words)
    assert len(times.times_ms) == len(words)
    assert all(0 <= start <= end <= audio.size / 16 for start, end in times.times_ms)


def test_a_dictionary_that_has_grown_is_read_anew(audio: Waveform) -> None:
    aligner = ForcedAlignment(words_added_max=100)
    for round_ in range(3):
        words = [f"qu{chr(97 + round_)}{chr(97 + n // 26)}{chr(97 + n % 26)}zz" for n in range(300)]
        aligner.times(audio, words)
    assert aligner.times(audio, SENTENCE).margin_ms == ALIGNED_MARGIN_MS


def test_an_engine_that_can_align_does() -> None:
    assert isinstance(best_word_timer(), ForcedAlignment)
