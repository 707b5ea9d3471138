"""Declare the settings of the reconciler: how long it waits for what."""

from __future__ import annotations

from pydantic import BaseModel, Field

from stenolog.config.values import Milliseconds


class ReconcilerSettings(BaseModel):
    """How long the reconciler waits, and how much it does at a time."""

    settle_ms: Milliseconds = Field(
        90_000, description="From a submission of unknown outcome until the provider's list counts."
    )
    callback_silence_ms: Milliseconds = Field(
        200_000, description="Beyond its expected duration, until a silent job is looked up."
    )
    sweep_interval_ms: Milliseconds = Field(
        30_000, description="Between two looks at the provider's list."
    )
    provider_job_lifetime_ms: Milliseconds = Field(
        86_400_000, description="After which an unfinished provider job is given up."
    )
    polls_per_second: int = Field(
        20,
        ge=1,
        le=1_000,
        description="Questions a second for jobs of a provider without a list, for all together.",
    )
    tenant_concurrency: int = Field(
        0, ge=0, le=100_000, description="Provider jobs of one tenant at a time; 0: no limit."
    )
