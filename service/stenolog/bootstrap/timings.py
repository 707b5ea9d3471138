"""How long the reconciler waits for what, by provider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stenolog.config.settings import Settings
from stenolog.log.events.vocabulary import ProviderName
from stenolog.reconciler.timing import Timing

LOCAL_WAIT_MS_MAX = 5_000  # the engine's list is its memory: it does not lag


def timings_of(
    settings: Settings, names: Iterable[ProviderName], *, polled: bool
) -> Mapping[ProviderName, Timing]:
    """The plan's timing for each provider; `polled`: those that are not here cannot call us."""
    return {
        name: Timing(
            settle_ms=_at_most(settings.settle_ms, name),
            silence_ms=settings.callback_silence_ms,
            sweep_interval_ms=_at_most(settings.sweep_interval_ms, name),
            job_lifetime_ms=settings.provider_job_lifetime_ms,
            polled=polled and name != "local",
        )
        for name in names
    }


def _at_most(wait_ms: int, name: ProviderName) -> int:
    return min(wait_ms, LOCAL_WAIT_MS_MAX) if name == "local" else wait_ms
