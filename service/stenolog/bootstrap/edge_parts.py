"""Hold what the gateway has made before the edge is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stenolog.arrivals import Arrivals
from stenolog.bootstrap.accesses import AccessParts
from stenolog.bootstrap.beats import LoopBeats
from stenolog.bootstrap.endpoints import EndpointParts
from stenolog.bootstrap.forgetting import Forgetting
from stenolog.bootstrap.http.answer_room import AnswerRoom
from stenolog.bootstrap.http.figures import Figures
from stenolog.bootstrap.rotating import SecretRotation
from stenolog.clock import NowMs
from stenolog.commands.callback_tokens import CallbackKeys
from stenolog.commands.handler import CommandHandler
from stenolog.commands.key_ring import KeyRing
from stenolog.edge.loops import (
    PlaceOf,
    Pushing,
    ReadableAt,
    Reconciling,
    RedactedAudio,
    SideWork,
    Turns,
    Wake,
)
from stenolog.edge.operations.readiness import BEAT_AGE_MS_MAX
from stenolog.edge.transcriptions.awaiting import WaitLimits
from stenolog.feed.news import News
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.log.recorder import FactRecorder
from stenolog.projections.run.projector import Projector
from stenolog.projections.search.indexer import Indexer
from stenolog.telemetry import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeParts:
    """What the gateway has made before the edge.

    Attributes:
        reads: What records who was shown content.
        link_key: 32 bytes that sign the URLs of uploads and of redacted audio.
        waiting: Who may wait for a transcription's end.
        beat_age_ms_max: An older last beat of a loop that everything needs is a fault.
        place_of: By provider, of those that tell where a job stands in their queue.
        regions: The regions of each configured provider, the default one first.
        answer_room: Has large answers wait for each other.
        arrivals: Has JSON bodies that come in slowly wait for each other.
    """

    reads: AccessParts
    handler: CommandHandler
    facts: FactRecorder
    ring: KeyRing
    rotation: SecretRotation
    wake: Wake
    turns: Turns
    beats: LoopBeats
    projector: Projector
    indexer: Indexer
    forgetting: Forgetting
    metrics: Metrics
    readable_at: ReadableAt
    place_of: Mapping[str, PlaceOf]
    regions: Mapping[ProviderName, Sequence[Region | None]]
    link_key: bytes
    reconciling: Reconciling
    redacted_audio: RedactedAudio
    side_work: tuple[SideWork, SideWork]
    news: News
    endpoints: EndpointParts
    pushing: Pushing
    answer_room: AnswerRoom = field(default_factory=lambda: AnswerRoom(Figures()))
    arrivals: Arrivals = field(default_factory=Arrivals)
    waiting: WaitLimits = field(default_factory=WaitLimits)
    beat_age_ms_max: int = BEAT_AGE_MS_MAX

    @property
    def signing(self) -> CallbackKeys:
        """The keys of callback registrations."""
        return self.rotation.callbacks

    @property
    def now_ms(self) -> NowMs:
        """The time of every loop."""
        return self.endpoints.now_ms

    @property
    def public_url(self) -> str:
        """Where the gateway is reached, without a slash at the end."""
        return self.endpoints.public_url
