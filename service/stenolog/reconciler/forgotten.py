"""Stop paying for jobs again when a provider seems to forget many at once. Time is passed in."""

from __future__ import annotations

from collections import deque

import structlog

FORGOTTEN_A_MINUTE_MAX = 3  # jobs of one place that are paid for again within a minute
MINUTE_MS = 60_000
# While verdicts go on they come every ten minutes at least (`looking.CHECK_MS_MAX`).
STOPPED_MS = 30 * 60_000  # after the last verdict

log = structlog.get_logger()


class Forgotten:
    """Counts the jobs that one place is found to have forgotten, and stops when they are many.

    One lost job is an accident of the provider's. Many at once are more likely an accident in
    between, and paying for all of them again would be ours.
    """

    def __init__(self) -> None:
        self._times_ms: deque[int] = deque(maxlen=FORGOTTEN_A_MINUTE_MAX)
        self._last_ms = 0
        self._stopped = False

    def stopped(self, now_ms: int) -> bool:
        """Tell whether jobs that seem to be forgotten are not paid for again now."""
        return self._stopped and now_ms < self._last_ms + STOPPED_MS

    def may_pay(self, place: str, now_ms: int) -> bool:
        """Count one more forgotten job; tell whether its audio may be submitted again.

        If not, the job stays accepted. So do all that come after it, until none was found
        forgotten for half an hour.
        """
        stopped, self._last_ms = self.stopped(now_ms), now_ms
        if stopped:
            return False
        self._stopped = False
        if len(self._times_ms) == FORGOTTEN_A_MINUTE_MAX and now_ms < self._times_ms[0] + MINUTE_MS:
            self._stopped = True
            log.error(
                "provider.forgets",
                provider=place,
                a_minute_max=FORGOTTEN_A_MINUTE_MAX,
                advice="no forgotten job is paid for again now; see whether key, base URL and "
                "region are those that the jobs were made with, and ask the provider",
            )
            return False
        self._times_ms.append(now_ms)
        return True
