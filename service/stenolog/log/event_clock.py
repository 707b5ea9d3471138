"""Tell the time of events: the wall clock's, as far as it can be believed. Pure.

Event time is hashed for ever and never decreases: one reading of a clock that is years ahead would
date every later event. So a wall clock is followed as long as it runs with the steady one; when it
jumps, the steady one is counted on until the wall clock has agreed with itself for ten minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stenolog.errors import CannotStart

JUMP_US_MIN = 3_600_000_000  # an hour: what is less is a clock that is set right, and is followed
AGREES_US_MAX = 60_000_000  # a clock that was set by a human, and is slewed after that
AGREED_US_MIN = 600_000_000  # ten minutes, until a clock that jumped is believed
UNUSED_US_MAX = 400 * 86_400_000_000  # since the last event; a yearly start is not doubted
TIME_US_MAX = 253_402_300_799_999_999  # the last microsecond of 9999: RFC 3339 has no later one
ADVICE = "set the machine's clock; if it is right, start once with `stenolog serve --accept-clock`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What two clocks said at one moment, in microseconds.

    Attributes:
        wall_us: Since the epoch, UTC, as the machine believes.
        steady_us: Since any moment; never set, and runs on while the machine sleeps.
    """

    wall_us: int
    steady_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The time of events, and what to remember once they are committed.

    Attributes:
        jumped_us: How far the wall clock was off that is believed from now on (behind: negative);
            None: it did not jump.
    """

    time_us: int
    clock: EventClock
    jumped_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventClock:
    """Which reading of the wall clock is counted on.

    Attributes:
        doubted: The first reading after a jump that later ones have agreed with since.
    """

    believed: Reading
    doubted: Reading | None = None

    def tell(self, now: Reading) -> Told:
        """Return the time now, and the clock from now on."""
        time_us = _later(self.believed, now)
        if _is_time(now.wall_us) and abs(now.wall_us - time_us) <= JUMP_US_MIN:
            return Told(time_us=now.wall_us, clock=EventClock(believed=now))
        if not _is_time(now.wall_us):
            return Told(time_us=_bounded(time_us), clock=replace(self, doubted=None))
        doubted = self.doubted
        if doubted is None or abs(now.wall_us - _later(doubted, now)) > AGREES_US_MAX:
            return Told(time_us=_bounded(time_us), clock=replace(self, doubted=now))
        if now.steady_us - doubted.steady_us < AGREED_US_MIN:
            return Told(time_us=_bounded(time_us), clock=self)
        return Told(
            time_us=now.wall_us,
            clock=EventClock(believed=now),
            jumped_us=now.wall_us - time_us,
        )


def started(now: Reading, last_us: int, *, accepted: bool) -> Told:
    """Return the clock of a log that is opened, whose last event was at `last_us` (0: none).

    With `accepted` an operator says that the wall clock is right. One that is behind the last event
    is taken as it is: until it has caught up, events have the last one's time.

    Raises:
        CannotStart: The clock cannot be right; nothing was written.
    """
    clock = EventClock(believed=now)
    if not _is_time(now.wall_us):
        raise CannotStart(f"the machine's clock says a time that no calendar has; {ADVICE}")
    ahead_us = now.wall_us - last_us
    if not last_us or ahead_us <= UNUSED_US_MAX:
        return Told(time_us=now.wall_us, clock=clock)
    if accepted:
        return Told(time_us=now.wall_us, clock=clock, jumped_us=ahead_us)
    raise CannotStart(
        f"the machine's clock is {ahead_us // 86_400_000_000} days ahead of the log's last event, "
        f"and the time of an event cannot be changed later; {ADVICE}"
    )


def _later(then: Reading, now: Reading) -> int:
    return then.wall_us + max(0, now.steady_us - then.steady_us)


def _is_time(wall_us: int) -> bool:
    return 0 <= wall_us <= TIME_US_MAX


def _bounded(time_us: int) -> int:
    return min(time_us, TIME_US_MAX)
