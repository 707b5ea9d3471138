"""Make the messages to customers: the outcome, or where the redacted audio is."""

from __future__ import annotations

from typing import Protocol

from stenolog.clock import NowMs
from stenolog.delivery.endpoint_message import EndpointMessages, readable_status
from stenolog.delivery.outbox import Ending, Leased
from stenolog.delivery.posted import Message, NotYet
from stenolog.delivery.readiness import ReadableOutcomes
from stenolog.delivery.sender import is_sendable
from stenolog.delivery.webhook import Requests, RequestUnreadable, Webhook
from stenolog.endpoints.signatures import Signing
from stenolog.errors import InvalidRequest, KeyLost, ProviderUnavailable
from stenolog.log.event import Event
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.wire.assemblyai.webhook import callback_body, redacted_audio_body

# DECISIONS 76: "not available" is believed after this.
REFUSALS_HEEDED_MS = 60_000  # before that, what the provider reads may be behind what it wrote


class RedactedAudio(Protocol):
    """Tells whether a provider has made the redacted audio, and the link to it."""

    async def link(self, transcription_id: str) -> str | None:
        """Return a fresh link to it on our own host; None: there may be one later.

        Raises:
            InvalidRequest: There is none, or none any more.
            ProviderUnavailable: The provider cannot be asked now.
        """
        ...


class Signers(Protocol):
    """Tells with what messages are signed."""

    async def webhook_signing(self, tenant: str) -> Signing | None:
        """Return with what the webhooks are signed that the tenant's requests name; None: nothing.

        Raises:
            KeyLost: It is not there, until it is restored or made anew.
            StoreError: It cannot be read now.
        """
        ...


class Messages:
    """Makes messages that say nothing that `GET` does not show."""

    def __init__(
        self,
        requests: Requests,
        readable: ReadableOutcomes,
        audio: RedactedAudio,
        signers: Signers,
        endpoints: EndpointMessages,
        now_ms: NowMs,
    ) -> None:
        self._requests = requests
        self._readable = readable
        self._audio = audio
        self._signers = signers
        self._endpoints = endpoints
        self._now_ms = now_ms

    async def of(self, leased: Leased, event: Event) -> Message | NotYet | Ending:
        """Make what is posted for this event, or say why nothing is: not yet, or never.

        Raises:
            StoreUnavailable: A store cannot be read now.
        """
        if leased.endpoint:
            return await self._endpoints.of(leased, event)
        webhook = await self._webhook(event)
        if not isinstance(webhook, Webhook):
            return webhook
        transcription = event.stream.removeprefix(TRANSCRIPTION)
        status = await readable_status(self._readable, leased, event)
        if isinstance(status, NotYet):
            return status
        if leased.kind == "outcome":
            return await self._signed(leased, event, webhook, callback_body(transcription, status))
        if status != "completed":
            return Ending(reason="unavailable")
        link = await self._link(leased, transcription)
        if not isinstance(link, str):
            return link
        return await self._signed(leased, event, webhook, redacted_audio_body(link))

    async def is_readable(self, event: Event) -> bool:
        """Tell whether the views show now what this event tells of.

        Raises:
            StoreUnavailable: The views cannot be read.
        """
        transcription = event.stream.removeprefix(TRANSCRIPTION)
        return await self._readable.status(transcription, event.version) is not None

    async def _signed(
        self, leased: Leased, event: Event, webhook: Webhook, body: bytes
    ) -> Message | NotYet:
        """Make the message with its signature; without the secret it is not sent unsigned."""
        try:
            signing = await self._signers.webhook_signing(event.tenant)
        except KeyLost as exc:
            return NotYet(reason=str(exc), missing="unreadable")
        # One event has two messages at most: a receiver that knows the id of one must not drop
        # the other.
        message_id = event.id if leased.kind == "outcome" else f"{event.id}-{leased.kind}"
        return Message(webhook=webhook, body=body, id=message_id, signing=signing)

    async def _webhook(self, event: Event) -> Webhook | NotYet | Ending:
        """Read whom to call, or why nobody can be called."""
        try:
            webhook = await self._requests.webhook(event.stream)
        except RequestUnreadable:
            return Ending(reason="unreadable")
        except KeyLost as exc:
            return NotYet(reason=str(exc), missing="unreadable")
        if webhook is None or not is_sendable(webhook):
            return Ending(reason="unsendable")
        return webhook

    async def _link(self, leased: Leased, transcription: str) -> str | NotYet | Ending:
        """Ask for a link to the audio, or why there is none."""
        try:
            link = await self._audio.link(transcription)
            if link is not None:
                return link
            reason = "the redacted audio is not ready"
        except ProviderUnavailable as exc:
            reason = str(exc)
        except InvalidRequest as exc:
            if self._now_ms() - leased.created_at_ms >= REFUSALS_HEEDED_MS:
                return Ending(reason="unavailable")
            reason = str(exc)
        return NotYet(reason=reason, missing="unavailable")
