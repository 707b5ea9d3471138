"""Ask the provider for redacted audio each time; nothing is kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from stenolog.errors import InvalidRequest, ProviderRefused, ProviderUnavailable
from stenolog.providers.port import AudioStream
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.reading import TranscriptionReader

LOOK_MS_MAX = 4_000  # every answer but an upload's comes within 5 s
NOT_AVAILABLE = "Redacted audio is not available for this transcript"


class AudioSource(Protocol):
    """Streams audio by URL; `providers/audio_download` keeps this promise."""

    def open(self, url: str) -> AbstractAsyncContextManager[AudioStream]:
        """Open the audio that a provider's link leads to, to be read while it is open.

        Raises:
            ForbiddenAddress: The link leads where we do not go.
            EgressFailed: It cannot be fetched.
        """
        ...


class ProvidersAudio:
    """Finds the job that made the transcript, and asks its provider."""

    def __init__(
        self,
        gates: Gates,
        reader: TranscriptionReader,
        source: AudioSource,
        new_link: Callable[[str], str],
    ) -> None:
        """`new_link` makes a link on our own host to a transcription's audio."""
        self._gates = gates
        self._reader = reader
        self._source = source
        self._new_link = new_link

    async def is_ready(self, transcription_id: str) -> bool:
        """Ask the provider, for at most 4 s, whether the audio can be opened now.

        Raises:
            InvalidRequest: There is none, or none any more.
            ProviderUnavailable: The provider cannot be asked now.
        """
        return await self._url(transcription_id) is not None

    async def link(self, transcription_id: str) -> str | None:
        """Make a fresh link once the audio is ready; None before; raises as `is_ready`."""
        return self._new_link(transcription_id) if await self.is_ready(transcription_id) else None

    @contextlib.asynccontextmanager
    async def open(self, transcription_id: str) -> AsyncIterator[AudioStream]:
        """Read from the provider as fast as the customer does; raises as `is_ready`.

        Raises:
            EgressFailed: The audio cannot be fetched.
        """
        url = await self._url(transcription_id)
        if url is None:
            raise InvalidRequest(NOT_AVAILABLE)
        async with self._source.open(url) as audio:
            yield audio

    async def _url(self, transcription_id: str) -> str | None:
        state = await self._reader.load(transcription_id)
        submission = state.submission(state.finished_by)
        # A view may show a transcript for a while after its deletion: when it is made anew.
        if submission is None or not submission.accepted_position or state.erasing:
            raise InvalidRequest(NOT_AVAILABLE)
        try:
            async with asyncio.timeout(LOOK_MS_MAX / 1000):
                provider = self._gates.gate(state).provider
                return await provider.redacted_audio(await self._reader.job_of(submission))
        except ProviderRefused as exc:
            if exc.final or exc.status == 404:
                raise InvalidRequest(NOT_AVAILABLE) from exc
            # Such as 401: ours to mend, and it says nothing about the audio.
            raise ProviderUnavailable(str(exc)) from exc
        except TimeoutError as exc:
            raise ProviderUnavailable(f"no answer within {LOOK_MS_MAX} ms") from exc
