"""Erasing a transcription here: its key, its views, its upload; each step repeatable.

What there is to erase follows from the stream alone, so after a crash it is all done again. The
jobs at the provider, and the event that says that it is over, are the reconciler's.
"""

from __future__ import annotations

from typing import Protocol

import structlog

from stenolog.commands.transcription.state import Transcription
from stenolog.compliance.upload_lifetime import UploadLifetime
from stenolog.errors import StoreError

log = structlog.get_logger()


class Keys(Protocol):
    """Where keys are destroyed; `compliance/vault` keeps this promise."""

    async def destroy(self, stream: str) -> None:
        """The stream's key is gone, and nothing is sealed for it from the call on.

        Raises:
            StoreUnavailable: It may still be there; try again.
        """
        ...


class Views(Protocol):
    """Where content is shown; `projections/run/projector` keeps this promise."""

    async def erase(self, transcription_id: str) -> None:
        """The views hold nothing of the transcription's content.

        Raises:
            StoreUnavailable: Something may be left; try again.
        """
        ...


class Eraser:
    """Forgets what is here of a transcription whose erasure was requested."""

    def __init__(self, keys: Keys, views: Views, uploads: UploadLifetime) -> None:
        self._keys = keys
        self._views = views
        self._uploads = uploads

    async def forget(self, state: Transcription) -> None:
        """Nothing of the content can be read here any more, from the log or from a view.

        While a job is known only by a sealed handle the key stays, until the job is removed.

        Raises:
            StoreUnavailable: Something may be left; try again.
        """
        assert state.erasing
        if not state.handle_sealed:
            await self._keys.destroy(state.stream)
        # The key first: whatever is projected after it finds nothing to show.
        await self._views.erase(state.id)

    async def erase(self, state: Transcription) -> None:
        """Its upload is gone as well, when it was the last transcription that needed it.

        Raises:
            StoreUnavailable: Something may be left; try again.
        """
        await self.forget(state)
        await self._release(state)

    async def erase_now(self, state: Transcription) -> None:
        """As `erase`, for somebody who waits: an upload that must stay a while does not fail it.

        Raises:
            StoreUnavailable: Some of the content may be left; try again.
        """
        await self.forget(state)
        try:
            await self._release(state)
        except StoreError as exc:
            log.warning("upload.not_released", reason=str(exc))

    async def _release(self, state: Transcription) -> None:
        if state.upload is not None:
            await self._uploads.release_unused(state.upload, as_of=state.erasure_position)
