"""Put the reconciler together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.bootstrap.stores import Stores, Wrapping
from stenolog.commands.callback_tokens import CallbackKeys
from stenolog.commands.handler import CommandHandler
from stenolog.compliance.erasure import Eraser
from stenolog.config.settings import Settings
from stenolog.log.events.vocabulary import ProviderName
from stenolog.log.recorder import FactRecorder
from stenolog.reconciler.acting import Actor
from stenolog.reconciler.completeness import Completeness
from stenolog.reconciler.completing import Completer, Enricher
from stenolog.reconciler.evidence import Evidence
from stenolog.reconciler.fetching import Fetcher
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.loop import Reconciler
from stenolog.reconciler.owning import Owner
from stenolog.reconciler.pools import Pools
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.removing import Remover
from stenolog.reconciler.settle import Settler
from stenolog.reconciler.submitting import Submitter
from stenolog.reconciler.timing import Timing
from stenolog.telemetry import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciling:
    """The reconciler over the stores.

    Attributes:
        actor: Carries out what the plan says, one action at a time.
        reconciler: The loop; it is started by the gateway.
        completeness: The loop that records up to where everything has ended.
    """

    actor: Actor
    reconciler: Reconciler
    completeness: Completeness


async def reconciling_over(
    settings: Settings,
    stores: Stores,
    handler: CommandHandler,
    facts: FactRecorder,
    gates: Gates,
    signing: CallbackKeys,
    timings: Mapping[ProviderName, Timing],
    *,
    metrics: Metrics,
    erasing: Eraser,
    enricher: Enricher,
    wrapping: Wrapping,
) -> Reconciling:
    """Return the reconciler over these stores, and what it acts through."""
    now_ms = wrapping.clock
    issuer, reader = CommandIssuer(handler), TranscriptionReader(handler)
    submitter = Submitter(gates, issuer, reader, signing, stores.uploads, metrics, now_ms)
    evidence = Evidence(gates, reader, now_ms, began_position=await stores.events.head())
    completer = Completer(gates, issuer, reader, enricher)
    fetcher = Fetcher(gates, issuer, reader, evidence, completer, metrics, now_ms)
    remover = Remover(gates, issuer, reader)
    owner = Owner(gates, issuer, reader, submitter, remover, evidence, metrics, now_ms)
    settler = Settler(gates, issuer, reader, owner, remover, now_ms, metrics)
    actor = Actor(
        issuer,
        reader,
        submitter,
        fetcher,
        settler,
        erasing,
        now_ms,
        owner=owner,
        remover=remover,
        metrics=metrics,
    )
    reconciler = Reconciler(
        stores.events,
        gates,
        reader,
        actor,
        {name: wrapping.reconciling(timing) for name, timing in timings.items()},
        Pools(gates, submitter.sends_file, polls_per_second=settings.polls_per_second),
        now_ms,
        tenant_concurrency=settings.tenant_concurrency,
    )
    log_id = stores.events.identity.log_id
    completeness = Completeness(facts, log_id, reconciler.oldest_open, now_ms)
    return Reconciling(actor=actor, reconciler=reconciler, completeness=completeness)
