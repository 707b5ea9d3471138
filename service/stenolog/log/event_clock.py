"""Tell the time of events: the wall clock's, as far as it can be believed. Pure.

Event time is hashed for ever and never decreases: one reading of a clock that is years ahead would
date every later event. So a wall clock is followed as long as it runs with the steady one; when it
jumps, the steady one is counted on until the wall clock has agreed with itself for ten minutes, and
a running process follows no jump of more than 400 days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from stenolog.errors import CannotStart

JUMP_US_MIN = 3_600_000_000  # an hour: what is less is a clock that is set right, and is followed
AGREES_US_MAX = 60_000_000  # a clock that was set by a human, and is slewed after that
AGREED_US_MIN = 600_000_000  # ten minutes, until a clock that jumped is believed
UNSEEN_US_MAX = 150_000_000  # readings further apart tell nothing of the time between them
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
class Doubt:
    """A wall clock that has jumped and has agreed with itself since.

    Attributes:
        first: The first reading after the jump.
        last: The last one that agreed with it.
    """

    first: Reading
    last: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class EventClock:
    """Which reading of the wall clock is counted on.

    Attributes:
        floor_us: The time of the last event: no later one has an earlier time.
        doubt: What speaks for another reading than the believed one; None: nothing.
    """

    believed: Reading
    floor_us: int = 0
    doubt: Doubt | None = None

    def time_us(self, now: Reading) -> int:
        """Return the time that an event would have now, at least."""
        told = now.wall_us if self._goes_with(now) else _later(self.believed, now)
        return _bounded(max(told, self.floor_us))

    def seen(self, now: Reading) -> EventClock:
        """Return the clock after a reading at which no event is written; it takes no jump."""
        if self._goes_with(now):
            return replace(self, believed=now, doubt=None)
        if not _is_time(now.wall_us) or abs(self._off_us(now)) > UNUSED_US_MAX:
            return replace(self, doubt=None)
        doubt = self.doubt
        if doubt is None or not _goes_on(doubt, now):
            return replace(self, doubt=Doubt(first=now, last=now))
        return replace(self, doubt=replace(doubt, last=now))

    def tell(self, now: Reading) -> Told:
        """Return the time of events that are written now, and the clock from now on."""
        clock = self.seen(now)
        if clock.doubt and now.steady_us - clock.doubt.first.steady_us >= AGREED_US_MIN:
            taken = replace(self, believed=now, doubt=None)
            return taken._told(now.wall_us, jumped_us=self._off_us(now))
        goes_with = self._goes_with(now)
        return clock._told(now.wall_us if goes_with else _bounded(_later(self.believed, now)))

    def _told(self, time_us: int, jumped_us: int | None = None) -> Told:
        clock = replace(self, floor_us=max(self.floor_us, time_us))
        return Told(time_us=time_us, clock=clock, jumped_us=jumped_us)

    def _goes_with(self, now: Reading) -> bool:
        return _is_time(now.wall_us) and not self._off_us(now)

    def _off_us(self, now: Reading) -> int:
        """Return how far the wall clock has jumped; 0 when it did not.

        One that is behind the last event may come up to it: that dates no event.
        """
        later_us = _later(self.believed, now)
        ahead_us = now.wall_us - max(later_us, self.floor_us)
        if ahead_us > JUMP_US_MIN:
            return ahead_us
        behind_us = now.wall_us - later_us
        return behind_us if behind_us < -JUMP_US_MIN else 0


def started(now: Reading, last_us: int, *, accepted: bool) -> Told:
    """Return the clock of a log that is opened, whose last event was at `last_us` (0: none).

    More than an hour ahead of the last event is a jump, for nothing tells how long the log was not
    open; with `accepted` an operator says that the wall clock is right, however far it is ahead.
    One that is behind the last event is taken as it is: until it has caught up, events have the
    last one's time.

    Raises:
        CannotStart: The clock cannot be right; nothing was written.
    """
    clock = EventClock(believed=now, floor_us=last_us)
    if not _is_time(now.wall_us):
        raise CannotStart(f"the machine's clock says a time that no calendar has; {ADVICE}")
    ahead_us = now.wall_us - last_us
    if not last_us or ahead_us <= JUMP_US_MIN:
        return Told(time_us=now.wall_us, clock=clock)
    if accepted or ahead_us <= UNUSED_US_MAX:
        return Told(time_us=now.wall_us, clock=clock, jumped_us=ahead_us)
    raise CannotStart(
        f"the machine's clock is {ahead_us // 86_400_000_000} days ahead of the log's last event, "
        f"and the time of an event cannot be changed later; {ADVICE}"
    )


def _goes_on(doubt: Doubt, now: Reading) -> bool:
    """Tell whether this reading agrees with those since the jump, and was not long in coming."""
    unseen_us = now.steady_us - doubt.last.steady_us
    off_us = now.wall_us - _later(doubt.first, now)
    return unseen_us <= UNSEEN_US_MAX and abs(off_us) <= AGREES_US_MAX


def _later(then: Reading, now: Reading) -> int:
    return then.wall_us + max(0, now.steady_us - then.steady_us)


def _is_time(wall_us: int) -> bool:
    return 0 <= wall_us <= TIME_US_MAX


def _bounded(time_us: int) -> int:
    return min(time_us, TIME_US_MAX)
