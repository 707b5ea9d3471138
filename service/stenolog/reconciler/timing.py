"""Declare how long the reconciler waits for what."""

from __future__ import annotations

from dataclasses import dataclass, field

from stenolog.log.events.vocabulary import WakeReason
from stenolog.providers.facts import ProviderFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long to wait for what, in ms.

    Attributes:
        settle_ms: From a claim of unknown outcome until the provider's list is believed.
        silence_ms: Beyond the expected duration, until a job without a callback is looked up.
        sweep_interval_ms: Between two looks.
        job_lifetime_ms: From acceptance until we give up.
        polled: No callback of the provider reaches us: look from the start.
        facts: What can be asked of the provider.
    """

    settle_ms: int
    silence_ms: int
    sweep_interval_ms: int
    job_lifetime_ms: int
    polled: bool = False
    facts: ProviderFacts = field(default_factory=ProviderFacts)

    @property
    def unasked(self) -> WakeReason:
        """Return why a job is looked at when nothing woke us."""
        return "poll" if self.polled else "silence"
