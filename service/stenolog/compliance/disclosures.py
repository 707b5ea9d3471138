"""Disclose payloads one by one: each with the salt of its event, which opens no other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol

from stenolog.compliance.data_keys import DataKey
from stenolog.compliance.payloads import event_salt
from stenolog.errors import KeyLost, KeyMissing, PayloadDamaged
from stenolog.log.event import Event, SealedPayload
from stenolog.log.events.callbacks import CallbackReceived
from stenolog.log.events.enrichments import TranscriptEnriched
from stenolog.log.events.request_payload import read_request
from stenolog.log.events.submissions import SubmissionClaimed
from stenolog.log.events.transcriptions import (
    TranscriptionCompleted,
    TranscriptionCompletedLate,
    TranscriptionRequested,
)

PAYLOAD_BYTES_MAX = 64 << 20  # of a box: ten hours of speech with every feature
WITH_OUR_SECRETS = (SubmissionClaimed.type, CallbackReceived.type)
WITH_TEXT = (
    TranscriptionCompleted.type,
    TranscriptionCompletedLate.type,
    TranscriptEnriched.type,
)
SECRET_PARAM, REDACTS = "webhook_auth_header_value", "redact_pii"

Withheld = Literal["not-asked", "secret", "redacted", "erased", "lost", "damaged", "too-large"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """A payload as it was committed to.

    Attributes:
        plaintext: HMAC-SHA256 of it under `salt` is the event's commitment.
        salt: The event's own.
    """

    plaintext: bytes
    salt: bytes


class ReadPayload(Protocol):
    """The part of the log that has payloads; the store of the log keeps it."""

    async def payload(self, position: int) -> SealedPayload | None:
        """Return the sealed payload of the event at `position`, None when it has none."""
        ...


class OpenPayload(Protocol):
    """Opens payloads; `compliance.vault.Vault` keeps this promise."""

    async def open(self, event_id: str, sealed: SealedPayload) -> bytes:
        """Return the plaintext, after checking it against its commitment."""
        ...

    async def key_of(self, stream: str) -> DataKey:
        """Return the data key that the stream has."""
        ...


class Discloser:
    """Discloses payloads of one stream, its events in order.

    Without being told which, it withholds what holds a secret (a callback's registration, the value
    of a webhook's header), and the text of a transcript of which personal data was to be redacted:
    the provider's answer may quote it.
    """

    def __init__(
        self,
        log: ReadPayload,
        vault: OpenPayload,
        versions: Collection[int] | None = None,
        *,
        erased: bool,
    ) -> None:
        """`versions` of the stream are disclosed, whatever they hold; None: as said above.

        `erased`: its erasure was requested. Nothing is disclosed, even while its key is there yet,
        as it is until a job is removed that a payload alone names.
        """
        self._log = log
        self._vault = vault
        self._versions = versions
        self._erased = erased
        self._redacts = False

    async def disclosed(self, event: Event) -> Disclosed | Withheld | None:
        """Return what an event commits to, or why it is withheld; None: it commits to nothing.

        Raises:
            StoreUnavailable: It cannot be read now.
        """
        if event.commitment is None:
            return None
        if self._versions is not None and event.version not in self._versions:
            return "not-asked"
        if self._erased:
            return "erased"
        try:
            sealed = await self._log.payload(event.position)
            if sealed is None:
                return "damaged"
            if len(sealed.box) > PAYLOAD_BYTES_MAX:
                return "too-large"
            plaintext = await self._vault.open(event.id, sealed)
            salt = event_salt((await self._vault.key_of(event.stream)).salt, event.id)
        except KeyMissing:
            return "erased"
        except KeyLost:
            return "lost"
        except PayloadDamaged:
            return "damaged"
        reason = None if self._versions is not None else self._held_back(event, plaintext)
        return reason or Disclosed(plaintext=plaintext, salt=salt)

    def _held_back(self, event: Event, plaintext: bytes) -> Withheld | None:
        if event.type in WITH_OUR_SECRETS:
            return "secret"
        if event.type == TranscriptionRequested.type:
            try:
                params = read_request(plaintext).params
            except ValueError:
                return "damaged"
            self._redacts = params.get(REDACTS) is True
            return "secret" if params.get(SECRET_PARAM) is not None else None
        return "redacted" if self._redacts and event.type in WITH_TEXT else None
