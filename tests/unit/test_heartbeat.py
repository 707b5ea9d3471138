"""A heart that beats tells of a loop that goes on, and of nothing else."""

from __future__ import annotations

import asyncio

from stenolog.heartbeat import Heartbeat


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


async def test_its_age_is_that_of_the_last_beat() -> None:
    clock = Clock()
    heartbeat = Heartbeat(clock)
    assert heartbeat.age_ms == 0
    clock.now_s += 61
    assert heartbeat.age_ms == 61_000
    heartbeat.beat()
    assert heartbeat.age_ms == 0


async def test_a_loop_that_rests_beats_before_and_after() -> None:
    clock = Clock()
    heartbeat = Heartbeat(clock)
    clock.now_s += 61
    resting = asyncio.create_task(heartbeat.rest(20))
    await asyncio.sleep(0)
    assert heartbeat.age_ms == 0
    clock.now_s += 61
    await resting
    assert heartbeat.age_ms == 0


async def test_a_long_rest_is_taken_in_pieces() -> None:
    beats = 0

    class Counted(Heartbeat):
        def beat(self) -> None:
            nonlocal beats
            beats += 1
            super().beat()

    await Counted(beat_every_ms=5).rest(24)
    assert beats == 6
