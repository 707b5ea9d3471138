"""Make the use cases of transcriptions once, for every surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stenolog.commands.erasing import ErasureRequests
from stenolog.commands.handler import CommandHandler
from stenolog.commands.retention import RetentionClasses
from stenolog.edge.loops import Erase, FillIn, Wake
from stenolog.edge.ports import NoteSubject, Uploads
from stenolog.edge.transcriptions.about_subject import AboutSubject, SubjectHolds
from stenolog.edge.transcriptions.audio_links import AudioLinks
from stenolog.edge.transcriptions.awaiting import Awaiting, WaitLimits
from stenolog.edge.transcriptions.beside import BesideLoop
from stenolog.edge.transcriptions.echo_memory import EchoMemory
from stenolog.edge.transcriptions.erasing import Erasing
from stenolog.edge.transcriptions.idempotency import Idempotency
from stenolog.edge.transcriptions.large_turns import LargeTurns
from stenolog.edge.transcriptions.offer import Offer
from stenolog.edge.transcriptions.reading import Reading
from stenolog.edge.transcriptions.recordings import Recordings
from stenolog.edge.transcriptions.requesting import Requesting
from stenolog.edge.transcriptions.shared_loads import SharedLoads
from stenolog.edge.transcriptions.tenancy import Tenancy
from stenolog.edge.transcriptions.uploading import Uploading
from stenolog.edge.transcriptions.webhook_address import RefusedHost
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.log.recorder import FactRecorder
from stenolog.log.store import EventStore
from stenolog.projections.views import Room, ViewReader
from stenolog.providers.capabilities import Unsupported


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionPorts:
    """What requesting, reading and erasing need.

    Attributes:
        upload_key: 32 bytes that sign the URLs of uploads.
        idempotency_secret: 32 bytes under which customers' idempotency keys are hashed.
        public_url: How we are reached, without a slash at its end.
        providers: The configured ones, and the regions that each is reached in, the default one
            first; one that has no regions has None.
        unsupported: What some of them cannot do.
        room: Has large answers wait for each other.
        refused_host: Tells which webhooks lead to addresses that are not allowed.
        echoes: What `/v2` answers of open requests; an erasure forgets its own.
        waiting: Who may wait for a transcription's end.
    """

    handler: CommandHandler
    facts: FactRecorder
    events: EventStore
    views: ViewReader
    uploads: Uploads
    note_subject: NoteSubject
    subject_holds: SubjectHolds
    retention: RetentionClasses
    echoes: EchoMemory
    upload_key: bytes
    upload_bytes_max: int
    idempotency_secret: bytes
    public_url: str
    default_provider: ProviderName
    providers: Mapping[ProviderName, Sequence[Region | None]]
    unsupported: Mapping[ProviderName, Unsupported]
    wake: Wake
    erase: Erase
    fill_in: FillIn
    room: Room
    refused_host: RefusedHost
    waiting: WaitLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """What customers do with transcriptions, whatever surface they use.

    Attributes:
        beside: Where what is large is read and written.
        large_turns: What large requests wait for, from their parsing to their answer.
        echoes: What `/v2` answers of open requests, by transcription; an erasure forgets its own.
    """

    beside: BesideLoop
    large_turns: LargeTurns
    echoes: EchoMemory
    tenancy: Tenancy
    uploading: Uploading
    recordings: Recordings
    requesting: Requesting
    reading: Reading
    awaiting: Awaiting
    erasing: Erasing


def use_cases(ports: TranscriptionPorts) -> UseCases:
    """Make the use cases over these ports."""
    beside, tenancy, echoes = BesideLoop(), Tenancy(ports.events), ports.echoes
    large_turns = LargeTurns(ports.room)
    loads = SharedLoads(beside, large_turns)
    links = AudioLinks(ports.upload_key, ports.public_url, ports.uploads, ports.events)
    reading = Reading(ports.handler, ports.events, ports.views, tenancy, loads, ports.fill_in)
    return UseCases(
        beside=beside,
        large_turns=large_turns,
        echoes=echoes,
        tenancy=tenancy,
        uploading=Uploading(
            ports.facts,
            ports.uploads,
            link_key=ports.upload_key,
            public_url=ports.public_url,
            bytes_max=ports.upload_bytes_max,
        ),
        recordings=Recordings(links, ports.uploads),
        requesting=Requesting(
            ports.handler,
            tenancy,
            Idempotency(ports.idempotency_secret, ports.handler, ports.events, beside),
            Offer(ports.default_provider, ports.providers, ports.unsupported),
            links,
            beside,
            ports.refused_host,
            about=AboutSubject(ports.note_subject, ports.subject_holds),
            retention=ports.retention,
        ),
        reading=reading,
        awaiting=Awaiting(reading, ports.waiting),
        erasing=Erasing(
            ErasureRequests(ports.handler, ports.facts, ports.events),
            ports.views,
            reading,
            forget=echoes.erase,
            erase=ports.erase,
            wake=ports.wake,
        ),
    )
