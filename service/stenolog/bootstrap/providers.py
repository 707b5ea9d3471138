"""Make the configured providers, one for each region, each with its own way out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from stenolog.bootstrap.engine_child import EngineChild
from stenolog.config.provider import RegionName
from stenolog.config.settings import PREFIX, BadSetting, Settings
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.providers.aimlapi.adapter import Aimlapi
from stenolog.providers.assemblyai.adapter import AssemblyAI
from stenolog.providers.connection import ServiceAddress
from stenolog.providers.facts import ProviderFacts
from stenolog.providers.pace import Pace
from stenolog.providers.port import Provider
from stenolog.providers.transcripts import Transcripts
from stenolog.reconciler.gates import ProviderRegion
from stenolog.side_process import SideProcess

# Every slot of the reconciler's pools at one place, and redacted audio.
CONNECTIONS_MAX = 144
BESIDE_IDLE_MS = 60_000  # the process that reads long transcripts ends after that
LOOPBACK = "127.0.0.1/32"
DAY_MS = 86_400_000

FACTS: Mapping[ProviderName, ProviderFacts] = {
    # Its documentation of speech-to-text: results are kept an hour; there is nothing but create and
    # read.
    "aimlapi": ProviderFacts(
        calls_back=False, lists=False, deletes=False, uploads=False, result_lifetime_ms=3_600_000
    ),
    # Transcripts are kept 30 days by default (2026-11); an account may have them kept for less.
    "assemblyai": ProviderFacts(result_lifetime_ms=30 * DAY_MS),
    # The engine's jobs, and its list of them, are in its memory.
    "local": ProviderFacts(
        on_this_machine=True, keeps_jobs=False, analyses=True, list_lag_ms_max=5_000
    ),
}


def providers_of(
    stack: contextlib.AsyncExitStack, settings: Settings, engine: EngineChild | None
) -> Mapping[ProviderRegion, Provider]:
    """Return everything that transcriptions can be sent to; `stack` closes their connections."""
    providers: dict[ProviderRegion, Provider] = {}
    beside = SideProcess(idle_ms=BESIDE_IDLE_MS)
    stack.push_async_callback(beside.close)
    transcripts = Transcripts(beside)
    paces: dict[str, Pace] = {}
    for region in settings.offered_regions:
        key = settings.assemblyai_key(region)
        assert key is not None  # or it would not be offered
        # The limit is an account's: two regions with one key share it.
        pace = paces.setdefault(key.get_secret_value(), Pace(name="assemblyai"))
        address = ServiceAddress(
            base_url=settings.assemblyai_regions[region], api_key=key.get_secret_value()
        )
        remote = _assemblyai(stack, settings, region, address, pace, transcripts)
        providers["assemblyai", region] = remote
    if settings.aimlapi_api_key is not None:
        providers["aimlapi", None] = _aimlapi(stack, settings, transcripts)
    if engine is not None:
        # Only the engine's own address is ever asked for with this client.
        local = Egress(AddressPolicy.of(networks=[LOOPBACK]), connections_max=CONNECTIONS_MAX)
        stack.push_async_callback(local.aclose)
        providers["local", None] = AssemblyAI(
            "local",
            engine.want,
            local,
            timeout_ms=settings.http_timeout_ms,
            pace=Pace(requests_max=None, name="local"),
            transcripts=transcripts,
            names_start=True,
        )
    return providers


def default_params_of(settings: Settings) -> Mapping[str, Mapping[str, object]]:
    """Return what each provider is asked for where a customer asks for nothing else."""
    if not settings.speech_models:
        return {}
    return {"assemblyai": {"speech_models": list(settings.speech_models)}}


def regions_of(places: Iterable[ProviderRegion]) -> Mapping[ProviderName, Sequence[Region | None]]:
    """Return the regions of each provider, in the order given."""
    regions: dict[ProviderName, list[Region | None]] = {}
    for name, region in places:
        regions.setdefault(name, []).append(region)
    return regions


def _aimlapi(
    stack: contextlib.AsyncExitStack, settings: Settings, transcripts: Transcripts
) -> Provider:
    assert settings.aimlapi_api_key is not None
    address = ServiceAddress(
        base_url=settings.aimlapi_url, api_key=settings.aimlapi_api_key.get_secret_value()
    )
    egress = Egress(AddressPolicy.of(origins=[address.base_url]), connections_max=CONNECTIONS_MAX)
    stack.push_async_callback(egress.aclose)
    return Aimlapi(
        address,
        egress,
        timeout_ms=settings.http_timeout_ms,
        model=settings.aimlapi_model,
        transcripts=transcripts,
    )


def _assemblyai(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    region: RegionName,
    address: ServiceAddress,
    pace: Pace,
    transcripts: Transcripts,
) -> Provider:
    egress = Egress(AddressPolicy.of(origins=[address.base_url]), connections_max=CONNECTIONS_MAX)
    stack.push_async_callback(egress.aclose)
    default = region == settings.assemblyai_region
    return AssemblyAI(
        "assemblyai" if default else f"assemblyai {region}",
        lambda: address,
        egress,
        timeout_ms=settings.http_timeout_ms,
        speech_models=settings.speech_models,
        pace=pace,
        transcripts=transcripts,
    )


def served_by(
    settings: Settings, regions: Mapping[ProviderName, Sequence[Region | None]]
) -> ProviderName:
    """Return who serves AIMLAPI's models: AIMLAPI where it is reached, else the default provider.

    Raises:
        BadSetting: It is to be one that is not reached.
    """
    chosen = settings.aimlapi_served_by
    if chosen is None:
        return "aimlapi" if "aimlapi" in regions else settings.chosen_provider
    if chosen not in regions:
        raise BadSetting(f"{PREFIX}AIMLAPI_SERVED_BY is {chosen}, and its key is not set")
    return chosen
