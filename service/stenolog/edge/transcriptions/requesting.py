"""Request a transcription, in the same way on every surface, durable before it is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from stenolog.bounded import BoundedMemory
from stenolog.commands.api_keys import ApiKey
from stenolog.commands.handler import CommandHandler
from stenolog.commands.retention import RetentionClasses
from stenolog.commands.transcription.commands import RequestTranscription
from stenolog.commands.transcription.state import Place
from stenolog.edge.transcriptions.about_subject import AboutSubject
from stenolog.edge.transcriptions.audio_links import AudioLinks
from stenolog.edge.transcriptions.beside import BesideLoop
from stenolog.edge.transcriptions.extras import Extras
from stenolog.edge.transcriptions.idempotency import REPLAYED, Idempotency
from stenolog.edge.transcriptions.offer import NO_WAYS, Offer, Ways
from stenolog.edge.transcriptions.tenancy import Origin, Tenancy
from stenolog.edge.transcriptions.webhook_address import RefusedHost, refuse_unreachable
from stenolog.log.events.request_payload import RequestPayload
from stenolog.log.events.vocabulary import Surface
from stenolog.log.recorder import Cause
from stenolog.wire.assemblyai.transcript_request import TranscriptRequest

NAMES_LOGGED_MAX = 20
NAME_LOGGED = re.compile(r"[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){0,3}")  # as they all are
OTHER_NAME = "(other)"  # a customer's text, maybe
NAMES_REMEMBERED_MAX = 1_024

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A transcription that was requested; `replayed`: before, with the same idempotency key.

    `provider` is who is asked first.
    """

    id: str
    provider: str
    replayed: bool = False

    @property
    def headers(self) -> Mapping[str, str]:
        """What the answer says beside its body."""
        return REPLAYED if self.replayed else {}


class Requesting:
    """Turns a valid request into the first event of a transcription."""

    def __init__(
        self,
        handler: CommandHandler,
        tenancy: Tenancy,
        idempotency: Idempotency,
        offer: Offer,
        audio_links: AudioLinks,
        beside: BesideLoop,
        refused_host: RefusedHost,
        *,
        about: AboutSubject,
        retention: RetentionClasses,
    ) -> None:
        self._beside = beside
        self._handler = handler
        self._tenancy = tenancy
        self._idempotency = idempotency
        self._offer = offer
        self._audio_links = audio_links
        self._about = about
        self._retention = retention
        self._refused_host = refused_host
        self._told: BoundedMemory[str, None] = BoundedMemory(NAMES_REMEMBERED_MAX)

    async def request(
        self,
        caller: ApiKey,
        asked: TranscriptRequest,
        extras: Extras,
        *,
        surface: Surface,
        correlation_id: str,
        body_bytes: int,
        key: str | None = None,
        own: Mapping[str, object] | None = None,
        ways: Ways = NO_WAYS,
    ) -> Requested:
        """Record the request; from then on it will be done or fail visibly.

        `key` is the client's idempotency key: the first request with it is the only one.
        `body_bytes` is how long the request was. `own` is the request in the surface's own words,
        where these are not AssemblyAI's. `ways` are the parameters of each provider that can be
        asked, where these differ; `asked` has those of the first.

        Raises:
            IdempotencyKeyReused: The key was used for another request.
            InvalidRequest: A provider is not configured, or not in the region that was asked
                for or that is the key's own, or cannot do what is asked for; or the webhook is at
                an address that is not allowed.
            Forbidden: The audio is an upload that is not this tenant's, or is gone.
            StoreUnavailable: Nothing was written.
            OutcomeUnknown: It may have been written.
        """
        payload = await self._beside.run(
            body_bytes, _payload, asked, extras, own, ways, keyed=key is not None
        )
        dedupe_key = None if key is None else self._idempotency.dedupe_key(caller.tenant, key)
        if dedupe_key is not None:
            first = await self._idempotency.first(dedupe_key, surface, payload)
            if first is not None:
                return Requested(id=first.id, provider=first.provider, replayed=True)
        refuse_unreachable(asked.webhook_url, self._refused_host)
        (provider, region), *fallbacks = self._places(caller, asked, extras, ways)
        days = self._retention.days_of(extras.retention, caller.retention, caller.tenant_retention)
        upload = await self._audio_links.upload_of(caller.tenant, asked.audio_url)
        state = self._handler.begin()
        cause = Cause(tenant=caller.tenant, actor=caller.id, correlation_id=correlation_id)
        async with self._about.noted(cause, extras.subject, state.id) as holds:
            command = RequestTranscription(
                provider=provider,
                region=region,
                surface=surface,
                upload=upload,
                fallbacks=fallbacks,
                holds=holds,
                retention_days=days,
            )
            appended = await self._audio_links.using(
                upload,
                state.id,
                lambda beside: self._handler.request(
                    command, state, cause, payload, dedupe_key=dedupe_key, beside=beside
                ),
            )
        if dedupe_key is not None and appended.already_there:
            # Two came at the same time, or the reply to our own append was lost.
            first = await self._idempotency.first(dedupe_key, surface, payload)
            if first is not None and first.id != state.id:
                return Requested(id=first.id, provider=first.provider, replayed=True)
        self._tenancy.remember(state.id, Origin(caller.tenant, correlation_id))
        self._tell(asked)
        return Requested(id=state.id, provider=provider)

    def _places(
        self, caller: ApiKey, asked: TranscriptRequest, extras: Extras, ways: Ways
    ) -> Sequence[Place]:
        return self._offer.choose(
            extras,
            asked.params,
            own=caller.default_providers,
            own_region=caller.default_region,
            ways=ways,
        )

    def _tell(self, asked: TranscriptRequest) -> None:
        """Parameters that the contract does not have are warned about, each name once."""
        names = [name for name in asked.unknown if name not in self._told]
        if not names:
            return
        for name in names:
            self._told.put(name, None)
        shown = dict.fromkeys(n if NAME_LOGGED.fullmatch(n) else OTHER_NAME for n in names)
        log.warning(
            "request.parameters_unknown",
            names=[*shown][:NAMES_LOGGED_MAX],
            count=len(names),
            advice="they were passed on to the provider; ask the customer whether one is misspelt",
        )


def _payload(
    asked: TranscriptRequest,
    extras: Extras,
    own: Mapping[str, object] | None,
    ways: Ways,
    *,
    keyed: bool,
) -> bytes:
    """Return the request as it is recorded; with a key, with all that a repetition must match."""
    request = RequestPayload(
        params=asked.params,
        subject=extras.subject,
        metadata=extras.metadata,
        place=(extras.provider, extras.region) if keyed else None,
        providers=extras.providers if keyed else (),
        own=own,
        elsewhere={name: params for name, params in ways.items() if params != asked.params},
    )
    return request.encoded()
