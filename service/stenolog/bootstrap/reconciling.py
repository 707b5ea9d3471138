"""Put the reconciler together."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog.bootstrap.stores import Stores
from stenolog.clock import now_ms
from stenolog.commands.callback_tokens import CallbackKeys
from stenolog.compliance.erasure import Eraser
from stenolog.config.settings import Settings
from stenolog.log.events.vocabulary import ProviderName
from stenolog.reconciler.acting import Actor
from stenolog.reconciler.fetching import Fetcher
from stenolog.reconciler.loop import Reconciler
from stenolog.reconciler.recording import Recorder
from stenolog.reconciler.settle import Settler
from stenolog.reconciler.submitting import Submitter
from stenolog.reconciler.timing import Timing
from stenolog.telemetry import Metrics


def reconciler_over(
    settings: Settings,
    stores: Stores,
    recorder: Recorder,
    signing: CallbackKeys,
    timings: Mapping[ProviderName, Timing],
    metrics: Metrics,
    erasing: Eraser,
) -> Reconciler:
    """Return the reconciler over these stores; its loop is started by the gateway."""
    submitter = Submitter(recorder, signing, stores.uploads, now_ms)
    fetcher = Fetcher(recorder, submitter, metrics, now_ms)
    settler = Settler(recorder, fetcher, now_ms)
    actor = Actor(recorder, submitter, fetcher, settler, erasing, now_ms)
    return Reconciler(
        stores.events,
        recorder,
        actor,
        timings,
        now_ms,
        tenant_concurrency=settings.tenant_concurrency,
    )
