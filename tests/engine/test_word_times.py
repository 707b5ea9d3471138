"""Word times lie where there is a voice, in order, and never reach across a pause."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stenolog.engine.speech.word_times import VoicedFrames
from stenolog.engine.techniques import Waveform
from tests.engine import sounds

timer = VoicedFrames()


def voice(seconds: float) -> Waveform:
    return sounds.noise(seconds, 0.2)


def test_no_words_have_no_times() -> None:
    assert timer.times(voice(1.0), []).times_ms == ()


def test_words_share_a_run_by_their_length() -> None:
    (short, long) = timer.times(voice(1.0), ["a", "international"]).times_ms
    assert short[0] < 100
    assert short[1] < 250
    assert long[1] > 900


def test_silence_around_speech_belongs_to_no_word() -> None:
    audio = np.concatenate((sounds.silence(0.5), voice(1.0), sounds.silence(0.5)))
    times = timer.times(audio, ["one", "two", "three"]).times_ms
    assert times[0][0] == 500
    assert times[-1][1] == 1_500


def test_a_pause_falls_between_words() -> None:
    audio = np.concatenate((voice(1.0), sounds.silence(0.6), voice(1.0)))
    times = timer.times(audio, ["good", "morning.", "how", "are", "you?"]).times_ms
    assert times[1][1] == 1_000
    assert times[2][0] == 1_600


def test_punctuation_draws_the_pause() -> None:
    """By length alone the third word would stand before the pause."""
    audio = np.concatenate((voice(1.0), sounds.silence(0.3), voice(0.8)))
    times = timer.times(audio, ["hello", "there.", "hello", "there"]).times_ms
    assert times[1][1] == 1_000
    assert times[2][0] == 1_300


@given(
    st.lists(st.tuples(st.floats(0.0, 0.3), st.floats(0.01, 1.0)), max_size=8),
    st.lists(st.sampled_from(["a", "word", "number.", "extraordinary", "42"]), max_size=20),
)
def test_times_are_in_order_and_inside(
    stretches: list[tuple[float, float]], words: list[str]
) -> None:
    audio = np.concatenate(
        [sounds.silence(0.01), *(sounds.noise(seconds, loud) for loud, seconds in stretches)]
    )
    times = timer.times(audio, words).times_ms
    assert len(times) == len(words)
    assert all(start <= end <= audio.size / 16 for start, end in times)
    for (_, end), (start, _) in itertools.pairwise(times):
        assert end <= start
