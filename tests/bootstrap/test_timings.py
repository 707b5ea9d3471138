"""What the settings and a provider's facts make of the plan's timing."""

from __future__ import annotations

from stenolog.bootstrap.providers import FACTS
from stenolog.bootstrap.timings import timings_of
from stenolog.config.settings import Settings

SETTINGS = Settings()


def test_the_settings_hold_where_no_fact_says_otherwise() -> None:
    timing = timings_of(SETTINGS, FACTS, polled=False)["assemblyai"]
    assert timing.settle_ms == SETTINGS.settle_ms
    assert timing.sweep_interval_ms == SETTINGS.sweep_interval_ms
    assert timing.job_lifetime_ms == SETTINGS.provider_job_lifetime_ms
    assert timing.facts == FACTS["assemblyai"]


def test_what_cannot_call_is_polled() -> None:
    for unreachable, polled in ((False, ["aimlapi"]), (True, ["aimlapi", "assemblyai"])):
        timings = timings_of(SETTINGS, FACTS, polled=unreachable)
        assert [name for name in FACTS if timings[name].polled] == polled


def test_a_job_is_given_up_once_its_result_would_be_gone() -> None:
    timings = timings_of(SETTINGS, FACTS, polled=False)
    assert timings["aimlapi"].job_lifetime_ms == FACTS["aimlapi"].result_lifetime_ms == 3_600_000


def test_a_list_that_is_never_behind_is_believed_soon() -> None:
    timing = timings_of(SETTINGS, FACTS, polled=False)["local"]
    assert timing.settle_ms == timing.sweep_interval_ms == 5_000
