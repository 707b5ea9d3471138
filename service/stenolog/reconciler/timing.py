"""Declare how long the reconciler waits for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stenolog.commands.transcription.state import Place
from stenolog.log.events.vocabulary import ProviderName, WakeReason
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
        others: The same of every provider, by name, where a transcription may have several.
    """

    settle_ms: int
    silence_ms: int
    sweep_interval_ms: int
    job_lifetime_ms: int
    polled: bool = False
    facts: ProviderFacts = field(default_factory=ProviderFacts)
    others: Mapping[ProviderName, Timing] = field(default_factory=dict, repr=False, compare=False)

    def at(self, place: Place | None) -> Timing:
        """Return the timing of the provider at this place; None: it is this one."""
        return self if place is None else self.others.get(place[0], self)

    @property
    def unasked(self) -> WakeReason:
        """Return why a job is looked at when nothing woke us."""
        return "poll" if self.polled else "silence"
