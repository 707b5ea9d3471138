"""Count what the reconciler finds out, as it does."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class ReconcilerCounts:
    """The counters of what became of providers' jobs, in a registry of its maker's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._adoptions = Counter(
            "stenolog_adoptions",
            "Provider jobs that were found after a submission of unknown outcome, since the start",
            registry=registry,
        )
        self._ambiguous = Counter(
            "stenolog_submissions_ambiguous",
            "Submissions since the start of which nobody can tell whether the provider has a job",
            registry=registry,
        )
        self._elsewhere = Counter(
            "stenolog_submissions_elsewhere",
            "Submissions since the start to another provider than the one before, by who is asked",
            ["provider"],
            registry=registry,
        )
        self._reconciliations = Counter(
            "stenolog_reconciliations",
            "Ends of provider jobs recorded since the start, by why the provider was asked",
            ["reason"],
            registry=registry,
        )
        self._unmatched = Counter(
            "stenolog_callbacks_unmatched",
            "Jobs since the start whose callback never came (missing), is said to have reached us "
            "(told-delivered), or to have failed although we have it (told-failed)",
            ["kind"],
            registry=registry,
        )
        self._delayed = Counter(
            "stenolog_submissions_delayed",
            "Provider jobs since the start that ran for half of the time until they are given up",
            registry=registry,
        )

    def adopted(self) -> None:
        """Count a job that was paid for without our knowing, and was found."""
        self._adoptions.inc()

    def ambiguous(self) -> None:
        """Count a create of which nobody can tell whether it made a job."""
        self._ambiguous.inc()

    def elsewhere(self, provider: str) -> None:
        """Count a submission to this provider after another one made no job."""
        self._elsewhere.labels(provider).inc()

    def reconciled(self, reason: str) -> None:
        """Count a transcription that ended, by the reason why we looked."""
        self._reconciliations.labels(reason).inc()

    def unmatched(self, kind: str) -> None:
        """Count a callback that is not what was to be expected."""
        self._unmatched.labels(kind).inc()

    def delayed(self) -> None:
        """Count a job that has not ended in half of the time within which it can be fetched."""
        self._delayed.inc()
