"""Waiting because a provider asked for it, however long it asks for."""

from __future__ import annotations

import itertools

from structlog.testing import capture_logs

from stenolog.providers.pause import PAUSE_FIRST_MS, PAUSE_MS_MAX, PROBE_MS, Pause

HOUR_MS = 3_600_000


def pause() -> Pause:
    return Pause("assemblyai", "fetch")


def test_a_pause_is_waited_out() -> None:
    one = pause()
    one.begin(30_000, 1, 2)
    assert one.wait_ms(2) == 30_000
    assert one.wait_ms(30_001) == 1
    assert one.wait_ms(30_002) == 0


def test_a_long_pause_is_probed_by_one_request_a_minute_until_it_is_over() -> None:
    one = pause()
    one.begin(HOUR_MS, 1, 2)
    made = []
    for now in range(2, 2 + HOUR_MS, 100):
        if not one.wait_ms(now):
            one.take(now)
            made.append(now)
    assert made[0] <= 60_000
    assert all(60_000 >= later - before >= PROBE_MS for before, later in itertools.pairwise(made))
    one.answered(made[-1])
    assert one.wait_ms(made[-1] + 1) == 0


def test_an_answer_to_a_request_from_before_the_refusal_ends_nothing() -> None:
    one = pause()
    one.begin(HOUR_MS, 10, 20)
    one.answered(15)
    assert one.wait_ms(21) > 0


def test_what_is_no_probe_waits_on() -> None:
    one = pause()
    one.begin(HOUR_MS, 1, 2)
    assert one.wait_ms(2 + PROBE_MS, probes=False) == PROBE_MS


def test_a_refusal_that_does_not_say_when_waits_longer_each_time_up_to_a_minute() -> None:
    one, now, waits = pause(), 10, []
    for _ in range(8):
        one.begin(None, now, now + 1)
        waits.append(one.left_ms(now + 1))
        now += 1 + waits[-1]
    assert waits[:3] == [PAUSE_FIRST_MS, 2 * PAUSE_FIRST_MS, 4 * PAUSE_FIRST_MS]
    assert waits[-1] == PAUSE_MS_MAX
    one.answered(now)
    one.begin(None, now + 1, now + 2)
    assert one.left_ms(now + 2) == PAUSE_FIRST_MS


def test_forty_refusals_of_one_moment_are_one() -> None:
    one = pause()
    for moment in range(40):
        one.begin(None, 100, 200 + moment)
    assert one.left_ms(240) <= PAUSE_FIRST_MS


def test_its_beginning_and_its_end_are_told_once() -> None:
    one = pause()
    with capture_logs() as lines:
        for moment in range(5):
            one.begin(30_000, moment * 10 + 1, moment * 10 + 2)
        one.answered(15_000)
        one.answered(15_001)
        one.begin(1_000, 20_000, 20_001)
        assert one.wait_ms(30_000) == 0
        assert one.wait_ms(30_000) == 0
    assert [line["event"] for line in lines] == ["provider.paused", "provider.resumed"] * 2
