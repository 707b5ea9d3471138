"""How long a job is expected to take follows its audio's length and the last jobs."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from stenolog.clock import rfc3339
from stenolog.commands.transcription.state import Submission
from stenolog.reconciler.expecting import (
    EXPECTED_MS_MAX,
    EXPECTED_MS_MIN,
    MODELS_MAX,
    RECENT_MAX,
    RECENT_MIN,
    Asked,
    Durations,
    asked_of,
)

MODEL = "universal-2"
HOUR_MS = 3_600_000
ACCEPTED_US = 1_700_000_000_000_000


def job(took_ms: int | None) -> Submission:
    """A job that called so long after it was accepted; None: it never called."""
    called_at = None if took_ms is None else rfc3339(ACCEPTED_US + took_ms * 1_000)
    return Submission(
        number=1, claimed_at_ms=0, accepted_at=rfc3339(ACCEPTED_US), called_back_at=called_at
    )


def after(took_ms: Iterable[int | None], audio_ms: int | None = HOUR_MS) -> Durations:
    durations = Durations()
    for one in took_ms:
        durations.ended(job(one), MODEL, audio_ms)
    return durations


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({}, Asked("", None)),
        ({"speech_models": ["a", "b"]}, Asked("a", None)),
        ({"speech_models": []}, Asked("", None)),
        ({"speech_models": [5]}, Asked("", None)),
        ({"audio_start_from": 1_000}, Asked("", None)),
        ({"audio_end_at": 5_000}, Asked("", 5_000)),
        ({"audio_start_from": 1_000, "audio_end_at": 5_000}, Asked("", 4_000)),
        ({"audio_start_from": 9_000, "audio_end_at": 5_000}, Asked("", 0)),
        ({"audio_start_from": "x", "audio_end_at": 5_000}, Asked("", None)),
        ({"audio_end_at": 10**400}, Asked("", 86_400_000)),
    ],
)
def test_a_request_says_its_model_and_perhaps_how_much_of_the_audio(
    params: dict[str, object], asked: Asked
) -> None:
    assert asked_of(params) == asked


def test_where_nothing_is_known_it_is_half_of_the_audio_and_a_minute_at_least() -> None:
    durations = Durations()
    assert durations.expected_ms(Asked(MODEL, None)) == EXPECTED_MS_MIN
    assert durations.expected_ms(Asked(MODEL, 1_000)) == EXPECTED_MS_MIN
    assert durations.expected_ms(Asked(MODEL, 600_000)) == 300_000
    assert durations.expected_ms(Asked(MODEL, 86_400_000)) == EXPECTED_MS_MAX


def test_it_is_what_nine_of_ten_of_the_last_jobs_did_not_exceed() -> None:
    durations = after([600_000] * 17 + [3_000_000] * 2)
    assert durations.expected_ms(Asked(MODEL, None)) == 3_000_000
    durations = after([600_000] * 19 + [3_000_000] * 2)
    assert durations.expected_ms(Asked(MODEL, None)) == 600_000
    assert durations.expected_ms(Asked(MODEL, HOUR_MS // 2)) == 300_000, "by their rate"
    assert durations.expected_ms(Asked("another", None)) == EXPECTED_MS_MIN


def test_few_jobs_teach_nothing_and_old_ones_are_forgotten() -> None:
    few = [900_000] * (RECENT_MIN - 1)
    assert after(few).expected_ms(Asked(MODEL, None)) == EXPECTED_MS_MIN
    assert after([*few, 900_000]).expected_ms(Asked(MODEL, None)) == 900_000
    faster = after([900_000] * RECENT_MAX + [90_000] * RECENT_MAX)
    assert faster.expected_ms(Asked(MODEL, None)) == 90_000
    without_length = after([900_000] * RECENT_MIN, audio_ms=None)
    assert without_length.expected_ms(Asked(MODEL, HOUR_MS)) == HOUR_MS // 2


def test_only_jobs_that_called_back_and_whose_model_is_known_count() -> None:
    durations = after([None] * RECENT_MIN)
    for _ in range(RECENT_MIN):
        durations.ended(job(900_000), None, HOUR_MS)
    assert durations.expected_ms(Asked(MODEL, None)) == EXPECTED_MS_MIN


def test_the_models_that_are_remembered_are_bounded() -> None:
    durations = after([900_000] * RECENT_MIN)
    for number in range(MODELS_MAX):
        durations.ended(job(900_000), f"model-{number}", HOUR_MS)
    assert durations.expected_ms(Asked(MODEL, None)) == EXPECTED_MS_MIN
