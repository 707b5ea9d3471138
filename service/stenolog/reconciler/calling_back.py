"""Know whether a provider's callbacks reach us, from what came and what did not."""

from __future__ import annotations

from collections.abc import Callable

import structlog

log = structlog.get_logger()


class CallingBack:
    """Remembers of one place whether its callbacks arrive; a restart forgets it.

    Attributes:
        silent: A job ended whose callback never came, and none has come since.
        changed: Is called whenever `silent` has changed.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self.silent = False
        self.changed: Callable[[], None] = lambda: None

    def missed(self) -> None:
        """Note that a job has ended, and that its callback is long overdue."""
        if self.silent:
            return
        self.silent = True
        log.warning(
            "provider.callbacks_missing",
            provider=self._provider,
            advice="a job has ended and its callback never came: see whether the provider can "
            "reach STENOLOG_PUBLIC_URL (`stenolog doctor` asks it); until a callback comes, its "
            "list is read every STENOLOG_SWEEP_INTERVAL_MS",
        )
        self.changed()

    def arrived(self) -> None:
        """Note that a callback came."""
        if not self.silent:
            return
        self.silent = False
        log.info("provider.callbacks_arrive", provider=self._provider)
        self.changed()
