"""Decide when a place's list is read next. Time is passed in."""

from __future__ import annotations

from stenolog.backoff import exponential_ms
from stenolog.reconciler.attempts import RETRY_FIRST_MS, RETRY_MS_MAX

PAGE_REST_MS = 250  # for each page that a list took, before it is read again
REST_MS_MIN = 1_000
FAILURES_MAX = 2  # lists in a row that failed, until jobs that are due are asked for themselves


class SweepTimes:
    """Knows when the list was read last, what that cost, and how often in a row it failed.

    Attributes:
        began_ms: When the last list was begun; 0: none was.
        hurried: A job is due that was not silent for long.
    """

    def __init__(self, interval_ms: int, *, polled: bool = False) -> None:
        """`interval_ms`: between two lists, unless there is a hurry and they are short.

        `polled`: there always is.
        """
        self._interval_ms = interval_ms
        self._polled = polled
        self._unread = False  # the last one could not be read
        self._pages = 0
        self._failures = 0
        self._held_until_ms = 0
        self.began_ms = 0
        self.hurried = False

    def next_ms(self, due_ms: int | None, *, silent: bool) -> int | None:
        """Return when to read the list: not before the first job is due, unless callbacks fail."""
        if silent:
            silent_ms = self.began_ms + self._interval_ms
            due_ms = silent_ms if due_ms is None else min(due_ms, silent_ms)
        if due_ms is None:
            return None
        rest_ms = self._interval_ms
        if self.hurried or self._polled:
            rest_ms = min(rest_ms, max(REST_MS_MIN, PAGE_REST_MS * self._pages))
        if self._unread:
            rest_ms = 0
        return max(due_ms, self.began_ms + rest_ms, self._held_until_ms)

    def begin(self, now_ms: int) -> None:
        """Note that a list is begun."""
        self.began_ms, self.hurried = now_ms, False

    def read(self, pages: int) -> None:
        """Note that it was read, and how many pages it had."""
        self._pages, self._failures, self._unread = pages, 0, False

    def failed(self, now_ms: int, told_ms: int, *, asked: bool) -> bool:
        """Note a list that could not be read; tell whether jobs are to be asked for themselves.

        `asked`: the provider was asked; where nobody may ask, that is no failure of its list.
        """
        self._unread = True
        self._failures += asked
        wait_ms = exponential_ms(
            max(1, self._failures), first_ms=RETRY_FIRST_MS, ceiling_ms=RETRY_MS_MAX
        )
        self._held_until_ms = now_ms + max(wait_ms, told_ms)
        return asked and self._failures >= FAILURES_MAX

    def clock_set_back(self) -> None:
        """Forget when the list was read: no time that was noted holds."""
        self.began_ms = self._held_until_ms = 0
