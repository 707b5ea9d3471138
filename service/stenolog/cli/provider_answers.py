"""Read the table of providers that a service answers, and what a provider itself answers."""

from __future__ import annotations

from typing import Any, Literal

from stenolog.cli.answers import Answered, Count, Line


class ModelItem(Answered):
    """What a model can be asked for; `*`: any that has no row of its own."""

    name: Line
    word_times: bool | None
    features: list[Line]
    lacks: list[Line]


class ProviderLimits(Answered):
    """What a provider takes at most; None: not known."""

    upload_bytes_max: Count | None
    url_bytes_max: Count | None
    audio_ms_max: Count | None


class ProviderItem(Answered):
    """One provider: whether it is configured, how it works, and its models."""

    name: Line
    configured: bool
    missing: Line | None
    default: bool
    regions: list[Line]
    completion: Literal["callback", "polling"]
    lists_jobs: bool
    deletes_jobs: bool
    results_kept_ms: Count | None
    jobs_survive_restart: bool
    judges_requests: bool
    limits: ProviderLimits
    models: list[ModelItem]


class ProviderTable(Answered):
    """Every provider."""

    items: list[ProviderItem]


class ProviderList(Answered):
    """What AssemblyAI answers when it is asked for its jobs."""

    transcripts: list[dict[str, Any]]
