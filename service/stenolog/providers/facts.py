"""Declare what holds of a provider as such, so that nobody asks for its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """What holds of a provider, also while it is not configured.

    Code branches on these and never on a provider's name (a test says so).

    Attributes:
        calls_back: It calls back when a job has ended. If not, it is polled from the start.
        lists: It lists its jobs. If not, `list_jobs` is never called, and a claim of unknown
            outcome cannot be settled.
        deletes: It deletes a job. If not, `delete` is never called, and a job counts as gone once
            its results have lived; so they must not live for ever.
        uploads: It takes a file before the create, which names it. If not, `upload` is never
            called, and the create carries the file.
        result_lifetime_ms: So long after its creation it has a job and its result, however long
            the job took; None: until it is deleted.
        on_this_machine: It calls the address that is bound, which it can always reach.
        keeps_jobs: Its jobs outlive it. If not, none is left where the provider is not configured.
        analyses: It makes every analysis of text that it takes a request for. If not, what a result
            lacks is made here.
        list_lag_ms_max: So long after a create its list has the job; None: as the settings say.
    """

    calls_back: bool = True
    lists: bool = True
    deletes: bool = True
    uploads: bool = True
    result_lifetime_ms: int | None = None
    on_this_machine: bool = False
    keeps_jobs: bool = True
    analyses: bool = False
    list_lag_ms_max: int | None = None

    def __post_init__(self) -> None:
        """Check that a job goes somehow: it is deleted, or forgotten after a while."""
        assert self.deletes or self.result_lifetime_ms is not None, "an erasure would never end"
