"""Reaching providers: one gate for each provider in each of its regions."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from stenolog.commands.transcription.state import Transcription
from stenolog.errors import ProviderUnavailable
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.providers.facts import ProviderFacts
from stenolog.providers.oddities import Oddities
from stenolog.providers.port import Provider, Standing
from stenolog.reconciler.breaker import Breaker
from stenolog.reconciler.calling_back import CallingBack
from stenolog.reconciler.expecting import Durations
from stenolog.reconciler.forgotten import Forgotten
from stenolog.repeated import Repeated

log = structlog.get_logger()

# DECISIONS 21: nothing about a transcription is asked outside its region.
ProviderRegion = tuple[ProviderName, Region | None]
"""A provider, and the region in which it is reached; None: it has no regions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStanding:
    """How a provider stands in a region, for metrics.

    Attributes:
        creates_open: The breaker of creates is open: one at a time probes.
        uploads_open: The same for uploads.
        settings_refused: How often it took a request only without the values of our settings.
        odd: How many of its answers were not what they should be, by what was wrong.
        forgets: It seems to forget many jobs; none is paid for again now.
        silent: Its callbacks seem not to reach us.
    """

    provider: Standing
    creates_open: bool
    uploads_open: bool
    settings_refused: int
    odd: Mapping[str, int]
    forgets: bool
    silent: bool


class ProviderGate:
    """One provider, where it is to call us, and what it has done to us.

    It has two breakers, one for creates and one for uploads.
    """

    def __init__(
        self,
        provider: Provider,
        callback_base: str,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`chance`, 0 to 1, spreads the probes of a provider that is down."""
        self.provider = provider
        self.callback_base = callback_base
        self.creates = Breaker(chance)
        self.uploads = Breaker(chance)
        self.forgotten = Forgotten()
        self.calling_back = CallingBack(provider.name)
        self.durations = Durations()
        self.oddities = Oddities(provider.name)
        self.settings_refused = 0
        self._told = Repeated()

    def setting_refused(self) -> None:
        """Raise an alarm: the provider took a request once a setting's value was left out."""
        self.settings_refused += 1
        times = self._told.times("setting")
        if times:
            log.error(
                "provider.setting_refused",
                provider=self.provider.name,
                times=times,
                advice="its models in STENOLOG_SPEECH_MODELS are not taken any more: name others, "
                "or none; until then every request is made twice",
            )

    def standing(self, now_ms: int) -> GateStanding:
        """How the provider has answered, and who may ask it now."""
        told = self.provider.standing()
        return GateStanding(
            provider=told,
            creates_open=not self.creates.closed,
            uploads_open=not self.uploads.closed,
            settings_refused=self.settings_refused,
            odd={**told.odd, **self.oddities.counts},
            forgets=self.forgotten.stopped(now_ms),
            silent=self.calling_back.silent,
        )


class Gates:
    """The providers as they are configured, and what holds of each that a stream may name."""

    def __init__(
        self,
        gates: Mapping[ProviderRegion, ProviderGate],
        facts: Mapping[ProviderName, ProviderFacts],
    ) -> None:
        """`gates` has what is configured; `facts` every provider that a stream may name."""
        self._gates = gates
        self._facts = facts

    def gate(self, state: Transcription) -> ProviderGate:
        """The provider of this transcription, in the region that it was asked for in.

        Raises:
            ProviderUnavailable: It is not configured any more: its key or region is missing.
        """
        gate = self._gates.get(provider_region(state))
        if gate is None:
            where = "" if state.region is None else f" in region {state.region}"
            raise ProviderUnavailable(f"provider {state.provider} is not configured{where}")
        return gate

    def at(self, where: ProviderRegion) -> ProviderGate | None:
        """The provider in this region; None: it is not configured."""
        return self._gates.get(where)

    @property
    def places(self) -> Mapping[ProviderRegion, ProviderGate]:
        """Every provider that is configured, in each of its regions."""
        return self._gates

    def when_resumed(self, call: Callable[[ProviderRegion], None]) -> None:
        """Have `call` called with a place that answered after it had held requests back."""
        for where, gate in self._gates.items():
            gate.provider.when_resumed(partial(call, where))

    def facts(self, state: Transcription) -> ProviderFacts:
        """What holds of this transcription's provider, configured or not."""
        return self._facts[state.provider]

    def is_gone(self, state: Transcription) -> bool:
        """Whether the provider and all its jobs are no more: see `ProviderFacts.keeps_jobs`."""
        return not self.facts(state).keeps_jobs and provider_region(state) not in self._gates

    def standing(self, now_ms: int) -> Mapping[ProviderRegion, GateStanding]:
        """How each provider has answered in each region, and who may ask it now."""
        return {where: gate.standing(now_ms) for where, gate in self._gates.items()}

    def started_anew(self, provider: ProviderName) -> None:
        """What a provider failed at before does not count any more."""
        for (name, _), gate in self._gates.items():
            if name == provider:
                gate.creates.succeeded()
                gate.uploads.succeeded()
                gate.provider.started_anew()

    def clock_set_back(self) -> None:
        """No provider is left alone until a time that the clock had before."""
        for gate in self._gates.values():
            gate.creates.clock_set_back()
            gate.uploads.clock_set_back()


def provider_region(state: Transcription) -> ProviderRegion:
    """Return where everything about this transcription is asked, from claim to deletion."""
    return state.provider, state.region
