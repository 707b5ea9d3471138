"""Choose how long the reconciler waits for what, by provider."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.config.settings import Settings
from stenolog.log.events.vocabulary import ProviderName
from stenolog.providers.facts import ProviderFacts
from stenolog.reconciler.timing import Timing


def timings_of(
    settings: Settings, facts: Mapping[ProviderName, ProviderFacts], *, polled: bool
) -> Mapping[ProviderName, Timing]:
    """Return each provider's timing; `polled`: only providers on this machine can call us.

    A job is given up once its result would be gone.
    """
    return {
        name: Timing(
            settle_ms=_at_most(settings.settle_ms, known.list_lag_ms_max),
            silence_ms=settings.callback_silence_ms,
            sweep_interval_ms=_at_most(settings.sweep_interval_ms, known.list_lag_ms_max),
            job_lifetime_ms=_at_most(settings.provider_job_lifetime_ms, known.result_lifetime_ms),
            polled=not known.calls_back or (polled and not known.on_this_machine),
            facts=known,
        )
        for name, known in facts.items()
    }


def _at_most(wait_ms: int, max_ms: int | None) -> int:
    return wait_ms if max_ms is None else min(wait_ms, max_ms)
