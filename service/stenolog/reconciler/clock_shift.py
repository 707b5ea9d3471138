"""Correct event times after the system clock was set back.

Event times never decrease. After a clock was set ahead and then back, the latest events have times
in the future. Deadlines of such events count from the moment when this process first saw them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from stenolog.commands.transcription.state import Submission, Transcription

log = structlog.get_logger()

SLEW_MS = 1_000  # a clock that is behind by no more was slewed, not set: its times are left alone


@dataclass(frozen=True, slots=True)
class _Seen:
    version: int
    at_ms: int


class ClockRead:
    """Knows what the clock said last."""

    def __init__(self) -> None:
        self._read_ms = 0

    def is_set_back(self, now_ms: int) -> bool:
        """Tell whether it was set back since, which has a line."""
        by_ms, self._read_ms = self._read_ms - now_ms, now_ms
        if by_ms <= SLEW_MS:
            return False
        advice = "have the clock slewed, not set"
        log.warning("reconciler.clock_set_back", by_ms=by_ms, advice=advice)
        return True


class ClockShift:
    """Moves times that lie in the future back to when this process first saw them."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def as_of(self, state: Transcription, now_ms: int) -> Transcription:
        """Return `state` with future times moved back to when we first saw its last event.

        All times are moved by the same amount, which `Submission.ahead_ms` tells. Times that are at
        most a second ahead are left alone: such a clock was slewed, not set.
        """
        if state.last_at_ms <= now_ms and state.id not in self._seen:
            return state
        seen = self._seen.get(state.id)
        if seen is None or seen.version != state.version or now_ms < seen.at_ms:
            seen = _Seen(state.version, now_ms)
        ahead_ms = state.last_at_ms - seen.at_ms
        if ahead_ms <= SLEW_MS:
            self.forget(state.id)
            return state
        self._seen[state.id] = seen
        moved = tuple(_moved(submission, ahead_ms) for submission in state.submissions)
        return replace(state, last_at_ms=seen.at_ms, submissions=moved)

    def forget(self, transcription_id: str) -> None:
        """Forget when its events were first seen."""
        self._seen.pop(transcription_id, None)


def _moved(submission: Submission, ahead_ms: int) -> Submission:
    return replace(
        submission,
        ahead_ms=ahead_ms,
        claimed_at_ms=submission.claimed_at_ms - ahead_ms,
        accepted_at_ms=_earlier(submission.accepted_at_ms, ahead_ms),
        retry_at_ms=_earlier(submission.retry_at_ms, ahead_ms),
    )


def _earlier(at_ms: int, by_ms: int) -> int:
    """Return a time moved back; 0 means that it has not happened, and stays 0."""
    return at_ms - by_ms if at_ms else 0
