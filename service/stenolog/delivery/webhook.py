"""Read a customer's webhook from the request, and name the lane that it is called in."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from stenolog.delivery.outbox import Leased
from stenolog.egress.guard import origin
from stenolog.errors import KeyLost, RecordDamaged, StoreError, StoreUnavailable
from stenolog.log.event import Event
from stenolog.log.events.request_payload import read_request
from stenolog.log.events.transcriptions import TranscriptionRequested
from stenolog.log.facts import delivery_key
from stenolog.log.store import EventStore, Sealer
from stenolog.wire.assemblyai.parameters import WEBHOOK_PARAMETERS

LANE_BYTES = 8  # enough to tell lanes apart; two that share a mark only share a limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where to call, and with which header; never logged and never shown.

    Attributes:
        header: Name and value, as the customer gave them; None without.
        redacted_audio: Whether it is to be told of redacted audio, too.
    """

    url: str = field(repr=False)
    header: tuple[str, str] | None = field(default=None, repr=False)
    redacted_audio: bool = field(default=False, repr=False)


class RequestUnreadable(Exception):
    """The request's payload cannot be opened any more: it was erased, or is damaged."""


class Requests:
    """Reads from the log which event a delivery tells of, and which webhook it goes to."""

    def __init__(self, log: EventStore, sealer: Sealer) -> None:
        self._log = log
        self._sealer = sealer

    async def event(self, position: int) -> Event:
        """Read the event at `position`.

        Raises:
            RecordDamaged: What stands there is no event any more, or nothing.
            StoreUnavailable: The log cannot be read now.
        """
        events = await self._log.read(after=position - 1, limit=1)
        if not events or events[0].position != position:
            raise RecordDamaged(f"the log has nothing at position {position}", position=position)
        return events[0]

    async def has_ended(self, event: Event, leased: Leased) -> bool:
        """Tell whether the log says how this delivery ended, which tells of `event`.

        Raises:
            StoreUnavailable: The log cannot be read now.
        """
        key = delivery_key(
            event.id,
            leased.kind,
            endpoint=leased.endpoint or None,
            round_number=leased.round,
        )
        return await self._log.position_of(key) is not None

    async def request(self, stream: str) -> Event:
        """Read the `transcription.requested` of this stream.

        Raises:
            RequestUnreadable: It is damaged, or there is none.
            StoreUnavailable: The log cannot be read now.
        """
        try:
            first = await self._log.read_stream(stream, limit=1)
        except RecordDamaged as exc:
            raise RequestUnreadable from exc
        if not first or first[0].type != TranscriptionRequested.type:
            raise RequestUnreadable
        return first[0]

    async def webhook(self, stream: str) -> Webhook | None:
        """Read the webhook that the transcription's request names; None when it names none.

        Raises:
            RequestUnreadable: It cannot be known any more.
            KeyLost: It cannot be known until its key is restored.
            StoreUnavailable: The log or the keys cannot be read now.
        """
        request = await self.request(stream)
        try:
            sealed = await self._log.payload(request.position)
            if sealed is None:
                raise RequestUnreadable
            return webhook_of(await self._sealer.open(request.id, sealed))
        except (StoreUnavailable, KeyLost):
            raise
        except (StoreError, ValueError) as exc:
            raise RequestUnreadable from exc


def webhook_of(payload: bytes) -> Webhook | None:
    """Read the webhook from the payload of `transcription.requested`; None when it names none.

    Raises:
        ValueError: The payload is not JSON.
    """
    params = read_request(payload).params
    url, name, value = (params.get(parameter) for parameter in WEBHOOK_PARAMETERS)
    if not isinstance(url, str) or not url:
        return None
    named = isinstance(name, str) and isinstance(value, str)
    return Webhook(
        url=url,
        header=(str(name), str(value)) if named else None,
        redacted_audio=params.get("redact_pii") is True and params.get("redact_pii_audio") is True,
    )


def receiver_of(url: str) -> str:
    """Return host and port of a webhook for our own log; empty when it has none."""
    try:
        host, port = origin(url)
    except ValueError:
        return ""
    return f"{host}:{port}"


def lane_of(secret: bytes, tenant: str, url: str) -> str:
    """Hash tenant, host and port into the lane, so that `work.db` holds no URL."""
    said = f"{tenant} {receiver_of(url)}"
    return hmac.digest(secret, said.encode(), "sha256")[:LANE_BYTES].hex()
