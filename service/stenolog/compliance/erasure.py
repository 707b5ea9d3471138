"""Erase a transcription here: its key, its views, its upload. Each step can be repeated.

What is to be erased follows from the stream alone, so after a crash all of it is done again. The
reconciler deletes the jobs at the provider and appends `erasure.completed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog

from stenolog.commands.transcription.state import Transcription, stream_of
from stenolog.compliance.upload_lifetime import UploadLifetime
from stenolog.errors import StoreError

log = structlog.get_logger()


class Keys(Protocol):
    """Destroys keys; `compliance/vault` keeps this promise."""

    async def destroy(self, stream: str) -> None:
        """Destroy the stream's key; nothing is sealed for the stream from the call on.

        Raises:
            StoreUnavailable: It may still be there; try again.
        """
        ...


class Views(Protocol):
    """Holds content; the projector and the indexer of `projections` keep this promise."""

    async def erase(self, transcription_id: str) -> None:
        """Remove the transcription's content, in every view.

        Raises:
            StoreUnavailable: Something may be left; try again.
        """
        ...


class Eraser:
    """Erases what is here of a transcription whose erasure was requested."""

    def __init__(self, keys: Keys, views: Sequence[Views], uploads: UploadLifetime) -> None:
        """`views` is everything that is made of content and shown."""
        self._keys = keys
        self._views = views
        self._uploads = uploads

    async def erase(self, state: Transcription) -> None:
        """Erase key, views and upload, unless another transcription needs the upload.

        Raises:
            StoreUnavailable: Something may be left; try again.
        """
        requested = state.erasure_position
        await self._forget(state.id, requested, handle_sealed=state.handle_sealed)
        await self._release(state.id, state.upload)

    async def erase_now(
        self,
        transcription_id: str,
        *,
        requested_position: int,
        upload: str | None,
        handle_sealed: bool,
    ) -> None:
        """Erase for somebody who waits: an upload that must stay a while does not fail it.

        Raises:
            StoreUnavailable: Some of the content may be left; try again.
        """
        await self._forget(transcription_id, requested_position, handle_sealed=handle_sealed)
        try:
            await self._release(transcription_id, upload)
        except StoreError as exc:
            log.warning(
                "upload.not_released",
                reason=str(exc),
                advice="the sweep tries again; look at the owner of DATA_DIR/uploads and the disk",
            )

    async def _forget(
        self, transcription_id: str, requested_position: int, *, handle_sealed: bool
    ) -> None:
        """Leave nothing of the content that can be read here, from the log or from a view.

        While a job is known only by a sealed handle the key stays, until the job is removed.
        """
        assert requested_position, "an erasure is requested before anything is destroyed"
        if not handle_sealed:
            await self._keys.destroy(stream_of(transcription_id))
        # The key first: whatever is projected after it finds nothing to show.
        for views in self._views:
            await views.erase(transcription_id)

    async def _release(self, transcription_id: str, upload: str | None) -> None:
        if upload is not None:
            await self._uploads.release_unneeded(upload, erased=transcription_id)
