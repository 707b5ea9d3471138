"""Measure what the reconciler has to do, and how each provider answers."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

PLACE = ["provider", "region"]
BY_KIND = [*PLACE, "kind"]
WARNED = "Results since the start that came with a warning, as that another model was used"
OLDEST = (
    "Age of the oldest transcription in a state, since it came into it: requested (nothing was "
    "tried), claimed (a submission is under way or unclear), accepted (the provider has it), "
    "called_back (the result is to be fetched); 0 without any"
)
SETTINGS_REFUSED = (
    "Requests since the start that the provider took only without values of our settings"
)
SILENT = (
    "Whether the provider's callbacks seem not to reach STENOLOG_PUBLIC_URL: a job ended, its "
    "callback never came, and none has come since; 1 or 0"
)
FORGETS = "Whether the provider denies so many jobs that none is paid for again now: 1 or 0"
STATES = ("requested", "claimed", "accepted", "called_back")

Place = tuple[str, str | None]
"""A provider, and the region in which it is reached; None: it has no regions."""


class ReconcilerMetrics:
    """The metrics of the reconciler and of what it asks, in a registry of its maker's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, labels: list[str] | None = None) -> Gauge:
            return Gauge(f"stenolog_{name}", text, labels or (), registry=registry)

        self._work = {
            "open": gauge("reconciler_open", "Transcriptions that are looked after"),
            "busy": gauge("reconciler_busy", "Transcriptions that are worked on at this moment"),
            "due": gauge(
                "reconciler_due",
                "Transcriptions that are to be looked at now; 3,000 stands for more",
            ),
            "turns": gauge(
                "turns_waiting",
                "Transcriptions that wait until their tenant may have one more under way",
            ),
        }
        self._overdue = gauge(
            "reconciler_overdue_seconds",
            "Seconds since the transcription that is due first was to be looked at; 0 without any",
        )
        self._running = gauge(
            "provider_requests_running", "Requests that are under way, by kind", BY_KIND
        )
        self._waiting = gauge(
            "provider_requests_waiting",
            "Transcriptions that wait for a slot, or until the provider may be asked, by kind",
            BY_KIND,
        )
        self._waited = gauge(
            "provider_requests_waited_seconds",
            "Seconds for which a request has waited that waits longest, by kind; 0 without any",
            BY_KIND,
        )
        self._breaker = gauge(
            "provider_breaker_open",
            "Whether this kind of request fails, so that one at a time probes the provider: 1 or 0",
            BY_KIND,
        )
        self._paused = gauge(
            "provider_paused_seconds",
            "Seconds for which the provider still wants no request of this kind; 0: it takes them",
            BY_KIND,
        )
        self._sweep_metrics(registry)
        self._forgets = gauge("provider_forgets", FORGETS, PLACE)
        self._answered = gauge(
            "provider_answered_seconds",
            "Seconds since the provider last did what it was asked; absent before the first time",
            PLACE,
        )
        self._requests = Counter(
            "stenolog_provider_requests",
            "Requests to the provider since the start, by kind and by class of answer, or none",
            [*BY_KIND, "result"],
            registry=registry,
        )
        self._warned = gauge("provider_warned", WARNED, PLACE)
        self._settings_refused = gauge("provider_settings_refused", SETTINGS_REFUSED, PLACE)
        self._counted: dict[tuple[Counter | str, ...], int] = {}
        self._odd = Counter(
            "stenolog_provider_odd_answers",
            "Answers of the provider since the start that its documents lack, by what is wrong",
            [*PLACE, "odd"],
            registry=registry,
        )
        self._oldest = gauge(
            "oldest_seconds",
            OLDEST,
            ["state"],
        )

    def _sweep_metrics(self, registry: CollectorRegistry) -> None:
        self._silent = Gauge(
            "stenolog_provider_callbacks_missing", SILENT, PLACE, registry=registry
        )
        self._watched = Gauge(
            "stenolog_sweep_jobs",
            "Jobs that are known to run, and are compared with the list",
            PLACE,
            registry=registry,
        )
        self._sweeps = Counter(
            "stenolog_sweeps",
            "Lists of the provider since the start that were read to their end, or failed",
            [*PLACE, "result"],
            registry=registry,
        )
        self._missing = Counter(
            "stenolog_sweep_missing",
            "Jobs since the start that a list did not show as running, and that were asked for",
            PLACE,
            registry=registry,
        )

    def work(self, *, open_: int, busy: int, due: int, overdue_ms: int, turns: int) -> None:
        """Set how much there is to do, and how late the latest is."""
        for name, number in (("open", open_), ("busy", busy), ("due", due), ("turns", turns)):
            self._work[name].set(number)
        self._overdue.set(overdue_ms / 1000)

    def slots(self, place: Place, kind: str, *, running: int, waiting: int, waited_ms: int) -> None:
        """Set how many requests of a kind are under way and wait, and since when."""
        labels = (*_place(place), kind)
        self._running.labels(*labels).set(running)
        self._waiting.labels(*labels).set(waiting)
        self._waited.labels(*labels).set(waited_ms / 1000)

    def provider(
        self,
        place: Place,
        *,
        breakers: Mapping[str, bool],
        paused_ms: Mapping[str, int],
        answered_ms: int | None,
        forgets: bool,
        silent: bool = False,
        settings_refused: int = 0,
        warned: int = 0,
    ) -> None:
        """Set by kind whether the breaker is open and for how long it is paused, 0 too."""
        labels = _place(place)
        self._settings_refused.labels(*labels).set(settings_refused)
        self._warned.labels(*labels).set(warned)
        for kind, is_open in breakers.items():
            self._breaker.labels(*labels, kind).set(is_open)
        for kind, left_ms in paused_ms.items():
            self._paused.labels(*labels, kind).set(left_ms / 1000)
        self._forgets.labels(*labels).set(forgets)
        self._silent.labels(*labels).set(silent)
        if answered_ms is not None:
            self._answered.labels(*labels).set(answered_ms / 1000)

    def swept(self, place: Place, *, watched: int, read: int, failed: int, missing: int) -> None:
        """Set how many jobs are compared, and count lists and missing jobs up to these."""
        labels = _place(place)
        self._watched.labels(*labels).set(watched)
        self._count(self._sweeps, (*labels, "read"), read)
        self._count(self._sweeps, (*labels, "failed"), failed)
        self._count(self._missing, labels, missing)

    def provider_requests(self, place: Place, kind: str, result: str, total: int) -> None:
        """Count requests up to `total`, which only grows."""
        self._count(self._requests, (*_place(place), kind, result), total)

    def odd_answers(self, place: Place, odd: str, total: int) -> None:
        """Count odd answers of a kind up to `total`, which only grows."""
        self._count(self._odd, (*_place(place), odd), total)

    def oldest(self, ages_ms: Mapping[str, int]) -> None:
        """Set the age of the oldest transcription in each state; a missing one is 0."""
        for state in STATES:
            self._oldest.labels(state).set(ages_ms.get(state, 0) / 1000)

    def _count(self, counter: Counter, labels: tuple[str, ...], total: int) -> None:
        counter.labels(*labels).inc(total - self._counted.get((counter, *labels), 0))
        self._counted[counter, *labels] = total


def _place(place: Place) -> tuple[str, str]:
    return place[0], place[1] or ""
