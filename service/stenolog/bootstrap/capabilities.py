"""Put the table of providers together: what each can be asked for, and whether it is configured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

from stenolog.bootstrap.providers import FACTS
from stenolog.config.settings import PREFIX, Settings
from stenolog.engine.availability import engine_unavailable
from stenolog.engine.host.features import unsupported as not_by_engine
from stenolog.enrichment.offered import OFFERED, obstacles
from stenolog.log.events.vocabulary import ProviderName
from stenolog.providers.capabilities import (
    ANY_MODEL,
    Capability,
    Model,
    Params,
    Unsupported,
    model_of,
)
from stenolog.wire.aimlapi.models import MODELS, TEXT_ONLY, Family, family_of
from stenolog.wire.aimlapi.requests import complaints, complaints_elsewhere, lacking

# AssemblyAI's FAQ: 5 GB by URL, 2.2 GB uploaded, ten hours.
UPLOAD_BYTES_MAX, URL_BYTES_MAX, AUDIO_MS_MAX = 2_200_000_000, 5_000_000_000, 36_000_000
UNLISTED = "elevenlabs/scribe_v2"  # stands for every family that nobody here knows
KEYS: Mapping[ProviderName, str] = {
    "assemblyai": "ASSEMBLYAI_API_KEY",
    "aimlapi": "AIMLAPI_API_KEY",
}
Item = Mapping[str, object]


def capabilities_of(settings: Settings) -> Mapping[ProviderName, Capability]:
    """Return what each provider can be asked for, under these settings."""
    unsupported = unsupported_of(settings)
    return {
        "assemblyai": Capability(
            facts=FACTS["assemblyai"],
            models=[model_of(ANY_MODEL, unsupported["assemblyai"], {})],
            judges=True,
            upload_bytes_max=min(settings.upload_bytes_max, UPLOAD_BYTES_MAX),
            url_bytes_max=URL_BYTES_MAX,
            audio_ms_max=AUDIO_MS_MAX,
            unsupported=unsupported["assemblyai"],
        ),
        "aimlapi": Capability(
            facts=FACTS["aimlapi"],
            models=_aimlapi_models(unsupported["aimlapi"]),
            upload_bytes_max=settings.upload_bytes_max,
            unsupported=unsupported["aimlapi"],
        ),
        "local": Capability(
            facts=FACTS["local"],
            models=[model_of(ANY_MODEL, unsupported["local"], {})],
            upload_bytes_max=settings.upload_bytes_max,
            url_bytes_max=settings.upload_bytes_max,
            audio_ms_max=settings.engine_audio_ms_max,
            unsupported=unsupported["local"],
        ),
    }


def unsupported_of(settings: Settings) -> Mapping[ProviderName, Unsupported]:
    """Return what providers are known not to do, before a request is taken.

    AssemblyAI judges for itself, but for words that are another's.
    """
    return {
        "assemblyai": complaints_elsewhere,
        "aimlapi": partial(_not_by_aimlapi, default=settings.aimlapi_model),
        "local": lambda params: chain(not_by_engine(params), complaints_elsewhere(params)),
    }


def _not_by_aimlapi(params: Params, *, default: str) -> Iterator[tuple[str, str]]:
    """Yield what neither AIMLAPI's model does nor is made here of its result."""
    yield from complaints(params, default, OFFERED)
    yield from obstacles(params, lacking(params, default))


def missing_of(settings: Settings) -> Mapping[ProviderName, str]:
    """Return of each provider what it lacks to be asked; nothing of those that are configured."""
    lacks: dict[ProviderName, str] = {}
    if not settings.offered_regions:
        lacks["assemblyai"] = f"{PREFIX}{KEYS['assemblyai']} is not set"
    if settings.aimlapi_api_key is None:
        lacks["aimlapi"] = f"{PREFIX}{KEYS['aimlapi']} is not set"
    reason = engine_unavailable(settings.engine_model)
    if reason is not None:
        lacks["local"] = reason
    return lacks


def configured_of(settings: Settings) -> Sequence[ProviderName]:
    """Return the providers that are configured."""
    missing = missing_of(settings)
    return [name for name in FACTS if name not in missing]


def provider_items(settings: Settings, *, polled: bool) -> Sequence[Item]:
    """Return the table as it is answered; `polled`: a provider elsewhere cannot call us."""
    missing = missing_of(settings)
    return [
        _item(settings, name, capability, missing.get(name), polled=polled)
        for name, capability in capabilities_of(settings).items()
    ]


def _item(
    settings: Settings,
    name: ProviderName,
    capability: Capability,
    missing: str | None,
    *,
    polled: bool,
) -> Item:
    facts = capability.facts
    calls = facts.calls_back and (facts.on_this_machine or not polled)
    return {
        "name": name,
        "configured": missing is None,
        "missing": missing,
        "default": name == settings.chosen_provider,
        "regions": list(settings.offered_regions) if name == "assemblyai" else [],
        "completion": "callback" if calls else "polling",
        "lists_jobs": facts.lists,
        "deletes_jobs": facts.deletes,
        "results_kept_ms": facts.result_lifetime_ms,
        "jobs_survive_restart": facts.keeps_jobs,
        "judges_requests": capability.judges,
        "limits": {
            "upload_bytes_max": capability.upload_bytes_max,
            "url_bytes_max": capability.url_bytes_max,
            "audio_ms_max": capability.audio_ms_max,
        },
        "models": [_model_item(one) for one in capability.models],
    }


def _model_item(one: Model) -> Item:
    return {
        "name": one.name,
        "word_times": one.word_times,
        "features": sorted(one.features),
        "lacks": sorted(one.lacks),
    }


def _aimlapi_models(unsupported: Unsupported) -> Sequence[Model]:
    """Return a row for every model that is listed, and one for all others."""
    times: dict[Family, bool | None] = {**dict.fromkeys(TEXT_ONLY, False), "unknown": None}
    listed = [
        model_of(
            name,
            unsupported,
            {"speech_models": [name]},
            word_times=times.get(family_of(name), True),
        )
        for name in MODELS
    ]
    other = model_of(ANY_MODEL, unsupported, {"speech_models": [UNLISTED]}, word_times=None)
    return [*listed, other]
