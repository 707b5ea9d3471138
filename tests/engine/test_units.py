"""Speech is cut into units that hold one voice each, and nothing of it is dropped."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stenolog.engine.speakers.fbank import MELS, log_mel
from stenolog.engine.speakers.segmentation import WINDOW_FRAMES, Speech, read_activity
from stenolog.engine.speakers.units import UNIT_FRAMES_MAX, cut_units
from tests.engine import sounds


def test_who_is_active_becomes_stretches_and_changes() -> None:
    active = np.zeros((1, WINDOW_FRAMES, 3), dtype=bool)
    active[0, 59:177, 0] = True
    active[0, 177:236, 2] = True
    speech = read_activity(active, 160_000)
    assert speech.stretches == ((100, 401),)
    assert speech.changes == (301,)


def test_voices_are_numbered_anew_in_each_window() -> None:
    active = np.zeros((2, WINDOW_FRAMES, 3), dtype=bool)
    active[0, :, 0] = active[1, :, 1] = True
    assert read_activity(active, 320_000) == Speech(stretches=((0, 2_000),), changes=())


def test_the_end_of_the_audio_ends_the_last_window() -> None:
    active = np.ones((1, WINDOW_FRAMES, 3), dtype=bool)
    assert read_activity(active, 40_000).stretches == ((0, 250),)
    assert read_activity(np.zeros((1, WINDOW_FRAMES, 3), dtype=bool), 160_000).stretches == ()


def test_a_quiet_gap_cuts() -> None:
    voice = sounds.noise(1.0, 0.2)
    audio = np.concatenate((voice, sounds.noise(0.3, 0.0005), voice))
    units = cut_units(audio, Speech(stretches=((0, 230),), changes=()))
    assert len(units) == 2
    assert 100 <= units[0].last <= 130


@given(
    st.lists(st.integers(1, 900), max_size=6).map(lambda lengths: np.cumsum(lengths).tolist()),
    st.sets(st.integers(0, 3_000), max_size=10),
)
def test_units_cover_exactly_the_speech(edges: list[int], changes: set[int]) -> None:
    stretches = tuple(zip(edges[::2], edges[1::2], strict=False))
    speech = Speech(stretches=stretches, changes=tuple(sorted(changes)))
    units = cut_units(sounds.noise(60.0), speech)
    covered = [frame for unit in units for frame in range(unit.first, unit.last)]
    assert covered == [frame for first, last in stretches for frame in range(first, last)]
    assert all(0 < unit.last - unit.first <= UNIT_FRAMES_MAX for unit in units)


def test_features_are_frames_of_10_ms() -> None:
    assert log_mel(sounds.noise(0.02), sounds.nothing).shape == (0, MELS)
    assert log_mel(sounds.noise(1.0), sounds.nothing).shape == (98, MELS)


def test_features_of_long_audio_are_the_same_in_pieces() -> None:
    audio = sounds.noise(301.0)
    whole = log_mel(audio, sounds.nothing)
    end = log_mel(audio[299 * 16_000 :], sounds.nothing)
    assert np.allclose(whole[299 * 100 :], end, atol=1e-3)


def test_a_louder_tone_is_in_its_own_band() -> None:
    seconds = np.arange(16_000) / 16_000
    tone = (0.5 * np.sin(2 * np.pi * 1_000 * seconds)).astype(np.float32)
    bands = log_mel(tone, sounds.nothing).mean(axis=0)
    mel = 1127 * np.log1p(np.array([20, 1_000, 8_000]) / 700)
    expected = (mel[1] - mel[0]) / (mel[2] - mel[0]) * (MELS + 1) - 1
    assert abs(int(np.argmax(bands)) - expected) <= 1
