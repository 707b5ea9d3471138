"""Voices from vectors: found without a number, and as many as were asked for with one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stenolog.engine.options import SpeakerBounds
from stenolog.engine.speakers.clustering import SEEDS_MAX, cluster

ANY = SpeakerBounds()


def voices(
    *counts: int, spread: float = 0.5, size: int = 64
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[int]]:
    """Vectors of so many units per voice in turns, how long each is, and whose each is."""
    random = np.random.default_rng(3)
    centres = np.linalg.qr(random.normal(size=(size, len(counts))))[0].T
    truth = [voice for voice, count in enumerate(counts) for _ in range(count)]
    random.shuffle(truth)
    offsets = random.normal(size=(len(truth), size))
    offsets /= np.linalg.norm(offsets, axis=1, keepdims=True)
    vectors = centres[truth] + spread * offsets
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, random.uniform(1.0, 3.0, len(truth)), truth


def agree(labels: NDArray[np.int64], truth: list[int]) -> bool:
    pairs = set(zip(labels.tolist(), truth, strict=True))
    return len(pairs) == len({label for label, _ in pairs}) == len(set(truth))


def test_nothing_has_no_voices() -> None:
    labels = cluster(np.zeros((0, 4)), np.zeros(0), ANY)
    assert labels.size == 0


def test_one_short_unit_is_one_voice() -> None:
    assert cluster(np.array([[1.0, 0.0]]), np.array([0.3]), ANY).tolist() == [0]


@pytest.mark.parametrize("counts", [(12,), (9, 14), (5, 8, 11, 6)])
def test_distinct_voices_are_found_without_a_number(counts: tuple[int, ...]) -> None:
    vectors, seconds, truth = voices(*counts)
    assert agree(cluster(vectors, seconds, ANY), truth)


def test_an_expected_number_joins_the_most_alike() -> None:
    vectors, seconds, _ = voices(8, 8, 8)
    labels = cluster(vectors, seconds, SpeakerBounds(least=2, most=2))
    assert len(set(labels.tolist())) == 2


def test_an_expected_number_keeps_apart_what_would_be_joined() -> None:
    vectors, seconds, _ = voices(16)
    labels = cluster(vectors, seconds, SpeakerBounds(least=2, most=2))
    assert len(set(labels.tolist())) == 2


def test_a_lower_and_an_upper_bound_change_nothing_when_they_hold() -> None:
    vectors, seconds, truth = voices(9, 14)
    assert agree(cluster(vectors, seconds, SpeakerBounds(least=1, most=5)), truth)


def test_more_voices_than_units_are_not_invented() -> None:
    vectors, seconds, _ = voices(2, 2)
    labels = cluster(vectors, seconds, SpeakerBounds(least=9, most=9))
    assert len(set(labels.tolist())) <= 4


def test_a_moment_of_another_voice_is_no_speaker() -> None:
    vectors, seconds, _ = voices(30, 1)
    assert len(set(cluster(vectors, seconds, ANY).tolist())) == 1


def test_short_units_join_the_voice_they_resemble() -> None:
    vectors, seconds, truth = voices(12, 12)
    seconds[::3] = 0.4
    assert agree(cluster(vectors, seconds, ANY), truth)


def test_hours_of_talk_are_clustered_from_a_sample() -> None:
    vectors, seconds, truth = voices(SEEDS_MAX // 2, SEEDS_MAX // 2 + 200, size=16)
    assert agree(cluster(vectors, seconds, ANY), truth)
