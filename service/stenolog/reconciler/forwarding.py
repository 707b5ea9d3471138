"""Send a customer's upload to the provider, once for a create and its repetitions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import structlog

from stenolog.bounded import BoundedMemory
from stenolog.clock import NowMs
from stenolog.commands.transcription.state import Place, Transcription
from stenolog.errors import (
    KeyLost,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    StoreError,
)
from stenolog.providers.port import AudioFile, Provider

GONE = "the upload is gone"
MISSING_SENTENCE = "The uploaded file is no longer there. Upload it again."
FAILED_SENTENCE = "The provider could not take the uploaded file. Upload it again."
BROKEN_OFF = 422  # the provider's answer to bytes that did not all arrive
# DECISIONS 68: five broken uploads are the fault of the file.
UPLOADS_FAILED_MAX = 5  # of one file, that broke off or were not there later: then it is the file
KEPT_MAX = 16_384  # files that wait for their create to be taken
KEPT_MS_MAX = 12 * 3_600_000  # DECISIONS 69: AssemblyAI keeps an upload for a day at least

log = structlog.get_logger()

Forwarded = tuple[str, int]
"""The provider's URL of a file, and when it was sent there."""


Key = tuple[str, Place]
"""A transcription, and the place that has its file: each place has one of its own."""


class Uploads(Protocol):
    """Opens customers' files; `stores` keeps this promise."""

    async def open(self, upload_id: str) -> tuple[int, AsyncIterator[bytes]] | None:
        """Open an upload: its size, and its decrypted bytes; None when it is gone."""
        ...


class Forwarder:
    """Sends uploads, and keeps the URL of a file whose create was refused for now.

    The next create of the same transcription uses that URL, so the file is not sent twice. Two jobs
    never share a file, because the provider deletes a job's file with the job.
    """

    def __init__(self, uploads: Uploads, now_ms: NowMs) -> None:
        self._uploads = uploads
        self._now_ms = now_ms
        self._kept: BoundedMemory[Key, Forwarded] = BoundedMemory(KEPT_MAX)
        self._failed: BoundedMemory[Key, int] = BoundedMemory(KEPT_MAX)

    async def send(self, state: Transcription, provider: Provider) -> None:
        """Send the transcription's upload, if needed; `kept_url` has its URL then.

        Raises:
            ProviderUnavailable: It did not arrive: again later.
            ProviderRefused: It is gone here, or the provider does not take it.
        """
        if not self.kept_url(state):
            url = await self._send(state, provider)
            self.keep(state, (url, self._now_ms()))

    def must_send(self, state: Transcription) -> bool:
        """Tell whether a file has to be sent before the transcription can be submitted."""
        return state.upload is not None and not self.kept_url(state)

    def kept_url(self, state: Transcription) -> str:
        """Return the provider's URL of a file that was sent there; empty: none was."""
        url, sent_at_ms = self._kept.get(_key(state)) or ("", 0)
        return url if 0 <= self._now_ms() - sent_at_ms < KEPT_MS_MAX else ""

    async def file_of(self, state: Transcription) -> AudioFile:
        """Open the transcription's upload, for a create that carries it.

        Raises:
            ProviderRefused: It is gone here.
            StoreError: It may be readable again.
        """
        assert state.upload is not None
        try:
            opened = await self._uploads.open(state.upload)
        except StoreError as exc:
            unread = unreadable(exc)
            if isinstance(unread, ProviderRefused):
                raise unread from exc
            raise
        if opened is None:
            raise ProviderRefused(GONE, status=0, sentence=MISSING_SENTENCE, final=True)
        size, chunks = opened
        return AudioFile(size=size, chunks=chunks)

    def use(self, state: Transcription) -> Forwarded | None:
        """Take the URL that was forwarded out of the memory, for the create that is made now."""
        return self._kept.pop(_key(state))

    def keep(self, state: Transcription, forwarded: Forwarded | None) -> None:
        """Keep the URL for the next create, because this one made no job."""
        if forwarded is not None:
            self._kept.put(_key(state), forwarded)

    def is_lost(self, state: Transcription, exc: ProviderRefused) -> bool:
        """Tell whether the provider has lost the file since it was sent, and it may be sent again.

        An engine that was restarted has lost its files; one whose folder is full may have.
        """
        return exc.upload_lost and self._may_send_again(state)

    async def _send(self, state: Transcription, provider: Provider) -> str:
        assert state.upload is not None
        try:
            opened = await self._uploads.open(state.upload)
            if opened is not None:
                size, chunks = opened
                return await provider.upload(chunks, size)
        except StoreError as exc:
            if not isinstance(unreadable(exc), ProviderRefused):
                raise
        except ProviderUnavailable as exc:
            if exc.status != BROKEN_OFF or self._may_send_again(state):
                raise
            raise ProviderRefused(
                "the upload failed", status=exc.status, sentence=FAILED_SENTENCE, final=True
            ) from exc
        raise ProviderRefused(GONE, status=0, sentence=MISSING_SENTENCE, final=True)

    def _may_send_again(self, state: Transcription) -> bool:
        """Count one more failure of this file; False when it has failed too often."""
        times = (self._failed.pop(_key(state)) or 0) + 1
        if times >= UPLOADS_FAILED_MAX:
            return False
        self._failed.put(_key(state), times)
        return True


def unreadable(exc: StoreError) -> ProviderError:
    """Return what a file that cannot be read means for its create: later, or never."""
    if exc.retryable or isinstance(exc, KeyLost):  # the file may be readable again
        return ProviderUnavailable(f"the upload cannot be read: {exc}")
    log.error("upload.unreadable", error=exc.code, reason=str(exc))
    return ProviderRefused(GONE, status=0, sentence=MISSING_SENTENCE, final=True)


def _key(state: Transcription) -> Key:
    return state.id, state.place
